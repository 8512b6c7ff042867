"""The customer says no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.domain.booking import booking_of, confirm
from bot.domain.effects import ClosePrompt, Effect, OpenPrompt, RecordSurveyAnswer, ReplaceAnswer, StaySilent
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext

DECLINABLE: Final = frozenset({"rating", "quiz", "preference", "order", "text"})
"""Kinds of question that a no closes without an answer."""


STAYS = ("退订", "取消订阅", "不退", "td")
"""A no to these leaves everything as it is and answers nothing."""


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim a no: by number where a survey offers one, by words, or by a shake of an emoji."""
    found = [
        replace(no, prompt=None, layer="stop") if any(word in no.reason for word in STAYS) else no
        for no in reading.agreed("deny", context.takes_yes)
    ]
    for prompt in context.asked:
        pick = reading.picks.get(prompt.id)
        if prompt.kind == "survey" and not prompt.options and pick and pick.options == (2,):
            found.append(
                Candidate(
                    intent="deny",
                    score=0.96,
                    layer="prompt",
                    reason=f"{pick.reason}是否",
                    prompt=prompt.id,
                    late=prompt.expired,
                )
            )
    if reading.only_emoji and reading.emoji and reading.emoji[0] == "deny":
        found.append(Candidate(intent="deny", score=0.8, layer="emoji", reason="表情表示拒绝", clause=0))
    return found


def respond(turn: Turn) -> list[Effect]:
    """Say no to the question that it answers; what answers nothing ("不退订") changes nothing."""
    prompt, past = turn.prompt, turn.closed
    if prompt is None and past is not None:
        if past.reason == "answered" and past.answer == "yes":
            return [ReplaceAnswer(prompt=past.prompt.id, answer="no", was="yes")]
        return [StaySilent(reason="nothing_to_change")]
    prompt = prompt or (None if turn.has_words("stays") else turn.newest())
    if prompt is None:
        return [StaySilent(reason="stopped")] if turn.idle_after_stop else [turn.say("nothing_changed")]
    closed = ClosePrompt(prompt=prompt.id, reason="answered", answer="no", answered_at=turn.event.at)
    if prompt.kind == "appointment" and turn.has_words("as_booked") and (booking := booking_of(turn)):
        return confirm(turn, booking)
    if prompt.kind == "appointment":
        asked = replace(prompt, proposed=None, slots_offered=(), opened_at=turn.now, sent_at=None)
        return [OpenPrompt(prompt=asked), turn.say("appointment_ask_when")]
    if prompt.kind in DECLINABLE:
        return [closed]
    return [RecordSurveyAnswer(prompt=prompt.id, answer="no", subject=prompt.subject), closed]


INTENT = Intent("deny", claims, respond)
