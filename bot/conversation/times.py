"""Times of day as customers write them: 三点半, 下午3:20, 差一刻四点, 早一个小时, 上午."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.conversation.numerals import NUMERALS, value_of
from bot.domain.understanding import Period

_N: Final = rf"(?:\d{{1,2}}|[{NUMERALS}]{{1,3}})"
_PERIOD_WORDS: Final[Mapping[Period, str]] = {
    "morning": "凌晨 清晨 清早 大清早 一大早 早上 早晨 上午 早间 午前 朝早 上昼 早 晨",
    "noon": "中午 正午 午间 晌午 午饭 午休 晏昼",
    "afternoon": "下午 午后 下昼 后晌",
    "evening": "傍晚 晚上 晚间 夜里 夜间 夜晚 半夜 下班后 下班以后 晚点钟 今晚 明晚 后晚 夜 晚 黄昏",
}
PERIODS: Final = {word: period for period, words in _PERIOD_WORDS.items() for word in words.split()}
_P: Final = "|".join(sorted(PERIODS, key=lambda word: -len(word)))
_P_FIRST: Final = "".join(sorted({word[0] for word in PERIODS}))
_MAY_HOLD: Final = re.compile("[点时:钟hm晨早午昼晌晚夜班昏]")
"""Without one of these no time of day is named."""
# What a time named in one way or another cannot do without.
_UNITS: Final = re.compile("[时钟hm]")
_HOURS: Final = re.compile("[点时:m]")
_PARTS: Final = re.compile("[晨早午昼晌晚夜班昏]")
_CLOCK_RE: Final = re.compile(
    rf"(?=[的大差 \d{NUMERALS}{_P_FIRST}])"
    rf"(?P<period>{_P})?(?:的|大概|大约|差不多)? ?(?P<less>差(?:(?P<lessn>{_N})分钟?|一?刻钟?|(?P<lessk>{_N})刻))?"
    rf"(?<![周期拜])(?P<hour>{_N})(?:[点时](?!候|间)(?:钟|整)?|:(?=\d\d))(?:(?P<half>半)|(?P<quarter>[一三])刻"
    rf"|过?(?P<minute>\d{{1,2}}|[{NUMERALS}]{{1,3}})(?!点|个|楼|号|月|天|小)分?)?"
    rf"(?: ?(?P<meridiem>[ap]\.?m))?"
)
_MERIDIEM_RE: Final = re.compile(r"(?<![\d:])(?P<hour>1[0-2]|0?[1-9])(?::(?P<minute>[0-5]\d))? ?(?P<meridiem>[ap]\.?m)")
_RANGE_RE: Final = re.compile(
    rf"(?=[\d{NUMERALS}{_P_FIRST}])"
    rf"(?P<period>{_P})?(?<![周期拜])(?P<hour>{_N}) ?(?:[点时]|:00)? ?(?:到|至|-|~) ?(?P<until>{_N})(?:[点时]|:00)"
)
_SHIFT_RE: Final = re.compile(
    rf"(?P<way>推迟|延迟|延后|推后|往后|顺延|晚|迟|延|提前|往前|早|提早|早到|晚到|向后|向前)(?:推迟?|延|顺|挪|调"
    rf"|移|提|拨|赶|个|大概|大约|差不多|再|到|来|去|点|上|约){{0,6}}(?P<n>{_N}|半|几)(?:(?P<and>个半)|个)?(?P<unit>小时|钟头"
    rf"|分钟|刻钟|h|min)(?P<half>半)?"
)
_PERIOD_RE: Final = re.compile("|".join(word for word in _P.split("|") if len(word) > 1))
_A_LITTLE: Final = re.compile("[少多快慢好有早晚宜贵高低大小差前后长短轻重远近便][|]|[|][也都儿不没]")
"""Around 一点 it means "a little"."""
_SHORT_PERIOD_RE: Final = re.compile(r"(?<=[明今后天日一二三四五六号])(?:早|晚)(?![点一两几半些了到个会\d])")
_SAME_RE: Final = re.compile(
    r"同一(?:个)?时间|时间不变|同样(?:的)?时间|还是这个(?:点|时间)|还是那个(?:点|时间)|这个时间|相同时间"
    r"|时间(?:还|仍)?(?:是|然)?一样|时间不动|时间照旧|钟点(?:照旧|不变|一样)|点(?:数|钟)?不变|原时间|时间一样|同时段|原来的时间|时间照旧|同一个点|一样的时间|老时间|这个点|那个点|这个钟点|同样的点|同个时间|还是原来时间"
)


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day that was named, and where; `shift` moves the booking instead."""

    start: int
    end: int
    text: str
    time: str | None = None
    period: Period | None = None
    shift: timedelta | None = None
    same: bool = False


def find_times(text: str, opens: str, closes: str) -> list[Time]:
    """Find the times of day named in a text, in order; hours without a period are settled by the opening hours."""
    if not _MAY_HOLD.search(text):
        return []
    found = sorted(_all(text, opens, closes), key=lambda time: (time.start, -(time.end - time.start)))
    kept: list[Time] = []
    for time in found:
        if not kept or time.start >= kept[-1].end:
            kept.append(time)
    return kept


def _all(text: str, opens: str, closes: str) -> Iterator[Time]:
    for match in _SHIFT_RE.finditer(text) if _UNITS.search(text) else ():
        if shift := _shift(match):
            yield Time(*match.span(), match[0], shift=shift)
    if _HOURS.search(text):
        yield from _clocks(text, opens, closes)
    for pattern in (_PERIOD_RE, _SHORT_PERIOD_RE) if _PARTS.search(text) else ():
        for match in pattern.finditer(text):
            yield Time(*match.span(), match[0], period=PERIODS[match[0]])
    for match in _SAME_RE.finditer(text) if _HOURS.search(text) else ():
        yield Time(*match.span(), match[0], same=True)


def _clocks(text: str, opens: str, closes: str) -> Iterator[Time]:
    for match in _RANGE_RE.finditer(text):
        clock = _clock(match["hour"], 0, match["period"], None, opens, closes)
        later = _clock(match["until"], 0, match["period"], None, opens, closes)
        if clock and later:
            yield Time(*match.span(), match[0], time=clock)
    for match in _CLOCK_RE.finditer(text):
        if clock := _clock_of(match, text, opens, closes):
            yield Time(*match.span(), match[0], time=clock)
    for match in _MERIDIEM_RE.finditer(text):
        if clock := _clock(match["hour"], int(match["minute"] or 0), None, match["meridiem"], opens, closes):
            yield Time(*match.span(), match[0], time=clock)


def _clock_of(match: re.Match[str], text: str, opens: str, closes: str) -> str | None:
    if match["hour"] == "一" and _A_LITTLE.search(text[: match.start("hour")][-2:] + "|" + text[match.end() :][:1]):
        return None
    minute = 30 if match["half"] else 15 * {"一": 1, "三": 3}.get(match["quarter"] or "", 0)
    if match["minute"]:
        minute = _number(match["minute"])
    period = match["period"] or _before(text, match.start())
    clock = _clock(match["hour"], minute, period, match["meridiem"], opens, closes)
    if clock is None or not match["less"]:
        return clock
    quarters = _number(match["lessk"]) if match["lessk"] else 1
    less = _number(match["lessn"]) if match["lessn"] else 15 * quarters
    return (datetime.fromisoformat(f"2000-01-02T{clock}") - timedelta(minutes=less)).strftime("%H:%M")


def _before(text: str, start: int) -> str | None:
    """Give the period that stands a little before the hour ("下午的话3点")."""
    near = re.split(r"[,。;!? ]", text[max(0, start - 5) : start])[-1]
    return next((match[0] for match in reversed(list(_PERIOD_RE.finditer(near)))), None)


def _shift(match: re.Match[str]) -> timedelta | None:
    if match["n"] == "几":
        return None
    count = 0.5 if match["n"] == "半" else float(_number(match["n"]))
    if match["and"] or match["half"]:
        count += 0.5
    minutes = {"刻钟": 15, "分钟": 1, "min": 1}.get(match["unit"], 60) * count
    back = match["way"] in {"提前", "往前", "早", "提早", "早到", "向前"}
    return timedelta(minutes=-minutes if back else minutes)


def _number(text: str) -> int:
    return int(value_of(text) or 0)


def _clock(
    hour_text: str, minute: int, period: str | None, meridiem: str | None, opens: str, closes: str
) -> str | None:
    value = value_of(hour_text)
    if value is None or value > 24 or minute > 59:
        return None
    hour = int(value) % 24
    part = PERIODS.get(period) if period else None
    if meridiem:
        hour = hour % 12 + (12 if meridiem.startswith("p") else 0)
    elif part in {"afternoon", "evening"} and hour < 12:
        hour += 12 if period not in {"半夜", "夜里"} or hour >= 6 else 0
    elif part == "noon" and hour < 4:
        hour += 12
    elif part is None and hour < 12 and not hour_text.startswith("0"):
        clock = f"{hour:02}:{minute:02}"
        later = f"{hour + 12:02}:{minute:02}"
        if not opens <= clock <= closes and opens <= later <= closes:
            hour += 12
    return f"{hour:02}:{minute:02}"
