"""The customer wants us to stop writing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.domain.effects import AlertStaff, Effect, OptOut, StaySilent
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext, Slots

_CHOOSING: Final = re.compile("^(?:我|就|那|选择?|回复?|发|要|按|打|输入?|是|选项)+(?=[a-z]$)")
LETTERS = frozenset("tnr")
"""Single letters that mean a stop, but only after a text that could mean it so."""


CONFIRMED_WITHIN: Final = timedelta(hours=24)
"""A stop that was confirmed so lately is not confirmed again."""


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim a stop: words in every state, a single letter only after marketing or where it was announced."""
    found = [
        Candidate(
            intent="unsubscribe",
            score=claim.score,
            layer="stop",
            reason=claim.reason,
            clause=claim.clause,
            slots=Slots(scope=reading.scope or "marketing"),
        )
        for claim in reading.claimed("unsubscribe")
    ]
    letter = _letter(reading, context)
    return [letter, *found] if letter else found


def _letter(reading: Reading, context: ReplyContext) -> Candidate | None:
    whole = _CHOOSING.sub("", reading.whole)
    if len(whole) != 1 or not whole.isalpha() or not whole.isascii():
        return None
    announced = {letter.lower() for letter in context.last_stop_letters}
    if whole in announced:
        reason = f"上一条短信说了回复{whole.upper()}退订"
    elif whole in LETTERS and context.last_class == "marketing":
        reason = f"营销短信之后的单个字母{whole.upper()}"
    else:
        return None
    return Candidate(
        intent="unsubscribe", score=1.0, layer="stop", reason=reason, clause=0, slots=Slots(scope="marketing")
    )


def respond(turn: Turn) -> list[Effect]:
    """Stop the scope, with the words as proof, and confirm once; abuse after a complaint gets no answer."""
    scope = turn.understanding.slots.scope or "marketing"
    stop = OptOut(scope=scope, words=turn.words)
    if turn.abuse_after_complaint:
        alert = AlertStaff(alert=f"abuse:{turn.event.id}", reason="abuse", text=turn.words)
        return [stop, alert, StaySilent(reason="abuse")]
    if "wrong_number" in turn.intents:
        return [stop]
    if turn.gateway_confirms:
        return [stop, StaySilent(reason="gateway_confirms")]
    known = turn.customer.consent.get(scope)
    confirmed = turn.customer.stop_confirmed
    if known and known.state == "out" and confirmed and turn.now - confirmed < CONFIRMED_WITHIN:
        return [stop, StaySilent(reason="stop_confirmed")]
    rating = turn.understanding.slots.rating if "rating" in turn.intents else None
    name = {"marketing": "stopped_marketing", "all": "stopped_all"}.get(scope, "stopped_topic")
    return [stop, replace(turn.say(name, topic=scope, rating=rating), opt_out_confirmation=True)]


INTENT = Intent("unsubscribe", claims, respond)
