"""Effects that keep what the customer answered: ratings, answers, comments, rewards, bookings."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

from bot.domain.copying import changed
from bot.domain.customer import Customer, Rating
from bot.domain.decision import LogEntry
from bot.domain.effects import (
    AttachComment,
    CancelAppointment,
    ConfirmAppointment,
    IssueReward,
    RecordLateReply,
    RecordQuizAnswer,
    RecordRating,
    RecordSurveyAnswer,
    ReplaceAnswer,
    ReplaceRating,
    RescheduleAppointment,
    RestoreAppointment,
    Undo,
)
from bot.engine.appointments import appointment, with_appointment

RATINGS_AT_MOST: Final = 50
ANSWERS_AT_MOST: Final = 100
REWARDS_AT_MOST: Final = 100
COMMENT_AT_MOST: Final = 1000

Record = (
    RecordRating
    | ReplaceRating
    | RecordQuizAnswer
    | RecordSurveyAnswer
    | ReplaceAnswer
    | AttachComment
    | RecordLateReply
    | IssueReward
)
Booking = ConfirmAppointment | CancelAppointment | RescheduleAppointment | RestoreAppointment


def record(customer: Customer, effect: Record, entry: LogEntry) -> Customer:
    """Keep an answer; histories are bounded, the oldest goes first."""
    match effect:
        case RecordRating():
            return _rated(customer, effect.prompt, effect.rating, effect.subject, entry)
        case ReplaceRating():
            known = next((one for one in reversed(customer.ratings) if one.prompt == effect.prompt), None)
            return _rated(customer, effect.prompt, effect.rating, known.subject if known else None, entry)
        case RecordQuizAnswer():
            return _answered(customer, effect.subject or effect.prompt, str(effect.option))
        case RecordSurveyAnswer():
            return _answered(customer, effect.subject or effect.prompt, effect.answer)
        case ReplaceAnswer():
            subject = next((p.prompt.subject for p in customer.closed if p.prompt.id == effect.prompt), None)
            customer = _noted(customer, effect.prompt, effect.answer, entry)
            return _answered(customer, subject or effect.prompt, effect.answer)
        case AttachComment():
            return _commented(customer, effect)
        case RecordLateReply():
            return _late(_noted(customer, effect.prompt, effect.answer, entry), effect, entry)
        case IssueReward():
            rewards = {**customer.rewards, effect.code: effect.reward}
            return changed(customer, rewards=dict(list(rewards.items())[-REWARDS_AT_MOST:]))
        case _:
            assert_never(effect)


def book(customer: Customer, effect: Booking) -> Customer:
    """Keep what the customer said to a booking; one that the shop never told us of is left alone."""
    known = appointment(customer, effect.appointment)
    if known is None:
        return customer
    match effect:
        case ConfirmAppointment():
            changed = replace(known, state="confirmed")
        case CancelAppointment():
            changed = replace(known, state="cancelled")
        case RescheduleAppointment():
            changed = replace(known, state="moving", start=effect.start, wanted=known.start)
        case RestoreAppointment():
            changed = replace(known, state="booked", start=effect.start or known.start, wanted=None)
        case _:
            assert_never(effect)
    return with_appointment(customer, changed)


def undone(customer: Customer, effect: Undo) -> Customer:
    """Forget the scores and answers that the undone event brought; what else it did has effects of its own."""
    prompts = {past.prompt.id: past.prompt for past in customer.closed if past.event == effect.event}
    subjects = {prompt.subject or prompt.id for prompt in prompts.values()}
    return changed(
        customer,
        ratings=tuple(one for one in customer.ratings if one.prompt not in prompts),
        answers={key: value for key, value in customer.answers.items() if key not in subjects},
    )


def _rated(customer: Customer, prompt: str, rating: int, subject: str | None, entry: LogEntry) -> Customer:
    known = next((one for one in customer.ratings if one.prompt == prompt), None)
    kept = tuple(one for one in customer.ratings if one is not known)
    new = Rating(prompt=prompt, rating=rating, at=entry.event.at, subject=subject)
    if known is not None:
        new = replace(known, rating=rating, at=entry.event.at)
        customer = _noted(customer, prompt, str(rating), entry)
    return changed(customer, ratings=(*kept, new)[-RATINGS_AT_MOST:])


def _noted(customer: Customer, prompt: str, answer: str, entry: LogEntry) -> Customer:
    """Write the newer answer onto the closed prompt, so that a third is judged against it."""
    closed = tuple(
        replace(past, answer=answer, answered_at=entry.event.at, event=entry.event.id)
        if past.prompt.id == prompt
        else past
        for past in customer.closed
    )
    return changed(customer, closed=closed)


def _late(customer: Customer, effect: RecordLateReply, entry: LogEntry) -> Customer:
    prompt = next((past.prompt for past in customer.closed if past.prompt.id == effect.prompt), None)
    if prompt is None:
        return customer
    if prompt.kind == "rating" and effect.answer.isdecimal():
        return _rated(customer, prompt.id, int(effect.answer), prompt.subject, entry)
    return _answered(customer, f"late/{prompt.subject or prompt.id}", effect.answer)


def _answered(customer: Customer, subject: str, answer: str) -> Customer:
    answers = {**{key: value for key, value in customer.answers.items() if key != subject}, subject: answer[:500]}
    return changed(customer, answers=dict(list(answers.items())[-ANSWERS_AT_MOST:]))


def _commented(customer: Customer, effect: AttachComment) -> Customer:
    """A comment on a rating stands with it; other comments are in the log and the timeline."""
    ratings = tuple(
        replace(
            one,
            comment=f"{one.comment} {effect.text}".strip()[:COMMENT_AT_MOST],
            topics=tuple(dict.fromkeys([*one.topics, *effect.topics])),
        )
        if one.prompt == effect.to
        else one
        for one in customer.ratings
    )
    return changed(customer, ratings=ratings)
