"""From an effect that speaks to the text that leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.customer import Customer
from bot.domain.effects import Reply, SendTemplate
from bot.domain.events import Event
from bot.domain.ids import Ids
from bot.domain.messages import OutboundMessage

ANSWER_WORTH: Final = timedelta(hours=24)
"""An answer that could not leave within this time is no answer any more."""


def message_id(event: str, position: int) -> str:
    """Name the text that the effect at this position of an event's effects sends."""
    return Ids(event).make("text", position)


def answer(event: Event, effect: Reply, now: datetime, to: Customer, position: int) -> OutboundMessage:
    """Make the text of an answer; it goes back the way the question came."""
    text = _message(event, effect, now, position)
    return replace(
        text,
        gateway=to.gateway,
        ext=to.ext,
        not_after=now + ANSWER_WORTH,
        opt_out_confirmation=effect.opt_out_confirmation,
        by_staff=effect.by_staff,
    )


def unasked(event: Event, effect: SendTemplate, now: datetime, position: int = 0) -> OutboundMessage:
    """Make a text that nobody just asked for; routing chooses its way."""
    text = _message(event, effect, now, position)
    return replace(
        text,
        message_class=effect.message_class,
        not_before=effect.not_before,
        not_after=effect.not_after,
        journey=effect.journey,
        run=effect.run,
        campaign=effect.campaign,
        arm=effect.arm,
        topic=effect.topic,
        care=effect.care,
    )


def _message(event: Event, effect: Reply | SendTemplate, now: datetime, position: int) -> OutboundMessage:
    return OutboundMessage(
        id=message_id(event.id, position),
        shop=event.shop,
        customer=event.customer,
        message_class="conversation",
        text=effect.text,
        created_at=now,
        cause=event.id,
        template=effect.template or None,
        variables=effect.variables,
        prompt=effect.prompt,
    )
