"""Makes good what an earlier version kept of a customer and this one would not take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.domain.copying import changed
from bot.domain.customer import Appointment, Customer, Prompt
from bot.domain.events import YEARS


def healed(customer: Customer) -> Customer:
    """Give a customer without times that nobody can have meant: no zone can be reckoned for them, at any reply.

    A booking at such a time is none; a question that offers one offers nothing, for its places would shift.
    """
    questions = (*customer.prompts, *(past.prompt for past in customer.closed))
    if all(map(_whole, customer.appointments)) and all(map(_asks_well, questions)):
        return customer
    return changed(
        customer,
        appointments=tuple(_booked(one) for one in customer.appointments if one.start.year in YEARS),
        prompts=tuple(map(_asked, customer.prompts)),
        closed=tuple(replace(past, prompt=_asked(past.prompt)) for past in customer.closed),
    )


def _whole(booking: Appointment) -> bool:
    return _meant((booking.start, booking.wanted, *booking.slots))


def _asks_well(prompt: Prompt) -> bool:
    return _meant((prompt.proposed, *prompt.slots_offered))


def _booked(booking: Appointment) -> Appointment:
    wanted = booking.wanted if _meant((booking.wanted,)) else None
    return replace(booking, wanted=wanted, slots=booking.slots if _meant(booking.slots) else ())


def _asked(prompt: Prompt) -> Prompt:
    proposed = prompt.proposed if _meant((prompt.proposed,)) else None
    return replace(
        prompt, proposed=proposed, slots_offered=prompt.slots_offered if _meant(prompt.slots_offered) else ()
    )


def _meant(times: Iterable[datetime | None]) -> bool:
    return all(time is None or time.year in YEARS for time in times)
