"""The customer wants to hear from us again."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.effects import Effect, OptIn
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:  # noqa: ARG001 — every intent claims alike
    """Claim by words alone."""
    return reading.claimed("resubscribe")


def respond(turn: Turn) -> list[Effect]:
    """Allow again what was refused, or what is named, with the words as proof."""
    named = turn.understanding.slots.scope
    refused = [scope for scope, consent in turn.customer.consent.items() if consent.state == "out"]
    scopes = [named] if named not in (None, "marketing", "all") else dict.fromkeys(["marketing", *refused])
    answer = [] if turn.gateway_confirms else [turn.say("resubscribed")]
    return [*(OptIn(scope=scope, words=turn.words) for scope in scopes), *answer]


INTENT = Intent("resubscribe", claims, respond)
