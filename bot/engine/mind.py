"""What a decision is made with (Mind) and in (Scene)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.content import Content, Faq
from bot.domain.customer import Customer
from bot.domain.events import Event
from bot.domain.ids import Ids
from bot.domain.intent import Intent
from bot.domain.shop import Shop
from bot.domain.understanding import IntentName
from bot.engine.understand import Language

WHOLE_MINUTE: Final = timedelta(minutes=1)


def _no_answer(_question: str) -> Faq | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mind:
    """Everything that a decision reads and that is not the customer's: content, language, intents, shops."""

    content: Content
    language: Language
    intents: Mapping[IntentName, Intent]
    shops: Mapping[str, Shop]
    code_key: bytes
    """Reward codes are derived with it."""
    corrections: Mapping[str, IntentName] = field(default_factory=dict)
    answer_for: Callable[[str], Faq | None] = _no_answer
    """The answer from content/faq/ that fits a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One event on one customer, at one moment."""

    customer: Customer
    event: Event
    mind: Mind
    now: datetime

    @property
    def shop(self) -> Shop:
        """The customer's shop; one that the settings no longer name gets the defaults."""
        return self.mind.shops.get(self.event.shop) or Shop(name=self.event.shop)

    @property
    def ids(self) -> Ids:
        """Names for everything that this event makes."""
        return Ids(self.event.id)

    @property
    def content(self) -> Content:
        """The content in force."""
        return self.mind.content

    @property
    def at(self) -> datetime:
        """When the customer wrote or clicked, as far as anybody knows; never later than we took it.

        Some gateways give whole minutes only: such a time says no more than the minute, so a message taken
        within it counts as written when it was taken.
        """
        at, taken = self.event.at, self.event.received_at
        coarse = at.second == 0 and at.microsecond == 0 and timedelta() <= taken - at < WHOLE_MINUTE
        return taken if coarse else min(at, taken)

    def on(self, customer: Customer) -> Scene:
        """The same scene with the customer as it is by now."""
        return replace(self, customer=customer)
