"""What conditions and texts may know of a customer, and whether a customer belongs to an audience."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any, Final

from bot.domain.customer import Appointment, Customer
from bot.domain.events import YEARS
from bot.domain.shop import Shop
from bot.templating import condition

MAX_KEPT: Final = 40
"""Values of an event that a run keeps."""
MAX_LENGTH: Final = 500
_BOOKING: Final = "appointment_id"


def about(customer: Customer, shop: Shop, now: datetime, told: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give all names that a condition or a text may use; `told` is what the run's event said.

    The profile's fields and the event's values stand by their own names, the event's before the profile's;
    a booking's `start` and `service` are what they are by now.
    """
    told = told or {}
    booking = _booking(customer, shop, told)
    zone = shop.tz_of(customer)
    return {
        **customer.fields,
        **told,
        **({"start": booking["start"], "service": booking["service"]} if booking else {}),
        "appointment": booking,
        "fields": customer.fields,
        "tags": customer.tags,
        "answers": customer.answers,
        "ratings": [one.rating for one in customer.ratings],
        "counts": customer.counts,
        "mood": customer.mood,
        "opted_out": customer.stopped("marketing"),
        "days_silent": (now - customer.last_reply_at).days if customer.last_reply_at else None,
        "age": _age(customer.fields.get("birthday", ""), now),
        "shop": shop.signature,
        "facts": shop.facts,
        "opens": shop.opens,
        "closes": shop.closes,
        "now": now.astimezone(zone),
        "year": now.astimezone(zone).year,
        "zone": zone,
    }


def belongs(
    customer: Customer, shop: Shop, now: datetime, audience: str, told: Mapping[str, Any] | None = None
) -> bool:
    """Tell whether a customer is one of those that an expression speaks of. Raises TemplateError."""
    return audience == "true" or condition(audience, about(customer, shop, now, told))


def keep(data: Mapping[str, Any]) -> dict[str, str]:
    """Give an event's values as a run keeps them: texts; lists and mappings as JSON."""
    kept = {str(name): _plain(value) for name, value in list(data.items())[:MAX_KEPT] if value is not None}
    return {name: text for name, text in kept.items() if len(text) <= MAX_LENGTH}


def kept(variables: Mapping[str, str]) -> dict[str, Any]:
    """Give back what a run keeps, lists as lists."""
    return {name: _read(text) for name, text in variables.items()}


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value[:MAX_LENGTH]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False, default=str)


def _read(text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _booking(customer: Customer, shop: Shop, told: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the booking that the run is about, as it is by now; before we keep it, as the event told."""
    name = told.get(_BOOKING)
    known = next((one for one in customer.appointments if one.id == name), None)
    if known is not None:
        return _shown(known, customer, shop.tz)
    start = moment(told.get("start"), shop.tz)
    if name is None or start is None:
        return None
    return {"id": name, "start": start, "service": told.get("service", ""), "state": "booked", "agreed": False}


def _shown(booking: Appointment, customer: Customer, zone: tzinfo) -> Mapping[str, Any]:
    asked = (past for past in reversed(customer.closed) if past.prompt.appointment == booking.id)
    last = next(asked, None)
    return {
        "id": booking.id,
        "start": booking.start.astimezone(zone),
        "service": booking.service,
        "state": booking.state,
        "agreed": last is not None and last.answer == "rescheduled",
    }


def moment(value: object, zone: tzinfo) -> datetime | None:
    """Read a date-time, or a date as its midnight; one without a zone is in the shop's. None for what none can mean."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, date) or value.year not in YEARS:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    return datetime(value.year, value.month, value.day, tzinfo=zone)


def _age(birthday: str, now: datetime) -> int | None:
    try:
        born = date.fromisoformat(birthday)
    except ValueError:
        return None
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))
