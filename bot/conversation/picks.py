"""What a reply picks from a prompt's numbered options: by number, letter, order or name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz

from bot.conversation.numerals import is_choice, value_of
from bot.conversation.scores import takes_back
from bot.conversation.text import plain, squeezed
from bot.domain.intent import Clause, Number, Pick
from bot.domain.understanding import PromptView

MENU_SIZE: Final = {"appointment": 3, "preference": 3, "promo": 1, "survey": 2}
"""How many numbers a kind of prompt offers when it lists no options of its own."""
SAME_NAME: Final = 75.0
"""How alike (0 to 100) a misspelt option must be."""

_LETTER: Final = re.compile(r"(?<![a-z])([a-h])(?![a-z])")
_ORDINAL: Final = re.compile(
    r"第([0-9一二三四五六七八九两壹贰叁肆伍陆柒捌玖])(?:个|种|项|款|样|选项|号|味|只|类|位)?(?!次|天|回|名"
    r"|季|家|批|届|期|层|人民|遍|声|时间|反应)|([0-9一二三四五六七八九壹贰叁肆伍陆柒捌玖])(?:号|项|#)(?!线|楼"
    r"|店|院|柜|技师|码)"
)
_PLACE: Final = re.compile("[第号项#最末倒尾头前当居]|中间")
"""Without one of these no place in the list is named."""
_LAST: Final = re.compile(r"(?:最后|末尾|最末|最下面|最底下|倒数第一|尾)的?(?:那|这)?(?:一)?(?:个|项|款|种)?")
_FIRST: Final = re.compile(r"(?:最前面|最上面|头一|打头|前面那|开头那)的?(?:那|这)?(?:一)?(?:个|项|款|种)?")
_MIDDLE: Final = re.compile(r"(?:中间|当中|居中)的?(?:那|这)?(?:一)?(?:个|项|款|种)")
_REFUSED: Final = re.compile(
    r"(?:不是|不要|不选|别选|除了|排除|非|不会是|肯定不是|不可能是|不想要|不喜欢|不爱|取消|去掉|关掉|不用"
    r"|不需要|别|不收|不订|屏蔽|关闭|停|退订?)(?:第|选|的|了)?$"
)
_REFUSED_AFTER: Final = re.compile(
    r"^(?:肯定|绝对|应该|都|就|也|那个|那项|以外)?(?:不对|不是|不要|排除|不行|不可能|不选|除外|以外|之外|不需要"
    r"|不用|别发|不想要|关了|取消|去掉|停)"
)
_OR: Final = re.compile(r"或者?|还是|要么|不是.{1,6}就是|/|二选一|不确定|纠结|拿不准|犹豫|分不清")
_BUT_THESE: Final = re.compile(r"除了?.{1,8}?(?:都|全|其他|其它|别的|其余|剩下|一律|统统).{0,4}(?:不|别|停|关|退|免)")
"""除了2都不要: what is excepted is what is wanted."""
_RATHER: Final = re.compile(r"不是|(?:^|[,。!?\s])还是")
_WAVERS: Final = re.compile(r"或者?|要么|纠结|拿不准|不确定|犹豫|分不清|难选|好难|愁|呢(?:$|[,。!?])|哪个")
_CHOSEN: Final = re.compile(r"(?:我|就|还是|那|最后|但|但是)选择?$|答案是?$|我猜是?$")
"""What stands before the one that is chosen, whatever else is named beside it."""
_TORN: Final = re.compile(
    r"(?<![\da-h])(?:[a-h]|[1-9])[号项]?(?:还是|或者?|要么)(?:选|第)?(?:[a-h]|[1-9])(?![\da-h.:点月日])(?!.{0,8}(?:就|选|还是))"
)
"""2还是3: neither, unless one of them is taken in what follows."""
_NO_RATHER: Final = re.compile("[哦噢啊呃额]不(?!会)")
_AND: Final = re.compile("[和跟与及、,+]")
_ALL: Final = re.compile(
    r"^(?:我?(?:全部?|都|全都|所有的?|三个都?|3个都?|三项都?|全都|统统|通通)(?:要|选|订|收|需要|开|可以|行|想要"
    r"|接收|发|来)?(?:了|吧|的|呀|啊)?){1,6}$"
)
_PREFIX: Final = re.compile(
    r"^(?:(?:是不是选?|会不会是|难道是?|莫非是?|不会是|麻烦你?|请|劳驾|帮我|给我|我的答案是|我的答案|正确答案|答案应该是|答案是|答案|我觉得是?|我认为是?|我猜是?|[盲瞎乱]猜|[瞎乱]?蒙一?个?|我?赌|我?押|我选择?|我要选?"
    r"|应该选?是?|肯定是?|必须是?|可能是|大概是|估计是|那就选?|还是选?|就选?|选择?|回复?|要|是|猜|按|填|投|来"
    r"|订|留下?|保留|只要|只收|只订|只留|只选|只|光要|光|单要"
    r"|当然是?|绝对是?|一定是?|梗系|梗是|我?(?:觉得|觉着|感觉|估摸着?|寻思)(?:应该)?是?选?|return|ans(?:wer)?|选项|option|choice|choose|pick|answer|答|我|就|那|嗯|哦|给我|发|想要|想|改成"
    r"|换成|改|哈哈|的|了|不对|错了?|打错了?|[:= ])){1,6}"
)
_AFTER: Final = re.compile(
    r"^(?:号|项|个|\.|\)|[吧呀啊呢哦嘛哈噢喔啦哒呗的了啰喇咧噻咯喽嘞囖囉嗷哟哇嚟哩勒哉;]|对吧|没错|可以吗|行吗|谢谢|都要|都可以|都行|都发|好了|就行|就好|就可以|即可"
    r"|留着|留下|留|保留|照发|要$|就要|选项|对不对|是吧|是不是|确认|改期|取消|领取|促销|服务|知识)"
)


def pick(prompt: PromptView, text: str, clauses: Sequence[Clause], numbers: Sequence[Number]) -> Pick | None:
    """Find what a reply picks from a prompt's options; None where it picks nothing."""
    names = _names(tuple(prompt.options))
    size = len(prompt.slots_offered) or len(names) or MENU_SIZE.get(prompt.kind, 0)
    if not size:
        return None
    if prompt.kind == "preference" and any(_ALL.match(clause.core) for clause in clauses):
        return Pick(prompt=prompt, options=tuple(range(1, size + 1)), whole=True, reason="全部都要")
    found: list[tuple[int, int, bool, str]] = []
    for clause in clauses:
        found.extend(_in_clause(prompt, clause, size, names, numbers))
    if not found:
        return None
    return _settle(prompt, text, found, clauses)


@lru_cache(maxsize=1024)
def _names(options: tuple[str, ...]) -> tuple[str, ...]:
    """Give the options as replies name them; many replies answer one prompt."""
    return tuple(squeezed(plain(option)) for option in options)


def _settle(prompt: PromptView, text: str, found: list[tuple[int, int, bool, str]], clauses: Sequence[Clause]) -> Pick:
    refused = tuple(dict.fromkeys(option for _, option, no, _ in found if no))
    chosen = tuple(dict.fromkeys(option for _, option, no, _ in sorted(found) if not no))
    if prompt.kind == "preference" and refused and _BUT_THESE.search(text):
        chosen, refused = refused, chosen
    back = takes_back(text) or bool(re.search(r"不对|错了|算了|改选|换成|还是选", text) or _NO_RATHER.search(text))
    several = prompt.kind == "preference"
    torn = bool(chosen) and _TORN.search(text) is not None
    undecided = not several and (len(chosen) > 1 or torn)
    if torn:
        back = False
    elif undecided and back and not _OR.search(text):
        chosen, undecided = chosen[-1:], False
    if undecided and not torn and len(clauses) > 1 and _RATHER.search(text) and not _WAVERS.search(text):
        chosen, undecided = chosen[-1:], False
    if undecided and not torn and not _WAVERS.search(text):
        said = tuple(dict.fromkeys(o for at, o, no, _ in found if not no and _CHOSEN.search(text[:at])))
        if len(said) == 1:
            chosen, undecided = said, False
    reason = "、".join(dict.fromkeys(why for *_, why in found))
    whole = bool(chosen) and not re.sub(r"[\W\da-h和跟与及加还有]+", "", text)
    return Pick(
        prompt=prompt,
        options=chosen,
        refused=tuple(option for option in refused if option not in chosen),
        undecided=undecided,
        correction=back,
        whole=whole,
        reason=reason,
    )


_VALUE: Final = re.compile(r"(\d{1,4})(\D{0,3})$")
YEARS: Final = 1000
"""From here up a number is unlikely to be of anything else."""
_Named = tuple[int, int, int, str]
"""Start, end, option, and why."""


def _in_clause(
    prompt: PromptView, clause: Clause, size: int, names: tuple[str, ...], numbers: Sequence[Number]
) -> list[tuple[int, int, bool, str]]:
    """Give place, option, whether it is refused, and why: names before places in the list before plain numbers."""
    text = clause.text
    here = [number for number in numbers if number.clause == clause.index and number.role == "bare"]
    found = (
        _named(text, names)
        or _by_place(text, size)
        or [*_by_number(prompt, clause, size, here), *_by_letter(prompt, text, size, names)]
        or _by_value(clause, names, numbers)
    )
    told: list[tuple[int, int, bool, str]] = []
    no, before = False, 0
    for start, end, option, why in sorted(found):
        # "排除A和B": what joins them carries the refusal on.
        no = _is_refused(text, start, end) or (no and _AND.fullmatch(text[before:start]) is not None)
        before = end
        told.append((clause.start + start, option, no, why))
    return told


def _is_refused(text: str, start: int, end: int) -> bool:
    before = _NO_RATHER.sub("", text[:start].replace("是不是", ""))
    return bool(_REFUSED.search(before) or _REFUSED_AFTER.match(text[end:]))


def _by_place(text: str, size: int) -> list[_Named]:
    found: list[_Named] = []
    if not _PLACE.search(text):
        return found
    for match in _ORDINAL.finditer(text):
        option = _digit(match[1] or match[2])
        if 1 <= option <= size and (match[1] or _alone(text, *match.span())):
            found.append((*match.span(), option, f"“{match[0]}”"))
    for pattern, option in ((_LAST, size), (_FIRST, 1), (_MIDDLE, (size + 1) // 2 if size % 2 else 0)):
        found.extend(
            (*match.span(), option, f"“{match[0]}”")
            for match in pattern.finditer(text)
            if option and size > 1 and re.search(r"个|项|款|种", match[0])
        )
    return found


def _by_number(prompt: PromptView, clause: Clause, size: int, numbers: Sequence[Number]) -> list[_Named]:
    found: list[_Named] = []
    for number in numbers:
        start, end = number.start - clause.start, number.end - clause.start
        if _alone(clause.text, start, end):
            found.extend((start + at, end, option, f"“{number.text}”") for at, option in _digits(number, prompt, size))
    return found


def _by_value(clause: Clause, names: tuple[str, ...], numbers: Sequence[Number]) -> list[_Named]:
    """Find options that are numbers themselves (1998年, 90度) by their value, however it is written."""
    valued = [
        (int(found[1]), found[2], option) for option, name in enumerate(names, 1) if (found := _VALUE.match(name))
    ]
    if not valued:
        return []
    return [
        (number.start - clause.start, number.end - clause.start, option, f"“{number.text}”是第{option}项")
        for number in numbers
        for value, unit, option in valued
        if number.clause == clause.index
        and number.value == value
        and (
            (unit and clause.text.startswith(unit, number.end - clause.start))
            or (number.role in {"bare", "order"} and value >= YEARS)
            or (number.role == "bare" and _alone(clause.text, number.start - clause.start, number.end - clause.start))
        )
    ]


def _by_letter(prompt: PromptView, text: str, size: int, names: tuple[str, ...]) -> list[_Named]:
    if prompt.kind != "preference" and not (names and prompt.kind in {"quiz", "choice", "survey"}):
        return []
    return [
        (*match.span(), ord(match[1]) - 96, f"选项{match[1].upper()}")
        for match in _LETTER.finditer(text)
        if ord(match[1]) - 96 <= size and _alone(text, *match.span())
    ]


def _digits(number: Number, prompt: PromptView, size: int) -> list[tuple[int, int]]:
    if prompt.kind == "preference" and number.text.isdigit() and len(number.text) > 1:
        digits = [int(char) for char in number.text]
        return list(enumerate(digits)) if all(1 <= digit <= size for digit in digits) else []
    if is_choice(number.text) and prompt.kind != "preference":
        return [(0, _digit(number.text[0])), (1, _digit(number.text[1]))]
    return [(0, int(number.value))] if number.value == int(number.value) and 1 <= number.value <= size else []


def _digit(text: str) -> int:
    return int(value_of(text) or 0)


def _alone(text: str, start: int, end: int) -> bool:
    """Tell whether nothing but words of choosing, or another choice, stands around the pick."""
    before, after = text[:start].strip(), text[end:].strip()
    joiner = r"[\s和跟与及加、,/+或是者还有a-h\d一二三号项第个吧不要选除了]*"
    plain_before = (
        not before
        or bool(re.fullmatch(joiner, before))
        or _PREFIX.sub("", before) == ""
        or bool(_REFUSED.search(before))
    )
    plain_after = (
        not after or bool(re.fullmatch(joiner, after)) or bool(_AFTER.match(after)) or bool(_REFUSED_AFTER.match(after))
    )
    if not plain_before:
        plain_before = bool(re.search(r"(?:选|答案是?|答案:|回复?|我猜是?|应该是|就是|肯定是)$", before)) or (
            bool(re.match(r"[和跟与及或]", before[-1:])) and bool(re.search(r"[\da-h一二三]", before))
        )
    if not plain_after:
        plain_after = bool(re.match(r"(?:和|跟|与|及|或者?是?|还是|、|/|,){1,6}(?:选|第)?[\da-h一二三]", after))
    return plain_before and plain_after


def _named(text: str, names: tuple[str, ...]) -> list[tuple[int, int, int, str]]:
    found: list[tuple[int, int, int, str]] = []
    if not names:
        return found
    for index, name in enumerate(names, 1):
        if not name or (name.isdigit() and len(name) == 1):
            continue
        at = text.find(name)
        if at >= 0:
            found.append((at, at + len(name), index, f"说到“{name}”"))
    if found:  # a longer name that holds a shorter one wins its place
        return [
            one
            for one in found
            if not any(two[0] <= one[0] and two[1] >= one[1] and two[1] - two[0] > one[1] - one[0] for two in found)
        ]
    bare = _PREFIX.sub("", squeezed(text))
    return _shortened(text, bare, names) or _nearly(text, bare, names)


def _shortened(text: str, bare: str, names: tuple[str, ...]) -> list[_Named]:
    """Find the option that is called by a part of its name: 红的 for 红色, 珍奶 for 珍珠奶茶."""
    ending = _common_ending(names)
    for index, name in enumerate(names, 1):
        stem = name.removesuffix(ending) if ending else ""
        if stem and bare.rstrip("的吧呀啊呢那个款种") == stem:
            return [(0, len(text), index, f"“{stem}”只在“{name}”中有")]
    short = [index for index, name in enumerate(names, 1) if len(name) == 4 and bare == name[0] + name[2]]
    return [(0, len(text), short[0], f"“{bare}”是“{names[short[0] - 1]}”的简称")] if len(short) == 1 else []


def _nearly(text: str, bare: str, names: tuple[str, ...]) -> list[_Named]:
    """Find the option that has a part of its own in the reply, or is written nearly so."""
    for index, name in enumerate(names, 1):
        # In their order: which of several parts is found first must not hang on a set's.
        parts = dict.fromkeys(name[i : i + 2] for i in range(len(name) - 1)) if len(name) >= 3 else {}
        own = [part for part in parts if sum(part in other for other in names) == 1]
        for part in own:
            at = text.find(part)
            if at >= 0 and len(bare) <= len(name) + 2:
                return [(at, at + 2, index, f"“{part}”只在“{name}”中有")]
        if (
            len(name) >= 2
            and abs(len(bare) - len(name)) <= 1
            and fuzz.ratio(bare, name) >= SAME_NAME - 10 * (len(name) == 3)
        ):
            return [(0, len(text), index, f"近于“{name}”")]
    return []


def _common_ending(names: tuple[str, ...]) -> str:
    """Give the characters that all names end with."""
    shortest = min(map(len, names), default=0)
    same = 0
    while len(names) > 1 and same < shortest - 1 and len({name[-1 - same] for name in names}) == 1:
        same += 1
    return names[0][len(names[0]) - same :] if same else ""
