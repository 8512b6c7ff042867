"""The customer picks an option of a quiz or of another list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

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
from bot.domain.intent import Intent, Pick, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, PromptView, ReplyContext, Slots

SAID: Final = 2
"""From so many characters on something is said beside the option."""
SURE: Final = 0.8
_NAMED: Final = re.compile("“([^”]+)”")
_CHOOSING: Final = re.compile(
    "^(?:我|就|那|应该|肯定|当然|一定|必须|可能|大概|估计|会不会|是不是|难道|不会|是|嗯|哦|好像|貌似|的){1,6}"
)
_PARTICLES: Final = re.compile("^(?:[吧呀啊呢哦嘛哈啦呗吗么的了对]|是不是|对不对|没错){1,6}")
_CHOSEN: Final = re.compile("(?:选|答|猜|投|肯定是?|当然是?|应该是?|一定是?|必须是?)(?:案|择|的)?[是:]?$")
_BOUGHT: Final = re.compile(
    "买的|买了|泡了|喝了|喝过|吃了|订的|订了|下单|那批|寄来|送来|收到|上次|"
    "上周|昨天|前天|你们?家的?|你们的|店里的?|过.{0,6}再|再[答说]|晚点"
)
_LIVED: Final = re.compile(
    "回.{0,3}老家|放.{0,3}假|抢到|睡|吃完|去了|[一两三四五六七八九十\\d]斤|刨|加班|上班|出差|陈的|过期|累"
    "|大吉|送.{0,3}[吗么]|能参加|多大|多少|玩偶|[猫狗]粮"
    "|成狗|遛狗|被[狗猫]|养[猫狗]|[猫狗]了?[在一]|年大吉|打翻|不会做|好难|搬走|后浪|抢票"
    "|^.{2,4}(?:味道|(?:也|很|真|挺|蛮)?(?:好喝|不错|好吃)|很好)|还是发"
)
"""Words about a thing of that name, not about the question."""
_GUESSES: Final = re.compile("是.{0,8}[吧吗]$|对[吗吧]$")


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim one option of each prompt with options that is open, expired lately or to be corrected."""
    found = [claim for prompt in context.prompts if (claim := _claim(reading, prompt))]
    return found or [claim for prompt in context.lately if (claim := _claim(reading, prompt))][:1]


def _claim(reading: Reading, prompt: PromptView) -> Candidate | None:
    pick = reading.picks.get(prompt.id)
    listed = prompt.kind in {"quiz", "choice"} or (prompt.kind == "survey" and prompt.options)
    if not listed or pick is None or pick.undecided or len(pick.options) != 1 or _speaks_of_else(reading, pick):
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


def _speaks_of_else(reading: Reading, pick: Pick) -> bool:
    """Tell whether an option's name only occurs in words about something else ("上次买的红茶全是碎末")."""
    named = _NAMED.search(pick.reason)
    if named is None:
        return False
    if any(clause.core == named[1] for clause in reading.clauses):
        return False
    clause = next((clause for clause in reading.clauses if named[1] in clause.text), None)
    if clause is None:
        return False
    before, _, after = clause.text.partition(named[1])
    rest = _CHOOSING.sub("", before) + _PARTICLES.sub("", after)
    if len(rest) < SAID or _CHOSEN.search(before):
        return False
    if _BOUGHT.search(clause.text) or (_LIVED.search(clause.text) and "选" not in reading.text):
        return True
    return any(
        hit.score >= SURE and hit.intent in {"complaint", "question"} and not _GUESSES.search(clause.text)
        for hit in reading.hits
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
