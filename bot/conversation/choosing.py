"""Which of all candidates a reply means: stops first, then each prompt's answer, then the words clause by clause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from bot.conversation.echoes import APPOINTMENT, is_answer, puts_off, without_echoes
from bot.conversation.hearsay import instead, really
from bot.domain.intent import Reading
from bot.domain.understanding import PRIORITY, Candidate, IntentName, ReplyContext

CLEAR: Final = 0.75
"""A candidate this sure stands by itself."""
HINT: Final = 0.5
"""One below this is never taken; one between counts only where nothing is clear."""
MARGIN: Final = 0.05
"""Candidates of one clause closer than this are told apart by the order of acting."""
WEAK: Final[frozenset[IntentName]] = frozenset({"affirm", "deny", "greeting", "help", "other"})
YES_OR_NO: Final = frozenset({"promo", "survey"})

_BESIDE: Final[frozenset[frozenset[IntentName]]] = frozenset(
    {frozenset({"unsubscribe", "complaint"}), frozenset({"human_handoff", "complaint"})}
)
"""Intents that one clause can hold at once ("再发就投诉")."""
_OVER_QUESTION: Final[frozenset[IntentName]] = frozenset(
    {
        *APPOINTMENT,
        "unsubscribe",
        "resubscribe",
        "human_handoff",
        "preference_change",
        "wrong_number",
        "help",
        "quiz_answer",
    }
)
"""What a question in the same clause only asks for politely ("能不能改到周五")."""


def choose(candidates: Sequence[Candidate], reading: Reading, context: ReplyContext) -> tuple[Candidate, ...]:
    """Give the winners in the order of acting, the primary first; empty where nothing is clear."""
    live = [candidate for candidate in candidates if candidate.score >= HINT]
    if not live:
        return ()
    if any(candidate.score >= CLEAR for candidate in live):
        live = [candidate for candidate in live if candidate.score >= CLEAR]
    live = _without_vetoed_stops(_without_vetoed_returns(live, reading, context), reading)
    live = _without_hearsay(live, reading)
    if any(pick.undecided for pick in reading.picks.values()) or (reading.score and reading.score.undecided):
        # "A还是B呢": to waver is not to ask us.
        live = [candidate for candidate in live if candidate.intent not in {"question", "affirm", "deny"}]
    answers = _answers(live, reading, context)
    worded = _by_clause([candidate for candidate in live if not is_answer(candidate)])
    chosen = _one_appointment([*answers, *worded])
    chosen = _told_apart(without_echoes(chosen, reading, context), reading, context)
    if {candidate.intent for candidate in chosen} == {"greeting"} and _says_more(reading):
        return ()
    best: dict[IntentName, Candidate] = {}
    for candidate in sorted(chosen, key=lambda c: -c.score):
        best.setdefault(candidate.intent, candidate)
    return tuple(sorted(best.values(), key=lambda candidate: PRIORITY[candidate.intent]))


def _says_more(reading: Reading) -> bool:
    """Tell whether something beside a greeting was written that nobody understood ("8,谢谢")."""
    known = {hit.clause for hit in reading.hits}
    return any(clause.index not in known for clause in reading.clauses)


def _without_vetoed_returns(live: list[Candidate], reading: Reading, context: ReplyContext) -> list[Candidate]:
    """Take back a wish to be written to that only says when ("周末再给我发"), or changes nothing ("不退订,接着发")."""
    wish = reading.preference
    names = {candidate.intent for candidate in live}
    if "resubscribe" in names and wish.on and not (wish.off or wish.only or wish.frequency or wish.send_time):
        return [candidate for candidate in live if candidate.intent != "preference_change"]
    stays = "deny" in names and not context.opted_out
    chose = "preference_change" in names and bool(wish.send_time or wish.frequency or wish.only)
    if chose and not stays and any(_is_return(one) for one in live):
        return live  # "重新订上,每月一次就好": both
    if not (chose or stays):
        return live
    return [candidate for candidate in live if candidate.intent != "resubscribe"]


def _without_vetoed_stops(live: list[Candidate], reading: Reading) -> list[Candidate]:
    """Take back a stop that the reply itself takes back, or that is a choice of what to keep."""
    stops = [candidate for candidate in live if candidate.intent == "unsubscribe"]
    if not stops:
        return live
    vetoed: set[int] = set()
    wish = reading.preference
    chose = any(candidate.intent == "preference_change" for candidate in live)
    returns = [c.clause or 0 for c in live if c.intent == "resubscribe"]
    denials = [
        c.clause or 0
        for c in live
        if c.intent == "deny" and any(word in c.reason for word in ("退订", "不td", "取消订阅", "不退"))
    ]
    for index, candidate in enumerate(live):
        if candidate.intent != "unsubscribe":
            continue
        clause = candidate.clause or 0
        threat = _is_threat(candidate, reading)
        if (
            chose
            and (
                wish.only
                or (wish.keeps and clause in wish.clauses)
                or (clause in wish.clauses and "promo" not in wish.off)
            )
        ) and not threat:
            vetoed.add(index)
        if returns and (clause <= max(returns) or _REPORTED.search(reading.text_of(clause))):
            vetoed.add(index)
        if denials and not threat and max(denials) >= clause and candidate.score < 1:
            vetoed.add(index)
    return [candidate for index, candidate in enumerate(live) if index not in vetoed]


def _without_hearsay(live: list[Candidate], reading: Reading) -> list[Candidate]:
    """Give what is meant instead of stops that are none; one that is only told of gives way to all else."""
    kept: list[Candidate] = []
    for candidate in live:
        meant = really(candidate, reading) if candidate.intent == "unsubscribe" else None
        if meant is None:
            kept.append(candidate)
        elif meant != "other" or {one.intent for one in live} <= {"unsubscribe", "greeting", "affirm"}:
            kept.append(instead(candidate, meant, reading))
    return kept


def _is_return(candidate: Candidate) -> bool:
    """Tell who asks in so many words to be written to again."""
    quoted, _, _ = candidate.reason.partition("合于")
    return candidate.intent == "resubscribe" and _BACK.search(quoted) is not None


_BACK: Final = re.compile("重新|恢复(?![成到为])|再订|订上|订回|加回|开回|续上|取消退订|撤[销回]退订")
_REPORTED: Final = re.compile(
    r"(?:才|之前|以前|上次|当初|当时|那时|那会|前阵|前段|前几|上个?[月周]|误|错|不小心|手滑).{0,8}(?:退订|取消订阅)"
    r"|(?:退订|取消订阅)(?:的|是|了(?!吧))"
)
"""A stop that is told of, not asked for ("把我加回来,上个月才退订的")."""


def _is_threat(candidate: Candidate, reading: Reading) -> bool:
    """Tell a stop that nothing beside it softens: with a threat, or the consent withdrawn."""
    if "授权" in candidate.reason:
        return True
    return "threat" in reading.marks and ("<threat>" in candidate.reason or "工信部" in candidate.reason)


def _answers(live: Iterable[Candidate], reading: Reading, context: ReplyContext) -> list[Candidate]:
    """Give the answer to the newest prompt that it fits; a score said as one answers only a rating."""
    answers = [candidate for candidate in live if is_answer(candidate)]
    if not answers:
        return []
    if reading.score is not None and reading.score.explicit:
        ratings = [candidate for candidate in answers if candidate.intent == "rating"]
        if ratings:
            named = [c for c in answers if c.intent == "quiz_answer" and "说到" in c.reason]
            return [ratings[0], *named[:1]]
    order = [prompt.id for prompt in (*context.prompts, *context.lately)]
    if reading.correction:
        corrected = [candidate for candidate in answers if candidate.corrects]
        answers = corrected or answers
    newest = min(answers, key=lambda candidate: order.index(candidate.prompt or order[0]))
    return [newest]


def _by_clause(worded: Iterable[Candidate]) -> list[Candidate]:
    """Give the winner of each clause, and what may stand beside it."""
    clauses: dict[int, list[Candidate]] = {}
    for candidate in worded:
        clauses.setdefault(candidate.clause if candidate.clause is not None else -1, []).append(candidate)
    winners: list[Candidate] = []
    for clause, here in clauses.items():
        if clause < 0:
            winners.extend(here)
            continue
        top = max(candidate.score for candidate in here)
        close = [candidate for candidate in here if candidate.score >= top - MARGIN]
        first = min(close, key=lambda candidate: PRIORITY[candidate.intent])
        over = [c for c in here if c.intent in _OVER_QUESTION]
        if first.intent in {"question", "affirm", "deny"} and over:
            first = min(over, key=lambda candidate: PRIORITY[candidate.intent])
        if (
            first.intent != "unsubscribe"
            and (stop := next((c for c in here if c.intent == "unsubscribe"), None))
            and first.intent in {"complaint", "question", "greeting", "deny"}
        ):
            first = stop
        winners.append(first)
        winners.extend(c for c in here if frozenset({first.intent, c.intent}) in _BESIDE)
    return winners


def _one_appointment(chosen: list[Candidate]) -> list[Candidate]:
    """Keep one thing to do with the booking: a named new time before all, giving up before keeping."""
    family = [candidate for candidate in chosen if candidate.intent in APPOINTMENT]
    if len(family) < 2:
        return chosen
    timed = [
        c for c in family if c.intent == "appointment_reschedule" and (c.slots.date or c.slots.time or c.slots.period)
    ]
    moved = [c for c in family if c.intent == "appointment_reschedule"]
    gone = [c for c in family if c.intent == "appointment_cancel"]
    if timed:
        kept = timed[0]
    elif gone and moved:
        kept = gone[0] if any("取消" in c.reason for c in gone) else moved[0]
    elif gone or moved:
        kept = (gone or moved)[0]
    else:
        kept = max(family, key=lambda candidate: candidate.score)
    return [c for c in chosen if c.intent not in APPOINTMENT or c is kept]


def _told_apart(chosen: list[Candidate], reading: Reading, context: ReplyContext) -> list[Candidate]:
    """Drop what only accompanies something stronger: greetings, a yes before a complaint, the frame of a request."""
    names = {candidate.intent for candidate in chosen}
    kind = context.prompts[0].kind if context.prompts else "none"
    gone: set[IntentName] = set()
    if "appointment_confirm" in names:
        gone |= {"affirm"}
    strong = names - WEAK
    if strong:
        gone |= {"greeting", "help", "other"}
        if not (kind in YES_OR_NO and strong <= {"question", "praise", "complaint"}):
            gone |= {"affirm", "deny"}
    elif names & {"affirm", "deny", "help"}:
        gone |= {"greeting", "other"}
    elif {"greeting", "other"} <= names:
        gone |= {"greeting"}  # "1个小时后到,谢谢"
    if {"affirm", "deny"} <= names:
        gone.add(_earlier(chosen))
    if "wrong_number" in names:
        gone |= {"question", "praise", "affirm", "deny", *APPOINTMENT}
    if "resubscribe" in names:
        # "怎么收不到活动短信了,重新帮我开通": who misses our texts, or sent a stop by mistake, does not complain.
        gone |= {
            one.intent for one in chosen if one.intent == "complaint" and _MISSED.search(reading.text_of(one.clause))
        }
    if "rating" in names and reading.correction:
        gone |= {"wrong_number", *APPOINTMENT}  # "不是取消,我是说打3分"
    if names == {"deny", "other"} and puts_off(chosen):
        gone = {"deny"}
    return [candidate for candidate in chosen if candidate.intent not in gone]


_MISSED: Final = re.compile(
    "(?:收不到|没有?收到).{0,8}(?:短信|信息|消息|通知|提醒|优惠|活动)|[发打按点]错了?[啊呀吧啦]?$"
)


def _earlier(chosen: Iterable[Candidate]) -> IntentName:
    """Of a yes and a no, name the one that the other overrules: the earlier one."""
    at = {c.intent: c.clause or 0 for c in chosen if c.intent in {"affirm", "deny"}}
    return "affirm" if at["affirm"] <= at["deny"] else "deny"


def bound(chosen: Sequence[Candidate], context: ReplyContext) -> tuple[Candidate, ...]:
    """Tie free words to the `text` prompt that waits for them."""
    newest = context.prompts[0] if context.prompts else None
    if newest is None or newest.kind != "text":
        return tuple(chosen)
    return tuple(
        replace(candidate, prompt=newest.id)
        if candidate.prompt is None and candidate.intent in {"complaint", "praise", "other", "affirm", "deny"}
        else candidate
        for candidate in chosen
    )
