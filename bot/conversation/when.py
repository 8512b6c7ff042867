"""The one day and time that a reply asks for, out of all those it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from bot.conversation.days import Day, find_days
from bot.conversation.times import Time, find_times
from bot.domain.intent import When
from bot.domain.understanding import ReplyContext

_Mark = TypeVar("_Mark", Day, Time)

_MAY_HOLD: Final = re.compile(
    r"[天日号月周点时早晚午夜:晨节]|星期|礼拜|小时|钟头|分钟|一刻|半|推迟|提前|国庆|中秋|端午|春节|元旦|除夕"
    r"|[春夏秋冬]|五一|十一|六一|pm|am|day|mon|tue|wed|thu|fri|sat|sun|tonight|tmr|\d[/.-]\d|同一|圣诞|七夕"
    r"|清明|腊八|[暑寒露雪满种至]"
)
_NOT: Final = (
    r"不行(?![吗么嘛?])|不可以(?![吗么])|不能(?!不)|没空|没时间|没功夫|没得空|不得空|有事|有安排|有会|要开会"
    r"|要上班|上班|加班|出差|赶不到|来不了|去不了|到不了|不方便|不在|不去|不来|不合适|没办法|没法|赶不上|赶不及"
    r"|来不及|不想|不要|不约|满了|约满|除外|以外|之外|不得行|不成|没空闲|忙|请假不了|抽不开身|走不开|去不成"
    r"|不太行|不ok|够呛|别|不太方便|冇空|不得闲|唔得|有课|要接孩子|时间不够|有别的|不好|太早|太晚|不适合|排除"
    r"|撞了|冲突|得去|得上|得接|得送|得陪|要去趟|要去一趟|要接|要送|要陪|要开|要考|要值|要赶|要办|有个会|轮到我|值班|倒班|夜班"
)
_YES_OR_NO: Final = re.compile(r"可?([\u4e00-\u9fff])不(?:可\1|\1)以?")
_PAST: Final = re.compile(
    r"上次|上回|昨天|前天|之前|那次|当时|上周|上个月|以前|拖到|等到|弄到|搞到|结果|才轮|才开始"
    r"|从[^改换]{0,6}等"
)
_NOT_AFTER: Final = re.compile(rf"^.{{0,6}}?(?:{_NOT})")
_NOT_BEFORE: Final = re.compile(
    r"(?:除了?|不要|不想|别|不是|不约|不能|不在|不去|原来的?|原定的?|本来是?|原本是?|把|从|之前约的?|预约的?"
    r"|约的是?|我约的?|约了)$"
)
_TARGET: Final = re.compile(
    r"(?:改到|改成|改为|改约|改去|改在|改|换到|换成|换为|换去|换|调到|调成|调整到|调整为|挪到|移到|推到|推迟到"
    r"|推迟至|延到|延后到|延期到|延至|提前到|提到|约到|约在|定在|定到|变更为|变成|变更到|顺延到|往后推到|放到"
    r"|放在|转到|安排到|安排在|重约|另约|还是|那就|不如|要么|到)(?:在|了|成|我|你们|去|的|约)?$"
)
_OR: Final = re.compile(r"^(?:或者?|或是|还是|和|跟|、|/|,?要么|,?要不|,){1,6}$")
_ALSO_FREE: Final = re.compile(r"都|随便|均|任一|哪天")


def find_when(text: str, context: ReplyContext) -> When:
    """Find the day and time asked for; exclusions are dropped, the last word after "改到" wins."""
    if not _MAY_HOLD.search(text):
        return When()
    booking = context.booking
    days = find_days(text, context.now.date(), booking.date() if booking else None)
    times = find_times(text, context.opens, context.closes)
    if not days and not times:
        return When()
    marks: list[Day | Time] = sorted([*days, *times], key=lambda mark: mark.start)
    kept, excluded = _split(text, marks)
    shift = next((mark for mark in kept if isinstance(mark, Time) and mark.shift), None)
    named = [mark for mark in kept if isinstance(mark, Day)]
    if shift and shift.shift and booking and all(day.date == booking.date() for day in named):
        moved = booking + shift.shift
        reason = f"“{shift.text}”,从原预约算起"
        return When(date=moved.date().isoformat(), time=moved.strftime("%H:%M"), reason=reason, at=shift.start)
    return _when(text, named, [m for m in kept if isinstance(m, Time) and not m.shift], booking, excluded)


def _when(
    text: str, days: Sequence[Day], times: Sequence[Time], booking: datetime | None, excluded: tuple[str, ...]
) -> When:
    days, times = _targets(text, days), _targets(text, times)
    day = days[-1] if days else None
    undecided = _undecided(text, days)
    clocks = [time for time in times if time.time]
    clock = clocks[-1].time if clocks else None
    if clock is None and booking and ((day and day.keeps_time) or any(time.same for time in times)):
        periods = [time for time in times if time.period]
        clock = None if periods else booking.strftime("%H:%M")
    if len(clocks) > 1 and _OR.match(text[clocks[-2].end : clocks[-1].start]):
        clock = None
    period = next((time.period for time in reversed(times) if time.period), None)
    date = day.date.isoformat() if day and not undecided else None
    if day and clock and clock < "06:00" and re.search(r"晚上?12|晚上?十二|半夜|夜里", text):
        date = (day.date + timedelta(days=1)).isoformat() if date else None
    named = [*(mark.text for mark in days), *(mark.text for mark in times)]
    reason = "、".join(f"“{name}”" for name in named)
    return When(
        date=date,
        time=clock,
        period=None if clock else period,
        reason=reason,
        undecided=undecided,
        excluded=excluded,
        at=max([*(mark.start for mark in days), *(mark.start for mark in times)], default=0),
    )


def _undecided(text: str, days: Sequence[Day]) -> bool:
    if not days:
        return False
    if days[-1].choice:
        return True
    if len(days) < 2 or days[-1].date == days[-2].date:
        return False
    between = text[days[-2].end : days[-1].start]
    if not between and _ALSO_FREE.match(text[days[-1].end :]):
        return True
    return bool(_OR.match(between)) or (
        bool(re.fullmatch(r".{0,4}?(?:或者?|还是|要么|要不).{0,3}", between)) and not re.search("不行|没空", between)
    )


def _targets(text: str, marks: Sequence[_Mark]) -> Sequence[_Mark]:
    """Where words like 改到 stand before one, only it and what follows counts."""
    for index in range(len(marks) - 1, 0, -1):
        if _TARGET.search(text[max(0, marks[index].start - 6) : marks[index].start]):
            return marks[index:]
    return marks


def _split(text: str, marks: list[Day | Time]) -> tuple[list[Day | Time], tuple[str, ...]]:
    """Part the marks that stay from those that are ruled out."""
    kept: list[Day | Time] = []
    excluded: list[str] = []
    for index, mark in enumerate(marks):
        end = marks[index + 1].start if index + 1 < len(marks) else len(text)
        clause_end = re.search(r"[,。;!?\n 但就可]", text[mark.end : end])
        after = text[mark.end : mark.end + clause_end.start() if clause_end else end]
        before = _YES_OR_NO.sub("", text[max(0, mark.start - 6) : mark.start])
        after = _YES_OR_NO.sub("", after)
        refused = (
            bool(_NOT_AFTER.match(after))
            or bool(_PAST.search(text[_clause_start(text, mark.start) : mark.start]))
            or bool(_NOT_BEFORE.search(before))
        )
        if refused:
            excluded.append(mark.date.isoformat() if isinstance(mark, Day) else mark.text)
            if isinstance(mark, Day) or not _only_times_follow(marks[index + 1 :]):
                kept = [earlier for earlier in kept if earlier.end != mark.start]
        else:
            kept.append(mark)
    return kept, tuple(excluded)


def _only_times_follow(marks: Sequence[Day | Time]) -> bool:
    """Tell whether another time is named and no other day: then the day stays ("明天上午不行,下午可以")."""
    return bool(marks) and not any(isinstance(mark, Day) for mark in marks)


def _clause_start(text: str, position: int) -> int:
    """Give where the clause around a place begins."""
    return max((text.rfind(mark, 0, position) for mark in ",。;!?\n "), default=-1) + 1
