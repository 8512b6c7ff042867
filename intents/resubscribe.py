"""The customer wants to hear from us again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.domain.effects import Count, Effect, OptIn, StaySilent
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext

_GOES_ON: Final = re.compile(
    "(?:没有?|冒|冇|么)(?:[说讲])要?退|取消[,。 ]退订|(?:不允许|不许|不准|禁止|敢)(?:你们)?(?:继续|再)"
    "|再发.{0,4}[来]?试|继续发.{0,8}(?:诉讼|试|拉黑|投诉|速度)"
    "|(?:短信|提醒)(?:还|都|也)?(?:照常|接着|照旧)发|[发高]?烧.{0,2}退|订回来吗|退订了?(?:还能?|以后|之后"
    "|后).{0,6}[吗么]$|会员群|差点|有优惠再发"
)
_BACK_AGAIN: Final = re.compile("退订|恢复|重新|之前|停了|拒收|误")
"""In answer to the menu, only one of these is a wish to come back and not a choice."""


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim by words alone; what goes on as it is, or may not go on, is none."""
    if _GOES_ON.search(reading.text) and not context.opted_out:
        return []
    asked = context.prompts[0].kind if context.prompts else None
    if asked == "preference" and not _BACK_AGAIN.search(reading.text):
        return []
    return reading.claimed("resubscribe")


def respond(turn: Turn) -> list[Effect]:
    """Allow again what was refused, or what is named, with the words as proof; a stop written later stands."""
    named = turn.understanding.slots.scope
    refused = [scope for scope, consent in turn.customer.consent.items() if consent.state == "out"]
    scopes = [named] if named not in (None, "marketing", "all") else dict.fromkeys(["marketing", *refused])
    stopped = [scope for scope in scopes if turn.customer.stopped_after(scope, turn.at)]
    allowed = [OptIn(scope=scope, words=turn.words) for scope in scopes if scope not in stopped]
    if stopped:
        return [*allowed, Count(name="overtaken_answers"), _still_stopped(turn, stopped)]
    return [*allowed, *([] if turn.gateway_confirms else [turn.say("resubscribed")])]


def _still_stopped(turn: Turn, scopes: Sequence[str]) -> Effect:
    """Say what stays off, and how to have it back; the gateway answers for itself."""
    if turn.gateway_confirms:
        return StaySilent(reason="overtaken")
    if turn.customer.stopped_after("all", turn.at):
        return turn.say("stopped_all")
    return turn.say("stopped_marketing" if "marketing" in scopes else "stopped_topic")


INTENT = Intent("resubscribe", claims, respond)
