"""Patterns over word classes, as `content/intents/` writes them: `<dont> <often>4 <send> !<goods>`.

A pattern is tokens parted by blanks. `<name>` is a word of a class, `<name>3` are three of them at most, `a|b` is one
of these words, a `?` lets out the character before it (`没有?`), `..n` is any n characters at most, `!x|y` says that
none of these follows, `~x|y` that none of these stands before, `^` and `$` are the clause's ends, `_` is a blank. A
pattern that opens with `*` runs over the whole text. Gaps and runs are bounded and nothing nests, so that matching is
linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_GAP: Final = 16
MAX_RUN: Final = 5
_TOKEN: Final = re.compile(
    r"<(?P<name>[\w-]+)>(?P<run>\d)?(?P<maybe>\?)?|\.\.(?P<gap>\d+)|(?P<anchor>[\^$])|!(?P<ban>.+)"
    r"|~(?P<behind>.+)|(?P<words>.+)"
)


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
    for token in source.removeprefix("* ").split():
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise ValueError(f"{source!r}: {token!r} is no token")
        if found["name"]:
            parts.append(_class(source, found, classes))
            if not found["run"] and not found["maybe"]:
                needs.add(found["name"])
        elif found["gap"]:
            if int(found["gap"]) > MAX_GAP:
                raise ValueError(f"{source!r}: a gap is at most {MAX_GAP} characters")
            parts.append(f".{{0,{found['gap']}}}?")
        elif found["anchor"]:
            parts.append(found["anchor"])
        elif found["ban"]:
            parts.append(f"(?!{_any(found['ban'], classes)})")
        elif found["behind"]:
            parts.extend(f"(?<!{re.escape(word)})" for word in found["behind"].split("|"))
        else:
            words = found["words"].split("|")
            parts.append(f"(?:{'|'.join(_word(word, classes) for word in sorted(words, key=len, reverse=True))})")
            if all(must := [_must(word) for word in words]):
                literals.append(tuple(must))
    if not needs and not literals:
        raise ValueError(f"{source!r}: nothing in it must be there")
    regex = re.compile("".join(parts))
    return Pattern(source, regex, frozenset(needs), tuple(literals), source.startswith("* "))


def _class(source: str, found: re.Match[str], classes: Mapping[str, tuple[str, ...]]) -> str:
    if found["name"] not in classes:
        raise ValueError(f"{source!r}: there is no word class {found['name']!r}")
    run = int(found["run"] or 0)
    if run > MAX_RUN:
        raise ValueError(f"{source!r}: a run is of at most {MAX_RUN} words")
    times = f"{{0,{run}}}" if run else "?" if found["maybe"] else ""
    return f"(?:{alternatives(classes[found['name']])}){times}"


def _word(word: str, classes: Mapping[str, tuple[str, ...]]) -> str:
    """Give a word, or a class among words, as a regular expression; `?` and `$` keep their meaning."""
    if word.startswith("<"):
        return alternatives(classes[word[1:-1]])
    return re.sub(r"[^?$]", lambda char: re.escape(char[0].replace("_", " ")), word)


def _must(word: str) -> str:
    """Give the longest part of a word that cannot be left out; empty where there is none."""
    if word.startswith("<"):
        return ""
    return max(re.split(r".\?|\$", word), key=len).replace("_", " ")


def _any(source: str, classes: Mapping[str, tuple[str, ...]]) -> str:
    return "|".join(
        alternatives(classes[word[1:-1]]) if word.startswith("<") else re.escape(word) for word in source.split("|")
    )


def alternatives(words: tuple[str, ...]) -> str:
    """Match any of these words, the longest first."""
    return "|".join(re.escape(word.replace("_", " ")) for word in sorted(set(words), key=lambda w: (-len(w), w)))
