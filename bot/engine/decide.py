"""The one pure function that decides: a customer and an event in, everything that a commit writes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, assert_never

from bot.domain.copying import changed
from bot.domain.customer import Customer
from bot.domain.decision import Decision, LogEntry
from bot.domain.effects import Effect, IgnoreDuplicate
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
from bot.domain.understanding import Understanding
from bot.engine import business, joining, leaving, reply, sending, staff, timers
from bot.engine.apply import apply, newcomer
from bot.engine.duplicates import dedupe_key, is_duplicate
from bot.engine.journeys import begun
from bot.engine.mind import Mind, Scene
from bot.engine.wording import merge

__all__ = ["Mind", "decide"]

_DIGIT: Final = re.compile(r"\d")


def decide(customer: Customer | None, event: Event, mind: Mind, now: datetime) -> Decision:
    """Decide what one event leads to; the same arguments give the same decision, to the last id."""
    scene = Scene(customer=customer or newcomer(event), event=event, mind=mind, now=now)
    key = dedupe_key(scene)
    understanding: Understanding | None = None
    effects: Sequence[Effect]
    if key is not None and is_duplicate(scene, key):
        effects = [IgnoreDuplicate(key=key)]
    else:
        gathered = joining.gather(scene)
        understanding, effects, event = (
            _answered(scene, gathered) if gathered.whole else (None, gathered.effects, event)
        )
    entry = LogEntry(
        event=event,
        decided_at=now,
        content_version=mind.content.version,
        effects=tuple(effects),
        # Its clauses only repeat the text, and cut through a number in groups, which is then sealed no more.
        understanding=replace(understanding, clauses=()) if understanding else None,
        dedupe_key=key,
    )
    after = apply(scene.customer, entry)
    to_set, cancelled = leaving.timers(entry.effects)
    return Decision(
        entry=entry,
        customer=after,
        outbox=leaving.outbox(replace(scene, event=event), after, entry.effects),
        timers=to_set,
        cancelled=cancelled,
    )


def _answered(scene: Scene, gathered: joining.Gathered) -> tuple[Understanding | None, Sequence[Effect], Event]:
    """Give what the whole of it means and leads to, and the event that it is by now."""
    whole = gathered.scene
    understanding, asked = _meet(whole)
    worded = merge(whole, asked)
    if joining.amends(whole):
        worded = joining.unsaid(scene, worded)
    kept = whole.event if understanding is None else _without_code(whole.event, understanding)
    return understanding, leaving.with_timers(scene, [*gathered.effects, *worded]), kept


def _without_code(event: Event, understanding: Understanding) -> Event:
    """Give the event as it may be kept: a forwarded code is nobody's business, and the log is for long."""
    if understanding.masked is None or not isinstance(event.what, ReplyReceived):
        return event
    message = event.what.message
    pieces = tuple(piece and _DIGIT.sub("*", piece) for piece in message.pieces)
    hidden = changed(message, text=understanding.masked, pieces=pieces, binary=None)
    return replace(event, what=replace(event.what, message=hidden))


def _meet(scene: Scene) -> tuple[Understanding | None, list[Effect]]:
    """Give what the event means, if it is words, and what it asks for."""
    match scene.event.what:
        case ReplyReceived():
            return reply.answer(scene)
        case BusinessEvent() as news:
            return None, business.happened(scene, news)
        case TimerDue() as timer:
            return None, timers.due(scene, timer)
        case StaffActed() as act:
            return None, staff.acted(scene, act)
        case SendFinished() as what:
            return None, sending.finished(scene, what)
        case ReceiptReceived() as what:
            return None, sending.reported(scene, what)
        case LinkClicked():
            return None, begun(scene)
        case _:
            assert_never(scene.event.what)
