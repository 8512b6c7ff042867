"""Festivals and solar terms as dates: the next such day."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from lunardate import LunarDate

SOLAR_TERMS: Final = (
    "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至", "小暑", "大暑", "立秋", "处暑", "白露",
    "秋分", "寒露", "霜降", "立冬", "小雪", "大雪", "冬至", "小寒", "大寒", "立春", "雨水", "惊蛰",
)  # fmt: skip
"""In the order of the sun's longitude, 15° each, from 0°."""

_FIXED: Final = {
    name: (int(date[:2]), int(date[2:]))
    for date, names in (
        ("0101", "元旦"),
        ("0214", "情人节"),
        ("0308", "妇女节 三八"),
        ("0312", "植树节"),
        ("0401", "愚人节"),
        ("0501", "劳动节 五一"),
        ("0504", "青年节 五四"),
        ("0520", "520"),
        ("0601", "儿童节 六一"),
        ("0701", "建党节 七一"),
        ("0801", "建军节 八一"),
        ("0910", "教师节"),
        ("1001", "国庆 十一"),
        ("1031", "万圣节"),
        ("1111", "双十一 双11 光棍节"),
        ("1212", "双十二"),
        ("1224", "平安夜"),
        ("1225", "圣诞"),
        ("1231", "跨年"),
    )
    for name in names.split()
}
_LUNAR: Final = {
    name: (int(date[:2]), int(date[2:]))
    for date, names in (
        ("0101", "春节 大年初一 年初一 初一"),
        ("0102", "大年初二 年初二"),
        ("0103", "大年初三"),
        ("0115", "元宵 正月十五"),
        ("0202", "龙抬头"),
        ("0505", "端午"),
        ("0707", "七夕"),
        ("0715", "中元"),
        ("0815", "中秋 八月十五"),
        ("0909", "重阳"),
        ("1208", "腊八"),
        ("1223", "小年"),
    )
    for name in names.split()
}
_NAMES: Final = re.compile(
    "|".join(
        sorted(
            (*_FIXED, *_LUNAR, *SOLAR_TERMS, "除夕", "大年三十", "母亲节", "父亲节", "感恩节"), key=lambda n: -len(n)
        )
    )
)
_ALSO_NUMBERS: Final = frozenset({"十一", "五一", "六一", "七一", "八一", "三八", "五四", "520"})
_HOLIDAY: Final = re.compile(
    "[,。!?吧呢]|$|节|假|国庆|建军|劳动|儿童|妇女|青年|建党|长假|黄金周|期间|前|后|那天|当天|放假|以后|之后"
    "|过后|再|可以|行"
)
_AROUND: Final = re.compile("节?(?:假期?|长假)?(?:以|之|过)?[前后](?![面天]|的?第|一天|[一二两三四五六七八九十0-9])")
"""Some day before or after: none in particular."""
_BEIJING: Final = ZoneInfo("Asia/Shanghai")


def find_festival(text: str, today: date) -> tuple[int, int, date] | None:
    """Find the first festival or solar term named: its place, and its next day from today on."""
    found = _NAMES.search(text)
    if found is None:
        return None
    name, end = found[0], found.end()
    if _AROUND.match(text[end:]):
        return None
    if name in _ALSO_NUMBERS and not _HOLIDAY.match(text[end:]):
        return None
    if text.startswith("节", end):
        end += 1
    day = _next(name, today)
    return (found.start(), end, day) if day else None


def _next(name: str, today: date) -> date | None:
    in_year = _finder(name)
    for year in range(today.year - 1, today.year + 3):
        day = in_year(year)
        if day is not None and day >= today:
            return day
    return None


def _finder(name: str) -> Callable[[int], date | None]:
    if name in _FIXED:
        month, day = _FIXED[name]
        return lambda year: date(year, month, day)
    if name in _LUNAR:
        month, day = _LUNAR[name]
        return lambda year: _lunar(year, month, day)
    if name in {"除夕", "大年三十"}:
        return lambda year: (new_year := _lunar(year + 1, 1, 1)) and new_year - timedelta(days=1)
    if name == "母亲节":
        return lambda year: _nth(year, 5, 6, 2)
    if name == "父亲节":
        return lambda year: _nth(year, 6, 6, 3)
    if name == "感恩节":
        return lambda year: _nth(year, 11, 3, 4)
    return lambda year: solar_term(name, year)


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _lunar(year: int, month: int, day: int) -> date | None:
    try:
        return LunarDate(year, month, day).to_solar_date()  # type: ignore[no-any-return]
    except ValueError:
        return None


@lru_cache(maxsize=256)
def solar_term(name: str, year: int) -> date:
    """Give the day of a solar term in Beijing, from the sun's apparent longitude (Meeus, ch. 25; good to minutes)."""
    index = SOLAR_TERMS.index(name)
    wanted = index * 15.0
    # The sun reaches 0° about 20 March; a day is close to a degree.
    moment = datetime(year, 3, 20, 12, tzinfo=UTC) + timedelta(days=index * 15.2184)
    if index >= SOLAR_TERMS.index("小寒"):
        moment = moment.replace(year=moment.year - 1) if moment.year > year else moment
    for _ in range(6):
        off = (wanted - _longitude(moment) + 180.0) % 360.0 - 180.0
        moment += timedelta(days=off * 365.2422 / 360.0)
    return moment.astimezone(_BEIJING).date()


def _longitude(moment: datetime) -> float:
    """Give the sun's apparent longitude in degrees."""
    centuries = (moment - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86_400 / 36_525
    anomaly = math.radians(357.52911 + 35_999.05029 * centuries - 0.0001537 * centuries**2)
    centre = (
        (1.914602 - 0.004817 * centuries) * math.sin(anomaly)
        + (0.019993 - 0.000101 * centuries) * math.sin(2 * anomaly)
        + 0.000289 * math.sin(3 * anomaly)
    )
    mean = 280.46646 + 36_000.76983 * centuries + 0.0003032 * centuries**2
    node = math.radians(125.04 - 1_934.136 * centuries)
    return (mean + centre - 0.00569 - 0.00478 * math.sin(node)) % 360.0
