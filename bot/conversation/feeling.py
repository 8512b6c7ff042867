"""What the mood of a reply adds where its words say nothing: complaints and praise in words that nobody listed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Final

from bot.conversation.scores import takes_back
from bot.domain.intent import Clause, Reading
from bot.domain.understanding import PRIORITY, Candidate, IntentName, Mood, MoodLabel, ReplyContext

Feel = Callable[..., Mood]

WHOLE: Final = 0.8
"""From this probability up the mood of a whole text makes a complaint or praise of it ..."""
UNASKED: Final = 0.8
"""... this much where nothing of ours is there to complain of or to praise."""
CLAUSE: Final = 0.75
"""So much of a clause that stands beside something clearer."""
RHETORICAL: Final = 0.8
"""So much of a question: then it asks nothing."""
NEUTRAL: Final = 3
"""The score in the middle."""
AGAINST: Final = 0.9
"""So much makes a complaint of a clause beside a good score ..."""
TOLD: Final = 0.5
"""... and so much of one that speaks of somebody or of waiting beside a bad one."""
_SOMEBODY: Final = re.compile(
    r"师[傅]?|小哥|小姐姐|姐|姑娘|小妹|小伙|阿姨|大叔|叔|店员|客服|前台|服务员|老板|医生|护士|老师|教练|司机|骑手|导购|保安|顾问"
    r"|技师|店长|经理|排队|等位|等餐|等候|上菜"
)
GOOD: Final = 0.7
"""So much of praise beside a mild complaint: then that one is dropped."""
_ASKS: Final = re.compile(
    r"什么时候|几|多少|多久|多大|多远|哪|怎么[办退换用操领约走去联买卖收参报付查弄]|如何|能|可以|是否|有没有"
    r"|地址|电话|没有?$|请问|想问|是不是|会不会|要不要|好久|收费|要钱|能不|[得会]不?了?[不没]$|([\u4e00-\u9fff])不\1"
)
"""A question with one of these wants to know something, however it sounds."""
_WAVERS: Final = re.compile(r"([来去到])不\1")
"""Who does not know yet whether to come feels nothing about us."""
_OF_ONESELF: Final = re.compile(
    r"眼睛|眼神|老花|耳朵|岁数|年纪|看不[清见懂]|听不[清见懂]|不识字|读屏|打字|手机(?:小|旧|坏|没电)|字.{0,3}小|记性|腿脚|行动不便|住院"
    r"|生病|感冒|怀孕|肚子大|不会[弄用打填]|手[慢笨抖]|费劲|忙|没空|走不开"
)
_MACHINE: Final = re.compile("机器|自动|模板|系统|循环|人工|说不[明清]")
"""Who is tired of talking to us is not yet complaining of the shop."""
_OF_US: Final = re.compile("你们?(?!别|等|慢|多|不要|见谅|放心|稍)|店|骚扰|轰炸|垃圾|服务|态度|客服|师傅|快递|技师|师")
"""A grumble about oneself ("我打字慢") is no complaint, unless it speaks of us too."""
_IRONIC: Final = re.compile("可真|真[行会能]|太会|好家伙|厉害了|(?:谢谢|感谢|多亏)你们?[让害]|呵呵|名副其实|名不虚传")
_BUT: Final = re.compile("不过|但|可是|然而|好在|还好|幸好|总体|总的|整体|好歹|只是")
SURE: Final = 0.85
"""A complaint by a pattern or an exact phrase stands beside praise."""
CHARS: Final = 4
"""Shorter texts say too little."""
BESIDE: Final[frozenset[IntentName]] = frozenset({"rating", "unsubscribe", "human_handoff"})
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
    if "question" in names and not names & {"complaint", "human_handoff", *QUIET} and not _ASKS.search(reading.text):
        return _rhetorical(chosen, reading, feel)
    if {"praise", "complaint"} <= names and not names & {"rating", "unsubscribe"}:
        if _is_ironic(chosen, reading):
            return tuple(candidate for candidate in chosen if candidate.intent != "praise"), []
        if _turns_good(chosen, reading):
            return tuple(candidate for candidate in chosen if candidate.intent != "complaint"), []
        mild = all(candidate.score < SURE for candidate in chosen if candidate.intent == "complaint")
        if mild and feel(reading.text).p[2] >= GOOD:
            return tuple(candidate for candidate in chosen if candidate.intent != "complaint"), []
        return tuple(chosen), []
    if names & BESIDE and not names & {"praise", "complaint"}:
        score = reading.score.value if reading.score and "rating" in names else None
        felt = _clauses(reading, feel, score)
        return _ordered([*chosen, *felt]), felt
    return tuple(chosen), []


def _without_retorts(chosen: Sequence[Candidate], reading: Reading) -> Sequence[Candidate]:
    """Drop a question beside a complaint that asks for nothing ("谁安排得过来啊", "还发?")."""
    if not any(candidate.intent == "complaint" for candidate in chosen):
        return chosen
    return [
        candidate
        for candidate in chosen
        if candidate.intent != "question"
        or candidate.layer != "pattern"
        or _ASKS.search(reading.text_of(candidate.clause))
    ]


def _is_ironic(chosen: Sequence[Candidate], reading: Reading) -> bool:
    """Tell whether the praise is none: "你们可真准时,晚了俩小时"."""
    good = min((c.clause or 0 for c in chosen if c.intent == "praise"), default=0)
    bad = max((c.clause or 0 for c in chosen if c.intent == "complaint"), default=0)
    return good < bad and good < len(reading.clauses) and bool(_IRONIC.search(reading.clauses[good].text))


def _turns_good(chosen: Sequence[Candidate], reading: Reading) -> bool:
    """Tell whether praise comes last, after a "but" ("等了几天,不过东西是真好")."""
    good = max((c.clause or 0 for c in chosen if c.intent == "praise"), default=0)
    bad = max((c.clause or 0 for c in chosen if c.intent == "complaint"), default=0)
    return good > bad and good < len(reading.clauses) and bool(_BUT.match(reading.clauses[good].text))


def _whole(reading: Reading, context: ReplyContext, feel: Feel) -> list[Candidate]:
    if (
        len(reading.whole) < CHARS
        or _WAVERS.search(reading.text)
        or (reading.score and (reading.score.undecided or reading.score.out_of_range))
    ):
        return []
    kind = context.prompts[0].kind if context.prompts else None
    mood = feel(reading.text, prompt=kind)
    neg, _, pos = mood.p
    if _is_of_oneself(reading.text):
        return []
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


def _is_of_oneself(text: str) -> bool:
    return bool(_OF_ONESELF.search(text)) and not _OF_US.search(text)


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


def _clauses(reading: Reading, feel: Feel, score: int | None) -> list[Candidate]:
    found: list[Candidate] = []
    for clause in _unexplained(reading):
        text = clause.text
        if not (clause.question or takes_back(text) or _is_of_oneself(text) or _MACHINE.search(text)):
            found.extend(_clause(clause, feel, score))
    return found[:1]


def _clause(clause: Clause, feel: Feel, score: int | None) -> list[Candidate]:
    """Give what a clause says by its mood; the score beside it tells how what is said of somebody is meant."""
    mood = feel(clause.text)
    neg, _, pos = mood.p
    told = len(clause.text) > CHARS and bool(_SOMEBODY.search(clause.text))
    if score is not None and score > NEUTRAL and (pos >= CLAUSE or told):
        return [_candidate("praise", max(pos, CLAUSE), mood, clause.index)]
    if score is not None and score > NEUTRAL:
        return [_candidate("complaint", neg, mood, clause.index)] if neg >= AGAINST else []
    if neg >= (TOLD if told and score is not None and score < NEUTRAL else CLAUSE):
        return [_candidate("complaint", neg, mood, clause.index)]
    if score is not None and pos >= CLAUSE:
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
SHOUTED: Final[frozenset[IntentName]] = frozenset({"unsubscribe", "human_handoff"})
"""Demands whose tone tells how the customer feels:"""
_LOUD: Final = re.compile(
    r"(?<!麻)烦(?!请|劳|你们?帮|您)|滚(?!动|热|烫)|闹心|有病|垃圾|多少[遍次]|[几三四五六七八九十\d][遍次]了|人话|塞[满爆]|整满|[刷打挤]爆|轰炸"
    r"|大半夜|有完没完|没完没了|天天|成天|整天|一天到晚|老子|老[是]?[震响发吵烦]|叨叨|磨叽|受[得不]了|怎么还|还在?发[?!]|还发[,?!]|!{2,}"
    r"|吵|够了[,!。]|闭嘴|骚扰我|一[帮群]|混[账蛋]|试试$|告你|报警|法庭|起诉|糊弄|死循环|别甩|别跟我|别拿|少跟我|少拿|气人|火大|听不懂"
)
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
        return _by_score(mood, reading)
    if "praise" in names:
        return mood if mood.label == "pos" else _as("pos", mood, "表扬")
    if names <= QUIET:
        return mood if mood.label == "neu" else _as("neu", mood, "只是作答")
    if names & SHOUTED and _LOUD.search(reading.text):
        return mood if mood.label == "neg" else _as("neg", mood, "话说得重")
    asks = chosen[0].layer in {"exact", "phrase"} or _ASKS.search(reading.text)
    if names <= {"question", "greeting"} and asks and not reading.of("complaint"):
        return mood if mood.label == "neu" else _as("neu", mood, "只是询问")
    if names & PLAIN and mood.label == "neg" and not _grumbles(reading, names & PLAIN, feel):
        return _as("neu", mood, "没有表示好坏")
    if mood.label == "pos" or (mood.label == "neg" and neg < LOUD):
        return _as("neu", mood, "没有表示好坏")
    return mood


def _by_score(mood: Mood, reading: Reading) -> Mood:
    score = reading.score.value if reading.score else None
    if score is None:
        return mood
    label: MoodLabel = "neg" if score < NEUTRAL else "neu" if score == NEUTRAL else "pos"
    return mood if mood.label == label else _as(label, mood, f"{score}分")


def _grumbles(reading: Reading, said: Collection[IntentName], feel: Feel) -> bool:
    """Tell whether anything beside what was plainly said is bad-tempered."""
    plain = {hit.clause for hit in reading.hits if hit.intent in said}
    if any(hit.intent == "complaint" and hit.clause not in plain for hit in reading.hits):
        return True
    plain |= {hit.clause for hit in reading.hits if hit.intent == "greeting" and hit.layer == "exact"}
    rest = [c.text for c in reading.clauses if c.index not in plain and not _is_of_oneself(c.text)]
    return bool(rest) and feel(",".join(rest)).p[0] >= WHOLE


def _as(label: MoodLabel, mood: Mood, why: str) -> Mood:
    """Give the mood the label that was understood, no surer than that allows."""
    p = {"neg": (0.75, 0.2, 0.05), "neu": (0.1, 0.8, 0.1), "pos": (0.05, 0.2, 0.75)}[label]
    score = {"neg": -0.7, "neu": 0.0, "pos": 0.7}[label]
    return Mood(label=label, p=p, score=score, reason=why, layer="intent", abstained=mood.abstained)
