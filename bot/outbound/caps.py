"""How many texts a customer is sent: caps by day, week and month, and care owed before promotion."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.domain.customer import Customer, Sent
from bot.domain.messages import OutboundMessage
from bot.domain.shop import Shop

_SPANS: Final = {"day": 1, "week": 7, "month": 30}
"""Days back, today included, by the customer's calendar."""
_SPOKEN: Final = {"day": "今天", "week": "7天内", "month": "30天内"}
_CLASSES: Final = {"marketing": "营销", "service": "服务", "conversation": "会话"}
_WISHES: Final = {"daily": 1, "weekly": 7, "biweekly": 14, "monthly": 30, "quarterly": 90, "less": 15}
"""One marketing text in so many days, as the customer asked for; "less" halves the month's usual few."""


def cap_reached(message: OutboundMessage, customer: Customer, shop: Shop, now: datetime) -> str | None:
    """Give the reason why one more would be too many, or None."""
    zone = shop.tz_of(customer)
    today = now.astimezone(zone).date()
    ages = [
        (today - sent.at.astimezone(zone).date()).days
        for sent in _others(message, customer)
        if sent.message_class == message.message_class
    ]
    for span, most in _caps(message, customer, shop, today.isoformat()).items():
        count = sum(age < _SPANS[span] for age in ages)
        if count >= most:
            return f"{_SPOKEN[span]}已发{count}条{_CLASSES[message.message_class]}短信,上限{most}条"
    wished = _WISHES.get(customer.preferences.frequency or "")
    if message.message_class == "marketing" and wished and any(age < wished for age in ages):
        return f"客户希望少发:{wished}天内最多1条营销短信"
    return None


def _caps(message: OutboundMessage, customer: Customer, shop: Shop, today: str) -> Mapping[str, int]:
    """Give the caps of the message's class by span: the shop's, the tier's instead, the holiday's instead."""
    policy = shop.policy
    caps = dict(policy.caps)
    for tag in customer.tags:
        caps |= policy.tier_caps.get(tag.removeprefix("tier:"), {}) if tag.startswith("tier:") else {}
    if today in policy.holidays:
        caps |= policy.holiday_caps
    prefix = f"{message.message_class}/"
    named = {name.removeprefix(prefix): most for name, most in caps.items() if name.startswith(prefix)}
    return {span: most for span, most in named.items() if span in _SPANS}


def care_owed(message: OutboundMessage, customer: Customer, shop: Shop) -> int:
    """Count the care texts that are still owed before this promotion; the first promotion owes none."""
    if message.care or not shop.policy.care_per_promotion:
        return 0
    since = 0
    for sent in reversed(_others(message, customer)):
        if sent.message_class == "marketing" and not sent.care:
            return max(shop.policy.care_per_promotion - since, 0)
        since += sent.care
    return 0


def _others(message: OutboundMessage, customer: Customer) -> tuple[Sent, ...]:
    """Give what was sent before; at the moment of sending the text itself is already counted."""
    since = message.created_at - timedelta(days=32)
    return tuple(sent for sent in customer.sent if sent.message != message.id and sent.at >= since)
