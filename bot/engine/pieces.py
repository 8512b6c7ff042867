"""The pieces of long replies in a customer's state: which belong together, and how the log puts them there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.copying import changed
from bot.domain.customer import Customer, LongReply
from bot.domain.events import Event, ReplyReceived
from bot.domain.ids import Ids
from bot.domain.messages import InboundMessage

JOIN: Final = "join_parts"
"""What the timer is called that waits for the other pieces."""
JOIN_WITHIN: Final = timedelta(seconds=20)
AMENDED_WITHIN: Final = timedelta(hours=24)
"""A piece that comes later than this begins a reply of its own: phones count references anew after 256."""
MOST_PIECES: Final = 20
KEPT_AT_MOST: Final = 8


def is_piece(message: InboundMessage) -> bool:
    """Tell whether a message is one piece of several, as it came."""
    part = message.part
    return part is not None and not message.pieces and 1 <= part.number <= part.total and 1 < part.total <= MOST_PIECES


def of_piece(customer: Customer, event: Event) -> LongReply:
    """Give the long reply that a piece belongs to, with that piece; another reply where its place is taken."""
    assert isinstance(event.what, ReplyReceived)  # noqa: S101 - callers have looked
    message = event.what.message
    assert message.part is not None  # noqa: S101 - callers have looked
    known = known_to(customer, message, event.received_at)
    place = message.part.number - 1
    if known is None:
        pieces: list[str | None] = [None] * message.part.total
        pieces[place] = message.text
        key = Ids(event.id).make("long")
        # The text stands among the pieces; a second copy would outlive a code that is masked there.
        first = changed(message, text="")
        return LongReply(key=key, pieces=tuple(pieces), message=first, written=event.at, taken=event.received_at)
    pieces = list(known.pieces)
    pieces[place] = message.text
    return replace(known, pieces=tuple(pieces), written=min(known.written, event.at))


def known_to(customer: Customer, message: InboundMessage, now: datetime) -> LongReply | None:
    """Find the reply of which this is a missing piece, or one that it repeats."""
    assert message.part is not None  # noqa: S101 - callers have looked
    place = message.part.number - 1
    alike = (long for long in reversed(customer.long_replies) if _name(long.message) == _name(message))
    young = (long for long in alike if now - long.taken <= AMENDED_WITHIN)
    return next((long for long in young if long.pieces[place] in {None, message.text}), None)


def kept(customer: Customer, event: Event) -> Customer:
    """Fold a piece that waits for others."""
    return _with(customer, of_piece(customer, event))


def joined(customer: Customer, event: Event) -> Customer:
    """Fold a reply that was put together: what it was made of is kept for what may still come."""
    assert isinstance(event.what, ReplyReceived)  # noqa: S101 - callers have looked
    message = event.what.message
    key = message.part.ref if message.part else ""
    known = next((long for long in customer.long_replies if long.key == key), None)
    if known is None:
        return customer
    timers = {name: due for name, due in customer.timers.items() if name != timer(known)}
    return replace(_with(customer, replace(known, pieces=message.pieces, joined=event.id)), timers=timers)


def timer(long: LongReply) -> str:
    """Name the timer of a long reply."""
    return f"{JOIN}:{long.key}"


def waiting(customer: Customer) -> bool:
    """Tell whether pieces of a reply wait for others."""
    return any(long.joined is None for long in customer.long_replies)


def _with(customer: Customer, long: LongReply) -> Customer:
    others = tuple(one for one in customer.long_replies if one.key != long.key)
    return changed(customer, long_replies=(*others, long)[-KEPT_AT_MOST:])


def _name(message: InboundMessage) -> str:
    """Say what pieces of one reply have in common; they come from one customer in any case."""
    part = message.part
    assert part is not None  # noqa: S101 - only pieces have names
    return f"{message.account}|{message.to}|{message.ext}|{part.ref}|{part.total}"
