"""What the pages make of values: times in a zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.web.console.render import clock, day, moment
from bot.web.console.words import Translator

AT = datetime(2025, 7, 2, 18, 30, 5, tzinfo=UTC)


def test_times_are_told_in_the_shops_zone() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    assert clock(AT, shanghai, seconds=True) == "02:30:05"
    assert day(AT, shanghai, Translator("zh")) == "7月3日 周四"
    assert moment(AT, shanghai, Translator("en")) == "Thu 3 Jul 02:30"


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_the_calendar_can_be_shown(at: datetime, zone: str) -> None:
    for language in ("zh", "en"):
        assert moment(at, ZoneInfo(zone), Translator(language))
