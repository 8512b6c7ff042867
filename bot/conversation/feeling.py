"""What the mood of a reply adds where its words say nothing: complaints and praise in words that nobody listed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Final

from bot.domain.intent import Clause, Reading
from bot.domain.understanding import PRIORITY, Candidate, IntentName, Mood, MoodLabel, ReplyContext

Feel = Callable[..., Mood]

WHOLE: Final = 0.75
"""From this probability up the mood of a whole text makes a complaint or praise of it ..."""
UNASKED: Final = 0.8
"""... this much where nothing of ours is there to complain of or to praise."""
CLAUSE: Final = 0.75
"""So much of a clause that stands beside something clearer."""
RHETORICAL: Final = 0.8
"""So much of a question: then it asks nothing."""
GOOD: Final = 0.7
"""So much of praise beside a mild complaint: then that one is dropped."""
_ASKS: Final = re.compile(
    r"什么时候|几|多少|多久|多大|多远|哪|怎么[办退换用操领约走去联买卖收参报付查弄]|如何|能|可以|是否|有没有"
    r"|地址|电话|没有?$|请问|想问|是不是|会不会|要不要|([\u4e00-\u9fff])不\1"
)
"""A question with one of these wants to know something, however it sounds."""
_BUT: Final = re.compile("不过|但|可是|然而|好在|还好|幸好|总体|总的|整体|好歹|只是")
SURE: Final = 0.85
"""A complaint by a pattern or an exact phrase stands beside praise."""
CHARS: Final = 4
"""Shorter texts say too little."""
BESIDE: Final[frozenset[IntentName]] = frozenset({"rating", "unsubscribe"})
"""Intents beside which a reason is often given."""


def by_feeling(
    chosen: Sequence[Candidate], reading: Reading, context: ReplyContext, feel: Feel
) -> tuple[tuple[Candidate, ...], list[Candidate]]:
    """Add to what was chosen what the mood tells; give the choice and the candidates that are new."""
    chosen = _without_retorts(chosen, reading)
    names = {candidate.intent for candidate in chosen}
    if not names or (names == {"other"} and _unexplained(reading)):
        felt = _whole(reading, context, feel)
        return (tuple(felt) or tuple(chosen)), felt
    if "question" in names and "complaint" not in names and not _ASKS.search(reading.text):
        return _rhetorical(chosen, reading, feel)
    if {"praise", "complaint"} <= names and not names & {"rating", "unsubscribe"}:
        if _turns_good(chosen, reading):
            return tuple(candidate for candidate in chosen if candidate.intent != "complaint"), []
        mild = all(candidate.score < SURE for candidate in chosen if candidate.intent == "complaint")
        if mild and feel(reading.text).p[2] >= GOOD:
            return tuple(candidate for candidate in chosen if candidate.intent != "complaint"), []
        return tuple(chosen), []
    if names & BESIDE and not names & {"praise", "complaint"}:
        felt = _clauses(reading, feel, praise="rating" in names)
        return _ordered([*chosen, *felt]), felt
    return tuple(chosen), []


def _without_retorts(chosen: Sequence[Candidate], reading: Reading) -> Sequence[Candidate]:
    """Drop a question beside a complaint that asks for nothing ("谁安排得过来啊", "还发?")."""
    if not any(candidate.intent == "complaint" for candidate in chosen):
        return chosen
    texts = {clause.index: clause.text for clause in reading.clauses}
    return [
        candidate
        for candidate in chosen
        if candidate.intent != "question"
        or candidate.layer != "pattern"
        or _ASKS.search(texts.get(candidate.clause or 0, ""))
    ]


def _turns_good(chosen: Sequence[Candidate], reading: Reading) -> bool:
    """Tell whether praise comes last, after a "but" ("等了几天,不过东西是真好")."""
    good = max((c.clause or 0 for c in chosen if c.intent == "praise"), default=0)
    bad = max((c.clause or 0 for c in chosen if c.intent == "complaint"), default=0)
    return good > bad and good < len(reading.clauses) and bool(_BUT.match(reading.clauses[good].text))


def _whole(reading: Reading, context: ReplyContext, feel: Feel) -> list[Candidate]:
    if len(reading.whole) < CHARS or (reading.score and (reading.score.undecided or reading.score.out_of_range)):
        return []
    kind = context.prompts[0].kind if context.prompts else None
    mood = feel(reading.text, prompt=kind)
    neg, _, pos = mood.p
    needed = WHOLE if kind in {"order", "text", "rating"} else UNASKED
    if neg >= needed and mood.label == "neg":
        return [_candidate("complaint", neg, mood)]
    if pos >= needed and mood.label == "pos":
        return [_candidate("praise", pos, mood)]
    if _asked_why(context):
        return [
            Candidate(
                intent="complaint", score=0.6, layer="prompt", reason="答的是为什么打低分", prompt=context.prompts[0].id
            )
        ]
    return []


def _asked_why(context: ReplyContext) -> bool:
    """Tell whether we asked for the reason of a low score: whatever is written then is the reason."""
    if not context.prompts or context.prompts[0].kind != "text":
        return False
    return any((prompt.answered or "") in {"rating:1", "rating:2", "rating:3"} for prompt in context.lately)


def _rhetorical(
    chosen: Sequence[Candidate], reading: Reading, feel: Feel
) -> tuple[tuple[Candidate, ...], list[Candidate]]:
    if any(candidate.layer in {"exact", "phrase", "example"} for candidate in chosen if candidate.intent == "question"):
        return tuple(chosen), []
    mood = feel(reading.text)
    if mood.p[0] < RHETORICAL:
        return tuple(chosen), []
    felt = [_candidate("complaint", mood.p[0], mood)]
    return _ordered([*(candidate for candidate in chosen if candidate.intent != "question"), *felt]), felt


def _unexplained(reading: Reading) -> list[Clause]:
    """Give the clauses about which words and numbers say nothing."""
    explained = {hit.clause for hit in reading.hits} | {number.clause for number in reading.numbers}
    return [c for c in reading.clauses[:6] if c.index not in explained and len(c.text) >= CHARS - 1]


def _clauses(reading: Reading, feel: Feel, *, praise: bool) -> list[Candidate]:
    found: list[Candidate] = []
    for clause in _unexplained(reading):
        found.extend(_clause(clause, feel, praise=praise))
    return found[:1]


def _clause(clause: Clause, feel: Feel, *, praise: bool) -> list[Candidate]:
    mood = feel(clause.text)
    neg, _, pos = mood.p
    if neg >= CLAUSE:
        return [_candidate("complaint", neg, mood, clause.index)]
    if praise and pos >= CLAUSE:
        return [_candidate("praise", pos, mood, clause.index)]
    return []


def _candidate(intent: IntentName, p: float, mood: Mood, clause: int | None = None) -> Candidate:
    reason = f"语气:{mood.reason or mood.label}"
    return Candidate(intent=intent, score=round(p * 0.8, 3), layer="mood", reason=reason, clause=clause)


def _ordered(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates, key=lambda candidate: PRIORITY[candidate.intent]))


QUIET: Final[frozenset[IntentName]] = frozenset(
    {
        *("quiz_answer", "appointment_confirm", "appointment_cancel", "appointment_reschedule", "preference_change"),
        *("affirm", "deny", "greeting", "help", "resubscribe"),
    }
)
"""Who only answers, agrees or asks the way says nothing of how it was."""
PLAIN: Final[frozenset[IntentName]] = frozenset({"unsubscribe", "wrong_number"})
"""What may be said in so many words without any feeling."""
LOUD: Final = 0.8
"""From this probability up even a stop, a question or a stray word counts as bad-tempered."""


def settled(mood: Mood, chosen: Sequence[Candidate], reading: Reading, feel: Feel) -> Mood:
    """Hold the mood against what was understood: an answer is neutral, a complaint bad, praise good.

    A stop or a wrong number is neutral by itself; what is said beside it may be bad-tempered.
    """
    abusive = reading.abusive
    names = {candidate.intent for candidate in chosen}
    neg, *_ = mood.p
    if abusive or ("complaint" in names and ("rating" not in names or "unsubscribe" in names)):
        return mood if mood.label == "neg" else _as("neg", mood, "抱怨" if not abusive else "辱骂")
    if "rating" in names:
        return mood
    if "praise" in names:
        return mood if mood.label == "pos" else _as("pos", mood, "表扬")
    if names <= QUIET:
        return mood if mood.label == "neu" else _as("neu", mood, "只是作答")
    if names & PLAIN and mood.label == "neg" and not _grumbles(reading, names & PLAIN, feel):
        return _as("neu", mood, "没有表示好坏")
    if mood.label == "pos" or (mood.label == "neg" and neg < LOUD):
        return _as("neu", mood, "没有表示好坏")
    return mood


def _grumbles(reading: Reading, said: Collection[IntentName], feel: Feel) -> bool:
    """Tell whether anything beside what was plainly said is bad-tempered."""
    plain = {hit.clause for hit in reading.hits if hit.intent in said}
    if any(hit.intent == "complaint" and hit.clause not in plain for hit in reading.hits):
        return True
    rest = [clause.text for clause in reading.clauses if clause.index not in plain]
    return bool(rest) and feel(",".join(rest)).p[0] >= WHOLE


def _as(label: MoodLabel, mood: Mood, why: str) -> Mood:
    """Give the mood the label that was understood, no surer than that allows."""
    p = {"neg": (0.75, 0.2, 0.05), "neu": (0.1, 0.8, 0.1), "pos": (0.05, 0.2, 0.75)}[label]
    score = {"neg": -0.7, "neu": 0.0, "pos": 0.7}[label]
    return Mood(label=label, p=p, score=score, reason=why, layer="intent", abstained=mood.abstained)
