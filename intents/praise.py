"""The customer is pleased."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.customer import Prompt
from bot.domain.effects import AttachComment, ClosePrompt, Effect, RecordRating, ReplaceRating, StaySilent
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:  # noqa: ARG001 — every intent claims alike
    """Claim praise by words, or by emoji where they are all there is."""
    found = reading.claimed("praise")
    if reading.only_emoji and reading.emoji and reading.emoji[0] == "praise":
        found.append(Candidate(intent="praise", score=0.85, layer="emoji", reason="表情表示称赞", clause=0))
    return found


def respond(turn: Turn) -> list[Effect]:
    """Keep the praise and thank; where a score is still wanted, ask for the number once, never guess it."""
    topics = tuple(hit.topic for hit in turn.understanding.topics if hit.polarity == "pos")
    scored = next((one for one in turn.so_far if isinstance(one, RecordRating | ReplaceRating)), None)
    if scored is not None:
        return [AttachComment(text=turn.words, topics=topics, to=scored.prompt)]
    prompt = turn.newest("text", "order", "rating", "survey")
    if prompt is None:
        return [StaySilent(reason="stopped")] if turn.idle_after_stop else [turn.say("praise_thanks")]
    comment = AttachComment(text=turn.words, topics=topics, to=_belongs_to(prompt))
    if prompt.kind in {"text", "order"}:
        closed = ClosePrompt(prompt=prompt.id, reason="answered", answer="comment", answered_at=turn.event.at)
        return [comment, closed, turn.say("praise_thanks")]
    if prompt.kind == "rating" and prompt.asked_again == 0:
        return [comment, turn.say("praise_ask_rating")]
    return [comment, turn.say("praise_thanks")]


def _belongs_to(prompt: Prompt) -> str:
    if prompt.kind == "text" and prompt.about:
        return prompt.about.partition(":")[2]
    return prompt.subject if prompt.kind == "order" and prompt.subject else prompt.id


INTENT = Intent("praise", claims, respond)
