"""What the three appointment intents and a plain yes or no do to a booking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final

from bot.domain.customer import Appointment, CloseReason, Prompt
from bot.domain.effects import (
    CancelAppointment,
    ClosePrompt,
    ConfirmAppointment,
    Effect,
    NotifyShop,
    OpenPrompt,
    Reply,
    RescheduleAppointment,
    RestoreAppointment,
)
from bot.domain.turn import Turn, open_ticket, waiting
from bot.domain.understanding import Period, Slots

PROPOSAL_KEPT: Final = timedelta(hours=24)
OFFERED_AT_MOST: Final = 4
MENU_ANSWER: Final = 2
"""Up to so many characters a reply is a number of the menu, which the newest question takes."""
WHICH: Final = "which"
"""What the subject of the question "which booking?" begins with; the intent and the wanted time follow."""
_PERIODS: Final[dict[Period, tuple[str, str]]] = {
    "morning": ("00:00", "12:00"),
    "noon": ("11:00", "14:00"),
    "afternoon": ("12:00", "18:00"),
    "evening": ("17:00", "24:00"),
}


def question_of(turn: Turn) -> Prompt | None:
    """Give the open appointment prompt that the reply speaks to."""
    asked = [prompt for prompt in turn.open_prompts if prompt.kind == "appointment"]
    named = _named(turn, standing(turn))
    about = next((prompt for prompt in asked if named and prompt.appointment == named.id), None)
    bound = next((prompt for prompt in asked if prompt.id == turn.candidate.prompt), None)
    return about or bound or next(iter(asked), None)


def booking_of(turn: Turn, *, cancelled: bool = False) -> Appointment | None:
    """Give the booking that the reply speaks of: the one it names, the prompt's, else the next one that stands."""
    if not cancelled and (named := _named(turn, standing(turn))):
        return named
    prompt, closed = question_of(turn), turn.closed
    about = prompt or (closed.prompt if closed and closed.prompt.kind == "appointment" else None)
    known = {one.id: one for one in turn.customer.appointments}
    if about is not None and about.appointment is not None:
        # One that the shop has not told us of, but asks about, is known by the question alone.
        return known.get(about.appointment) or Appointment(id=about.appointment, start=about.expires_at or turn.now)
    fitting = [one for one in known.values() if one.start >= turn.at and (one.state == "cancelled") == cancelled]
    return min(fitting, key=lambda one: one.start, default=None)


def which(turn: Turn) -> list[Effect] | None:
    """Ask which booking is meant, by name and time, where several stand and the reply does not tell; None: it tells."""
    bookings = standing(turn)
    asked = {prompt.appointment for prompt in turn.open_prompts if prompt.kind == "appointment"}
    if len(bookings) < 2 or len(asked) == 1 or (asked and len(turn.understanding.normalized) <= MENU_ANSWER):
        return None
    if _named(turn, bookings) is not None:
        return None
    slots = turn.understanding.slots
    options = tuple(f"{turn.label(one.start)}{one.service}" for one in bookings)
    prompt = Prompt(
        id=turn.ids.make("prompt", "which"),
        kind="choice",
        opened_at=turn.now,
        expires_at=turn.now + PROPOSAL_KEPT,
        options=options,
        subject="/".join((WHICH, turn.candidate.intent, slots.date or "", slots.time or "")),
    )
    choices = " ".join(f"{place}){option}" for place, option in enumerate(options, 1))
    return [OpenPrompt(prompt=prompt), turn.say("appointment_which", choices=choices)]


def chosen(turn: Turn, prompt: Prompt, option: int) -> list[Effect]:
    """Do to the chosen booking what the customer wanted before we asked which one."""
    _, intent, day, clock = (prompt.subject or "///").split("/")
    bookings = standing(turn)
    if not 0 < option <= len(bookings):
        return []
    booking = bookings[option - 1]
    closed = ClosePrompt(prompt=prompt.id, reason="replaced", answer=str(option), answered_at=turn.event.at)
    match intent:
        case "appointment_cancel":
            return [closed, *cancel(turn, booking)]
        case "appointment_reschedule":
            return [closed, *reschedule(turn, booking, Slots(date=day or None, time=clock or None))]
        case _:
            return [closed, *confirm(turn, booking)]


def standing(turn: Turn) -> list[Appointment]:
    """Give the bookings that still stand, the next one first."""
    ahead = (one for one in turn.customer.appointments if one.state != "cancelled" and one.start >= turn.at)
    return sorted(ahead, key=lambda one: one.start)


def _named(turn: Turn, bookings: Sequence[Appointment]) -> Appointment | None:
    """Give the booking that is told by its place among them ("第二个") or its service."""
    if len(bookings) < 2:
        return None
    for place, booking in enumerate(bookings):
        if turn.has_words(f"place_{place + 1}") or (
            booking.service and booking.service in turn.understanding.normalized
        ):
            return booking
    return None


def unknown(turn: Turn) -> list[Effect]:
    """Say that we find no booking, and bring a person to it."""
    ticket = open_ticket(turn, "appointment")
    return [*([ticket] if ticket else []), turn.say("appointment_unknown", **waiting(turn))]


def confirm(turn: Turn, booking: Appointment) -> list[Effect]:
    """The customer will come."""
    effects: list[Effect] = [
        ConfirmAppointment(appointment=booking.id, start=booking.start),
        _tell("appointment.confirmed", booking, booking.start),
    ]
    return _done(turn, booking, effects, "confirmed", turn.say("appointment_confirmed", start=booking.start))


def cancel(turn: Turn, booking: Appointment) -> list[Effect]:
    """The customer will not come."""
    effects: list[Effect] = [
        CancelAppointment(appointment=booking.id, start=booking.start),
        _tell("appointment.cancelled", booking, booking.start),
    ]
    return _done(turn, booking, effects, "cancelled", turn.say("appointment_cancelled", start=booking.start))


def move(turn: Turn, booking: Appointment, start: datetime) -> list[Effect]:
    """The customer agreed to another time, or picked an offered one."""
    effects: list[Effect] = [
        RescheduleAppointment(appointment=booking.id, start=start, was=booking.start),
        _tell("appointment.rescheduled", booking, start),
    ]
    return _done(turn, booking, effects, "rescheduled", turn.say("appointment_moved", start=start))


def restore(turn: Turn, booking: Appointment) -> list[Effect]:
    """The customer takes back a cancellation or a move."""
    start = booking.wanted or booking.start
    return [
        RestoreAppointment(appointment=booking.id, start=start),
        _tell("appointment.restored", booking, start),
        turn.say("appointment_restored", start=start),
    ]


def reschedule(turn: Turn, booking: Appointment, slots: Slots) -> list[Effect]:
    """Find out which time is wanted: pick an offered one, propose one, offer some, or ask."""
    prompt = question_of(turn)
    if prompt is not None and prompt.appointment not in {booking.id, None}:
        prompt = None
    offered = prompt.slots_offered if prompt else ()
    wanted = _wanted(turn, booking, slots, prompt)
    picked = _picked(offered, slots, wanted)
    if picked is not None:
        return move(turn, booking, picked)
    if wanted is not None:
        if prompt is not None and prompt.proposed == wanted:
            return move(turn, booking, wanted)
        return _weigh(turn, booking, prompt, wanted)
    # What was offered already and did not suit is not offered again.
    fresh = [slot for slot in booking.slots if slot not in offered]
    free = _matching([*offered, *fresh] if slots.date or slots.period else fresh, turn, slots)
    if free:
        return _offer(turn, booking, prompt, free)
    if slots.date or slots.period:
        day = slots.date or (prompt.day if prompt else None)
        asked = _asked(turn, booking, prompt, day=day)
        return [OpenPrompt(prompt=asked), turn.say("appointment_ask_hour", day=day, opens=turn.shop.opens)]
    return [OpenPrompt(prompt=_asked(turn, booking, prompt)), turn.say("appointment_ask_when", start=booking.start)]


def _weigh(turn: Turn, booking: Appointment, prompt: Prompt | None, wanted: datetime) -> list[Effect]:
    """Read a wanted time back, unless it cannot be."""
    clock = f"{turn.local(wanted):%H:%M}"
    if wanted <= turn.now:
        return [OpenPrompt(prompt=_asked(turn, booking, prompt)), turn.say("appointment_past")]
    if not turn.shop.opens <= clock < turn.shop.closes:
        day = turn.local(wanted).date().isoformat()
        return [OpenPrompt(prompt=_asked(turn, booking, prompt, day=day)), turn.say("appointment_closed")]
    free = booking.slots
    if free and wanted not in free:
        same_day = [slot for slot in free if turn.local(slot).date() == turn.local(wanted).date()]
        return _offer(turn, booking, prompt, same_day or free, full=wanted)
    proposal = _asked(turn, booking, prompt, proposed=wanted)
    return [OpenPrompt(prompt=proposal), turn.say("appointment_propose", start=wanted)]


def _offer(
    turn: Turn, booking: Appointment, prompt: Prompt | None, free: Sequence[datetime], full: datetime | None = None
) -> list[Effect]:
    slots = tuple(free)[:OFFERED_AT_MOST]
    choices = " ".join(f"{place}){turn.label(slot)}" for place, slot in enumerate(slots, 1))
    asked = _asked(turn, booking, prompt, offered=slots)
    return [OpenPrompt(prompt=asked), turn.say("appointment_offer", choices=choices, full=full)]


def _asked(
    turn: Turn,
    booking: Appointment,
    prompt: Prompt | None,
    *,
    proposed: datetime | None = None,
    offered: tuple[datetime, ...] = (),
    day: str | None = None,
) -> Prompt:
    """The question in its new form; it keeps its id, so that a journey that waits for it goes on waiting."""
    kept_until = turn.now + PROPOSAL_KEPT
    if prompt is None:
        prompt = Prompt(
            id=turn.ids.make("prompt", "appointment"), kind="appointment", opened_at=turn.now, appointment=booking.id
        )
    return replace(
        prompt,
        opened_at=turn.now,
        sent_at=None,
        expires_at=max(prompt.expires_at or kept_until, kept_until),
        proposed=proposed,
        slots_offered=offered,
        day=day,
    )


def _wanted(turn: Turn, booking: Appointment, slots: Slots, prompt: Prompt | None) -> datetime | None:
    """Give the wanted moment; a bare hour is on the day spoken of before, else on the booking's."""
    if slots.time is None:
        return None
    day = slots.date or (prompt.day if prompt else None)
    on = date.fromisoformat(day) if day else turn.local((prompt and prompt.proposed) or booking.start).date()
    return datetime.combine(on, time.fromisoformat(slots.time), turn.shop.tz)


def _picked(offered: Sequence[datetime], slots: Slots, wanted: datetime | None) -> datetime | None:
    if wanted is not None:
        exact = next((slot for slot in offered if slot == wanted), None)
        # A bare hour picks the one offered slot of that hour, whatever its day.
        same_hour = [slot for slot in offered if f"{slot.astimezone(wanted.tzinfo):%H:%M}" == slots.time]
        return exact or (same_hour[0] if slots.date is None and len(same_hour) == 1 else None)
    if slots.option is not None and 0 < slots.option <= len(offered):
        return offered[slots.option - 1]
    return None


def _matching(free: Sequence[datetime], turn: Turn, slots: Slots) -> list[datetime]:
    """Give the free slots of the day and the time of day asked for."""
    since, until = _PERIODS[slots.period] if slots.period else ("00:00", "24:00")
    return [
        slot
        for slot in free
        if (slots.date is None or turn.local(slot).date().isoformat() == slots.date)
        and since <= f"{turn.local(slot):%H:%M}" < until
    ]


def _done(turn: Turn, booking: Appointment, effects: list[Effect], answer: str, said: Reply) -> list[Effect]:
    """Close every question about this booking; where one was open, content says what to answer."""
    asked = question_of(turn)
    if asked is not None and asked.appointment not in {booking.id, None}:
        asked = None
    about = [
        prompt
        for prompt in turn.open_prompts
        if prompt.kind == "appointment" and (prompt is asked or prompt.appointment in {booking.id, None})
    ]
    for prompt in about:
        reason: CloseReason = "answered" if prompt is asked else "replaced"
        effects.append(ClosePrompt(prompt=prompt.id, reason=reason, answer=answer, answered_at=turn.event.at))
    return effects if asked is not None else [*effects, said]


def _tell(what: str, booking: Appointment, start: datetime) -> NotifyShop:
    return NotifyShop(type=what, data={"appointment_id": booking.id, "start": start.isoformat()})
