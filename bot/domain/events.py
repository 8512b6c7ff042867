"""Everything that can happen to a customer, as one kind of value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from bot.domain.gateway import SendOutcome
from bot.domain.messages import DeliveryReport, InboundMessage, MessageClass

Lane = Literal["live", "bulk"]

YEARS: Final = range(2000, 2101)
"""What is meant lies in them. Dates that nobody set do not (0001, 1970); near the ends no zone can be reckoned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyReceived:
    """The customer wrote."""

    message: InboundMessage
    kind: Literal["reply_received"] = "reply_received"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessEvent:
    """The shop or its CRM says that something happened: `order.delivered`, `appointment.booked` …"""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    kind: Literal["business_event"] = "business_event"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptReceived:
    """A receipt for a text of ours, already tied to it."""

    message_id: str
    """Our own id of the text."""
    report: DeliveryReport
    message_class: MessageClass = "conversation"
    kind: Literal["receipt_received"] = "receipt_received"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFinished:
    """The sender is done with a text: it left, was dropped by a gate, or failed for good."""

    message_id: str
    outcome: SendOutcome | Literal["dropped", "expired"]
    message_class: MessageClass
    reason: str = ""
    """The gate's or the provider's reason, fit for staff."""
    gate: str = ""
    """Which gate dropped it; `fault`: none did, it failed by a fault of ours."""
    gateway: str = ""
    prompt: str | None = None
    ext: str | None = None
    """The extension code it left with, where that tells the answers to its prompt."""
    run: str | None = None
    journey: str | None = None
    kind: Literal["send_finished"] = "send_finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerDue:
    """A time that was set by `schedule` has come."""

    timer: str
    what: str
    """prompt_expiry, journey_step, ticket_due, resume_bot …"""
    due_at: datetime
    data: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["timer_due"] = "timer_due"


StaffAction = Literal[
    "take_over",
    "hand_back",
    "reply",
    "note",
    "resolve_ticket",
    "correct_intent",
    "undo",
    "opt_out",
    "opt_in",
    "tag",
    "open_prompt",
    "start_journey",
    "erase",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffActed:
    """A person at the console did something."""

    actor: str
    action: StaffAction
    text: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["staff_acted"] = "staff_acted"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkClicked:
    """The customer opened a short link."""

    link: str
    message_id: str | None = None
    kind: Literal["link_clicked"] = "link_clicked"


Happening = ReplyReceived | BusinessEvent | ReceiptReceived | SendFinished | TimerDue | StaffActed | LinkClicked


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to one customer.

    `id` is unique and, where the sender gave one, derived from theirs, so that a repeat has the same id.
    `at` is when it happened (the customer's or vendor's time where known), `received_at` when we took it.
    """

    id: str
    shop: str
    customer: str
    phone: str
    at: datetime
    received_at: datetime
    what: Happening
    lane: Lane = "live"
