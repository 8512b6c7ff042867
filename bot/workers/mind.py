"""What a worker is handed to think with; the composition root builds it from the engine, content and settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.domain.customer import Customer
from bot.domain.decision import Decision, LogEntry
from bot.domain.events import Event
from bot.domain.gateway import Gateway
from bot.domain.link import Sends
from bot.domain.messages import OutboundMessage
from bot.domain.understanding import Understanding
from bot.domain.verdict import Later, Never, Ready
from bot.workers.ways import Ways

__all__ = ["Apply", "Decide", "Mind", "Prepare", "Ready"]

Decide = Callable[[Customer | None, Event, datetime], Decision]
Apply = Callable[[Customer | None, LogEntry], Customer]


class Prepare(Protocol):
    """Gates, route and words of one text, at the moment of sending."""

    def __call__(
        self, text: OutboundMessage, customer: Customer, now: datetime, client_ref: str, tried: frozenset[str]
    ) -> Ready | Later | Never:
        """Decide whether and how a text leaves; `tried` are accounts that certainly did not take it."""


def _no_stop(text: str) -> str | None:
    del text
    return None


def _no_words(understanding: Understanding) -> Mapping[str, Any]:
    del understanding
    return {}


def _no_step(name: str) -> None:
    del name


@dataclass(frozen=True, slots=True, kw_only=True)
class Mind:
    """Everything that a worker asks and that is not Redis. `decide` and `apply` are pure."""

    decide: Decide
    apply: Apply
    prepare: Prepare
    gateways: Mapping[str, Gateway]
    """By account."""
    transport: Sends
    clock: Callable[[], datetime]
    ways: Ways | None = None
    """The accounts' limits and health; None: there are none to heed."""
    stop_scope: Callable[[str], str | None] = _no_stop
    """The scope that a text stops beyond doubt, or None; asked of a reply that nothing else could handle."""
    explain: Callable[[Understanding], Mapping[str, Any]] = _no_words
    look_again: float = 5.0
    """Seconds after which everybody looks for work, also when no bell rang; bounds the harm of a bell not heard."""
    step: Callable[[str], None] = field(default=_no_step)
    """Told at each step between inbox and sent; tests end the process here."""
