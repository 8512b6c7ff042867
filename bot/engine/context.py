"""The light in which a reply is understood, made from the customer as it was when the reply was written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Final

from bot.domain.copying import changed
from bot.domain.customer import ClosedPrompt, Customer, Prompt
from bot.domain.events import ReplyReceived
from bot.domain.ids import read_client_ref
from bot.domain.turn import GRACE
from bot.domain.understanding import PromptView, ReplyContext
from bot.engine.mind import Scene

CORRECTED_WITHIN: Final = timedelta(hours=24)
"""An answer may be taken back in words this long ..."""
REPLACED_WITHIN: Final = timedelta(minutes=30)
"""... and replaced by a bare second answer this long."""
BARE: Final = 3
"""A text of so many characters is a bare answer."""


def as_written(customer: Customer, at: datetime) -> Customer:
    """Give the customer with every prompt open that was open when the reply was written.

    Answers are judged by the time of writing: one that was on its way while its prompt expired is in time.
    """
    in_time = [
        past
        for past in customer.closed
        if past.reason == "expired"
        and past.prompt.expires_at is not None
        and at < past.prompt.expires_at
        and past.prompt.asked_at <= at
        and past.answer is None
    ]
    if not in_time:
        return customer
    prompts = sorted((*customer.prompts, *(past.prompt for past in in_time)), key=lambda one: one.opened_at)
    return changed(customer, prompts=tuple(prompts), closed=tuple(p for p in customer.closed if p not in in_time))


def reply_context(scene: Scene, text: str) -> ReplyContext:
    """Build the context of a reply; the scene's customer is already `as_written`."""
    customer, at, shop = scene.customer, scene.at, scene.shop
    newest_first = [prompt for prompt in reversed(customer.prompts) if prompt.asked_at <= at]
    overtaken = [past.prompt for past in reversed(customer.closed) if overtaken_by(past, at)]
    booking = next_booking(customer, at)
    prompts = [_view(prompt, shop.tz) for prompt in (*newest_first, *overtaken)]
    lately = [_past_view(past, shop.tz) for past in reversed(customer.closed) if _is_late(past, scene, text)]
    named = _named(scene)
    # The question that the gateway says is answered comes before newer ones, also when it is closed by now.
    first = [view for view in (*prompts, *lately) if view.id == named]
    return ReplyContext(
        now=at.astimezone(shop.tz),
        prompts=(*first, *(view for view in prompts if view.id != named)),
        lately=tuple(view for view in lately if view.id != named),
        booking=booking.astimezone(shop.tz) if booking else None,
        opens=shop.opens,
        closes=shop.closes,
        last_class=customer.last_class,
        last_stop_letters=customer.last_stop_letters,
        opted_out=customer.stopped("marketing"),
        with_staff=customer.paused_by is not None,
        corrections=scene.mind.corrections,
    )


def _named(scene: Scene) -> str | None:
    """Find the prompt that a reply names by our reference of its text, or by the extension code it left with."""
    if not isinstance(scene.event.what, ReplyReceived):
        return None
    message = scene.event.what.message
    _, ours = read_client_ref(message.client_ref or "")
    known = [*reversed(scene.customer.prompts), *(past.prompt for past in reversed(scene.customer.closed))]
    by_ref = (prompt.id for prompt in known if ours and prompt.message == ours)
    by_ext = (prompt.id for prompt in known if message.ext and prompt.ext == message.ext)
    return next(by_ref, None) or next(by_ext, None)


def overtaken_by(past: ClosedPrompt, at: datetime) -> bool:
    """Tell whether a newer answer than the one written at this time has been recorded already."""
    return past.reason == "answered" and past.answered_at is not None and past.prompt.asked_at <= at < past.answered_at


def next_booking(customer: Customer, at: datetime) -> datetime | None:
    """Give the start of the next booking that still stands."""
    ahead = [one for one in customer.appointments if one.start >= at]
    # Who has just cancelled may still name a better time.
    standing = [one for one in ahead if one.state != "cancelled"] or ahead
    return min((one.start for one in standing), default=None)


def _is_late(past: ClosedPrompt, scene: Scene, text: str) -> bool:
    age = scene.at - past.closed_at
    if overtaken_by(past, scene.at):
        return False
    match past.reason:
        case "answered":
            window = REPLACED_WITHIN if len(text.strip()) <= BARE else CORRECTED_WITHIN
            return past.answer is not None and age <= window
        case "expired":
            return past.answer is None and scene.at - (past.prompt.expires_at or past.closed_at) <= GRACE
        case "stopped" | "handed_over":
            # A score that comes all the same is kept.
            return past.prompt.kind == "rating" and not scene.customer.wrong_number and age <= GRACE
        case _:
            return False


def _past_view(past: ClosedPrompt, tz: tzinfo) -> PromptView:
    view = _view(past.prompt, tz)
    if past.reason == "answered":
        return replace(view, answered=f"{past.prompt.kind}:{past.answer}")
    return replace(view, expired=True)


def _view(prompt: Prompt, tz: tzinfo) -> PromptView:
    return PromptView(
        id=prompt.id,
        kind=prompt.kind,
        options=prompt.options,
        slots_offered=tuple(slot.astimezone(tz) for slot in prompt.slots_offered),
        proposed=prompt.proposed.astimezone(tz) if prompt.proposed else None,
        stop_letters=prompt.stop_letters,
    )
