"""The customer gives the appointment up."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.booking import booking_of, cancel, question_of, unknown, which
from bot.domain.effects import Effect, RecordLateReply
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim a cancellation: the menu's 3, or words."""
    found = reading.claimed("appointment_cancel")
    for prompt in context.asked:
        if prompt.kind != "appointment":
            continue
        found += reading.from_menu(prompt, 3, "appointment_cancel", "取消")
        break
    return found


def respond(turn: Turn) -> list[Effect]:
    """Cancel the booking and nothing else; the answer offers another time."""
    if (asked := which(turn)) is not None:
        return asked
    past, booking = turn.closed, booking_of(turn)
    late: list[Effect] = []
    if question_of(turn) is None and past is not None and past.reason != "answered":
        late = [RecordLateReply(prompt=past.prompt.id, answer="cancelled")]
        if booking is None or booking.start <= turn.now:
            return late
    if booking is None and (gone := booking_of(turn, cancelled=True)):
        return [*late, turn.say("appointment_cancelled", start=gone.start)]
    return [*late, *(cancel(turn, booking) if booking else unknown(turn))]


INTENT = Intent("appointment_cancel", claims, respond)
