"""How often and at what hours a customer wants to be written to: 一个月发一次就行, 晚上八点以后别发."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bot.conversation.times import find_times
from bot.domain.intent import Clause
from bot.domain.understanding import Frequency, ReplyContext

_FREQUENCY: Final[Mapping[Frequency, re.Pattern[str]]] = {
    "biweekly": re.compile(
        r"(?:[每一隔]?[两2二]个?(?:周|星期|礼拜)|半个?月)[发来推收传寄送一就只给1]|隔一?(?:周|星期)|双周|每半个?月|半月一"
        r"|biweekly|every two weeks"
    ),
    "quarterly": re.compile(r"[每一]个?季度?(?!节)|[三3]个月[发来推收传寄送一就只1]|季度|每[三3]个月|quarterly"),
    "monthly": re.compile(
        r"每个?月|[一1壹]个?月(?:[发来推收传寄送一就只给1有能两2二三几个]|最多|顶多)|按月|月更|个月一[次条]"
        r"|monthly|once a month|per month"
    ),
    "weekly": re.compile(
        r"每个?(?:周|星期|礼拜)(?![一二三四五六日天末])|每(?:周|星期|礼拜)一(?=[次条回个封])"
        r"|[一1]个?(?:周|星期|礼拜)(?:[发来推收传寄送一就只给1有能两2二三几]|最多|顶多)|按周|周更"
        r"|每(?:周|星期|礼拜)[一二三四五六日天][发推一收来]|weekly|once a week|per week"
    ),
    "daily": re.compile(r"每天|每日|[一1]天(?:发(?!烧)|[来推收传寄送一就只1])|天天|日更|daily|every day|once a day"),
}
_SPAN: Final = re.compile("[周星礼月季天日]|every|once|per|ly")
"""Without one of these nobody says how often."""
_FEWER: Final = re.compile(
    r"(?=[少发推次降减调放控频别不甭没莫请能可偶隔间稀匀拉fln一两二四五六2456合])(?:"
    r"少(?:给我)?(?:发|推|来|送|传|寄)(?:送)?(?:一)?(?:点|些|几条|几次)|(?:发|推|推送)(?:得)?(?:少"
    r"|稀)(?:一)?(?:点|些)|次数(?:能不能|可以|可不可以)?(?:少|减|降)|(?:降低|减少|调低|放低|减小|控制|减"
    r"|降)(?:一下|下|点)?(?:发送|推送|短信|信息|你们)?(?:的)?(?:频率|次数|数量|频次|推送|短信|发送)"
    r"|频率(?:能不能|可不可以|可以|能|再|稍微|请|给我|也){0,6}(?:低|降|减|少|调低)|(?:别|不要|不用|甭|不必|莫|请勿|没必要"
    r"|能不能不|可不可以不|可以不)(?:再|给我|老|总|总是|老是|都)?(?:发|推|推送)?(?:得|送)?(?:那么|这么|太|如此"
    r"|辣么)(?:频繁|勤|多|密|密集)(?!了吗)|(?:别|不要|不用|甭|不必|没必要|能不能不|可不可以不)(?:再)?(?:天天"
    r"|每天|整天|成天|一天到晚|每日|日日)(?:都)?(?:给我)?(?:发|推|推送|来短信)|偶尔(?:发|推)|隔(?:长"
    r"|久)(?:一)?点|间隔(?:长|久)|fewer|less (?:often|frequent)|not so often|(?:能不能|可不可以|可以"
    r"|能)(?:再)?少(?:一)?点|频次(?:低|降)|别天天(?:发)?$|一次发完|[两二四五六2456]个月.{0,2}[发来推收]|合并|减少(?:一)?(?:些|点)|少(?:一)?些吧"
    r"|少一?[点些]就[好行可]|稀一?点|匀着?点|隔(?:久|长)一?点|拉[长开]一?点)"
)
_TOO_OFTEN: Final = re.compile("(?:别|不要|不用|甭|莫)(?:再)?(?:老是?|总是?|一直|天天|每天|整天)(?:给我)?(?:发|推)")
_MORE: Final = re.compile(
    r"尽管(?:给我|多){0,2}[发推来]|多多(?:地|的|给我)?[发推]|再多[发推]|多(?:给我)?(?:发|推|来|送)(?:送)?(?:一)?(?:点|些|几条)|(?:发|推)多(?:一)?(?:点|些)|频率(?:高|提高|增加)"
    r"|(?:增加|提高)(?:发送|推送)?(?:频率|次数)|more often|多多(?:发|推送)|多通知"
)
_ASKS: Final = re.compile(
    r"就行|就好|就够|足矣|足以|[次条封回]$|都[行可]|不嫌|没关系|无所谓|就可以|即可|足够|够了|行了|好了|得了|可以了|就成|最多|顶多|不超过|别超过|改成|改为|换成"
    r"|调成|设成|设为|希望|能不能|可以|可不可以|麻烦|请|建议|最好|给我发|吧$|吧,|只|发(?:一|1|两|2)[次条回]"
    r"|推(?:一|1)[次条]|收(?:一|1)[次条]|来(?:一|1)[次条]|[一1][次条回](?:$|,|吧|就)|按[周月季]|once|per|weekly"
    r"|monthly|daily|every"
)
_COMPLAINS: Final = re.compile(
    r"烦|受不了|受得了|扛不住|吃不消|吃得消|顶不住|遭不住|头都?大|有完没完|没完没了|骚扰|够了吗|太(?:多|频繁|烦)|吵|有病|怎么|为什么|凭什么|都发|都在发"
    r"|好几|几条|三条|[4-9四五六七八九十]条|谁|老是|总是"
)
_NIGHT: Final = re.compile(
    r"早晚|半夜|深夜|大半夜|夜里|凌晨|晚上|夜间|睡觉|休息时间|休息的时候|中午|午休|早上|大清早|一大早|清早|上班|白天"
    r"|工作时间|工作日|周末|开会|上课|周六|周日|节假日|假期"
)
_DONT_SEND: Final = re.compile(
    r"(?:别|不要|不用|甭|勿|莫|不准|不许|请勿|不想|拒绝|禁止)(?:再|给我|老|总|在|随便|来|往|乱){0,6}(?:.{0,8})(?:发"
    r"|推|打扰|骚扰|吵|来短信|收|推送|短信|通知|提醒|传|寄|信息|send|text)|(?:别|不要|不用|甭|勿|莫|不)(?:发|推"
    r"|打扰|吵|来|推送|收)"
)
_SEND: Final = re.compile(r"发|推|传|寄|send|text|收|提醒|通知|联系|再来|短信|可以|传")
_AFTER_HOUR: Final = re.compile(r"^(?:以后|之后|过后|后|开始|起|往后)")
_BEFORE_HOUR: Final = re.compile(r"^(?:以前|之前|前)")


def find_frequency(clauses: Sequence[Clause]) -> tuple[Frequency | None, list[int]]:
    """Find how often the customer wants to hear from us, and the clause that says so."""
    fewer = [clause.index for clause in clauses if _FEWER.search(clause.text)]
    for clause in clauses:
        if clause.index in fewer:
            continue
        for name, pattern in _FREQUENCY.items() if _SPAN.search(clause.text) else ():
            found = pattern.search(clause.text)
            if found and _ASKS.search(clause.text) and not _COMPLAINS.search(clause.text):
                if re.search(r"预约|去|洗|做|吃|喝|用|买|来店|一直|都来", clause.text) and not re.search(
                    "发|推|短信|信息|收", clause.text
                ):
                    continue
                # "别老发,一周一次就行": what is refused there is how often, and no more.
                too_often = [other.index for other in clauses if _TOO_OFTEN.search(other.text)]
                return name, [clause.index, *fewer, *too_often]
    if fewer:
        return "less", fewer[:1]
    for clause in clauses:
        if _MORE.search(clause.text) and not _COMPLAINS.search(clause.text):
            return "more", [clause.index]
    return None, []


def find_hours(clauses: Sequence[Clause], context: ReplyContext) -> tuple[str | None, str | None, list[int]]:
    """Find the hour or day for messages, the hour after which none may come, and the clauses that say so."""
    send_time: str | None = None
    quiet_after: str | None = None
    where: list[int] = []
    for clause in clauses:
        text = clause.text
        refuses = bool(_DONT_SEND.search(text))
        times = find_times(text, context.opens, context.closes)
        clocks = [time for time in times if time.time]
        if refuses and clocks:
            after = text[clocks[0].end :]
            if _AFTER_HOUR.match(after):
                quiet_after = _late(clocks[0].time or "", clocks[0].text)
                where.append(clause.index)
            elif _BEFORE_HOUR.match(after):
                send_time = clocks[0].time
                where.append(clause.index)
            continue
        if refuses and (times or _NIGHT.search(text)):
            where.append(clause.index)
            if re.search("周末|周六|周日|节假日", text):
                send_time = send_time or "weekday"
            elif "工作日" in text:
                send_time = send_time or "weekend"
            continue
        wanted = _wanted(text, clause, [(t.time, t.period) for t in times])
        if wanted and _SEND.search(text):
            send_time = wanted
            where.append(clause.index)
    return send_time, quiet_after, where


def _late(clock: str, said: str) -> str:
    """An evening hour is meant where none is said: nobody asks for quiet from nine in the morning on."""
    hour = int(clock[:2])
    if 6 <= hour < 12 and not re.search("早|上午|晨", said):
        return f"{hour + 12:02}{clock[2:]}"
    return clock


def _wanted(text: str, clause: Clause, times: Sequence[tuple[str | None, str | None]]) -> str | None:
    """Give the time at which messages are wanted, if the clause is about sending them."""
    if not re.search(r"发|推|短信|通知|联系我|提醒我|打扰", text) or re.search(
        r"发货|发票|发到|大半夜|半夜|凌晨|都发|还发|又发|怎么|为什么|什么时候|发了|谁|发现|吵|骚扰|发错|才发"
        r"|再发货|发来的|发的|收到",
        text,
    ):
        return None
    if clause.question and not re.search("能不能|可以|可不可以|能否|行吗|好吗", text):
        return None
    if "周末" in text or "星期六日" in text:
        return "weekend"
    if "工作日" in text:
        return "weekday"
    for clock, _ in times:
        if clock:
            return clock
    for _, period in times:
        if period:
            return period
    return None
