"""Days and times: absolute, relative to now and to the booking, ranges, exclusions, festivals, opening hours."""

from datetime import date

import pytest

from bot.conversation.festivals import find_festival, solar_term
from bot.conversation.text import plain
from bot.conversation.when import find_when
from tests.conversation.contexts import context


@pytest.mark.parametrize(
    ("text", "day", "time"),
    [
        ("改到周五下午3点", "2025-07-04", "15:00"),
        ("下周二上午十点", "2025-07-08", "10:00"),
        ("下周日", "2025-07-13", None),
        ("周三", "2025-07-09", None),
        ("这周三", "2025-07-02", None),
        ("下下周一", "2025-07-14", None),
        ("推迟一天", "2025-07-04", "14:00"),
        ("早一个小时", "2025-07-03", "13:00"),
        ("能不能晚半小时", "2025-07-03", "14:30"),
        ("往前提两个小时", "2025-07-03", "12:00"),
        ("下周同一时间", "2025-07-10", "14:00"),
        ("周五还是这个点", "2025-07-04", "14:00"),
        ("明天不行,后天下午", "2025-07-04", None),
        ("周四没空换周六上午", "2025-07-05", None),
        ("从周四改到周五", "2025-07-04", None),
        ("明天上午十点不行,下午四点可以吗", "2025-07-03", "16:00"),
        ("除了周五都行", None, None),
        ("周五或周六都行", None, None),
        ("三点", None, "15:00"),
        ("九点", None, "09:00"),
        ("八点半", None, "20:30"),
        ("早上八点", None, "08:00"),
        ("差一刻四点", None, "15:45"),
        ("周六三点", "2025-07-05", "15:00"),
        ("3pm", None, "15:00"),
        ("7/6 15:30", "2025-07-06", "15:30"),
        ("7.5下午三点", "2025-07-05", "15:00"),
        ("2025-07-09 10:00", "2025-07-09", "10:00"),
        ("5号", "2025-07-05", None),
        ("1号", "2025-08-01", None),
        ("三天后", "2025-07-05", None),
        ("国庆后第一天", "2025-10-02", None),
        ("八一建军节", "2025-08-01", None),
        ("周六上午十一点", "2025-07-05", "11:00"),
        ("立秋那天", "2025-08-07", None),
        ("上次约好两点,拖到四点", None, None),
        ("3点到5点之间", None, "15:00"),
        ("改天吧", None, None),
    ],
)
def test_when(text, day, time):
    found = find_when(plain(text), context("appointment"))
    assert (found.date, found.time) == (day, time)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("后天下午", "afternoon"),
        ("周六早上", "morning"),
        ("中午", "noon"),
        ("明晚", "evening"),
        ("下午不行,上午吧", "morning"),
    ],
)
def test_periods(text, period):
    assert find_when(plain(text), context("appointment")).period == period


def test_what_was_ruled_out_is_told():
    assert find_when("明天不行,后天下午都可以", context("appointment")).excluded == ("2025-07-03",)


@pytest.mark.parametrize(
    ("name", "year", "day"),
    [
        ("立春", 2025, "2025-02-03"),
        ("冬至", 2025, "2025-12-21"),
        ("清明", 2024, "2024-04-04"),
        ("小寒", 2026, "2026-01-05"),
        ("立秋", 2030, "2030-08-07"),
    ],
)
def test_solar_terms(name, year, day):
    assert solar_term(name, year).isoformat() == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("中秋节", "2025-10-06"),
        ("端午", "2026-06-19"),
        ("除夕", "2026-02-16"),
        ("七夕", "2025-08-29"),
        ("十一长假", "2025-10-01"),
        ("父亲节", "2026-06-21"),
    ],
)
def test_festivals(text, day):
    assert find_festival(text, date(2025, 7, 2))[2].isoformat() == day


def test_eleven_is_no_festival():
    assert find_festival("十一点", date(2025, 7, 2)) is None
