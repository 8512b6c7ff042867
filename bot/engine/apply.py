"""The fold: a log entry onto a customer. State is what the log says, never a second decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from bot.conversation.emotion import felt
from bot.domain.copying import changed
from bot.domain.customer import Customer, LastAct, Seen, Sent
from bot.domain.decision import LogEntry
from bot.domain.effects import ClosePrompt, Effect, IgnoreDuplicate, Reply, SendTemplate
from bot.domain.events import (
    BusinessEvent,
    Event,
    LinkClicked,
    ReceiptReceived,
    ReplyReceived,
    SendFinished,
    StaffActed,
    TimerDue,
)
from bot.domain.understanding import Script, Understanding
from bot.engine.appointments import told
from bot.engine.duplicates import SAID
from bot.engine.fold import fold
from bot.engine.pieces import is_piece, joined, kept
from bot.engine.texts import message_id

SEEN_FOR: Final = timedelta(hours=72)
"""Gateways repeat a reply for up to a day; two more are for the doubt."""
SEEN_AT_MOST: Final = 400
"""So many even of a customer of whom a shop tells a thousand things a day."""
CAPS_LOOK_BACK: Final = timedelta(days=31)
SENT_AT_MOST: Final = 200
SAME_TEXT_WITHIN: Final = timedelta(minutes=10)
ANSWERS_REMEMBERED: Final = 20
MISSES_FORGOTTEN_AFTER: Final = timedelta(hours=24)
BAD_NUMBER: Final = frozenset({"bad_number", "invalid_number"})
"""Reasons of a failed send that say that the number itself is no good."""

_QUIET: Final = frozenset(
    {
        *("reply", "stay_silent", "ignore_duplicate", "count", "schedule", "cancel_schedule"),
        *("open_prompt", "close_prompt", "notify_shop"),
    }
)
"""Kinds that change nothing a customer could want back."""


def apply(customer: Customer | None, entry: LogEntry) -> Customer:
    """Give the customer as it is after a log entry; None begins a new one."""
    event = entry.event
    after = customer or newcomer(event)
    seen = _with_key(after, entry.dedupe_key, entry.decided_at)
    if any(isinstance(effect, IgnoreDuplicate) for effect in entry.effects):
        return changed(after, version=after.version + 1, seen=seen)
    after = _happened(after, entry)
    for position, effect in enumerate(entry.effects):
        after = fold(after, effect, entry) if not isinstance(effect, Reply | SendTemplate) else after
        after = _said(after, effect, entry, position)
    return changed(after, version=after.version + 1, seen=seen, last_act=_last_act(after, entry))


def ahead(customer: Customer, event: Event, effects: Sequence[Effect], now: datetime) -> Customer:
    """Give the customer as these effects will leave it, for what follows within the same decision."""
    entry = LogEntry(event=event, decided_at=now, content_version="", effects=tuple(effects))
    for effect in effects:
        customer = fold(customer, effect, entry)
    return customer


def rested(customer: Customer, now: datetime) -> Customer:
    """Forget what was not understood a day ago: the fallback ladder begins anew."""
    if customer.last_reply_at is None or now - customer.last_reply_at < MISSES_FORGOTTEN_AFTER:
        return customer
    return changed(customer, misses=0)


def newcomer(event: Event) -> Customer:
    """Give the customer that nobody has heard of before this event."""
    return Customer(id=event.customer, shop=event.shop, phone=event.phone, created_at=event.received_at)


def _with_key(customer: Customer, key: str | None, now: datetime) -> tuple[Seen, ...]:
    if key is None:
        return customer.seen
    kept = [seen for seen in customer.seen if now - seen.at < SEEN_FOR and seen.key != key]
    kept.append(Seen(key=key, at=now))
    if len(kept) > SEEN_AT_MOST:
        # What has an id of its own goes first: the inbox knows a repeat of that, too.
        named = [nth for nth, seen in enumerate(kept) if not seen.key.startswith(SAID)]
        gone = set(named[: len(kept) - SEEN_AT_MOST])
        kept = [seen for nth, seen in enumerate(kept) if nth not in gone]
    return tuple(kept[-SEEN_AT_MOST:])


def _happened(customer: Customer, entry: LogEntry) -> Customer:
    """Fold what the event itself says, before its effects."""
    match entry.event.what:
        case ReplyReceived(message=message):
            if is_piece(message):
                return kept(customer, entry.event)
            customer = joined(customer, entry.event) if message.pieces else customer
            return _heard(customer, entry)
        case BusinessEvent() as news:
            return told(customer, news, entry.event)
        case SendFinished() as finished:
            return _left(customer, finished, entry)
        case ReceiptReceived() as receipt:
            return _reported(customer, receipt)
        case TimerDue() as timer:
            return changed(customer, timers={k: v for k, v in customer.timers.items() if k != timer.timer})
        case LinkClicked():
            return _counted(customer, "clicks")
        case StaffActed() as act:
            return _acted(customer, act)


def _heard(customer: Customer, entry: LogEntry) -> Customer:
    event, understanding = entry.event, entry.understanding
    assert isinstance(event.what, ReplyReceived)  # noqa: S101 - told apart by the caller's match
    message = event.what.message
    text = message.text.strip()
    again = (
        text == customer.last_text
        and customer.last_reply_at is not None
        and event.received_at - customer.last_reply_at < SAME_TEXT_WITHIN
    )
    customer = rested(customer, event.received_at)
    changes: dict[str, Any] = {
        "last_reply_at": max(event.received_at, customer.last_reply_at or event.received_at),
        "last_text": text[:500] if understanding is None or understanding.masked is None else "",
        "same_text": customer.same_text + 1 if again else 1,
        "gateway": message.account or customer.gateway,
        "ext": message.ext or customer.ext,
    }
    if understanding is not None and understanding.silence is None:
        changes |= _felt(customer, understanding, entry.decided_at)
    # One copy for all: this runs for every reply.
    return changed(customer, **changes)


def _felt(customer: Customer, understanding: Understanding, now: datetime) -> dict[str, Any]:
    """Let the emotion index fade and take in this reply, as docs/mood.md defines it."""
    mood, emotion = understanding.mood, customer.emotion
    missed = understanding.intent == "other" and customer.paused_by is None
    changes: dict[str, Any] = {
        "script": _script(customer, understanding),
        "mood": mood.label,
        "misses": customer.misses + 1 if missed else 0,
    }
    if "complaint" in understanding.intents:
        changes["complained_at"] = now
    changes["emotion"] = felt(emotion, mood, now)
    return changes


def _script(customer: Customer, understanding: Understanding) -> Script:
    """Keep the known script where the reply has no character that tells ("TD", "5")."""
    has_han = any("一" <= letter <= "鿿" for letter in understanding.text)
    return understanding.script if has_han else customer.script


def _left(customer: Customer, finished: SendFinished, entry: LogEntry) -> Customer:
    """A text left, or never will."""
    if finished.outcome in {"sent", "unknown"}:
        return changed(
            customer,
            prompts=tuple(
                replace(prompt, sent_at=entry.event.at, message=finished.message_id, ext=finished.ext)
                if prompt.id == finished.prompt
                else prompt
                for prompt in customer.prompts
            ),
        )
    state = "bad" if finished.reason in BAD_NUMBER else customer.number_state
    sent = tuple(sent for sent in customer.sent if sent.message != finished.message_id)
    return changed(customer, sent=sent, number_state=state)


def _reported(customer: Customer, receipt: ReceiptReceived) -> Customer:
    if receipt.report.state == "delivered":
        return changed(customer, number_state="good")
    return customer


def _acted(customer: Customer, act: StaffActed) -> Customer:
    if act.action != "note" or not act.text:
        return customer
    return changed(customer, notes=(*customer.notes, f"{act.actor}: {act.text}"[:500])[-50:])


def _counted(customer: Customer, name: str) -> Customer:
    return changed(customer, counts={**customer.counts, name: customer.counts.get(name, 0) + 1})


def _said(customer: Customer, effect: Effect, entry: LogEntry, position: int) -> Customer:
    """Keep what we say: for caps, for not saying it twice, and against talking to a machine."""
    now = entry.decided_at
    match effect:
        case Reply():
            answered = customer.answered_at if effect.by_staff else (*customer.answered_at, now)[-ANSWERS_REMEMBERED:]
            confirmed = now if effect.opt_out_confirmation else customer.stop_confirmed
            return changed(
                customer,
                answered_at=answered,
                stop_confirmed=confirmed,
                last_said=effect.text,
                last_class="conversation",
                last_stop_letters=(),
            )
        case SendTemplate():
            sent = Sent(
                at=effect.not_before or now,
                message_class=effect.message_class,
                care=effect.care,
                journey=effect.journey,
                message=message_id(entry.event.id, position),
            )
            kept = [one for one in customer.sent if now - one.at < CAPS_LOOK_BACK]
            return changed(
                customer,
                sent=(*kept, sent)[-SENT_AT_MOST:],
                last_class=effect.message_class,
                last_stop_letters=next((one.stop_letters for one in customer.prompts if one.id == effect.prompt), ()),
            )
        case _:
            return customer


def _last_act(customer: Customer, entry: LogEntry) -> LastAct | None:
    kinds = tuple(effect.kind for effect in entry.effects if effect.kind not in _QUIET)
    if not isinstance(entry.event.what, ReplyReceived) or not kinds:
        return customer.last_act
    closed = (
        effect.prompt for effect in entry.effects if isinstance(effect, ClosePrompt) and effect.reason == "answered"
    )
    return LastAct(event=entry.event.id, at=entry.decided_at, prompt=next(closed, None), effects=kinds)
