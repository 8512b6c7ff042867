"""The business events that a shop's systems may post, as they must look at the border."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    NaiveDatetime,
    StringConstraints,
    ValidationError,
)

from bot.domain.events import YEARS
from bot.errors import RequestRefused

MAX_EVENTS: Final = 500
_MAX_DATA: Final = 100
_MAX_VALUE: Final = 2_000
_MAX_LEVELS: Final = 8
HALF: Final = re.compile(r"[\ud800-\udfff]")
"""A surrogate by itself, which JSON may name and nothing can be written as."""


def _in_our_time(time: datetime) -> datetime:
    if time.year not in YEARS:
        raise ValueError(f"a time from {YEARS[0]} to {YEARS[-1]} is wanted")
    return time


Id = Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=True)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Time = Annotated[AwareDatetime | NaiveDatetime, AfterValidator(_in_our_time)]
"""ISO 8601, of the years 2000 to 2100; without an offset it is the shop's own time."""


class EventIn(BaseModel):
    """One event: its own id (the same id twice counts once), type, phone, and what belongs to the type."""

    model_config = ConfigDict(extra="forbid")

    id: Id
    type: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}(\.[a-z][a-z0-9_]{0,31}){1,3}$")]
    shop: Annotated[str, StringConstraints(max_length=40)] | None = None
    phone: Annotated[str, StringConstraints(min_length=3, max_length=32)]
    at: Time | None = None
    data: Annotated[dict[str, Any], Field(max_length=_MAX_DATA)] = {}


class _Data(BaseModel):
    """What an event carries; further fields pass, journeys may read them."""

    model_config = ConfigDict(extra="allow")


class AppointmentBooked(_Data):
    """A booking was made; `slots` are times that may be offered instead."""

    appointment_id: Id
    start: Time
    service: Annotated[str, StringConstraints(max_length=200)] = ""
    slots: Annotated[list[Time], Field(max_length=9)] = []


class AppointmentMoved(_Data):
    """A booking has another time now."""

    appointment_id: Id
    start: Time


class AppointmentFull(_Data):
    """The time that the customer wanted is taken; `slots` are times that are offered instead."""

    appointment_id: Id
    slots: Annotated[list[Time], Field(max_length=9)] = []


class AppointmentCancelled(_Data):
    """A booking is off."""

    appointment_id: Id


class Order(_Data):
    """Something happened to an order."""

    order_id: Id


class QuizOpened(_Data):
    """A quiz may be asked; `quiz` is the name of a file in content/quizzes/."""

    quiz: Word


class CartAbandoned(_Data):
    """A cart was left."""


class CustomerUpdated(_Data):
    """Profile fields to keep."""

    fields: Annotated[dict[Word, str | int | float | bool | None], Field(min_length=1, max_length=_MAX_DATA)]


KNOWN: Final[Mapping[str, type[_Data]]] = {
    "appointment.booked": AppointmentBooked,
    "appointment.moved": AppointmentMoved,
    "appointment.full": AppointmentFull,
    "appointment.cancelled": AppointmentCancelled,
    "order.paid": Order,
    "order.shipped": Order,
    "order.delivered": Order,
    "quiz.opened": QuizOpened,
    "cart.abandoned": CartAbandoned,
    "customer.updated": CustomerUpdated,
}
"""Other types pass as they are: journeys of the shop's own may wait for them."""


def read_event(raw: object) -> EventIn:
    """Check one event. Raises RequestRefused with every fault in one sentence."""
    # Before anything else: a fault that quotes half a character could not even be told.
    if fault := _unfit(raw, _MAX_LEVELS + 1):
        raise RequestRefused(fault)
    try:
        return EventIn.model_validate(raw)
    except ValidationError as error:
        raise RequestRefused(_faults(error)) from error


def read_data(event: EventIn, zone: tzinfo) -> dict[str, Any]:
    """Check what belongs to the type and give it with every known time as aware ISO text. Raises RequestRefused."""
    for name, value in event.data.items():
        if len(str(value)) > _MAX_VALUE:
            raise RequestRefused(f"data.{name}: longer than {_MAX_VALUE} characters")
    known = KNOWN.get(event.type)
    if known is None:
        return event.data
    try:
        checked = known.model_validate(event.data)
    except ValidationError as error:
        raise RequestRefused(_faults(error, "data.")) from error
    return {name: _plain(value, zone) for name, value in checked.model_dump().items()}


def aware(time: datetime, zone: tzinfo) -> datetime:
    """Give a time without an offset the shop's."""
    return time if time.tzinfo else time.replace(tzinfo=zone)


def _unfit(value: object, levels: int) -> str:
    """Tell why a value could be written but not read again, or not even written."""
    match value:
        case str():
            return "a text holds half a character (a lone surrogate)" if HALF.search(value) else ""
        case dict() | list() if not levels:
            return f"data: nested in more than {_MAX_LEVELS} levels"
        case dict():
            inner: list[object] = [*value, *value.values()]
        case list():
            inner = value
        case _:
            return ""
    return next((fault for each in inner if (fault := _unfit(each, levels - 1))), "")


def _plain(value: Any, zone: tzinfo) -> Any:
    if isinstance(value, datetime):
        return aware(value, zone).isoformat()
    if isinstance(value, list):
        return [_plain(item, zone) for item in value]
    return value


def _faults(error: ValidationError, prefix: str = "") -> str:
    def where(fault: Any) -> str:
        # The two ways to write a time are one field to the caller.
        path = [str(part) for part in fault["loc"] if not str(part).startswith(("datetime", "function"))]
        return prefix + ".".join(path) if path else "the event"

    return "; ".join(dict.fromkeys(f"{where(fault)}: {fault['msg']}" for fault in error.errors(include_url=False)))
