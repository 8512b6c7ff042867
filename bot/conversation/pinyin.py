"""Whole replies in pinyin, without tones ("wo bu yao shou duanxin le"): each becomes the Chinese it most likely is.

The likeliest words of our own replies that cover every letter. Written by hand: input methods are built to ask their
user, and the libraries at hand turn characters into pinyin, not back.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import inf, log
from typing import Final

LONGEST: Final = 4
"""Characters of the longest word that is listed."""
MAX_CHARS: Final = 160
"""Nobody writes more than this in pinyin."""
_MAX_LETTERS: Final = 6
"""Of one syllable."""
_ALONE: Final = frozenset({"zan", "hao", "ting", "shi", "dui", "xing"})
"""Syllables that are a whole reply."""
_PACKAGED: Final = "pinyin.txt.gz"
_LETTERS: Final = re.compile("[a-z](?:[a-z '’]*[a-z])?")
_OTHER: Final = re.compile(r"[^\W\da-zA-Z_]")
"""A letter that no pinyin has."""
_GAP: Final = re.compile("[ '’]+")
_TIGHT: Final = re.compile(r"(?<=[\u4e00-\u9fff]) +(?=[\d\u4e00-\u9fff])|(?<=\d) +(?=[\u4e00-\u9fff])")
_COUNTED: Final = re.compile(r"\d ?(?:fen|xing|dian|hao|ge|ren)\b")
_EITHER: Final = frozenset({
    "a", "an", "ban", "bang", "can", "de", "die", "e", "fan", "gang", "hang", "he", "la", "le", "lie", "long", "man",
    "me", "men", "nan", "o", "pan", "pen", "ping", "sang", "song", "sun", "tan", "wan", "yo", "you",
})  # fmt: skip
"""Also English, or a name: a reply of nothing but these is not pinyin ..."""
_ENGLISH: Final = frozenset({
    "bike", "data", "date", "game", "hi", "like", "line", "make", "name", "nine", "same", "see", "she", "sue", "take",
    "women",
})  # fmt: skip
"""... and one with any of these is not either."""


@dataclass(frozen=True, slots=True)
class Pinyin:
    """The table: syllables → the likeliest word of that sound, with the logarithm of how often it is said."""

    words: Mapping[tuple[str, ...], tuple[str, float]]
    syllables: frozenset[str]

    def read(self, text: str) -> str | None:
        """Give the Chinese of a reply that is all pinyin (digits and signs stay); None for any other."""
        if len(text) > MAX_CHARS or _OTHER.search(text):
            return None
        low = text.lower()
        runs = _LETTERS.findall(low)
        written = {word for run in runs for word in _GAP.split(run)}
        if written <= _EITHER or written & _ENGLISH:
            return None
        said = {run: self._likeliest(run) for run in runs}
        if not all(said.values()) or (len("".join(map(str, said.values()))) < 2 and not _is_whole(low, runs[0])):
            return None
        return _TIGHT.sub("", _LETTERS.sub(lambda run: str(said[run[0]]), low))

    def _likeliest(self, run: str) -> str | None:
        """Give the likeliest words that cover a run of letters; blanks part syllables."""
        letters = _GAP.sub("", run)
        parted = {len(_GAP.sub("", run[: gap.start()])) for gap in _GAP.finditer(run)}
        ahead: dict[int, list[tuple[int, str, float]]] = {}
        reached = {0}
        # Most of what is not pinyin comes to an end within its first letters.
        for at in range(len(letters)):
            if at in reached:
                ahead[at] = list(self._from(letters, at, parted))
                reached.update(end for end, _, _ in ahead[at])
        if len(letters) not in reached:
            return None
        best: list[tuple[float, str]] = [(-inf, "")] * len(letters) + [(0.0, "")]
        for at in reversed(ahead):
            for end, word, likely in ahead[at]:
                best[at] = max(best[at], (likely + best[end][0], word + best[end][1]))
        return best[0][1] if best[0][0] > -inf else None

    def _from(self, letters: str, at: int, parted: set[int]) -> Iterator[tuple[int, str, float]]:
        """Give the words that begin at a letter: where they end, what they are, how likely."""
        open_ends: list[tuple[int, tuple[str, ...]]] = [(at, ())]
        while open_ends:
            start, said = open_ends.pop()
            for end in range(start + 1, min(start + _MAX_LETTERS, len(letters)) + 1):
                sound = (*said, letters[start:end])
                if sound[-1] in self.syllables:
                    if (found := self.words.get(sound)) is not None:
                        yield end, *found
                    if len(sound) < LONGEST:
                        open_ends.append((end, sound))
                if end in parted:
                    break


def _is_whole(text: str, syllable: str) -> bool:
    """Tell whether a single syllable says something: by itself, or of a number ("4fen", "5 xing")."""
    return syllable in _ALONE or _COUNTED.search(text) is not None


def dumps(rows: Mapping[tuple[str, ...], tuple[str, int]]) -> bytes:
    """Pack a table into a file: a line for each sound, its word and how often it is said."""
    lines = (f"{word} {number} {' '.join(sound)}\n" for sound, (word, number) in sorted(rows.items()))
    return gzip.compress("".join(lines).encode(), compresslevel=9, mtime=0)


def loads(data: bytes) -> Pinyin:
    """Unpack a table."""
    rows = [line.split() for line in gzip.decompress(data).decode().splitlines()]
    total = sum(int(number) for _, number, *_ in rows)
    words = {tuple(sound): (word, log(int(number) / total)) for word, number, *sound in rows}
    return Pinyin(words, frozenset(syllable for sound in words for syllable in sound))


@cache
def packaged() -> Pinyin:
    """Give the table that ships."""
    return loads(resources.files("bot.conversation").joinpath(_PACKAGED).read_bytes())
