"""Patterns over word classes, as `content/intents/` writes them: `<stop> ..6 <send> !票 !货`.

A pattern is tokens parted by blanks: `<name>` a word of a class, `..n` any n characters at most, `a|b` one of these
words, `再?给?我?` characters that may be left out, `!x|y` the next characters are none of these, `~x|y` the ones before
are none of these, `^` and `$` are the clause's ends; a pattern that opens with `*` runs over the whole text. Gaps are
bounded and nothing nests, so that matching is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_GAP: Final = 16
_TOKEN: Final = re.compile(r"^(?:<(?P<name>[\w-]+)>|\.\.(?P<gap>\d+)|(?P<anchor>[\^$])|!(?P<ban>.+?)|~(?P<behind>.+?)|(?P<words>.+?))(?P<maybe>\?)?$")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern; `needs` are the classes without which it cannot match."""

    source: str
    regex: re.Pattern[str]
    needs: frozenset[str]
    literals: tuple[tuple[str, ...], ...]
    """For each token of plain words that must be there, its words."""
    whole: bool
    """It runs over the whole text, not clause by clause."""


def compile_pattern(source: str, classes: Mapping[str, tuple[str, ...]]) -> Pattern:
    """Compile one pattern. Raises ValueError with what is wrong in it."""
    parts: list[str] = []
    needs: set[str] = set()
    literals: list[tuple[str, ...]] = []
    whole = source.startswith("* ")
    for token in source.removeprefix("* ").split():
        found = _TOKEN.match(token)
        if found is None:
            raise ValueError(f"{source!r}: {token!r} is no token")
        optional = "?" if found["maybe"] else ""
        if found["name"]:
            if found["name"] not in classes:
                raise ValueError(f"{source!r}: there is no word class {found['name']!r}")
            parts.append(f"(?:{alternatives(classes[found['name']])}){optional}")
            if not optional:
                needs.add(found["name"])
        elif found["gap"]:
            if int(found["gap"]) > MAX_GAP:
                raise ValueError(f"{source!r}: a gap is at most {MAX_GAP} characters")
            parts.append(f".{{0,{found['gap']}}}?")
        elif found["anchor"]:
            parts.append(found["anchor"])
        elif found["ban"]:
            parts.append(f"(?!{_words(found['ban'], classes)})")
        elif found["behind"]:
            parts.extend(f"(?<!{re.escape(word)})" for word in found["behind"].split("|"))
        else:
            word, must = _literal(found["words"] + optional)
            parts.append(word)
            if must:
                literals.append(must)
    if not needs and not literals:
        raise ValueError(f"{source!r}: nothing in it must be there")
    return Pattern(source, re.compile("".join(parts)), frozenset(needs), tuple(literals), whole)


def _literal(token: str) -> tuple[str, tuple[str, ...]]:
    """Give the regular expression of a token of plain words, and the words of which one must be there."""
    if "|" in token:
        optional = "?" if token.endswith("?") else ""
        words = tuple(token.rstrip("?").split("|"))
        return f"(?:{alternatives(words)}){optional}", () if optional else words
    must = re.sub(r".\?", "", token)
    word = re.sub(r"[^?]\??", lambda found: re.escape(found[0][0]) + found[0][1:], token)
    return word, (must,) if must and must in token else ()


def _words(source: str, classes: Mapping[str, tuple[str, ...]]) -> str:
    return "|".join(
        alternatives(classes[word[1:-1]]) if word.startswith("<") else re.escape(word)
        for word in source.split("|")
    )


def alternatives(words: tuple[str, ...]) -> str:
    """Match any of these words, the longest first."""
    return "|".join(re.escape(word.replace("_", " ")) for word in sorted(set(words), key=lambda w: (-len(w), w)))
