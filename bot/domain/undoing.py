"""Taking an act back: the effects that put things right, beside the note that they do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot.domain.customer import ClosedPrompt, Customer
from bot.domain.effects import (
    ClosePrompt,
    Effect,
    NotifyShop,
    OpenPrompt,
    OptIn,
    OptOut,
    ResolveTicket,
    RestoreAppointment,
    SuppressMarketing,
    Undo,
    WithdrawAlert,
)

UNDONE_WITHIN: Final = timedelta(hours=24)
BOOKED: Final = frozenset({"confirm_appointment", "cancel_appointment", "reschedule_appointment"})
UNDOABLE: Final = BOOKED | {"record_rating", "record_quiz_answer", "record_survey_answer"}
"""What a slip, or the rest of a long reply, takes back by itself; a stop stands, whatever follows."""


def can_undo(customer: Customer, at: datetime) -> bool:
    """Tell whether there is an act young enough to be taken back."""
    act = customer.last_act
    return act is not None and at - act.at <= UNDONE_WITHIN and act.effects != ("undo",)


def take_back(customer: Customer, now: datetime) -> list[Effect]:
    """Give the effects that undo the last act: the booking as it was, no alert, the question open again."""
    act = customer.last_act
    if act is None:
        return []
    past = next((one for one in customer.closed if one.event == act.event and one.prompt.id == act.prompt), None)
    effects: list[Effect] = [Undo(event=act.event, of=act.effects)]
    if past is not None:
        effects += _follow_ups(customer, past)
        if BOOKED & set(act.effects):
            effects += _restored(customer, past)
        if past.prompt.expires_at is None or past.prompt.expires_at > now:
            effects.append(OpenPrompt(prompt=past.prompt))
    if "open_ticket" in act.effects and (case := customer.open_case):
        effects.append(ResolveTicket(ticket=case.id, by="undo"))
    return [*effects, *_consent(customer, act.event)]


def withdrawn(customer: Customer, past: ClosedPrompt) -> list[Effect]:
    """Take back what a low score led to: the alert, the question why, the pause in marketing."""
    lift = [SuppressMarketing(reason="low_rating", lift=True)] if "low_rating" in customer.suppressed else []
    return [*_follow_ups(customer, past), *lift]


def _follow_ups(customer: Customer, past: ClosedPrompt) -> list[Effect]:
    cause = past.prompt.id
    alerts = [WithdrawAlert(alert=alert) for alert in customer.alerts if alert.endswith(f":{cause}")]
    asked = [one for one in customer.prompts if one.about == f"{past.prompt.kind}:{cause}"]
    return [*alerts, *(ClosePrompt(prompt=one.id, reason="undone") for one in asked)]


def _restored(customer: Customer, past: ClosedPrompt) -> list[Effect]:
    booking = next((one for one in customer.appointments if one.id == past.prompt.appointment), None)
    if booking is None:
        return []
    start = booking.wanted or booking.start
    told = {"appointment_id": booking.id, "start": start.isoformat()}
    return [
        RestoreAppointment(appointment=booking.id, start=start),
        NotifyShop(type="appointment.restored", data=told),
    ]


def _consent(customer: Customer, event: str) -> list[Effect]:
    effects: list[Effect] = []
    for scope, consent in customer.consent.items():
        if consent.event == event:
            kind = OptIn if consent.state == "out" else OptOut
            effects.append(kind(scope=scope, how="undo", words=consent.words))
    return effects
