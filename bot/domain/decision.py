"""What one event led to: the value that one atomic commit makes true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.customer import Customer
from bot.domain.effects import Effect, Schedule
from bot.domain.events import Event
from bot.domain.messages import OutboundMessage
from bot.domain.understanding import Understanding


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of the log: what happened, what was understood, what was done.

    Applying entries in order to an empty customer gives the customer back (engine/apply).
    """

    event: Event
    decided_at: datetime
    content_version: str
    effects: tuple[Effect, ...]
    understanding: Understanding | None = None
    dedupe_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Everything that a commit writes for one event."""

    entry: LogEntry
    customer: Customer
    """After the effects."""
    outbox: tuple[OutboundMessage, ...] = ()
    timers: tuple[Schedule, ...] = ()
    cancelled: tuple[str, ...] = ()
    """Ids of timers."""
