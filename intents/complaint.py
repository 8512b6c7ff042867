"""The customer is unhappy with something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.domain.customer import Prompt
from bot.domain.effects import (
    AlertStaff,
    AttachComment,
    ClosePrompt,
    Effect,
    OpenTicket,
    RecordRating,
    ReplaceRating,
    SuppressMarketing,
)
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn, open_ticket, waiting
from bot.domain.understanding import Candidate, ReplyContext

GOOD: Final = 3
"""With a score from this up, what is said beside it is a comment, not a case."""
GRAVE: Final = -0.8
"""A mood from this down makes a complaint urgent."""


THREATS = (
    "投诉",
    "举报",
    "报警",
    "告你",
    "告他",
    "律师",
    "法院",
    "起诉",
    "消协",
    "工商",
    "工信部",
    "123",
    "110",
    "曝光",
    "差评",
)


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:  # noqa: ARG001 — every intent claims alike
    """Claim a complaint by words, by abuse, or by emoji where they are all there is."""
    found = reading.claimed("complaint")
    if not found:
        found.extend(
            Candidate(
                intent="complaint", score=0.85, layer="pattern", reason=f"以投诉相胁:{stop.reason}", clause=stop.clause
            )
            for stop in reading.hits
            if stop.intent == "unsubscribe" and any(word in stop.words for word in THREATS)
        )
    if reading.abusive and not found:
        clause = reading.marks["abuse"][0]
        found.append(Candidate(intent="complaint", score=0.8, layer="phrase", reason="有辱骂的话", clause=clause))
    if reading.only_emoji and reading.emoji and reading.emoji[0] in {"complaint", "sad"}:
        found.append(Candidate(intent="complaint", score=0.85, layer="emoji", reason="表情表示不满", clause=0))
    return found


def respond(turn: Turn) -> list[Effect]:
    """Keep the words where they belong; if it is grave enough, a person gets it and promotion waits."""
    topics = tuple(hit.topic for hit in turn.understanding.topics if hit.polarity != "pos")
    about = turn.newest("text", "order", "rating")
    scored = next((one for one in turn.so_far if isinstance(one, RecordRating | ReplaceRating)), None)
    comment = AttachComment(text=turn.words, topics=topics, to=scored.prompt if scored else _belongs_to(about))
    closed: list[Effect] = []
    if about is not None and about.kind in {"text", "order"}:
        answered_at = turn.event.at
        closed = [ClosePrompt(prompt=about.id, reason="answered", answer="comment", answered_at=answered_at)]
    if scored is not None and scored.rating >= GOOD:
        return [comment, *closed]
    if turn.has_words("texts") and turn.has_words("too_often"):
        return [comment, *closed, turn.say("complaint_too_often")]
    if scored is None and about is not None and _score_before(turn, about) >= GOOD:
        return [comment, *closed, turn.say("comment_thanks")]
    if "unsubscribe" in turn.intents and not topics:
        # Who swears or threatens while leaving wants no case; staff should know all the same.
        return [comment, *closed, *_alert(turn)]
    return [comment, *closed, *_case(turn, answered=scored is not None)]


def _case(turn: Turn, *, answered: bool) -> list[Effect]:
    ticket = open_ticket(turn, "complaint")
    name = "complaint_case" if isinstance(ticket, OpenTicket) else "complaint_noted"
    effects: list[Effect] = [*([ticket] if ticket else []), SuppressMarketing(reason="complaint")]
    return effects if answered else [*effects, *_alert(turn), turn.say(name, **waiting(turn))]


def _alert(turn: Turn) -> list[Effect]:
    if any(isinstance(effect, AlertStaff) for effect in turn.so_far):
        return []
    urgent = turn.understanding.abusive or turn.understanding.mood.score <= GRAVE
    return [
        AlertStaff(
            alert=f"complaint:{turn.event.id}",
            reason="complaint",
            severity="urgent" if urgent else "warning",
            text=turn.words,
        )
    ]


def _belongs_to(prompt: Prompt | None) -> str | None:
    """A free answer belongs to the score that it explains, other words to what they were asked about."""
    if prompt is None:
        return None
    if prompt.kind == "text" and prompt.about:
        return prompt.about.partition(":")[2]
    return prompt.subject if prompt.kind == "order" and prompt.subject else prompt.id


def _score_before(turn: Turn, prompt: Prompt) -> int:
    """Give the score that a free answer follows up; 0 where it follows none."""
    scored = _belongs_to(prompt) if prompt.kind == "text" else None
    return next((one.rating for one in turn.customer.ratings if one.prompt == scored), 0)


INTENT = Intent("complaint", claims, respond)
