"""The score that a reply gives: which of its numbers is one, and which of several counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.conversation.numerals import NUMERALS, is_choice, value_of
from bot.domain.intent import Clause, Number, Score

_MAY_HOLD: Final = re.compile(rf"[★满最半f\d{NUMERALS}]")
"""Without one of these no score is given."""
_STARS: Final = re.compile(r"(?<![\d个颗])(?:★ ?)++(?:☆ ?)*+")
_FULL: Final = re.compile(r"最高分|最高档|满分|满星|打满|给满|拉满|full marks?|五角星全")
_TOP: Final = re.compile(
    r"(?:十分|10 ?分|非常之?|特别|极其|极度|极为|万分|百分百|百分之百|100%|超级|超|无比|完全)(?:的|地)?满意(?!度)"
)
_LOWEST: Final = re.compile(
    r"(?:打|给|评|就|只能给|只给)?最低分|最低档|最差分|(?:[一1半零0]|半)[颗个]?[分星]?(?:都|也|还|我都"
    r"|我也)(?:不想|不愿|嫌|不值|不配|没有|不给|多余|多了|懒得|舍不得|给不了|不舍得|给不出|不够格|勉强)"
    r"|(?:[一1半0零])[颗个]?[分星](?:都|也|还)?(?:嫌多|多余|都多|给多了)"
)
_TEN: Final = re.compile(
    r"满分(?:是|为)?(?:十|10)|(?:十|10)分制|(?:十|10)分(?:为|是)?满分|(?:十|10)分里|/ ?10|out of ten|out of 10"
)
_NO_SCORE: Final = re.compile(
    "[一二三四五两]分(?:天注定|球|冤枉|甜|熟|饱|力气)|[一二三四五]星(?:红旗|手机|连珠|级)|(?:输|赢|涨|跌"
    "|考)(?:试得|试)?了?[一二两三四五1-5]分|不可能满分"
    "|逼.{0,8}[一二三四五]分|好评是刷|发★还是|分好还是|满分作文|该怎么打"
)
"""Sayings, games and questions that hold a number of points."""
_RANGE: Final = re.compile(
    r"([1-5一二三四五两])\s*[分星颗个]{0,2}\s*(?:或者?是?|还是|到|至|和|定|-|~|、"
    r"|or)\s*([1-5一二三四五两])(?=\s*(?:[分星颗]|[吧左右之间都可以行呢啊呀嘛把好l]|$|[,。!?]))"
)
_HALF: Final = re.compile(
    rf"[一二三四五]点五分|[九八七六]点五分"
    rf"|(?<!不到)(?<!不是)(?<!不止)(?P<one>[一二三四五两])分(?!(?P=one))[一二三四五两]分(?:之间|都|的,?没|,?想"
    rf"|$)"
    rf"|不是[三四].{{0,1}}就是|说[一二三四五]分.{{0,8}}说[一二三四五]分|[1-5一二三四五]\.5 ?[分星]?"
    rf"|[{NUMERALS}1-5][分星颗]半"
    rf"|[{NUMERALS}1-5]个?半[分星]"
)
_FRACTION: Final = re.compile(r"(?<![\d/])([0-9]{1,2}) ?/ ?(5|10)(?![\d/])")
_AGAINST: Final = re.compile(
    r"(?:不是|并非|不值|不止|没到|不到|达不到|够不上|别想|休想|不会给|不给|不能给|给不了|没法给|打不了|不配"
    r"|别指望|没有|不想给|不想打|不打|拿不到|不可能|配不上|不该|不应该|不选|别打"
    r"|不只|不用|用不着|犯不着|不必)[打给你们您个我评成它他满了]{0,4}$"
)
_AGAINST_AFTER: Final = re.compile(
    r"^(?:是不可能|不可能|就别想|别想|没有|没门|免谈|太高|不值|不配|给不了|打不了|给不出|是给不了|肯定没|不能给"
    r"|就算了|以下|以上)"
)
_IF_STRICT: Final = re.compile(
    r"本来|原本|原来|本想|要是|如果|要不是|假如|差点|差一点|早知道|下次|才能|才给|才会给|才打|争取|上次|之前都"
    r"|以前都?|上回|都想给|恨不得|的话|本该|本应|本可以|原想|正想|还想"
)
_NOW: Final = re.compile(r"现在|这次|今天|改|只能|只给|还是给|还是打|就给|勉强|最多|顶多")
_TAKE_OFF: Final = re.compile(
    r"(?:扣|减|少|差|加|扣掉|扣了|减掉|去掉|丢|多给|多打|只差|留"
    r"|剩|剩下|余下|剩余)(?:了|掉|着|的|个)?(?:你们?)?$"
)
_SHORT_OF_FULL: Final = re.compile(
    r"[差少缺扣]了?([1一2二两])[分星颗]?(?:就|才|到|够|不到|没到|没给){0,2}(?:是|够|给)?满[分星]"
)
_TAKEN_OFF: Final = re.compile(r"[5五][分星][,。 ]?(?:但是?|不过|就是)?[扣减]了?你?们?([1-3一二两三])[分星]")
_BY_ASPECT: Final = re.compile(
    r"(?:服务|环境|味道|口味|态度|质量|物流|快递|包装|速度|价格|卫生|手法|技术|效果)(?:给|打|评|是"
    r"|:)?([1-5一二三四五])[分星]"
)
_OVERALL: Final = re.compile("总|综合|整体|平均|一起|合计")
_PORTIONS: Final = re.compile(
    r"(?:打|评|给|打分)(?:你们|你|个|了){0,2}([1-5一二三四五])份(?=[吧啦了哦呀啊哈]|$|[,。!])"
)
"""分 misspelt, where only a score can be meant."""
_BACK: Final = re.compile(
    r"打错|按错|点错|发错了?[,。!]?(?:是|应该|改)|输错|写错|回错|填错|选错|手滑|手误|手抖|打反|弄反|搞反|看反"
    r"|看错|弄错|搞错|记错|改成|改为|改一下|应该是|应该打|不对|不是.{0,4}是|我是说|我说的是|我的意思是"
    r"|我是要|我是想|更正|纠正|重新打|重打|重新评|重评|撤回|收回|刚才(?:那个)?(?:不算|错|打|的)|前面的不算"
    r"|上一条|说错|反了|误操作|按快了|说的是|作废|以这个为准|以这条为准|改主意|改打|改给|变成"
)
_VERB: Final = re.compile(
    r"(?:麻烦你?|请|打分|评分|评价|分数|得分|给分|我给|给|打|评|选|回复?|填|按|输入?|改成|改为|改|应该是|应该"
    r"|就是|是|就"
    r"|来|算|才|顶多|最多|最高|至少|勉强|只能|只|那|了|个|总分|综合|总体|整体|服务|答|答案|[:=])[个:= ]*$"
)
_AFTER_BARE: Final = re.compile(
    r"^(?:[吧呀啊呢哦嘛哈噢喔啦哒呗]|颗|很|挺|太|非常|特别|超|蛮|好评|满意|不错|还行|还可以|一般|棒|赞|给力"
    r"|服务|态度|谢谢|味道|物流|可以|没毛病|真|差|烂|慢|就是|但|因为|超级|相当|有点|师傅|店员|东西|质量|很好|的"
    r"|好(?!久|多|几|像)|分|就(?:够|行|好|成|得|可以)|足够|够了|是(?:我?给|打|评)| ?//|;)"
)
_ASKED: Final = re.compile(r"吗|么|几|多少|什么|怎么|为什么|谁|还是")


@dataclass(frozen=True, slots=True)
class _Claim:
    at: int
    value: int | None
    explicit: bool
    undecided: bool = False
    out_of_range: bool = False
    reason: str = ""


def takes_back(text: str) -> bool:
    """Tell whether the customer takes something back that was said before."""
    return bool(_BACK.search(text))


def find_score(text: str, clauses: Sequence[Clause], numbers: Sequence[Number]) -> Score | None:
    """Find the score: the last valid claim of all that the reply makes; None where it makes none."""
    if not numbers and not _MAY_HOLD.search(text):
        return None
    if _NO_SCORE.search(text):
        return None
    claims = sorted(_claims(text, clauses, numbers), key=lambda claim: claim.at)
    if not claims:
        return None
    back = takes_back(text)
    valid = [claim for claim in claims if claim.value is not None or claim.undecided]
    last = valid[-1] if valid else claims[-1]
    if len({found[1] for found in _BY_ASPECT.finditer(text)}) > 1 and not _OVERALL.search(text):
        return Score(undecided=True, explicit=True, reason="各方面的分数不一样")
    if len(valid) > 1 and not back and (valid[-2].value, last.value) == (4, 1) and valid[-2].explicit and last.explicit:
        last = valid[-2]  # "四分,一分怕你骄傲": the one is what is kept back
    if last.out_of_range and len(claims) > 1:
        last = claims[-1]
    return Score(
        value=last.value,
        explicit=last.explicit,
        undecided=last.undecided,
        out_of_range=last.out_of_range,
        correction=back,
        reason=last.reason,
    )


def _claims(text: str, clauses: Sequence[Clause], numbers: Sequence[Number]) -> list[_Claim]:
    found = _words(text, clauses)
    ranges = [match.span() for match in _RANGE.finditer(text) if value_of(match[1]) != value_of(match[2])]
    halves = [match.span() for match in _HALF.finditer(text)]
    fractions = {match.start(): match for match in _FRACTION.finditer(text)}
    for start, end in (*ranges, *halves):
        found.append(_Claim(end, None, True, undecided=True, reason=f"“{text[start:end]}”没有定下来"))
    of_ten = bool(_TEN.search(text))
    low = [match.span() for match in _LOWEST.finditer(text)]
    for number in numbers:
        if number.role not in {"score", "bare"}:
            continue
        if any(start <= number.start < end for start, end in (*ranges, *halves, *low)):
            continue
        if number.start in fractions or any(number.start == m.start(2) for m in fractions.values()):
            if number.start in fractions:
                found.append(_fraction(fractions[number.start]))
            continue
        claim = _number(text, clauses, number, of_ten)
        if claim is not None:
            found.append(claim)
    return found


def _words(text: str, clauses: Sequence[Clause]) -> list[_Claim]:
    found: list[_Claim] = []
    for match in _STARS.finditer(text):
        count = match[0].count("★")
        found.append(_scaled(match.end(), count, explicit=True, reason=f"数到{count}颗星"))
    found.extend(_Claim(match.end(), 1, True, reason=f"“{match[0]}”按最低分记") for match in _LOWEST.finditer(text))
    for match in (*_SHORT_OF_FULL.finditer(text), *_TAKEN_OFF.finditer(text)):
        short = int(value_of(match[1]) or 0)
        found.append(_Claim(match.end(), 5 - short, True, reason=f"“{match[0]}”是{5 - short}分"))
    found.extend(
        _Claim(match.end(), int(value_of(match[1]) or 0), True, reason=f"“{match[0]}”是分数")
        for match in _PORTIONS.finditer(text)
    )
    for pattern in (_FULL, _TOP):
        for match in pattern.finditer(text):
            clause = _clause(clauses, match.start())
            before = text[clause.start : match.start()] if clause else ""
            if (
                re.search(r"[不没非别]$|不是|达不到|没法|不能|没到|[差少缺扣]了?[1一2二两][分星颗]?", before[-4:])
                or _IF_STRICT.search(before)
                or (clause and clause.question)
            ):
                continue
            if re.match(r"(?:是|为|制)?(?:多少|几|\d+|十|5|五)", text[match.end() : match.end() + 4]):
                continue
            found.append(_Claim(match.end(), 5, True, reason=f"“{match[0]}”是最高分"))
    return found


def _fraction(match: re.Match[str]) -> _Claim:
    value, of = int(match[1]), int(match[2])
    scaled = value * 5 / of
    if scaled != int(scaled):
        return _Claim(match.end(), None, True, undecided=True, reason=f"“{match[0]}”折不成整数分")
    return _scaled(match.end(), int(scaled), explicit=True, reason=f"“{match[0]}”")


def _number(text: str, clauses: Sequence[Clause], number: Number, of_ten: bool) -> _Claim | None:
    clause = _clause(clauses, number.start)
    if clause is None:
        return None
    before = re.sub("(?:10|十)分制的话", "", text[clause.start : number.start])
    after = text[number.end + len(number.unit) : clause.end]
    if not _counts(before, after, clause, number):
        return None
    if is_choice(number.text):
        return _Claim(number.end, None, True, undecided=True, reason=f"“{number.text}”没有定下来")
    explicit = number.role == "score"
    if of_ten and explicit:
        return _of_ten(number, before, after)
    if number.value != int(number.value):
        return _Claim(number.end, None, explicit, undecided=True, reason=f"{number.text}不是整数分")
    return _scaled(number.end, int(number.value), explicit=explicit, reason=f"“{number.text}{number.unit}”")


def _counts(before: str, after: str, clause: Clause, number: Number) -> bool:
    """Tell whether a number is meant as the score, and not denied, supposed, taken off or asked about."""
    if number.role == "bare" and not _stands(before, after, clause, number):
        return False
    if _AGAINST.search(before) or _AGAINST_AFTER.search(after) or _TAKE_OFF.search(before):
        return False
    if _hypothetical(before, after):
        return False
    return not (clause.question and _ASKED.search(after + before))


def _of_ten(number: Number, before: str, after: str) -> _Claim | None:
    """Scale a score out of ten; the ten itself is none."""
    if re.search("满分(?:是|为)?$", before) or (number.value == 10 and re.match("制|里", after)):
        return None
    if number.value == 10 and re.match("为?满分", after):
        return _Claim(number.end, 5, True, reason="满分")
    half = number.value / 2
    if half != int(half):
        return _Claim(number.end, None, True, undecided=True, reason=f"十分制的{number.value:g}分折不成整数分")
    return _scaled(number.end, int(half), explicit=True, reason=f"十分制的{number.value:g}分")


def _stands(before: str, after: str, clause: Clause, number: Number) -> bool:
    """A number alone counts where it is the clause, follows a word of scoring, or opens it before praise or blame."""
    if not number.text.isascii() and number.value > 10:
        return False
    if clause.core == number.text:
        return True
    plain_before = not before or bool(_VERB.search(before))
    plain_after = not after or bool(_AFTER_BARE.match(after))
    if not number.text.isascii() and not before and after:
        return bool(re.match(r"(?:就(?:够|行|好|成|可以)了?)?[吧呀啊呢哦嘛哈]*$", after))
    return plain_before and plain_after


def _hypothetical(before: str, after: str) -> bool:
    if _NOW.search(before) and not re.search(r"要是|如果|要不是|假如|本来|原本|才", before):
        return False
    return bool(_IF_STRICT.search(before)) or bool(re.match(r"的话|才|就好了|都给", after))


def _scaled(at: int, value: int, *, explicit: bool, reason: str) -> _Claim:
    if 1 <= value <= 5:
        return _Claim(at, value, explicit, reason=reason)
    return _Claim(at, None, explicit, out_of_range=True, reason=f"{reason}不在1到5之间")


def _clause(clauses: Sequence[Clause], position: int) -> Clause | None:
    return next((clause for clause in clauses if clause.start <= position < clause.end), None)
