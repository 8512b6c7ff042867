"""What comes in from a gateway, what goes out to one, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

MessageClass = Literal["conversation", "service", "marketing"]
"""Why we write: an answer to what was just written, a notice on an order or booking, or promotion."""

ReportState = Literal["sent", "delivered", "failed", "expired", "rejected", "unknown"]
"""The states a receipt can report."""

OutboundState = Literal["queued", "sending", "sent", "delivered", "failed", "expired", "rejected", "unknown", "dropped"]
"""The states of a message of ours; `dropped` was stopped by a gate and never left."""

STATE_RANK: Final[Mapping[str, int]] = {
    "queued": 0,
    "sending": 1,
    "unknown": 2,
    "sent": 3,
    "failed": 4,
    "expired": 4,
    "rejected": 4,
    "dropped": 4,
    "delivered": 5,
}
"""A state may only be followed by one of higher rank: receipts come late, doubled and out of order."""


def advanced(state: OutboundState, report: ReportState) -> OutboundState:
    """Give the state of a message after a receipt: forward, or the same; of two equals the first stays."""
    return report if STATE_RANK[report] > STATE_RANK[state] else state


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece of a long reply: `number` of `total`, tied together by `ref`."""

    ref: str
    total: int
    number: int


@dataclass(frozen=True, kw_only=True)
class InboundMessage:
    """A reply as the gateway gave it, in our words.

    `sender` is E.164; `received_at` is the vendor's time of the reply where it gives one (aware);
    `ext` is the extension code echoed with the reply. It has no slots, so that `changed` can copy it.
    """

    sender: str
    text: str
    gateway: str = ""
    account: str = ""
    to: str | None = None
    message_id: str | None = None
    received_at: datetime | None = None
    ext: str | None = None
    base_ext: str | None = None
    sign: str | None = None
    client_ref: str | None = None
    part: Part | None = None
    pieces: tuple[str | None, ...] = ()
    """What `text` was put together from, part by part; None stands for one that has not come."""
    binary: str | None = None
    opt_out_type: str | None = None
    """The gateway took this reply as a stop ("stop"), start or help word itself and says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOf:
    """Which piece of a long message a receipt speaks of."""

    number: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """A receipt in our words; `code` is the provider's own word, as given."""

    state: ReportState
    code: str | None = None
    gateway: str = ""
    account: str = ""
    to: str | None = None
    message_id: str | None = None
    client_ref: str | None = None
    done_at: datetime | None = None
    batch: str | None = None
    ext: str | None = None
    part: PartOf | None = None
    part_id: str | None = None
    opted_out: bool = False
    """The provider says that the number is on its own stop list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A text of ours on its way: made by a decision, gated again and sent by the sender.

    `id` derives from the event that caused it, so that a decision taken twice makes the same message.
    `text` has no signature and no opt-out words yet; the sender's render adds what the route needs.
    """

    id: str
    shop: str
    customer: str
    message_class: MessageClass
    text: str
    created_at: datetime
    cause: str
    """The id of the event that asked for it."""
    template: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    not_before: datetime | None = None
    not_after: datetime | None = None
    """Past this time it is no longer worth sending; it is dropped with the reason `too_late`."""
    prompt: str | None = None
    """The id of the prompt that this text opens, if any."""
    journey: str | None = None
    run: str | None = None
    campaign: str | None = None
    arm: str | None = None
    gateway: str | None = None
    """The account of the settings that must carry it; None lets routing choose."""
    ext: str | None = None
    opt_out_confirmation: bool = False
    """The one text that is allowed after a stop."""
    by_staff: str | None = None
    topic: str | None = None
    """What the customer can subscribe to one by one; None: `promo` for marketing, order or service else."""
    care: bool = False
    """Counts as care, not as promotion (3+1)."""
