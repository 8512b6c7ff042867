"""What only echoes something said beside it: a slip put right, the reason of a wish, a question that is the wish."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.domain.intent import Reading
from bot.domain.understanding import Candidate, IntentName, ReplyContext

APPOINTMENT: Final[frozenset[IntentName]] = frozenset(
    {"appointment_cancel", "appointment_reschedule", "appointment_confirm"}
)
_WISHES: Final = frozenset({"preference_change", "resubscribe"})
_SLIP: Final = re.compile(
    r"^(?:我|刚才?|刚刚|前面|上面|上一?|那|一|[个条次]|这个|的|是|不小心|又|给|啊|呃|[\da-h]){0,8}"
    r"(?:[打发按点输写回填选弄搞看记说][错反](?!人|号|货|电话|了?[一两几]|了?人)|手[滑误抖])"
)
_MERE_NO: Final = re.compile("整句是“(?:哎呀?|啊|呃|那)?(?:不行|不好)")
_OF_TEXTS: Final = re.compile("密|消化|后悔|吵醒|影响休息|没.{0,4}(?:短信|消息|信息|推送)|没收到你们")
"""A grumble that only gives the reason of a wish about our texts."""
_LATER: Final = re.compile("晚点|等会|等下|待会|稍后|一会|回头|过会|回[你复]?")
"""Who is busy and says so with one of these has not said no."""
_OF_BOOKING: Final = re.compile("约|去|来|到|课|号|菜单|做")
"""Words by which a "cancel" beside a stop is meant for the booking."""
_SCORE_WORDS: Final = frozenset({"五星", "满分", "五星好评", "好评", "满意", "差评", "一星", "非常满意", "十分满意"})


def is_answer(candidate: Candidate) -> bool:
    """Tell an answer by number, letter or name to a prompt from what words alone say."""
    return candidate.prompt is not None and candidate.clause is None and candidate.layer == "prompt"


def without_echoes(chosen: Sequence[Candidate], reading: Reading, context: ReplyContext) -> list[Candidate]:
    """Drop what would mean something alone and means nothing beside the rest."""
    kept = _without_slips(chosen, reading)
    names = {candidate.intent for candidate in kept}
    moved = any(c.intent == "appointment_reschedule" and (c.slots.date or c.slots.time) for c in kept)
    at = reading.clause_at(reading.when.at) if moved else None
    wish = -1 if at is None else at
    listed = bool(context.prompts) and context.prompts[0].kind == "appointment" and len(reading.clauses) > 1
    return [one for one in kept if not _is_echo(one, names, reading, wish=wish, listed=listed)]


def _is_echo(candidate: Candidate, names: set[IntentName], reading: Reading, *, wish: int, listed: bool) -> bool:
    """Tell an echo; `wish` is the clause that names another time, `listed`: the menu offers to cancel."""
    match candidate.intent:
        case "appointment_confirm":
            return bool(names & {"complaint", "praise", *_WISHES}) and _is_mere_yes(candidate)
        case "appointment_cancel":
            of_booking = _OF_BOOKING.search(candidate.reason) or (listed and candidate.layer == "exact")
            return bool(names & {"unsubscribe", *_WISHES}) and not of_booking
        case "question":
            asks_no_more = candidate.clause == wish and candidate.layer == "pattern"  # "周五晚上七点呢"
            return asks_no_more or ("human_handoff" in names and candidate.reason.endswith("是问句"))
        case "complaint":
            if "rating" in names and _only_scores(candidate):
                return True
            if names & APPOINTMENT and _MERE_NO.search(candidate.reason):
                return True
            return bool(names & _WISHES and _OF_TEXTS.search(reading.text_of(candidate.clause)))
        case "praise":
            return "rating" in names and _only_scores(candidate)
        case _:
            return False


def _without_slips(chosen: Sequence[Candidate], reading: Reading) -> list[Candidate]:
    """Drop what a "发错了" beside an answer of one's own would mean elsewhere: it puts that answer right."""
    if not any(is_answer(c) or c.intent == "appointment_reschedule" for c in chosen):
        return list(chosen)
    slips = {clause.index for clause in reading.clauses if _SLIP.search(clause.text)}
    if not any(c.intent == "rating" for c in chosen):
        slips.discard(0)  # "打错了吧,我没约过周五" opens with it
    return [c for c in chosen if c.intent not in {"wrong_number", "complaint"} or c.clause not in slips]


def puts_off(chosen: Sequence[Candidate]) -> bool:
    """Tell whether a busy customer will answer later, which is no refusal ("忙着呢,等会说")."""
    busy = any(c.intent == "deny" and "忙" in c.reason for c in chosen)
    return busy and any(c.intent == "other" and _LATER.search(c.reason) for c in chosen)


def _is_mere_yes(candidate: Candidate) -> bool:
    """Tell a confirmation that is no more than "收到了" or "照常"."""
    return "同意预约" in candidate.reason or (
        candidate.layer in {"phrase", "exact"} and not _OF_BOOKING.search(candidate.reason)
    )


def _only_scores(candidate: Candidate) -> bool:
    """Tell whether praise or blame is no more than the score in words."""
    quoted = candidate.reason.split("“")[-1].split("”")[0]
    return quoted in _SCORE_WORDS
