"""The customer gives a score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.domain.customer import ClosedPrompt
from bot.domain.effects import (
    ClosePrompt,
    Effect,
    RecordLateReply,
    RecordRating,
    ReplaceRating,
    RestoreAppointment,
    StaySilent,
)
from bot.domain.intent import Intent, Reading, Score
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, PromptView, ReplyContext, Slots
from bot.domain.undoing import can_undo, take_back, withdrawn

LOW: Final = 2
"""A score up to this calls staff."""


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim a score from 1 to 5 for each rating prompt that is open, expired lately or to be corrected."""
    score = reading.score
    if score is None or score.value is None or score.undecided:
        return []
    found = [_claim(score, prompt, context) for prompt in context.prompts if prompt.kind == "rating"]
    if not found:
        found = [_claim(score, prompt, context) for prompt in context.lately if prompt.kind == "rating"][:1]
    return found


def _claim(score: Score, prompt: PromptView, context: ReplyContext) -> Candidate:
    answered = prompt.answered is not None
    return Candidate(
        intent="rating",
        score=0.98 if score.explicit else 0.96,
        layer="prompt",
        reason=f"{score.reason}是{score.value}分",
        clause=None,
        slots=Slots(rating=score.value),
        prompt=prompt.id,
        corrects=answered or (score.correction and any(p.answered for p in context.lately)),
        late=prompt.expired,
    )


def respond(turn: Turn) -> list[Effect]:
    """Record the score for the question that asked; correct it, or keep it as late, where that is closed."""
    rating = turn.understanding.slots.rating
    prompt, past = turn.prompt, turn.closed
    if rating is None:
        return []
    if past is not None and past.reason in {"stopped", "handed_over"}:
        # Nobody would have asked again; a score that comes all the same counts.
        prompt = past.prompt
    if prompt is not None:
        act = turn.customer.last_act
        taken_back = turn.candidate.corrects and act is not None and can_undo(turn.customer, turn.now)
        return [
            *(_taken_back(turn) if taken_back else []),
            RecordRating(prompt=prompt.id, rating=rating, subject=prompt.subject),
            ClosePrompt(prompt=prompt.id, reason="answered", answer=str(rating), answered_at=turn.event.at),
        ]
    if past is None:
        return []
    if past.reason != "answered":
        return [RecordLateReply(prompt=past.prompt.id, answer=str(rating))]
    return _corrected(turn, past, rating)


def _taken_back(turn: Turn) -> list[Effect]:
    """The number before was meant for this question: what it did elsewhere is undone, and the customer told."""
    undone = take_back(turn.customer, turn.now)
    booked = any(isinstance(effect, RestoreAppointment) for effect in undone)
    return [*undone, turn.say("appointment_taken_back" if booked else "undone")]


def _corrected(turn: Turn, past: ClosedPrompt, rating: int) -> list[Effect]:
    was = int(past.answer) if past.answer and past.answer.isdecimal() else 0
    if was == rating:
        return [StaySilent(reason="same_answer")]
    back = withdrawn(turn.customer, past) if was <= LOW < rating else []
    return [ReplaceRating(prompt=past.prompt.id, rating=rating, was=was), *back]


INTENT = Intent("rating", claims, respond)
