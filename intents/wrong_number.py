"""The number belongs to somebody else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.domain.effects import AlertStaff, Effect, FlagWrongNumber, StaySilent, SuppressMarketing
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext

_SLIP: Final = re.compile("整句是“(?:哎呀?|啊|呃|不好意思)?(?:我|刚才?|刚刚)?(?:打|发|搞|弄|按)?错了?[啊呀哦啦]?”")
"""Words that a slip of one's own and a wrong number share."""


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim by words; who has just answered, or wants to be written to again, and says "搞错了" speaks of a slip."""
    found = reading.claimed("wrong_number")
    if any(prompt.answered for prompt in context.lately) or reading.claimed("resubscribe"):
        found = [claim for claim in found if not _SLIP.search(claim.reason)]
    return found


def respond(turn: Turn) -> list[Effect]:
    """Tell the number from the person, apologise once and say nothing of the person we meant."""
    if turn.customer.wrong_number:
        return [StaySilent(reason="wrong_number_known")]
    alert = AlertStaff(alert=f"wrong_number:{turn.event.id}", reason="wrong_number", text=turn.words)
    # Where the same reply asks us to stop, this one answer confirms that, too.
    answer = replace(turn.say("wrong_number"), opt_out_confirmation="unsubscribe" in turn.intents)
    return [FlagWrongNumber(), SuppressMarketing(reason="wrong_number"), alert, answer]


INTENT = Intent("wrong_number", claims, respond)
