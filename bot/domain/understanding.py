"""What a reply was understood to mean, and every step that led there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args

IntentName = Literal[
    "unsubscribe",
    "resubscribe",
    "wrong_number",
    "human_handoff",
    "appointment_cancel",
    "appointment_reschedule",
    "appointment_confirm",
    "rating",
    "quiz_answer",
    "preference_change",
    "complaint",
    "question",
    "praise",
    "affirm",
    "deny",
    "greeting",
    "help",
    "other",
]
"""The things a customer can mean, in the order in which they are acted on."""

INTENTS: Final[tuple[IntentName, ...]] = get_args(IntentName)
PRIORITY: Final[Mapping[IntentName, int]] = {name: rank for rank, name in enumerate(INTENTS)}

Topic = Literal["promo", "service", "knowledge", "order"]
"""What a customer can subscribe to one by one."""

Scope = Literal["marketing", "service", "all", "promo", "knowledge", "order"]
"""What consent is kept for: the three great scopes, and single topics."""

Period = Literal["morning", "noon", "afternoon", "evening"]
Frequency = Literal["daily", "weekly", "biweekly", "monthly", "quarterly", "more", "less"]
Script = Literal["simplified", "traditional"]
MoodLabel = Literal["neg", "neu", "pos"]

Silence = Literal["auto_reply", "carrier_notice", "code", "empty", "loop"]
"""Why a reply is not answered at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """The values found in a reply. Dates are ISO, times HH:MM in the shop's zone, options count from 1."""

    rating: int | None = None
    option: int | None = None
    date: str | None = None
    time: str | None = None
    period: Period | None = None
    phone: str | None = None
    frequency: Frequency | None = None
    send_time: str | None = None
    quiet_after: str | None = None
    only: tuple[Topic, ...] = ()
    on: tuple[Topic, ...] = ()
    off: tuple[Topic, ...] = ()
    scope: Scope | None = None
    order_tail: str | None = None
    """The last digits of an order that the customer names; never counted as any other number."""


NO_SLOTS: Final = Slots()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One thing the reply may mean, by one layer, with a reason that a person can read (Chinese)."""

    intent: IntentName
    score: float
    """0 to 1."""
    layer: str
    reason: str
    clause: int | None = None
    """Which clause it stands in; None: the whole text."""
    slots: Slots = NO_SLOTS
    prompt: str | None = None
    """The id of the open or lately closed prompt whose grammar it fits."""
    corrects: bool = False
    """The customer takes back an earlier answer ("打反了,是5分")."""
    late: bool = False
    """It answers a prompt that has expired, within the time of grace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """How the customer feels: three classes, their probabilities and a score in [-1, 1]."""

    label: MoodLabel = "neu"
    score: float = 0.0
    p: tuple[float, float, float] = (0.0, 1.0, 0.0)
    """Probabilities of neg, neu, pos."""
    reason: str = ""
    layer: str = ""
    abstained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicHit:
    """A topic that the customer speaks of (物流, 包装, 态度 …), how, and the words that led to it."""

    topic: str
    polarity: MoodLabel
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """All that was understood of one reply; the same object serves the engine, the trace and the console.

    `chosen` holds the winning candidates in the order of priority, the primary first; it is never empty.
    """

    text: str
    normalized: str
    script: Script
    chosen: tuple[Candidate, ...]
    slots: Slots
    mood: Mood
    topics: tuple[TopicHit, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    clauses: tuple[str, ...] = ()
    silence: Silence | None = None
    unsure: bool = False
    """No candidate was clear enough: ask, never guess."""
    abusive: bool = False
    masked: str | None = None
    """What people may see instead of `text` (a forwarded code is never shown)."""

    @property
    def intent(self) -> IntentName:
        """The primary intent."""
        return self.chosen[0].intent

    @property
    def intents(self) -> tuple[IntentName, ...]:
        """All intents, the primary first."""
        return tuple(candidate.intent for candidate in self.chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptView:
    """What understanding needs to know of a prompt."""

    id: str
    kind: str
    options: tuple[str, ...] = ()
    slots_offered: tuple[datetime, ...] = ()
    """Times offered by number (aware)."""
    proposed: datetime | None = None
    """A time we read back and wait to be agreed to."""
    stop_letters: tuple[str, ...] = ()
    """Single letters that the prompt's text announced as a way to stop (R, T, N …)."""
    expired: bool = False
    """Closed by time, but still within the 72 hours of grace."""
    answered: str | None = None
    """For one that was answered lately: what was recorded ("rating:1"), so that it can be corrected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyContext:
    """All that a reply is understood in the light of. `prompts` are open ones, newest first."""

    now: datetime
    """When the customer sent it, where known, in the shop's time zone."""
    prompts: tuple[PromptView, ...] = ()
    lately: tuple[PromptView, ...] = ()
    """Expired within the time of grace, or answered a short while ago; newest first."""
    booking: datetime | None = None
    """The start of the customer's next appointment, in the shop's zone."""
    opens: str = "09:00"
    closes: str = "21:00"
    last_class: str | None = None
    """The class of the last text we sent to this customer."""
    last_stop_letters: tuple[str, ...] = ()
    opted_out: bool = False
    with_staff: bool = False
    corrections: Mapping[str, IntentName] = field(default_factory=dict)
    """Staff's corrections: normalised text → intent, active at once."""

    @property
    def takes_yes(self) -> PromptView | None:
        """The newest open prompt that a plain yes or no answers."""
        return next((prompt for prompt in self.prompts if prompt.kind in {"promo", "survey", "appointment"}), None)

    @property
    def asked(self) -> tuple[PromptView, ...]:
        """The open prompts; where none is open, those that ran out within the time of grace."""
        return self.prompts or tuple(prompt for prompt in self.lately if prompt.expired)
