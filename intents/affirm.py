"""The customer says yes."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.booking import booking_of, confirm, move, question_of
from bot.domain.effects import ClosePrompt, Effect, RecordLateReply, RecordSurveyAnswer, ReplaceAnswer, StaySilent
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext

ANSWERED = frozenset({"promo", "survey", "choice", "order", "text", "quiz", "rating", "preference"})


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim a yes: by number where a prompt offers one ("回复1领取"), by words, or by a nod of an emoji."""
    found = reading.agreed("affirm", context.takes_yes)
    for prompt in context.asked:
        pick = reading.picks.get(prompt.id)
        if prompt.kind in {"promo", "survey"} and not prompt.options and pick and pick.options == (1,):
            found.append(
                Candidate(
                    intent="affirm",
                    score=0.96,
                    layer="prompt",
                    reason=f"{pick.reason}合于提示的回复1",
                    prompt=prompt.id,
                    late=prompt.expired,
                )
            )
    if reading.only_emoji and reading.emoji and reading.emoji[0] == "affirm":
        found.append(Candidate(intent="affirm", score=0.8, layer="emoji", reason="表情表示同意", clause=0))
    return found


def respond(turn: Turn) -> list[Effect]:
    """Say yes to the question that takes a yes; a yes to nothing is politeness and ends the talk."""
    prompt, past = turn.prompt, turn.closed
    if prompt is None and past is not None:
        if past.reason != "answered":
            return [RecordLateReply(prompt=past.prompt.id, answer="yes")]
        if past.answer == "no":
            return [ReplaceAnswer(prompt=past.prompt.id, answer="yes", was="no")]
        return [StaySilent(reason="same_answer")]
    if prompt is None and not turn.open_prompts and (missed := turn.missed("promo", "survey")):
        return [RecordLateReply(prompt=missed.id, answer="yes")]
    prompt = prompt or turn.newest("promo", "survey", "choice", "appointment") or turn.newest()
    match prompt.kind if prompt else None:
        case "promo" | "survey" | "choice" if prompt is not None:
            return [
                RecordSurveyAnswer(prompt=prompt.id, answer="yes", subject=prompt.subject),
                ClosePrompt(prompt=prompt.id, reason="answered", answer="yes", answered_at=turn.event.at),
            ]
        case "appointment":
            asked, booking = question_of(turn), booking_of(turn)
            if asked is not None and booking is not None:
                return move(turn, booking, asked.proposed) if asked.proposed else confirm(turn, booking)
        case "rating" | "quiz" | "preference" if prompt is not None:
            again = turn.ask_again(prompt)
            return [again] if again else []
    return [StaySilent(reason="courtesy")]


INTENT = Intent("affirm", claims, respond)
