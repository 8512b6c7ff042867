"""The number belongs to somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.effects import AlertStaff, Effect, FlagWrongNumber, StaySilent, SuppressMarketing
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:  # noqa: ARG001 — every intent claims alike
    """Claim by words alone."""
    return reading.claimed("wrong_number")


def respond(turn: Turn) -> list[Effect]:
    """Tell the number from the person, apologise once and say nothing of the person we meant."""
    if turn.customer.wrong_number:
        return [StaySilent(reason="wrong_number_known")]
    alert = AlertStaff(alert=f"wrong_number:{turn.event.id}", reason="wrong_number", text=turn.words)
    # Where the same reply asks us to stop, this one answer confirms that, too.
    answer = replace(turn.say("wrong_number"), opt_out_confirmation="unsubscribe" in turn.intents)
    return [FlagWrongNumber(), SuppressMarketing(reason="wrong_number"), alert, answer]


INTENT = Intent("wrong_number", claims, respond)
