"""What needs no model: ratings, pictures alone, acknowledgements, and the words a shop has decided itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.conversation.mood_features import Word
from bot.domain.understanding import MoodLabel

_DIGITS: Final = {char: value for value, char in enumerate("零一二三四五六七八九十")} | {"两": 2, "半": 0.5, "〇": 0}
_AFTER: Final = r"(?=$|[,.!?;:~、\s)\]]|好评|差评|吧|啦|了|给|呢|哈|哦|呀|奉上|送上|的|没商量|不能再多)"
_STARS: Final = re.compile(
    r"(?<![\d第到至或~-])(\d{1,3}(?:\.\d)?|[零〇一二两三四五六七八九十半])"
    r"(?:个|颗)?(星|分)(?!期|钟|之|店|级酒店)" + _AFTER
)
_OUT_OF: Final = re.compile(r"(?<!\d)(\d{1,3}(?:\.\d)?)/(5|10|100)(?!\d)")
_FULL: Final = re.compile(
    r"(?:满分|满星|全?[五5]星|[五5]分|100分)(?:都|也)还?(?:嫌|觉得|怕)?(?:少|低|不够|给少|打少)了?|满分|满星|全五星|全5星"
)
_NEGATIVE: Final = re.compile(r"负分|负星|负\d+分|(?<![\d到至])-\d+分")
_OUTRIGHT: Final[tuple[tuple[re.Pattern[str], MoodLabel], ...]] = ((_NEGATIVE, "neg"), (_FULL, "pos"))
_ALONE: Final = re.compile(r"^(?:[\d一二三四五六七八九十#.,!?~、。\s]{1,6}|[a-z][.,!?~。]?|td)$")
_TURN: Final = re.compile(r"^(?:就是|但是|不过|可是|只是|但)")
_SLIP: Final = re.compile(
    "(?:刚才?|刚刚|前面|上一?条|那个?|手一?){0,4}(?:[打发按点输写回填选弄搞看记说][错反]|手[滑误抖])了?(?:的|吧|啦)?"
)
_QUOTED: Final = re.compile(r'"[^"]*"')
_UNITS: Final = frozenset("分星/")
_QUIET: Final = frozenset("AKg,#_")
_PICTURES: Final = {"G": 1, "F": -1, "g": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a rule has to say: a mood outright, with how sure it is."""

    label: MoodLabel
    sure: float
    layer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Whole replies whose mood is decided beforehand, normalised, and the shop's own phrases."""

    whole: Mapping[str, MoodLabel] = field(default_factory=dict)
    phrases: Mapping[str, MoodLabel] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """A rating found in a reply: its label, what it looked like, and the reply without it."""

    label: MoodLabel
    shown: str
    rest: str


def by_table(text: str, table: Table) -> Verdict | None:
    """Look a normalised reply up as a whole, then for a phrase that decides it."""
    bare = text.strip(" ,.!?~、")
    label = table.whole.get(bare) or table.whole.get(text)
    if label is not None:
        return Verdict(label=label, sure=0.93, layer="table", reason=f"整句“{bare or text}”在固定词表中")
    for phrase, own in table.phrases.items():
        if phrase in text:
            return Verdict(label=own, sure=0.9, layer="override", reason=f"含有门店指定用语“{phrase}”")
    if _ALONE.match(text):
        return Verdict(label="neu", sure=0.93, layer="bare", reason="只有数字或字母,没有态度")
    return None


def of_rating(rating: int) -> MoodLabel:
    """Give the mood of a rating from 1 to 5."""
    return "neg" if rating <= 2 else "neu" if rating == 3 else "pos"


def find_rating(text: str) -> Rated | None:
    """Find a rating told in stars or points; the last one counts."""
    if _UNITS.isdisjoint(text):
        return None
    for pattern, outright in _OUTRIGHT:
        extreme = pattern.search(text)
        if extreme:
            return Rated(label=outright, shown=extreme[0], rest=_without(text, extreme))
    matches = [*_OUT_OF.finditer(text), *_STARS.finditer(text)]
    if not matches:
        return None
    match = matches[-1]
    share = _share(match)
    if share is None:
        return None
    label: MoodLabel = "neg" if share <= 0.45 else "pos" if share >= 0.75 else "neu"
    return Rated(label=label, shown=match[0], rest=_without(text, match))


def beside_rating(text: str) -> str:
    """Give what a reply says beside the rating in it: no numbers, no stars, nothing that it quotes of ours."""
    text = _QUOTED.sub(",", text)
    told = find_rating(text)
    rest = (told.rest if told else text).strip("0123456789一二两三四五⭐🌟★☆ ,.!?~、分星")
    return _TURN.sub("", _SLIP.sub(",", rest))


def _share(match: re.Match[str]) -> float | None:
    """Tell how much of the scale a rating fills."""
    told, unit = match[1], match[2]
    value = float(told) if told[0].isdigit() else float(_DIGITS[told])
    if unit in ("5", "10", "100"):
        scale = float(unit)
    elif unit == "星" or value <= 5:
        scale = 5.0
    else:
        scale = 10.0 if value <= 10 else 100.0
    return value / scale if value <= scale else None


def _without(text: str, match: re.Match[str]) -> str:
    before = re.sub(r"(?:给|打|评|就|只|最多|我)+(?:你们|个|你)?$", "", text[: match.start()])
    after = re.sub(r"^(?:好评|差评|吧|啦|了|给|呢|哈|哦|呀|奉上|送上|没商量|不能再多)+", "", text[match.end() :])
    return (before + "," + after).strip(" ,.!?~、")


def by_pictures(text: str, words: Sequence[Word]) -> Verdict | None:
    """Read a reply that is nothing but pictures and marks."""
    pictures = [word for word in words if word.part in _PICTURES]
    if not pictures or any(word.part not in _PICTURES and word.part not in ",QF" for word in words):
        return None
    length = sum(len(word.text) for word in pictures)
    marks = sum(1 for char in text if char in " ,.!?~、…。")
    if length + marks < len(text):
        return None
    total = sum(_PICTURES[word.part] for word in pictures)
    label: MoodLabel = "pos" if total > 0 else "neg" if total < 0 else "neu"
    shown = "".join(word.text for word in pictures[:3])
    return Verdict(label=label, sure=0.9, layer="emoji", reason=f"只有表情 {shown}")


def by_quiet_words(text: str, words: Sequence[Word]) -> Verdict | None:
    """Tell a reply that is made of acknowledgements and thanks only."""
    if not words or any(word.part not in _QUIET for word in words):
        return None
    if sum(len(word.text) for word in words) + text.count(" ") < len(text):
        return None
    return Verdict(label="neu", sure=0.92, layer="acknowledgement", reason="只是应答、致谢或客套")
