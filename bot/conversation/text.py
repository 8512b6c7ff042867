"""The text of a reply in one plain form: width, case, script, variants and stray characters folded away."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Final

from opencc import OpenCC

from bot.domain.understanding import Script

MAX_CHARS: Final = 2000
"""A reply is read up to here; thirty segments is more than any phone sends."""

WHOLE: Final = 280
"""Characters up to which a text is read in whole; past them its beginning, its end, and around stop words."""
HEAD: Final = 80
TAIL: Final = 50
SPREAD: Final = 600
"""Nobody types more than so many characters: of such a text half as much is read."""
AROUND: Final = 10
_GAPS: Final = re.compile("[\\s\u200b-\u200f\u2060\ufeff]+")
_RAW_STOPS: Final = re.compile(
    "[退推][订訂定]|拒收|[别別]再|不要再|[别別][发發]|不要[发發]|停止|取消[订訂][阅閱]|[骚騷][扰擾]|打[扰擾]|拉黑|stop|unsubscribe",
    re.IGNORECASE,
)
_STOPS: Final = re.compile("退订|拒收|别再|不要再|别发|不要发|停止|取消订阅|骚扰|打扰|拉黑|stop|unsubscribe")
CJK: Final = "\u3400-\u4dbf\u4e00-\u9fff"

_ENCLOSED: Final = {
    **{chr(0x2460 + i): f" {i + 1} " for i in range(20)},  # ①
    **{chr(0x2474 + i): f" {i + 1} " for i in range(20)},  # ⑴
    **{chr(0x2488 + i): f" {i + 1} " for i in range(20)},  # ⒈
    **{chr(0x2776 + i): f" {i + 1} " for i in range(10)},  # ❶
    **{chr(0x2780 + i): f" {i + 1} " for i in range(10)},  # ➀
    **{chr(0x278A + i): f" {i + 1} " for i in range(10)},  # ➊
    **{chr(0x24F5 + i): f" {i + 1} " for i in range(10)},  # ⓵
    **{chr(0x3220 + i): f" {i + 1} " for i in range(10)},  # ㈠
    **{chr(0x3280 + i): f" {i + 1} " for i in range(10)},  # ㊀
    **{chr(0x2160 + i): f" {i + 1} " for i in range(12)},  # Roman I
    **{chr(0x2170 + i): f" {i + 1} " for i in range(12)},  # Roman i
    "🔟": " 10 ",
    "🅰": " a ",
    "🅱": " b ",
    "\ufdfa": " ",  # eighteen characters in one
    "\ufdfb": " ",
    "\u20e3": " ",  # the frame of a key-cap
    "〇": "零",
    "⭐": "★",
    "🌟": "★",
    "✭": "★",
    "✮": "★",
    "✩": "☆",
    "·": ".",
    "•": ".",
    "—": "-",
    "–": "-",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "「": '"',
    "」": '"',
    "『": '"',
    "』": '"',
    "《": '"',
    "》": '"',
    "\r": "\n",
    "\u2028": "\n",
    "\u2029": "\n",
}
_ENCLOSED_TABLE: Final = str.maketrans(_ENCLOSED)
_ENCLOSED_ANY: Final = re.compile(f"[{re.escape(''.join(_ENCLOSED))}]")
# Control, zero-width and direction marks, tags, variation selectors, skin tones, combining marks, surrogates.
_STRAY: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u0300-\u036f\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u20d0-\u20f0\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff"
    "\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"
)
_BLANKS: Final = re.compile(r"(?: [^\S\n]|[^\S\n ])[^\S\n]*")
"""Blanks that are no single space."""
_LINES: Final = re.compile(r" ?\n[\n ]*")
_UNIT_GAP: Final = re.compile(r" (?:(?<=[0-9] )(?=[分星点时号月日天颗个年★元块%:/])|(?<=[打给评第选回★分:] )(?=[0-9]))")
_SPELLED: Final = re.compile(rf"(?<![{CJK}])(?:[{CJK}][ .*_/~|+=-])+[{CJK}](?![{CJK}])")
_CHARACTER: Final = re.compile(rf"[{CJK}]")
_WORD_GAP: Final = re.compile(rf"(?<=[{CJK}]) | (?=[{CJK}])")
WORD_GAPS: Final = 4
"""From so many blanks on a text may be written word by word, as learners of Chinese do ..."""
WORD_CHARS: Final = 2.2
"""... if its words are no longer than so many characters on average."""
_SEPARATED: Final = re.compile(r"[ .*_/~|+=-]")
_LONE_NEGATOR: Final = re.compile(rf"([不别没勿莫])(?<![^\s,。].) (?=[{CJK}])")
_NOT_WORDS: Final = re.compile(r"[\W_]+")


@cache
def simpler() -> Mapping[int, str]:
    """Give the table traditional → simplified, by character: a table closed in itself, so that twice is once."""
    every = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    plain = OpenCC("t2s").convert("\n".join(every)).split("\n")
    table = {ord(char): to for char, to in zip(every, plain, strict=True) if char != to and len(to) == 1}
    closed = {code: table.get(ord(to), to) for code, to in table.items()}
    # Taiwan and Hong Kong usage that OpenCC leaves alone, because the simplified script has these characters too.
    return {**closed, ord("妳"): "你", ord("祢"): "你", ord("著"): "着", ord("甚"): "什", ord("佢"): "他"}


@cache
def _foldable() -> re.Pattern[str]:
    return re.compile("[" + "".join(map(chr, simpler())) + "]")


@cache
def _traditional() -> re.Pattern[str]:
    return re.compile("[" + "".join(chr(code) for code in simpler() if chr(code) not in "著甚佢") + "]")


def script_of(text: str) -> Script:
    """Tell the script that a customer writes in: traditional if any character is so."""
    return "traditional" if _traditional().search(text) else "simplified"


def plain(raw: str) -> str:
    """Fold width, case, script, blanks and stray characters; idempotent, never longer than MAX_CHARS."""
    text = raw[:MAX_CHARS]
    if not text.isascii():
        text = _opened(text)
        for _ in range(3):  # a folded character may want folding again; two rounds do for all of Unicode 16
            composed = unicodedata.normalize("NFKC", text)
            if composed != text:
                text = _opened(composed)[:MAX_CHARS]
            folded = _simplified(_STRAY.sub("", text.lower()))
            if folded == text:
                break
            text = folded
    else:
        text = _STRAY.sub("", text.replace("\r", "\n").lower())
    text = _BLANKS.sub(" ", text)
    if "\n" in text:
        text = _LINES.sub("\n", text)
    return _UNIT_GAP.sub("", text).strip()[:MAX_CHARS].rstrip()


def _opened(text: str) -> str:
    return text.translate(_ENCLOSED_TABLE) if _ENCLOSED_ANY.search(text) else text


def _simplified(text: str) -> str:
    return text.translate(simpler()) if _foldable().search(text) else text


def gist(raw: str) -> str:
    """Give the two ends of a text that is longer than anybody types, and what stands around stop words between them."""
    text = raw[:MAX_CHARS]
    if len(text) > SPREAD:
        text = _GAPS.sub(" ", text)
    return text if len(text) <= SPREAD else _excerpt(text, HEAD // 2, TAIL // 2, _RAW_STOPS)


def worth_reading(text: str) -> str:
    """Give the head and the tail of a long text, and what stands around stop words between them.

    A reply of people fits in whole; what is longer is a forward or an attack, and must not hold up others.
    """
    return text if len(text) <= WHOLE else _excerpt(text, HEAD, TAIL, _STOPS)


def _excerpt(text: str, head: int, tail: int, stops: re.Pattern[str]) -> str:
    middle = text[head:-tail]
    pieces = [
        middle[max(0, found.start() - AROUND) : found.end() + AROUND]
        for found, _ in zip(stops.finditer(middle), range(2), strict=False)
    ]
    return "\n".join([text[:head], *pieces, text[-tail:]])


def joined(text: str) -> str:
    """Join characters that were spelled out one by one ("退 订", "不 退订")."""
    if _SEPARATED.search(text):
        text = _SPELLED.sub(lambda found: _NOT_WORDS.sub("", found[0]), text)
        text = _LONE_NEGATOR.sub(itemgetter(1), text)
        if text.count(" ") >= WORD_GAPS:
            gaps = len(_WORD_GAP.findall(text))
            if gaps >= WORD_GAPS and len(_CHARACTER.findall(text)) <= WORD_CHARS * (gaps + 1):
                text = _WORD_GAP.sub("", text)
    return text


def squeezed(text: str) -> str:
    """Leave only letters, digits and characters: what a whole text is compared by."""
    return text if text.isalnum() else _NOT_WORDS.sub("", text)


def period_of(text: str) -> str:
    """Give the shortest unit that a text repeats ("tdtdtd" → "td"), or the text itself; digits are never folded."""
    if len(text) < 2 or text.isdigit():
        return text
    shortest = (text + text).find(text, 1)
    return text[:shortest] if shortest < len(text) else text


@dataclass(frozen=True, slots=True)
class Variants:
    """Homophones, near-typos and dialect words of key words, folded into the key word."""

    by_first: Mapping[str, tuple[str, ...]]
    """First character → variants that begin with it, the longest first."""
    words: Mapping[str, str]
    """What variants become."""
    first: re.Pattern[str]

    @staticmethod
    def of(words: Mapping[str, tuple[str, ...]]) -> Variants:
        """Compile key word → variants. Raises ValueError where folding twice would differ from once."""
        table = {plain(variant): plain(word) for word, variants in words.items() for variant in variants}
        by_first: dict[str, list[str]] = {}
        for variant in sorted(table, key=lambda one: (-len(one), one)):
            by_first.setdefault(variant[0], []).append(variant)
        first = re.compile(f"[{re.escape(''.join(by_first))}]" if by_first else "(?!)")
        variants = Variants({first: tuple(found) for first, found in by_first.items()}, table, first)
        for word in table.values():
            if variants.once(word) != word:
                raise ValueError(f"{word!r} holds a variant of another word: folding would never settle")
        return variants

    def fold(self, text: str) -> str:
        """Replace every variant, until nothing changes."""
        for _ in range(4):
            folded = self.once(text)
            if folded == text:
                break
            text = folded
        return text

    def once(self, text: str) -> str:
        """Replace every variant, from left to right, the longest first."""
        parts: list[str] = []
        done = 0
        for place in self.first.finditer(text):
            at, known = place.start(), self.by_first[place[0]]
            if at < done or not text.startswith(known, at):
                continue
            for variant in known:
                if text.startswith(variant, at) and _fits(text, at, variant):
                    parts += [text[done:at], self.words[variant]]
                    done = at + len(variant)
                    break
        return "".join([*parts, text[done:]]) if parts else text


def _fits(text: str, at: int, word: str) -> bool:
    """Tell whether a word may be folded here: one of Latin letters only where no letter or digit stands beside it."""
    if not word.isascii():
        return True
    before, after = text[at - 1 : at], text[at + len(word) : at + len(word) + 1]
    return not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum())
