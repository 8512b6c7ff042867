"""One line of the live feed: what staff see of what just happened, with the number masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

FeedKind = Literal["reply", "text", "state", "event", "staff", "alert", "dead"]
"""reply: the customer wrote; text: we wrote; state: what became of a text of ours; event: the shop told us
something or a timer came; staff: a person acted; alert: staff are called; dead: an event that could not be
handled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One line of the feed. `id` is the stream's id, by which a viewer resumes; empty before it is written."""

    at: datetime
    shop: str
    customer: str
    phone: str
    """Masked: 138****0000."""
    kind: FeedKind
    id: str = ""
    event: str = ""
    text: str | None = None
    """What was written; a forwarded code is never shown."""
    understanding: Mapping[str, Any] | None = None
    """For a reply: intents with scores and reasons, slots, mood, topics, as `huixin understand` prints them."""
    effects: tuple[str, ...] = ()
    detail: Mapping[str, str] = field(default_factory=dict)
    """By kind: message id, state and reason of a text; actor; severity and reason of an alert …"""
