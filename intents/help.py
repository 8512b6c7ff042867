"""The customer does not know what to reply."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.effects import Effect
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:  # noqa: ARG001 — every intent claims alike
    """Claim by words, or by nothing but question marks."""
    found = reading.claimed("help")
    if not reading.whole and "?" in reading.text:
        found.append(Candidate(intent="help", score=0.9, layer="exact", reason="只有问号", clause=0))
    return found


def respond(turn: Turn) -> list[Effect]:
    """Say what can be answered to the open question, else what can be written at all."""
    prompt = turn.newest()
    again = turn.ask_again(prompt) if prompt is not None else None
    return [again or turn.say("help")]


INTENT = Intent("help", claims, respond)
