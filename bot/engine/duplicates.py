"""The authority on duplicates: by which key an event is told from others, and whether it was handled before."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from bot.domain.customer import Customer
from bot.domain.events import ReceiptReceived, ReplyReceived, SendFinished, TimerDue
from bot.domain.messages import InboundMessage
from bot.engine.mind import WHOLE_MINUTE, Scene

SAID: Final = "said:"
"""What the key of a reply without an id begins with: of these, nobody but the customer's state knows a repeat."""


def dedupe_key(scene: Scene) -> str | None:
    """Give the key of an event: the gateway's id of a reply, else what it says, when, and to which prompt.

    Our own timers and send results have none: they change nothing when they come twice.
    """
    event = scene.event
    if isinstance(event.what, TimerDue | SendFinished | ReceiptReceived):
        return None
    if not isinstance(event.what, ReplyReceived):
        return f"event:{event.id}"
    message = event.what.message
    if message.message_id:
        # The parts of a long reply may share one id.
        part = f"/{message.part.number}" if message.part else ""
        return f"id:{message.gateway}/{message.account}:{message.message_id}"[:200] + part
    if message.received_at is None:
        return f"event:{event.id}"
    return f"{_said_at(message)}/{_newest_sent(scene.customer, scene.at)}"


def is_duplicate(scene: Scene, key: str) -> bool:
    """Tell whether an event was handled before."""
    seen = {one.key for one in scene.customer.seen}
    if key in seen:
        return True
    # The same words at the same second are the gateway's repeat, whatever was sent in between by a clock that is not
    # the gateway's. Only a whole minute is no second: two honest "1" within it differ by the prompt they answer, and
    # what comes when that minute is over is a repeat.
    event = scene.event
    if not isinstance(event.what, ReplyReceived) or event.what.message.message_id or not event.what.message.received_at:
        return False
    honest = event.at.second == 0 and event.received_at - event.at < WHOLE_MINUTE
    said_at = _said_at(event.what.message)
    return not honest and any(known.startswith(f"{said_at}/") for known in seen)


def _said_at(message: InboundMessage) -> str:
    assert message.received_at is not None  # noqa: S101 - both callers have looked
    said = f"{message.sender}|{message.to}|{message.text}|{message.received_at.timestamp()}"
    said += f"|{message.part.ref}/{message.part.number}" if message.part else ""
    return SAID + hashlib.blake2b(said.encode(errors="surrogatepass"), digest_size=12).hexdigest()


def _newest_sent(customer: Customer, at: datetime) -> str:
    prompts = [*customer.prompts, *(past.prompt for past in customer.closed)]
    sent = [(prompt.asked_at, prompt.opened_at, prompt.id) for prompt in prompts]
    return max((one for one in sent if one[0] <= at), default=(at, at, ""))[2]
