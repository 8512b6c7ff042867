"""One effect onto a customer; every kind is handled here, by groups that belong together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final, assert_never

from bot.domain.copying import changed
from bot.domain.customer import ClosedPrompt, Consent, Customer, JourneyRun, Preferences, Ticket
from bot.domain.decision import LogEntry
from bot.domain.effects import (
    AlertStaff,
    AppendToTicket,
    AttachComment,
    CancelAppointment,
    CancelSchedule,
    ClosePrompt,
    ConfirmAppointment,
    Count,
    Effect,
    ExitJourney,
    FlagWrongNumber,
    IgnoreDuplicate,
    IssueReward,
    NotifyShop,
    OpenPrompt,
    OpenTicket,
    OptIn,
    OptOut,
    PauseBot,
    RecordLateReply,
    RecordQuizAnswer,
    RecordRating,
    RecordSurveyAnswer,
    ReplaceAnswer,
    ReplaceRating,
    Reply,
    RescheduleAppointment,
    ResolveTicket,
    RestoreAppointment,
    ResumeBot,
    Schedule,
    SendTemplate,
    SetPreference,
    StartJourney,
    StaySilent,
    SuppressMarketing,
    Tag,
    Undo,
    WithdrawAlert,
)
from bot.engine.fold_records import book, record, undone

CLOSED_AT_MOST: Final = 20
OPEN_AT_MOST: Final = 20
ALERTS_AT_MOST: Final = 20
NOTES_AT_MOST: Final = 50
TAGS_AT_MOST: Final = 200
JOURNEYS_REMEMBERED: Final = 100
COUNTS_AT_MOST: Final = 200
FIELDS_AT_MOST: Final = 200


def fold(customer: Customer, effect: Effect, entry: LogEntry) -> Customer:
    """Give the customer as it is after one effect of a log entry."""
    match effect:
        case OpenPrompt() | ClosePrompt():
            return _prompt(customer, effect, entry)
        case (
            RecordRating()
            | ReplaceRating()
            | RecordQuizAnswer()
            | RecordSurveyAnswer()
            | ReplaceAnswer()
            | AttachComment()
            | RecordLateReply()
            | IssueReward()
        ):
            return record(customer, effect, entry)
        case ConfirmAppointment() | CancelAppointment() | RescheduleAppointment() | RestoreAppointment():
            return book(customer, effect)
        case OptOut() | OptIn() | SetPreference() | FlagWrongNumber() | SuppressMarketing():
            return _consent(customer, effect, entry)
        case AlertStaff() | WithdrawAlert() | OpenTicket() | AppendToTicket() | ResolveTicket():
            return _case(customer, effect, entry.decided_at)
        case PauseBot() | ResumeBot():
            return _voice(customer, effect)
        case StartJourney() | ExitJourney() | Schedule() | CancelSchedule():
            return _plan(customer, effect, entry.decided_at)
        case Tag() | Count():
            return _mark(customer, effect)
        case Undo():
            return undone(customer, effect)
        case Reply() | SendTemplate() | NotifyShop() | IgnoreDuplicate() | StaySilent():
            return customer
        case _:
            assert_never(effect)


def _prompt(customer: Customer, effect: OpenPrompt | ClosePrompt, entry: LogEntry) -> Customer:
    if isinstance(effect, OpenPrompt):
        others = [prompt for prompt in customer.prompts if prompt.id != effect.prompt.id]
        # One that is opened again takes its old place: the newest question stays the newest.
        prompts = sorted((*others, effect.prompt), key=lambda prompt: prompt.opened_at)[-OPEN_AT_MOST:]
        closed = tuple(past for past in customer.closed if past.prompt.id != effect.prompt.id)
        return changed(customer, prompts=tuple(prompts), closed=closed)
    known = [past.prompt for past in customer.closed] + list(customer.prompts)
    prompt = next((one for one in reversed(known) if one.id == effect.prompt), None)
    if prompt is None:
        return customer
    past = ClosedPrompt(
        prompt=prompt,
        closed_at=entry.decided_at,
        reason=effect.reason,
        answer=effect.answer,
        answered_at=effect.answered_at,
        event=entry.event.id,
    )
    closed = (*(one for one in customer.closed if one.prompt.id != prompt.id), past)[-CLOSED_AT_MOST:]
    return changed(customer, prompts=tuple(one for one in customer.prompts if one.id != prompt.id), closed=closed)


def _consent(
    customer: Customer,
    effect: OptOut | OptIn | SetPreference | FlagWrongNumber | SuppressMarketing,
    entry: LogEntry,
) -> Customer:
    match effect:
        case OptOut() | OptIn():
            known = customer.consent.get(effect.scope)
            if isinstance(effect, OptOut) and known and known.state == "out" and entry.event.at < known.at:
                # The newer words stay the proof: what is judged by their time may not fall behind them.
                heard = replace(known, heard_at=entry.event.received_at)
                return changed(customer, consent={**customer.consent, effect.scope: heard})
            consent = Consent(
                state="out" if isinstance(effect, OptOut) else "in",
                at=entry.event.at,
                how=effect.how,
                words=effect.words,
                event=entry.event.id,
                heard_at=entry.event.received_at,
                decided_at=entry.decided_at,
            )
            return changed(customer, consent={**customer.consent, effect.scope: consent})
        case SetPreference():
            return _preferences(customer, effect)
        case FlagWrongNumber():
            return changed(customer, wrong_number=True, number_state="bad")
        case SuppressMarketing(reason=reason, lift=True):
            return changed(customer, suppressed={k: v for k, v in customer.suppressed.items() if k != reason})
        case SuppressMarketing():
            return changed(customer, suppressed={**customer.suppressed, effect.reason: entry.event.id})
        case _:
            assert_never(effect)


def _preferences(customer: Customer, effect: SetPreference) -> Customer:
    """A later wish wins over an earlier one on the same topic; what is not mentioned stays."""
    was = customer.preferences
    only = effect.only or (() if effect.on else was.only)
    on = tuple(dict.fromkeys([*(topic for topic in was.on if topic not in effect.off), *effect.on]))
    off = tuple(dict.fromkeys([*(topic for topic in was.off if topic not in effect.on), *effect.off]))
    if effect.only:
        on, off = (), ()
    preferences = Preferences(
        only=only,
        on=on,
        off=off,
        frequency=effect.frequency or was.frequency,
        send_time=effect.send_time or was.send_time,
        quiet_after=effect.quiet_after or was.quiet_after,
    )
    return changed(
        customer,
        preferences=preferences,
        fields=dict(list({**customer.fields, **effect.fields}.items())[-FIELDS_AT_MOST:]),
    )


def _case(
    customer: Customer,
    effect: AlertStaff | WithdrawAlert | OpenTicket | AppendToTicket | ResolveTicket,
    now: datetime,
) -> Customer:
    match effect:
        case AlertStaff():
            alerts = (*(alert for alert in customer.alerts if alert != effect.alert), effect.alert)
            return changed(customer, alerts=alerts[-ALERTS_AT_MOST:])
        case WithdrawAlert():
            return changed(customer, alerts=tuple(alert for alert in customer.alerts if alert != effect.alert))
        case OpenTicket():
            notes: tuple[str, ...] = (effect.text[:500],) if effect.text else ()
            ticket = Ticket(id=effect.ticket, reason=effect.reason, opened_at=now, due_at=effect.due_at, notes=notes)
            return changed(customer, ticket=ticket)
        case AppendToTicket():
            if customer.ticket is None or customer.ticket.id != effect.ticket:
                return customer
            notes = (*customer.ticket.notes, effect.text[:500])[-NOTES_AT_MOST:]
            return changed(customer, ticket=replace(customer.ticket, notes=notes))
        case ResolveTicket():
            if customer.ticket is None or customer.ticket.id != effect.ticket:
                return customer
            return changed(customer, ticket=replace(customer.ticket, resolved_at=now))
        case _:
            assert_never(effect)


def _voice(customer: Customer, effect: PauseBot | ResumeBot) -> Customer:
    match effect:
        case PauseBot():
            return changed(customer, paused_by=effect.by, paused_until=effect.until)
        case ResumeBot():
            return changed(customer, paused_by=None, paused_until=None)
        case _:
            assert_never(effect)


def _plan(
    customer: Customer, effect: StartJourney | ExitJourney | Schedule | CancelSchedule, now: datetime
) -> Customer:
    match effect:
        case StartJourney():
            run = JourneyRun(
                id=effect.run,
                journey=effect.journey,
                version=effect.version,
                key=effect.key,
                step=effect.step,
                began_at=now,
                variables=effect.variables,
            )
            others = tuple(one for one in customer.runs if one.id != effect.run)
            return changed(customer, runs=(*others, run))
        case ExitJourney():
            gone = next((one for one in customer.runs if one.id == effect.run), None)
            if gone is None:
                return customer
            done = {**{k: v for k, v in customer.done_journeys.items() if k != gone.journey}, gone.journey: now}
            return changed(
                customer,
                runs=tuple(one for one in customer.runs if one is not gone),
                done_journeys=dict(list(done.items())[-JOURNEYS_REMEMBERED:]),
            )
        case Schedule():
            runs = tuple(_at_step(run, effect) if run.id == effect.data.get("run") else run for run in customer.runs)
            return changed(customer, runs=runs, timers={**customer.timers, effect.timer: effect.due_at})
        case CancelSchedule():
            return changed(customer, timers={k: v for k, v in customer.timers.items() if k != effect.timer})
        case _:
            assert_never(effect)


def _at_step(run: JourneyRun, effect: Schedule) -> JourneyRun:
    return replace(run, step=effect.data.get("step", run.step), waiting_for=effect.data.get("waiting_for") or None)


def _mark(customer: Customer, effect: Tag | Count) -> Customer:
    match effect:
        case Tag():
            kept = [tag for tag in customer.tags if tag not in effect.remove]
            return changed(customer, tags=tuple(dict.fromkeys([*kept, *effect.add]))[-TAGS_AT_MOST:])
        case Count():
            counts = {**customer.counts, effect.name: customer.counts.get(effect.name, 0) + effect.by}
            return changed(customer, counts=dict(list(counts.items())[-COUNTS_AT_MOST:]))
        case _:
            assert_never(effect)
