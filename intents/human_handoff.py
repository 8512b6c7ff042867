"""The customer wants a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.domain.effects import AlertStaff, ClosePrompt, Effect, PauseBot, StaySilent
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn, answer_due, open_ticket, waiting
from bot.domain.understanding import Candidate, ReplyContext

SILENT_FOR: Final = timedelta(hours=24)
"""If nobody hands the customer back, the bot speaks again so long after a person was due."""


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:  # noqa: ARG001 — every intent claims alike
    """Claim by words alone."""
    return reading.claimed("human_handoff")


def respond(turn: Turn) -> list[Effect]:
    """Fetch a person, say how long it takes, and be silent meanwhile."""
    if turn.customer.paused_by is not None:
        again = AlertStaff(alert=f"waiting:{turn.event.id}", reason="waiting", severity="urgent", text=turn.words)
        return [again, StaySilent(reason="with_staff")]
    ticket = open_ticket(turn, "handoff")
    until = answer_due(turn.shop, turn.now) + SILENT_FOR
    closed = [ClosePrompt(prompt=prompt.id, reason="handed_over") for prompt in turn.open_prompts]
    called = AlertStaff(alert=f"handoff:{turn.event.id}", reason="handoff", text=turn.words)
    rating = turn.understanding.slots.rating if "rating" in turn.intents else None
    answer = turn.say("handoff", rating=rating, **waiting(turn))
    return [*([ticket] if ticket else []), PauseBot(by="queue", until=until), called, *closed, answer]


INTENT = Intent("human_handoff", claims, respond)
