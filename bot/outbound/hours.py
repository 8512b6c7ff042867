"""When a customer may be written to unasked: the shop's hours for marketing and the customer's own wishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from bot.domain.customer import Customer
from bot.domain.shop import Shop

_MORNING: Final = time(8)
"""Until when a customer who asked for quiet nights is left alone."""
_PERIODS: Final = {
    "morning": (time(8), time(12)),
    "noon": (time(11, 30), time(14)),
    "afternoon": (time(13), time(18)),
    "evening": (time(18), time(23, 59)),
}
_WISHED_HOURS: Final = 2
"""How long after the hour they asked for customers still find a text on time."""


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when, on which days of the week (0 is Monday)."""

    start: time
    end: time
    days: frozenset[int] = frozenset(range(7))

    def within(self, other: Window) -> Window | None:
        """Give what both windows share, or None."""
        start, end, days = max(self.start, other.start), min(self.end, other.end), self.days & other.days
        return Window(start, end, days) if start < end and days else None


def next_open(customer: Customer, shop: Shop, now: datetime, *, promotes: bool) -> datetime:
    """Give `now` if a text may leave, else the next moment at which it may (in the customer's zone)."""
    zone = shop.tz_of(customer)
    local = now.astimezone(zone)
    window = _window(customer, shop, promotes=promotes)
    for ahead in range(8):
        day = local.date() + timedelta(days=ahead)
        start = datetime.combine(day, window.start, zone)
        end = datetime.combine(day, window.end, zone)
        if day.weekday() in window.days and local < end:
            return now if start <= local else start
    return now


def _window(customer: Customer, shop: Shop, *, promotes: bool) -> Window:
    """Narrow the lawful hours by the customer's wishes; a wish that leaves no time gives way."""
    wishes = customer.preferences
    window = Window(time.min, time.max)
    if promotes:
        window = Window(_clock(shop.policy.marketing_from), _clock(shop.policy.marketing_until))
    if wishes.quiet_after:
        quiet = Window(_MORNING, max(_clock(wishes.quiet_after), _MORNING))
        window = window.within(quiet) or window
    if promotes and wishes.send_time:
        window = window.within(_wished(wishes.send_time)) or window
    return window


def _wished(when: str) -> Window:
    if when in ("weekday", "weekend"):
        days = frozenset(range(5)) if when == "weekday" else frozenset((5, 6))
        return Window(time.min, time.max, days)
    if when in _PERIODS:
        return Window(*_PERIODS[when])
    start = _clock(when)
    end = start.hour + _WISHED_HOURS
    return Window(start, start.replace(hour=end) if end < 24 else time.max)


def _clock(text: str) -> time:
    # Midnight as an end is written 24:00 or 00:00 by people and by no library.
    return time.max if text in ("24:00", "24:0") else time.fromisoformat(text.zfill(5))
