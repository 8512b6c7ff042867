"""What the shop's events say of bookings, as changes of the customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from bot.domain.copying import changed
from bot.domain.customer import Appointment, Customer
from bot.domain.events import YEARS, BusinessEvent, Event

APPOINTMENTS_AT_MOST: Final = 20


def told(customer: Customer, news: BusinessEvent, event: Event) -> Customer:
    """Fold a business event: bookings; other events live in journeys only."""
    match news.type:
        case "appointment.booked" | "appointment.moved":
            return with_appointment(customer, _booked(customer, news.data, event))
        case "appointment.full":
            known = appointment(customer, _id(news.data, event))
            if known is None:
                return customer
            slots = read_times(news.data.get("slots"), event.at)
            return with_appointment(customer, replace(known, state="booked", wanted=None, slots=slots))
        case "appointment.cancelled":
            known = appointment(customer, _id(news.data, event))
            return customer if known is None else with_appointment(customer, replace(known, state="cancelled"))
        case _:
            return customer


def appointment(customer: Customer, known_as: str | None) -> Appointment | None:
    """Give the booking with this id."""
    return next((one for one in customer.appointments if one.id == known_as), None)


def with_appointment(customer: Customer, booking: Appointment) -> Customer:
    """Put a booking in the place of its former self, or behind the others."""
    others = [one for one in customer.appointments if one.id != booking.id]
    return changed(customer, appointments=(*others, booking)[-APPOINTMENTS_AT_MOST:])


def read_time(value: object, near: datetime) -> datetime | None:
    """Read a time of an event; one without a zone is in the zone of the event's own time."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
    else:
        return None
    # A booking kept near the calendar's ends would stop every later reply.
    if moment.year not in YEARS:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=near.tzinfo)


def read_times(values: object, near: datetime) -> tuple[datetime, ...]:
    """Read a list of times, leaving out what is none."""
    found = (read_time(value, near) for value in (values if isinstance(values, list | tuple) else ()))
    return tuple(moment for moment in found if moment is not None)[:9]


def _id(data: Mapping[str, Any], event: Event) -> str:
    return str(data.get("appointment_id") or event.id)


def _booked(customer: Customer, data: Mapping[str, Any], event: Event) -> Appointment:
    known = appointment(customer, _id(data, event))
    start = read_time(data.get("start"), event.at) or (known.start if known else event.at)
    slots = read_times(data.get("slots"), event.at) or (known.slots if known else ())
    service = str(data.get("service") or (known.service if known else ""))
    return Appointment(id=_id(data, event), start=start, service=service, slots=slots)
