"""The customer will come as booked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.domain.booking import booking_of, confirm, move, question_of, restore, unknown, which
from bot.domain.effects import Effect, RecordLateReply
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext

_AGREEING: Final = re.compile("(?:是|对|好的?|嗯|就|那|的|吧|没错|可以|行|来|到|呀|啊|我|准时|见){0,6}")
_OTHER_YES: Final = re.compile("领|券|报名|参加|[张份]|兑换|优惠|订阅")
"""A yes to something else than an appointment."""


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim a confirmation: the menu's 1, words, or a plain yes to an appointment prompt."""
    found = reading.claimed("appointment_confirm")
    for prompt in context.asked:
        if prompt.kind != "appointment":
            continue
        found += reading.from_menu(prompt, 1, "appointment_confirm", "确认")
        found.extend(
            Candidate(
                intent="appointment_confirm",
                score=yes.score - 0.01,
                layer="prompt",
                reason=f"{yes.reason},同意预约",
                clause=yes.clause,
                prompt=prompt.id,
                late=prompt.expired,
            )
            for yes in reading.claimed("affirm")
            if context.takes_yes in {None, prompt} and not _OTHER_YES.search(yes.reason)
        )
        if (
            context.takes_yes in {None, prompt}
            and reading.only_emoji
            and reading.emoji
            and reading.emoji[0] == "affirm"
        ):
            found.append(
                Candidate(
                    intent="appointment_confirm",
                    score=0.85,
                    layer="emoji",
                    reason="表情表示同意",
                    prompt=prompt.id,
                    late=prompt.expired,
                )
            )
        if _repeats(reading, context):
            found.append(
                Candidate(
                    intent="appointment_confirm",
                    score=0.9,
                    layer="prompt",
                    reason=f"说的就是约好的时间:{reading.when.reason}",
                    prompt=prompt.id,
                    late=prompt.expired,
                )
            )
        break
    return found


def _repeats(reading: Reading, context: ReplyContext) -> bool:
    """Tell whether the reply is nothing but the booked time ("是周四下午两点吧")."""
    when, booking = reading.when, context.booking
    if booking is None or when.date != booking.date().isoformat() or when.time != booking.strftime("%H:%M"):
        return False
    rest = reading.whole
    for named in re.findall("“([^”]+)”", when.reason):
        rest = rest.replace(named, "")
    return bool(_AGREEING.fullmatch(rest)) and not any(prompt.proposed for prompt in context.prompts)


def respond(turn: Turn) -> list[Effect]:
    """The customer will come, agrees to a proposed time, or comes after all."""
    if (asked := which(turn)) is not None:
        return asked
    prompt, past = question_of(turn), turn.closed
    booking = booking_of(turn)
    if prompt is None and past is not None and past.reason != "answered":
        late = RecordLateReply(prompt=past.prompt.id, answer="confirmed")
        return [late, *(confirm(turn, booking) if booking and booking.start > turn.now else [])]
    if prompt is not None and prompt.proposed is not None and booking is not None:
        if turn.has_words("as_booked"):
            return confirm(turn, booking)
        return move(turn, booking, prompt.proposed)
    if prompt is not None and len(prompt.slots_offered) > 1 and (again := turn.ask_again(prompt)):
        # A yes to several times picks none of them.
        return [again]
    if prompt is not None and prompt.slots_offered and booking is not None:
        return move(turn, booking, prompt.slots_offered[0])
    if booking is None or booking.state == "cancelled":
        cancelled = booking or booking_of(turn, cancelled=True)
        return restore(turn, cancelled) if cancelled else unknown(turn)
    return confirm(turn, booking)


INTENT = Intent("appointment_confirm", claims, respond)
