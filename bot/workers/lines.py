"""What a log entry looks like in the live feed; numbers are masked."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from bot.domain.decision import LogEntry
from bot.domain.effects import AlertStaff, Reply, SendTemplate
from bot.domain.events import (
    BusinessEvent,
    LinkClicked,
    ReceiptReceived,
    ReplyReceived,
    SendFinished,
    StaffActed,
    TimerDue,
)
from bot.domain.feed import FeedItem, FeedKind
from bot.domain.understanding import Understanding
from bot.engine.texts import message_id
from bot.phone import mask, mask_in, to_e164
from bot.workers.processor import DEAD_LETTER

_WORDS: Final = frozenset({"text", "normalized", "clauses"})
"""Parts of an explained understanding that only repeat what was written; the line has that already, masked."""


def lines(entry: LogEntry, explain: Callable[[Understanding], Mapping[str, Any]]) -> list[FeedItem]:
    """Give the feed's lines of one entry: what happened, then the texts and the alerts that it led to."""
    event = entry.event
    kind, text, detail = _happened(entry)
    happened = FeedItem(
        at=entry.decided_at,
        shop=event.shop,
        customer=event.customer,
        phone=mask(event.phone),
        kind=kind,
        event=event.id,
        text=_masked(text, event.phone),
        understanding=_explained(explain(entry.understanding), event.phone)
        if entry.understanding and kind == "reply"
        else None,
        effects=tuple(effect.kind for effect in entry.effects),
        detail=detail,
    )
    plain = replace(happened, text=None, understanding=None, effects=(), detail={})
    found = [happened] if entry.effects or not isinstance(event.what, TimerDue) else []
    if isinstance(event.what, ReplyReceived) and event.what.message.part and entry.understanding is None:
        # A piece of a long reply: the whole is shown when it is there.
        found = []
    for position, effect in enumerate(entry.effects):
        match effect:
            case Reply() | SendTemplate():
                about = {
                    "template": effect.template or "",
                    "class": _class_of(effect),
                    "message": message_id(event.id, position),
                    "by": (effect.by_staff or "") if isinstance(effect, Reply) else "",
                }
                found.append(replace(plain, kind="text", text=_masked(effect.text, event.phone), detail=about))
            case AlertStaff():
                about = {"alert": effect.alert, "reason": effect.reason, "severity": effect.severity}
                told: FeedKind = "dead" if effect.reason == DEAD_LETTER else "alert"
                found.append(replace(plain, kind=told, text=_masked(effect.text, event.phone), detail=about))
    return found


def _happened(entry: LogEntry) -> tuple[FeedKind, str | None, Mapping[str, str]]:
    match entry.event.what:
        case ReplyReceived(message=message):
            hidden = entry.understanding.masked if entry.understanding else None
            return "reply", hidden or message.text, {"account": message.account}
        case BusinessEvent(type=name):
            return "event", None, {"type": name}
        case LinkClicked(link=link):
            return "event", None, {"type": "link_clicked", "link": link}
        case TimerDue(what=what, timer=timer):
            return "event", None, {"type": "timer_due", "what": what, "timer": timer}
        case StaffActed(actor=actor, action=action, text=text):
            return "staff", text or None, {"actor": actor, "action": action}
        case ReceiptReceived(message_id=message, report=report):
            return "state", None, {"message": message, "state": report.state, "reason": report.code or ""}
        case SendFinished() as sent:
            about = {
                "message": sent.message_id,
                "state": sent.outcome,
                "reason": sent.reason,
                "gate": sent.gate,
                "account": sent.gateway,
            }
            return "state", None, about


def _class_of(effect: Reply | SendTemplate) -> str:
    return "conversation" if isinstance(effect, Reply) else effect.message_class


def _masked(text: str | None, phone: str) -> str | None:
    """Mask the customer's own number in a text; the feed is not sealed."""
    return mask_in(text, phone) if text else text


def _explained(told: Mapping[str, Any], phone: str) -> Mapping[str, Any]:
    """Give of an understanding what the feed shows: reasons quote what was written, and a value may be a number."""
    shown: Mapping[str, Any] = _without({name: value for name, value in told.items() if name not in _WORDS}, phone)
    return shown


def _without(value: Any, phone: str) -> Any:
    match value:
        case str():
            return mask_in(value, phone)
        case list() | tuple():
            return [_without(each, phone) for each in value]
        case {"phone": str(other), **rest}:
            return {**_without(rest, phone), "phone": mask(to_e164(other) or other)}
        case dict():
            return {name: _without(each, phone) for name, each in value.items()}
        case _:
            return value
