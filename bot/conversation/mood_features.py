"""What the mood model sees of a reply: its characters, and the parts that its words play.

Two views are taken. The first is the characters themselves, in runs of one to three, marked where they stand after
a negation or after a turn ("but"). The second is a reading by a lexicon: each known word becomes a letter for the
part it plays (praise, complaint, negation, turn …), so that "不 + praise" means the same for words never seen
together in training. Training and serving share this file, so that they cannot drift apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

MAX_CHARS: Final = 256
"""A reply is read up to here; what a customer feels is said by then."""

PARTS: Final[Mapping[str, str]] = {
    "praise": "P",
    "liking": "p",
    "complaint": "X",
    "dislike": "x",
    "middling": "M",
    "aspect": "N",
    "good": "H",
    "degree": "D",
    "slightly": "d",
    "negation": "!",
    "but": "B",
    "although": "C",
    "question": "Q",
    "request": "R",
    "logistics": "L",
    "reply": "A",
    "thanks": "K",
    "irony": "S",
    "surprise": "E",
    "rhetorical": "J",
    "filler": "_",
    "emoji_good": "G",
    "emoji_bad": "F",
    "emoji_plain": "g",
}
"""The parts a word can play, by the name of its list in the lexicon."""

_WEIGHT: Final[Mapping[str, int]] = {"P": 2, "p": 1, "G": 2, "X": -2, "x": -1, "F": -2}
_NEGATORS: Final = frozenset("不没无未别非勿莫甭唔冇")
_LOUD: Final = frozenset("很太真超巨贼忒")
_STOPS: Final = frozenset(",.!?;:~、\n…")
_LONG_NUMBER: Final = re.compile(r"\d{5,}")
_WHETHER: Final = re.compile(r"(.)不\1")
_RUNS: Final = re.compile(r"(.)\1{2,}")
_BLANKS: Final = re.compile(r"(?: \s|[^\S ])\s*")
"""Blanks that are no single space."""
_INVISIBLE: Final = (
    0x00AD,
    0xFE0E,
    0xFE0F,
    0xFEFF,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2065),
    *range(0x1F3FB, 0x1F400),  # skin tones
)
_MARKS: Final[dict[int, int | None]] = {
    **str.maketrans("。〜～〝〞“”„「」『』", '.~~"""""""""'),
    **dict.fromkeys(_INVISIBLE),
}
_ODD: Final = re.compile(f"[{re.escape(''.join(map(chr, _MARKS)))}]")


@cache
def simplified() -> tuple[dict[int, str], re.Pattern[str]]:
    """Give a map from traditional to simplified characters, and what finds those that it would change."""
    import opencc  # noqa: PLC0415 - only a process that scores moods pays for the dictionaries

    convert = opencc.OpenCC("t2s").convert
    kept = "著乾瞭徵"
    pairs = {
        ord(old): new
        for block in (range(0x4E00, 0xA000), range(0x3400, 0x4DC0))
        for old, new in zip(map(chr, block), convert("\n".join(map(chr, block))).split("\n"), strict=True)
        if old != new and old not in kept
    }
    pairs |= {ord(old): new for old, new in zip("妳祢牠喺嘅", "你你它在的", strict=True)}
    return pairs, re.compile(f"[{''.join(map(chr, pairs))}]")


def normalise(text: str) -> str:
    """Bring width, script, case, marks, blanks and long runs of one character into one form."""
    text = text[:MAX_CHARS]
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    text = text.lower()
    if _ODD.search(text):
        text = text.translate(_MARKS)
    text = simplify(text)
    text = _BLANKS.sub(" ", _LONG_NUMBER.sub(" ", text)).strip()
    return _RUNS.sub(_twice, text)


def simplify(text: str) -> str:
    """Bring traditional characters to simplified ones; the length stays."""
    table, traditional = simplified()
    return text.translate(table) if traditional.search(text) else text


def _twice(run: re.Match[str]) -> str:
    return run[1] * 2


_ONE: Final = (1,)


class Word(NamedTuple):
    """A word of the lexicon in a reply: its letter, and where it stands."""

    part: str
    text: str
    start: int


class Lexicon:
    """The words that play a part, looked up longest first by their first two characters."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.words: Final = dict(words)
        lengths: dict[str, set[int]] = {}
        for word in words:
            if len(word) > 1:
                lengths.setdefault(word[:2], set()).add(len(word))
        self._lengths: Final = {start: (*sorted(found, reverse=True), 1) for start, found in lengths.items()}

    def read(self, text: str) -> list[Word]:
        """Cut a normalised reply into known words and stops (part ","), left to right."""
        found: list[Word] = []
        words, lengths = self.words, self._lengths
        asked = {match.start() for match in _WHETHER.finditer(text)} if "不" in text else ()
        at, end = 0, len(text)
        while at < end:
            first = text[at]
            if at in asked:
                found.append(Word("Q", text[at : at + 3], at))
                at += 3
                continue
            latin = first < "\x80"
            for length in lengths.get(text[at : at + 2], _ONE):
                piece = text[at : at + length]
                part = words.get(piece)
                if part is not None and not (latin and _torn(text, at, at + length)):
                    found.append(Word(part, piece, at))
                    at += length
                    break
            else:
                if first in _STOPS and found and found[-1].part != ",":
                    found.append(Word(",", first, at))
                elif first.isdigit() and not (found and found[-1].part == "#"):
                    found.append(Word("#", first, at))
                at += 1
        return found


def _torn(text: str, start: int, end: int) -> bool:
    """Tell whether a Latin word is just a piece of a longer one."""
    if not text[start].isalnum():
        return False
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return (before.isascii() and before.isalnum()) or (after.isascii() and after.isalnum())


@dataclass(frozen=True, slots=True)
class Features:
    """One reply as the model sees it."""

    grams: list[str]
    signs: list[str]
    words: list[Word]


class Reader:
    """Mends slips of the thumb in normalised replies, and turns replies into features."""

    def __init__(self, lexicon: Lexicon, slips: Mapping[str, str] | None = None) -> None:
        self._lexicon: Final = lexicon
        self._slips: Final = dict(slips or {})

    def mend(self, text: str) -> str:
        """Put right what was typed by its sound: 满义 → 满意. The length stays."""
        pairs = _runs(text, 2)
        slips = self._slips
        if slips.keys().isdisjoint(pairs):
            return text
        chars = list(text)
        found = [at for at, pair in enumerate(pairs) if pair in slips]
        for at in sorted(found, key=lambda at: (chars[at] in _LOUD, at)):
            pair = chars[at] + chars[at + 1]
            chars[at : at + 2] = slips.get(pair, pair)
        return "".join(chars)

    def features(self, text: str) -> Features:
        """Give the features of a normalised reply."""
        words = self._lexicon.read(text)
        return Features(_grams(text, words), _signs(text, words), words)


def _grams(text: str, words: list[Word]) -> list[str]:
    framed = f"^{text}$"
    grams = [*text, *_runs(framed, 2), *_runs(framed, 3)]
    if not _NEGATORS.isdisjoint(text):
        for at, char in enumerate(text):
            if char in _NEGATORS:
                grams += _after("!", text[at + 1 : at + 5])
    turn = next((word for word in reversed(words) if word.part == "B"), None)
    if turn is not None and turn.start > 1:
        start = turn.start + len(turn.text)
        grams += _after(">", text[start : start + 20])
    return grams


def _after(mark: str, window: str) -> list[str]:
    """Mark the characters of a window, up to the next stop if the mark is a negation."""
    if mark == "!":
        for at, char in enumerate(window):
            if char in _STOPS:
                window = window[:at]
                break
    return [mark + run for run in (*window, *_runs(window, 2))]


def _signs(text: str, words: list[Word]) -> list[str]:
    parts = "".join([word.part for word in words if word.part != "_"])
    framed = f"^{parts}$"
    course = _course(words)
    return [
        *framed,
        *_runs(framed, 2),
        *_runs(framed, 3),
        *_runs(framed, 4),
        *[f"~{step}" for step in _runs(course, 2)],
        f"={course[-6:]}",
        f"<{course[:1]}",
        f">{course[-1:]}",
        f"len{min(len(text), 48) // 4}",
    ]


def _runs(text: str, length: int) -> list[str]:
    return [text[at : at + length] for at in range(len(text) - length + 1)]


def _course(words: Iterable[Word]) -> str:
    """Tell how feeling moves through the clauses: + good, - bad, o both, . neither; B where it turns."""
    course: list[str] = []
    good = bad = 0
    negated = -9
    for word in words:
        part = word.part
        if part in ",BC":
            if good or bad:
                course.append(_tone(good, bad))
                good = bad = 0
            if part != ",":
                course.append(part)
            negated = -9
        elif part == "!":
            negated = word.start + len(word.text)
        elif part in _WEIGHT:
            weight = _WEIGHT[part]
            if word.start - negated <= 3 and part not in "GF":
                weight = -1 if weight > 0 else 1
                negated = -9
            if weight > 0:
                good += weight
            else:
                bad -= weight
        elif part in "JS":
            course.append(part)
    course.append(_tone(good, bad) if good or bad else ".")
    return "".join(course)


def _tone(good: int, bad: int) -> str:
    if good and bad:
        return "o"
    return ("*" if good > 1 else "+") if good else ("%" if bad > 1 else "-")
