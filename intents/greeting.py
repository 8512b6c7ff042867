"""The customer greets, thanks or takes leave."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.effects import Effect, StaySilent
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:  # noqa: ARG001 — every intent claims alike
    """Claim by words alone."""
    return reading.claimed("greeting")


def respond(turn: Turn) -> list[Effect]:
    """Greet back, and repeat the open question shortly."""
    prompt = turn.newest()
    again = turn.ask_again(prompt) if prompt is not None else None
    if turn.has_words("thanks"):
        return (
            [StaySilent(reason="stopped")]
            if turn.idle_after_stop
            else [turn.say("welcome"), *([again] if again else [])]
        )
    return [turn.say("greeting_open" if again else "greeting"), *([again] if again else [])]


INTENT = Intent("greeting", claims, respond)
