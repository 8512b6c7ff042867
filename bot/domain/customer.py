"""What we know and hold of one customer: the state that a decision reads and its effects change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.domain.messages import InboundMessage
from bot.domain.understanding import MoodLabel, Script

PromptKind = Literal["rating", "quiz", "appointment", "survey", "preference", "promo", "order", "choice", "text"]
"""What a text of ours can ask for."""

CloseReason = Literal["answered", "expired", "replaced", "undone", "stopped", "handed_over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A question that waits for an answer."""

    id: str
    kind: PromptKind
    opened_at: datetime
    sent_at: datetime | None = None
    """When the text left; an answer written before this cannot be an answer to it."""
    expires_at: datetime | None = None
    text: str = ""
    """The question in short, for asking it again."""
    options: tuple[str, ...] = ()
    right: int | None = None
    """The right option of a quiz, from 1; None where every answer wins."""
    slots_offered: tuple[datetime, ...] = ()
    proposed: datetime | None = None
    """A time we read back and wait to be agreed to."""
    day: str | None = None
    """The day the customer asked for, the hour still being open (ISO)."""
    appointment: str | None = None
    subject: str | None = None
    """What it is about: an order id, a quiz's name, a survey's name."""
    about: str | None = None
    """For a `text` prompt: the kind of answer it follows up ("rating:<prompt id>")."""
    stop_letters: tuple[str, ...] = ()
    run: str | None = None
    journey: str | None = None
    step: str | None = None
    asked_again: int = 0
    message: str = ""
    """Our id of the text that asked it, once that has left: an answer may name it ..."""
    ext: str | None = None
    """... and the extension code that it left with, where that tells its answers."""

    @property
    def asked_at(self) -> datetime:
        """Give the time from which an answer to it can have been written, as far as anybody knows."""
        return self.sent_at or self.opened_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPrompt:
    """A question that was answered or ran out, kept as long as it may be corrected or answered late."""

    prompt: Prompt
    closed_at: datetime
    reason: CloseReason
    answer: str | None = None
    """What was recorded: "4", "option 2", "confirmed" …"""
    answered_at: datetime | None = None
    """When the customer sent the answer."""
    event: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Whether one scope may be written to, with the proof."""

    state: Literal["in", "out"]
    at: datetime
    """When it was said, by the vendor's clock where it tells."""
    how: str
    """reply, import, api, staff, gateway."""
    words: str = ""
    """The words that were shown or written."""
    event: str = ""
    heard_at: datetime | None = None
    """When it reached us ..."""
    decided_at: datetime | None = None
    """... and when we acted on it; both by our own clock, as are the times of our texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What the customer asked for by text."""

    only: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    frequency: str | None = None
    send_time: str | None = None
    quiet_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A booking as the shop told us, and what the customer said to it."""

    id: str
    start: datetime
    service: str = ""
    state: Literal["booked", "confirmed", "cancelled", "moving"] = "booked"
    """`moving`: the customer wants another time and the shop has not granted it yet."""
    wanted: datetime | None = None
    slots: tuple[datetime, ...] = ()
    """Other times that the shop offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyRun:
    """One customer's way through one journey, pinned to the version it began with."""

    id: str
    journey: str
    version: str
    key: str
    """What it runs for (an order id, a booking id): two keys run side by side."""
    step: str
    began_at: datetime
    waiting_for: str | None = None
    """The prompt or event that the step waits for."""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One score, by the prompt that asked for it."""

    prompt: str
    rating: int
    at: datetime
    subject: str | None = None
    comment: str = ""
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A case for a person."""

    id: str
    reason: str
    opened_at: datetime
    due_at: datetime | None = None
    notes: tuple[str, ...] = ()
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAct:
    """What the newest reply changed, so that it can be undone."""

    event: str
    at: datetime
    prompt: str | None
    effects: tuple[str, ...]
    """The kinds of its effects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emotion:
    """The emotion index: a decaying sum of mood scores and of their weights."""

    total: float = 0.0
    weight: float = 0.0
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A reply that was handled, by the key that tells it from others."""

    key: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A text of ours that was made, for caps and for the ratio of care to promotion."""

    at: datetime
    message_class: str
    care: bool = False
    journey: str | None = None
    message: str = ""
    """Our id of the text, by which one that never left is taken off again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongReply:
    """A reply that comes in parts, in no order."""

    key: str
    pieces: tuple[str | None, ...]
    """By their place; None: not there yet."""
    message: InboundMessage
    """The first that came."""
    written: datetime
    taken: datetime
    joined: str | None = None
    """The event by which what was there was answered; a piece that comes later amends it."""


@dataclass(frozen=True, kw_only=True)
class Customer:
    """(shop, phone). `phone` is E.164 in memory and sealed at rest.

    It has no slots, so that `changed` can copy it.
    """

    id: str
    shop: str
    phone: str
    created_at: datetime
    version: int = 0
    """Counts commits; 0 was never saved."""
    script: Script = "simplified"
    fields: Mapping[str, str] = field(default_factory=dict)
    """Profile: name, birthday, region, spend …"""
    tags: tuple[str, ...] = ()
    consent: Mapping[str, Consent] = field(default_factory=dict)
    """By scope; a scope that is not here was neither given nor refused."""
    preferences: Preferences = field(default_factory=Preferences)
    prompts: tuple[Prompt, ...] = ()
    """Open, oldest first."""
    closed: tuple[ClosedPrompt, ...] = ()
    """Newest last, at most a few."""
    runs: tuple[JourneyRun, ...] = ()
    done_journeys: Mapping[str, datetime] = field(default_factory=dict)
    appointments: tuple[Appointment, ...] = ()
    ratings: tuple[Rating, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    """Quiz and survey answers by subject."""
    rewards: Mapping[str, str] = field(default_factory=dict)
    """By code, the newest 100, newest last."""
    counts: Mapping[str, int] = field(default_factory=dict)
    sent: tuple[Sent, ...] = ()
    """The last 31 days, oldest first, bounded."""
    seen: tuple[Seen, ...] = ()
    """At least the last 48 hours; of very many, replies without an id stay longest."""
    long_replies: tuple[LongReply, ...] = ()
    """Newest last, at most a few."""
    ticket: Ticket | None = None
    alerts: tuple[str, ...] = ()
    """Alerts that have not been withdrawn, newest last, at most a few."""
    paused_by: str | None = None
    """Who has taken over; None while the bot speaks."""
    paused_until: datetime | None = None
    suppressed: Mapping[str, str] = field(default_factory=dict)
    """Why marketing is held back: complaint, wrong_number, converted … → event id."""
    wrong_number: bool = False
    number_state: Literal["good", "bad", "unknown"] = "unknown"
    mood: MoodLabel = "neu"
    emotion: Emotion = field(default_factory=Emotion)
    misses: int = 0
    """Replies in a row that were not understood: the rung of the fallback ladder."""
    last_reply_at: datetime | None = None
    last_text: str = ""
    same_text: int = 0
    """How often in a row the same text came: the loop guard."""
    last_said: str = ""
    """Our last answer: gateways refuse the same text twice within half a minute."""
    complained_at: datetime | None = None
    answered_at: tuple[datetime, ...] = ()
    """When we lately answered automatically, bounded: the other half of the loop guard."""
    last_class: str | None = None
    last_stop_letters: tuple[str, ...] = ()
    stop_confirmed: datetime | None = None
    last_act: LastAct | None = None
    timers: Mapping[str, datetime] = field(default_factory=dict)
    """Timers that are set, by id."""
    notes: tuple[str, ...] = ()
    gateway: str | None = None
    """The account the customer last wrote by: sticky."""
    ext: str | None = None

    @property
    def open_case(self) -> Ticket | None:
        """The case that a person still has to settle."""
        return self.ticket if self.ticket is not None and self.ticket.resolved_at is None else None

    def stopped(self, message_class: str) -> bool:
        """Tell whether a class of message has been refused."""
        scopes = {"marketing": ("marketing", "all"), "service": ("service", "all")}.get(message_class, ())
        return any(self.consent[scope].state == "out" for scope in scopes if scope in self.consent)

    def stopped_after(self, scope: str, at: datetime) -> bool:
        """Tell whether a scope was refused, alone or with all, later than what was written at this time."""
        stops = (self.consent[name] for name in (scope, "all") if name in self.consent)
        return any(stop.state == "out" and at < stop.at for stop in stops)
