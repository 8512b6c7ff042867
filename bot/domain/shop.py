"""A shop: a brand with its signature, opening hours, time zone, facts and gateways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.domain.customer import Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of sending that a shop may tighten. Hours are HH:MM in the customer's zone."""

    marketing_from: str = "08:00"
    marketing_until: str = "21:00"
    caps: Mapping[str, int] = field(
        default_factory=lambda: {"marketing/day": 1, "marketing/week": 3, "marketing/month": 5}
    )
    """Most messages per class and span: `class/day|week|month`."""
    holiday_caps: Mapping[str, int] = field(default_factory=dict)
    """Caps that stand instead on the days of `holidays`."""
    tier_caps: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Caps that stand instead for customers tagged `tier:<name>`."""
    holidays: tuple[str, ...] = ()
    """ISO dates."""
    care_per_promotion: int = 0
    """Care texts owed before each promotion (3 for 3+1); 0 switches the rule off."""
    sending: bool = True
    """False is the kill switch: nothing leaves."""
    only_to: tuple[str, ...] = ()
    """Allow-list mode: where given, only these customers (by id) are written to."""
    forbidden_words: tuple[str, ...] = ()
    """Never sent, however they are split or written (发*票, v.x)."""
    marketing_needs_opt_in: bool = False
    """True: marketing only to customers whose consent we hold a proof of; False: to all who did not refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One brand of the installation."""

    name: str = "default"
    signature: str = "回信"
    """Without brackets."""
    zone: str = "Asia/Shanghai"
    opens: str = "09:00"
    closes: str = "21:00"
    gateways: tuple[str, ...] = ("simulator",)
    """Accounts of the settings, preferred first."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What questions are answered from: address, phone, parking …"""
    content: str = ""
    """A content folder of its own, beside the packaged one."""
    policy: Policy = field(default_factory=Policy)
    webhook: str = ""
    """Where `notify_shop` is to be posted, in a later version."""

    @property
    def tz(self) -> tzinfo:
        """The shop's time zone."""
        return ZoneInfo(self.zone)

    def tz_of(self, customer: Customer) -> tzinfo:
        """Give the customer's time zone where the profile has one (`zone`), else the shop's."""
        return _known_zone(customer.fields.get("zone", "")) or self.tz


@lru_cache(maxsize=64)
def _known_zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, OSError, ValueError):
        return None
