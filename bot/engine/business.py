"""The shop says that something happened: bookings and profile are kept, journeys begin, move on or end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.domain.customer import Prompt
from bot.domain.effects import ClosePrompt, Effect, OpenPrompt, SendTemplate, SetPreference
from bot.domain.events import BusinessEvent
from bot.domain.turn import label
from bot.engine.apply import ahead
from bot.engine.appointments import appointment, told
from bot.engine.journeys import begun
from bot.engine.mind import Scene


def happened(scene: Scene, news: BusinessEvent) -> list[Effect]:
    """Give what a business event leads to."""
    own: list[Effect] = []
    match news.type:
        case "customer.updated":
            own = _profile(news)
        case "appointment.moved" | "appointment.cancelled":
            own = _questions_settled(scene, news)
        case "appointment.full":
            own = _offer(scene, news)
    # Journeys see the customer as this event leaves it.
    customer = ahead(told(scene.customer, news, scene.event), scene.event, own, scene.now)
    return [*own, *begun(scene.on(customer))]


def _profile(news: BusinessEvent) -> list[Effect]:
    fields = news.data.get("fields")
    given = fields if isinstance(fields, Mapping) else {}
    return [SetPreference(fields={str(key)[:100]: str(value)[:500] for key, value in given.items()})]


def _questions_settled(scene: Scene, news: BusinessEvent) -> list[Effect]:
    """The shop moved or cancelled it: what we asked about it is asked anew, or not at all."""
    name = str(news.data.get("appointment_id", ""))
    return [
        ClosePrompt(prompt=prompt.id, reason="replaced")
        for prompt in scene.customer.prompts
        if prompt.kind == "appointment" and prompt.appointment == name
    ]


def _offer(scene: Scene, news: BusinessEvent) -> list[Effect]:
    """The wanted time is taken: offer the shop's other times by number."""
    after = told(scene.customer, news, scene.event)
    booking = appointment(after, str(news.data.get("appointment_id", "")))
    if booking is None or not booking.slots:
        return []
    open_now = (one for one in reversed(after.prompts) if one.kind == "appointment" and one.appointment == booking.id)
    prompt = next(open_now, None) or Prompt(
        id=scene.ids.make("prompt", "appointment"),
        kind="appointment",
        opened_at=scene.now,
        appointment=booking.id,
    )
    asked = replace(prompt, opened_at=scene.now, sent_at=None, proposed=None, slots_offered=booking.slots)
    choices = " ".join(f"{place}){label(scene.shop, slot)}" for place, slot in enumerate(booking.slots, 1))
    text = SendTemplate(
        template="appointment_offer",
        text="",
        message_class="service",
        variables={"choices": choices},
        prompt=asked.id,
    )
    return [OpenPrompt(prompt=asked), text]
