"""One customer's history as a conversation: both sides, what was done in between, and what became of each text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.domain.decision import LogEntry
from bot.domain.effects import AlertStaff, Reply, SendTemplate
from bot.domain.events import BusinessEvent, LinkClicked, ReceiptReceived, ReplyReceived, SendFinished, StaffActed
from bot.engine.texts import message_id
from bot.engine.understand import explain
from bot.web.console.reading import UNTOLD, Reading, read
from bot.web.console.states import States
from bot.web.console.words import Translator

BlockKind = Literal["them", "us", "note", "happened", "staff", "alert"]


@dataclass(slots=True, kw_only=True)
class Block:
    """One thing in the conversation."""

    kind: BlockKind
    at: datetime
    event: str
    text: str = ""
    by: str = ""
    label: str = ""
    """Of a text of ours: its class; of what happened: its name."""
    reading: Reading | None = None
    done: tuple[str, ...] = ()
    """The effects, named for people."""
    message: str = ""
    state: str = ""
    reason: str = ""


def blocks(entries: Sequence[LogEntry], t: Translator) -> list[Block]:
    """Lay out log entries, oldest first."""
    laid: list[Block] = []
    states = States()
    for entry in entries:
        what = entry.event.what
        if isinstance(what, SendFinished):
            states.finished(what, t)
        elif isinstance(what, ReceiptReceived):
            states.reported(what, t)
        else:
            laid += _said(entry, t)
            laid += _ours(entry, t)
    for block in laid:
        if block.kind == "us":
            block.state, block.reason = states.of(block.message)
    return laid


def _said(entry: LogEntry, t: Translator) -> Iterator[Block]:
    """What happened: the customer wrote, the shop told us something, a colleague acted."""
    event = entry.event
    kinds = dict.fromkeys(effect.kind for effect in entry.effects if effect.kind not in UNTOLD)
    done = tuple(t.word("effect", kind) for kind in kinds)
    match event.what:
        case ReplyReceived(message=message) if message.part and entry.understanding is None:
            return
        case ReplyReceived(message=message):
            known = entry.understanding
            yield Block(
                kind="them",
                at=event.at,
                event=event.id,
                text=(known.masked if known and known.masked else message.text),
                reading=read(explain(known), t) if known else None,
                done=done,
            )
        case BusinessEvent(type=name):
            yield Block(kind="happened", at=event.at, event=event.id, label=t.word("event", name), done=done)
        case StaffActed(action="note") as act:
            yield Block(kind="note", at=event.at, event=event.id, text=act.text, by=act.actor)
        case StaffActed(action="reply"):
            return
        case StaffActed() as act:
            label = t.word("action", act.action)
            # What was asked stands below as a text of ours.
            text = "" if act.action == "open_prompt" else act.text
            yield Block(kind="staff", at=event.at, event=event.id, label=label, text=text, by=act.actor)
        case LinkClicked():
            yield Block(kind="happened", at=event.at, event=event.id, label=t.word("event", "link_clicked"))
        case _ if done:
            yield Block(kind="happened", at=event.at, event=event.id, label=t("timeline.timer"), done=done)


def _ours(entry: LogEntry, t: Translator) -> Iterator[Block]:
    """What we wrote, and whom we called."""
    event, at = entry.event, entry.decided_at
    for position, effect in enumerate(entry.effects):
        message = message_id(event.id, position)
        match effect:
            case Reply(text=text, by_staff=by):
                yield Block(kind="us", at=at, event=event.id, text=text, by=by or "", message=message)
            case SendTemplate(text=text):
                label = t.word("class", effect.message_class)
                yield Block(kind="us", at=at, event=event.id, text=text, label=label, message=message)
            case AlertStaff(reason=reason):
                yield Block(kind="alert", at=at, event=event.id, label=t.word("reason", reason), text=effect.text)
            case _:
                pass
