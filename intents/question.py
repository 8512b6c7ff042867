"""The customer wants to know something."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.effects import ClosePrompt, Effect, OpenPrompt
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn, open_ticket, waiting
from bot.domain.understanding import Candidate, ReplyContext

CLEAR = 0.76
"""A question of which nothing but its form is known."""


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:  # noqa: ARG001 — every intent claims alike
    """Claim by words alone."""
    found = reading.claimed("question")
    said = {claim.clause for claim in found} | {hit.clause for hit in reading.hits if hit.score >= CLEAR}
    found.extend(
        Candidate(intent="question", score=CLEAR, layer="pattern", reason=f"“{clause.text}”是问句", clause=clause.index)
        for clause in reading.clauses
        if clause.question
        and clause.index not in said
        and len(clause.core) > 1
        and not clause.text.startswith(("谁说", "没说", "谁讲", "谁知道"))
    )
    return found


def respond(turn: Turn) -> list[Effect]:
    """Answer from content/faq/, or bring it before a person; then repeat the open question shortly."""
    faq = turn.answer_for(turn.words)
    known = faq is not None and all(turn.knows(fact) for fact in faq.needs)
    moved = any(isinstance(effect, OpenPrompt | ClosePrompt) for effect in turn.so_far)
    if moved and not known:
        # "周六可以吗" asks for another time, which has been answered by now.
        return []
    prompt = None if moved else turn.newest()
    again = turn.ask_again(prompt) if prompt is not None else None
    repeated: list[Effect] = [again] if again else []
    if faq is not None and known:
        return [turn.say(f"faq/{faq.name}"), *repeated]
    ticket = open_ticket(turn, "question")
    return [*([ticket] if ticket else []), turn.say("question_to_staff", **waiting(turn)), *repeated]


INTENT = Intent("question", claims, respond)
