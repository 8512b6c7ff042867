"""What became of a text: it left, it never will, or its receipt came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.domain.effects import AlertStaff, ClosePrompt, Effect, OptOut
from bot.domain.events import ReceiptReceived, SendFinished
from bot.domain.messages import MessageClass
from bot.engine.doings import alert_id
from bot.engine.journeys import unanswered
from bot.engine.mind import Scene
from bot.engine.stopping import after_stop

_IN_VAIN: Final = frozenset({"throttled", "temporary", "account"})
_MISSED: Final[Mapping[str, str]] = {"too_late": "not_sent_in_time", "route": "no_route", "fault": "send_fault"}
"""By gate: the alert for a text that nobody had a reason to hold back for good."""


def finished(scene: Scene, what: SendFinished) -> list[Effect]:
    """A text that never left asks nothing, and its journey goes on; staff are told where the customer waits for it."""
    return [*_called(what), *_went(scene, what)]


def _called(what: SendFinished) -> list[Effect]:
    reason = "not_sent" if what.outcome in _IN_VAIN else _MISSED.get(what.gate, "")
    # Of promotion nobody waits for; a fault will not be the only one of its kind.
    if not reason or (what.message_class == "marketing" and what.gate != "fault"):
        return []
    # The words of a gate stand at the text itself.
    said = "" if what.outcome == "dropped" else what.reason[:300]
    return [AlertStaff(alert=alert_id(reason, what.message_id), reason=reason, text=said)]


def _went(scene: Scene, what: SendFinished) -> list[Effect]:
    stop = _taken_over(scene, what.message_class, what.reason) if what.outcome == "opted_out" else []
    if what.outcome in {"sent", "unknown"}:
        return stop
    prompt = next((one for one in scene.customer.prompts if one.id == what.prompt and one.sent_at is None), None)
    if prompt is None:
        return stop
    return [ClosePrompt(prompt=prompt.id, reason="stopped"), *unanswered(scene, prompt), *stop]


def reported(scene: Scene, what: ReceiptReceived) -> list[Effect]:
    """A receipt can say that the number is on the provider's stop list."""
    return _taken_over(scene, what.message_class, what.report.code or "") if what.report.opted_out else []


def _taken_over(scene: Scene, message_class: MessageClass, reason: str) -> list[Effect]:
    """The provider refuses this number: what it refuses is stopped with us too, with its word as proof."""
    scope = "marketing" if message_class == "marketing" else "all"
    known = scene.customer.consent.get(scope)
    if known is not None and known.state == "out":
        return []
    stop = OptOut(scope=scope, how="gateway", words=reason)
    return [stop, *after_stop(scene, [stop])]
