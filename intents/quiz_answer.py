"""The customer picks an option of a quiz or of another list."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.booking import WHICH, chosen
from bot.domain.customer import Prompt
from bot.domain.effects import (
    ClosePrompt,
    Effect,
    RecordLateReply,
    RecordQuizAnswer,
    RecordSurveyAnswer,
    ReplaceAnswer,
    StaySilent,
)
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, PromptView, ReplyContext, Slots


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim one option of each prompt with options that is open, expired lately or to be corrected."""
    found = [claim for prompt in context.prompts if (claim := _claim(reading, prompt))]
    return found or [claim for prompt in context.lately if (claim := _claim(reading, prompt))][:1]


def _claim(reading: Reading, prompt: PromptView) -> Candidate | None:
    pick = reading.picks.get(prompt.id)
    listed = prompt.kind in {"quiz", "choice"} or (prompt.kind == "survey" and prompt.options)
    if not listed or pick is None or pick.undecided or len(pick.options) != 1:
        return None
    return Candidate(
        intent="quiz_answer",
        score=0.97,
        layer="prompt",
        reason=f"{pick.reason},是第{pick.options[0]}项",
        slots=Slots(option=pick.options[0]),
        prompt=prompt.id,
        corrects=prompt.answered is not None,
        late=prompt.expired,
    )


def respond(turn: Turn) -> list[Effect]:
    """Record the option; where the right one was told already, the first answer counts."""
    option = turn.understanding.slots.option
    prompt, past = turn.prompt, turn.closed
    if option is None:
        return []
    if prompt is not None and (prompt.subject or "").startswith(f"{WHICH}/"):
        return chosen(turn, prompt, option)
    if prompt is not None and prompt.kind != "quiz":
        return _chosen(turn, prompt, option)
    if prompt is not None:
        right = prompt.right is None or prompt.right == option
        return [
            RecordQuizAnswer(prompt=prompt.id, option=option, subject=prompt.subject, right=right),
            ClosePrompt(prompt=prompt.id, reason="answered", answer=str(option), answered_at=turn.event.at),
        ]
    if past is None:
        return []
    if past.reason != "answered":
        return [RecordLateReply(prompt=past.prompt.id, answer=str(option))]
    if past.answer == str(option):
        return [StaySilent(reason="same_answer")]
    if past.prompt.kind == "quiz" and past.prompt.right is not None:
        return [turn.say("quiz_first_counts")]
    return [ReplaceAnswer(prompt=past.prompt.id, answer=str(option), was=past.answer or "")]


def _chosen(turn: Turn, prompt: Prompt, option: int) -> list[Effect]:
    """A journey's own question: what was chosen is kept in its own words."""
    answer = prompt.options[option - 1] if 0 < option <= len(prompt.options) else str(option)
    return [
        RecordSurveyAnswer(prompt=prompt.id, answer=answer, subject=prompt.subject),
        ClosePrompt(prompt=prompt.id, reason="answered", answer=answer, answered_at=turn.event.at),
    ]


INTENT = Intent("quiz_answer", claims, respond)
