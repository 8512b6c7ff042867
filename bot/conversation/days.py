"""Days as customers write them: 明天, 下周二, 7月5号, 推迟一天, 国庆后第一天.

A bounded grammar of our own: the library at hand for Chinese times imports for a second, prints, prefers the past,
and takes "明天不行,后天" for tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bot.conversation.festivals import find_festival
from bot.conversation.numerals import NUMERALS, value_of

_N: Final = rf"(?:\d{{1,3}}|[{NUMERALS}]{{1,3}})"
_WEEKDAY: Final = {
    **{char: i for i, char in enumerate("一二三四五六日")},
    "天": 6,
    "末": 5,
    **{str(i + 1): i for i in range(7)},
}
_NAMED: Final = {
    word: ahead
    for ahead, words in (
        (0, "今天 今日 今儿 今晚 今早 今个 今夜 当天 今下午 今上午 今中午 today tonight"),
        (1, "明天 明日 明儿 明早 明晚 明晨 听日 翌日 明个 明下午 明上午 明中午 tomorrow tmr"),
        (2, "后天 后日 后儿 后早 后晚"),
        (3, "大后天 大后儿"),
    )
    for word in words.split()
}
_NAMED_RE: Final = re.compile("|".join(_NAMED) + "|明(?=上午|下午|中午)|今(?=上午|下午|中午)")
_WEEK_RE: Final = re.compile(
    r"(?P<which>下下个?|下个?|这个?|本|上个?)?(?:周|星期|礼拜|拜)(?P<day>[一二三四五六日天](?![天个年月条次封回份种样]|周(?![一二三四五六日天末]))"
    r"|[1-6](?![\d天周个年月]))(?:(?P<or>或者?|、|和|跟)(?:周|星期|礼拜)?(?P<day2>[一二三四五六日天]))?"
)
_ENGLISH_WEEK: Final = {
    name: i
    for i, names in enumerate(
        (
            ("monday", "mon"),
            ("tuesday", "tue"),
            ("wednesday", "wed"),
            ("thursday", "thu"),
            ("friday", "fri"),
            ("saturday", "sat"),
            ("sunday", "sun"),
        )
    )
    for name in names
}
_ENGLISH_WEEK_RE: Final = re.compile(rf"(?<![a-z])(?P<next>next )?(?P<day>{'|'.join(_ENGLISH_WEEK)})(?![a-z])")
_FULL_RE: Final = re.compile(
    rf"(?:(?P<year>20\d\d|二零[{NUMERALS}]{{2}})[年/.-])?(?P<month>\d{{1,2}}"
    rf"|[{NUMERALS}]{{1,2}})月(?P<day>{_N})[日号]?"
)
_DASHED_RE: Final = re.compile(
    r"(?<![\d.:/-])(?:(?P<year>20\d\d)[/.-])?(?P<month>1[0-2]|0?[1-9])(?P<sep>[/.-])(?P<day>3[01]|[12]\d"
    r"|0?[1-9])(?![\d:%]|[/.-]\d| ?[分星折元块点斤个月天]|号[线楼店院码柜])[号日]?"
)
_DAY_RE: Final = re.compile(rf"(?P<next>下个?月|这个?月|本月)?(?P<day>{_N})[号日](?!线|楼|店|院|码|柜|技师|桌)")
_LATER_RE: Final = re.compile(
    rf"(?:过|再过|再等)?(?P<n>{_N}|半)(?P<unit>个?星期|个?礼拜|周|天|日|个月)(?:后|之后|以后|过后)"
)
_PASS_RE: Final = re.compile(rf"(?:再过|过|再等)(?P<n>{_N})(?P<unit>个?星期|个?礼拜|周|天|个月)")
_SHIFT_RE: Final = re.compile(
    rf"(?P<way>推迟|延迟|延后|延期|推后|往后|顺延|后延|晚|迟|延|拖|缓|提前|往前|早|提早|前移|前提|押后|往后推"
    rf"|往后延|向后|向前)(?:推迟?|延期?|挪|调|移|顺|提|拨|个|大概|大约|差不多|再|整整|上|到|了|我)?(?P<n>{_N}|几"
    rf"|半)(?P<unit>个?星期|个?礼拜|周|天|日(?!期)|个月)"
)
_NEXT_DAY_RE: Final = re.compile(r"(?<!最)(?:第二天|隔天|次日|后一天|下一天)")
_PREVIOUS_DAY_RE: Final = re.compile(r"(?<!节)(?:前一天|头一天)")
_SAME_DAY_RE: Final = re.compile(r"同一天|当天|那天|同天|还是那天|(?:日期|日子)(?:不变|不动|照旧|还是一样|一样)|当日")
_NEXT_WEEK_SAME_RE: Final = re.compile(
    r"下(?:个)?(?:周|星期|礼拜)(?:的)?(?:同一时间|这个时间|同样时间|同时间|这时候|这个时候|同一天|今天)"
)
_OFFSET_RE: Final = re.compile(
    rf"^(?:节|假期|长假)?(?:的)?(?P<way>后|之后|以后|过后|前|之前)(?:的)?(?:第)?(?P<n>{_N})天"
    rf"|^(?:的)?(?P<way2>前|后)一天|^(?:节|假期)?(?P<way3>后|之后|过后)(?:第二天)"
)


_RELATED: Final = ((_NEXT_DAY_RE, 1), (_PREVIOUS_DAY_RE, -1), (_SAME_DAY_RE, 0))
# What a day named in one way or another cannot do without.
_UNITS: Final = re.compile("[星礼周天日月]")
_WEEK: Final = re.compile("[周星礼拜]")
_LATER: Final = re.compile("[后过等]")
_DASH: Final = re.compile("[/.-]")


@dataclass(frozen=True, slots=True)
class Day:
    """A day that was named, and where; `keeps_time`: it moves the booking, whose time stays."""

    start: int
    end: int
    date: date
    text: str
    keeps_time: bool = False
    choice: bool = False
    """Two days were named at once, as a choice."""


def find_days(text: str, today: date, booking: date | None) -> list[Day]:
    """Find the days named in a text, in order; overlapping readings give way to the earlier, longer one."""
    found = sorted(_all(text, today, booking), key=lambda day: (day.start, -(day.end - day.start)))
    kept: list[Day] = []
    for day in found:
        if len(found) > 1 and _SAME_DAY_RE.fullmatch(day.text):
            continue  # "立秋那天": the day that was named, not the booking's
        if not kept or day.start >= kept[-1].end:
            kept.append(day)
    return kept


def _all(text: str, today: date, booking: date | None) -> Iterator[Day]:
    base = booking or today
    yield from _shifts(text, base)
    for match in _NAMED_RE.finditer(text):
        ahead = _NAMED.get(match[0], 1 if match[0] == "明" else 0)
        day = base if match[0] == "当天" else today + timedelta(days=ahead)
        yield Day(*match.span(), day, match[0])
    for match in _NEXT_WEEK_SAME_RE.finditer(text):
        yield Day(*match.span(), base + timedelta(days=7), match[0], keeps_time=True)
    yield from _weekdays(text, today)
    yield from _dates(text, today)
    for pattern in (_LATER_RE, _PASS_RE) if _LATER.search(text) else ():
        for match in pattern.finditer(text):
            if later := _moved(today, _count(match["n"]), match["unit"]):
                yield Day(*match.span(), later, match[0])
    festival = find_festival(text, today)
    if festival:
        start, end, feast = festival
        offset = _OFFSET_RE.match(text[end : end + 10])
        if offset:
            end += offset.end()
            count = _count(offset["n"] or "一")
            feast += timedelta(days=-count if "前" in (offset["way"] or offset["way2"] or "") else count)
        yield Day(start, end, feast, text[start:end])


def _shifts(text: str, base: date) -> Iterator[Day]:
    for match in _SHIFT_RE.finditer(text) if _UNITS.search(text) else ():
        if match["n"] in {"几", "半"} and not (match["n"] == "半" and "月" in match["unit"]):
            continue
        back = match["way"] in {"提前", "往前", "早", "提早", "前移", "前提", "向前"}
        if day := _moved(base, _count(match["n"]) * (-1 if back else 1), match["unit"]):
            yield Day(*match.span(), day, match[0], keeps_time=True)
    for pattern, step in _RELATED if "天" in text or "日" in text else ():
        for match in pattern.finditer(text):
            yield Day(*match.span(), base + timedelta(days=step), match[0])


def _count(text: str) -> int:
    if text == "半":
        return 0
    return int(value_of(text) or 0)


def _moved(base: date, count: int, unit: str) -> date | None:
    if not count or abs(count) > 366:
        return None
    if unit.endswith("月"):
        months = base.month - 1 + count
        with suppress(ValueError):
            return date(base.year + months // 12, months % 12 + 1, base.day)
        return None
    return base + timedelta(days=count * (1 if unit in {"天", "日"} else 7))


def _weekdays(text: str, today: date) -> Iterator[Day]:
    for match in _WEEK_RE.finditer(text) if _WEEK.search(text) else ():
        which = match["which"] or ""
        if which.startswith("上"):
            continue
        day = _weekday(today, which, _WEEKDAY[match["day"]])
        both = match["day2"] is not None
        yield Day(*match.span(), day, match[0], choice=both)
    if text.isascii() or re.search("[a-z]{3}", text):
        for match in _ENGLISH_WEEK_RE.finditer(text):
            yield Day(
                *match.span(), _weekday(today, "下" if match["next"] else "", _ENGLISH_WEEK[match["day"]]), match[0]
            )


def _weekday(today: date, which: str, weekday: int) -> date:
    monday = today - timedelta(days=today.weekday())
    if which.startswith("下下"):
        return monday + timedelta(days=14 + weekday)
    if which.startswith("下"):
        return monday + timedelta(days=7 + weekday)
    if which:
        return monday + timedelta(days=weekday)
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _dates(text: str, today: date) -> Iterator[Day]:
    for match in _FULL_RE.finditer(text) if "月" in text else ():
        year = _count(match["year"]) if match["year"] else 0
        if day := _date(today, year, _count(match["month"]), _count(match["day"])):
            yield Day(*match.span(), day, match[0])
    for match in _DASHED_RE.finditer(text) if _DASH.search(text) else ():
        year = int(match["year"] or 0)
        plain = (
            match["sep"] == "/"
            or bool(match["year"])
            or bool(re.search(r"[改换到约挪调推延]$|号|日期", text[: match.start()][-2:]))
        )
        if (plain or text[match.end() : match.end() + 1] in {"号", "日", "上", "下", "中", "晚"}) and (
            day := _date(today, year, int(match["month"]), int(match["day"]))
        ):
            yield Day(*match.span(), day, match[0])
    for match in _DAY_RE.finditer(text) if "号" in text or "日" in text else ():
        if text[match.start() - 1 : match.start()] in {"月", "."}:
            continue
        if day := _day_of_month(today, match["next"] or "", _count(match["day"])):
            yield Day(*match.span(), day, match[0])


def _date(today: date, year: int, month: int, day: int) -> date | None:
    with suppress(ValueError):
        if year:
            return date(year, month, day)
        this_year = date(today.year, month, day)
        return this_year if this_year >= today else date(today.year + 1, month, day)
    return None


def _day_of_month(today: date, which: str, day: int) -> date | None:
    first = today.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    month = following if which.startswith("下") or (not which and day < today.day) else first
    with suppress(ValueError):
        return month.replace(day=day)
    return None
