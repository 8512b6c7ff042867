"""What a customer wants to be sent, how often and when: 只要快递通知, 一个月发一次就行, 晚上八点以后别发."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.conversation.times import find_times
from bot.domain.intent import Clause, Preference
from bot.domain.understanding import Frequency, ReplyContext, Scope, Topic

_TOPICS: Final[tuple[tuple[Topic, str], ...]] = (
    ("order", "快递通知|快递短信|快递信息|快递提醒|快递的|快递|物流通知|物流信息|物流提醒|物流|订单通知|订单信息|订单提醒|订单短信|订单|发货通知|发货提醒|发货信息|发货|配送通知|配送信息|配送|取件通知|取件码|取件|取货通知|取货|包裹|到货通知|到货提醒|到货|派送|签收"),
    ("knowledge", "知识资讯|知识|资讯|科普|养生|节气|小贴士|小常识|常识|文章|健康贴士|健康知识|护理知识|干货|教程|食谱|攻略|百科"),
    ("service", "服务提醒|服务通知|服务短信|服务类|服务信息|服务的|预约提醒|预约通知|预约短信|到店提醒|预约的提醒|预约的|就诊提醒|复诊提醒|上课提醒|保养提醒|提醒类|提醒的|服务(?!态度|员|很|太|不|差|好|业|区|费)|提醒(?!我|一下|下)"),
    ("promo", "促销短信|促销信息|促销类|促销活动|促销|优惠信息|优惠活动|优惠券|优惠短信|优惠|活动信息|活动通知|活动短信|活动|打折信息|打折|折扣信息|折扣|特价|广告短信|广告信息|广告类|广告|营销短信|营销信息|营销|推广信息|推广短信|推广|推销|上新通知|上新|新品通知|新品|福利|大促|秒杀|团购"),
)  # fmt: skip
_TOPIC: Final = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _TOPICS))
_NO: Final = r"不想要|不想收|不想看|不要|不用|不需要|不收|不看|不必|不感兴趣|不想|别|甭|莫|勿|取消|关闭|关掉|关了|停掉|停了|停止|停发|停|退订|退掉|退了|屏蔽|免了|算了|去掉|拒收|拒绝|删掉|删除|少来|没兴趣"
_YES: Final = r"只要|只想要|只收|只想收|只留|只看|只发|只接收|只需要|只需|只订|只保留|只给我发|只用|仅要|仅保留|仅接收|仅|就要|就留|就收|保留|留着|留下|留|继续|照发|照常|照旧|要|收|发|开启|打开|开通|订阅|订|接收|可以|需要|想要|想收|想看|行|好|感兴趣|喜欢|有用"
_YES_AHEAD: Final = r"保留|留着|留|继续|可以发|可以|照发|开启|打开|开通|订阅|加上|再加|加|增加|还要|想要|需要|想收|想看|接收|愿意收|只|要|想|多发|请发|发点|恢复|添加"
_NO_BEFORE: Final = re.compile(
    rf"(?:{_NO})(?:再|给我|发|收|推|送|传|来|什么|任何|这些|那些|那种|这种|你们|的|关于|掉|了|我|把|所有|一切|看|接收|推送)*$"
)
_NO_AFTER: Final = re.compile(
    rf"^(?:短信|信息|消息|类|通知|提醒|推送|的|那些|这些|那种|什么|之类|就|都|也|可以|请|麻烦|以后|今后|统统|全部|全|一律|真的|我|给我|帮我|先|还是|内容|活动)*(?:{_NO})"
)
_ONLY_BEFORE: Final = re.compile(
    r"(?:只|仅|光|单单|就)(?:要|想要|收|想收|留|看|想看|发|接收|需要|需|订|保留|给我发|用|推送|推|有|给我|限|接受|想接收|关心|对)*(?:你们的|你们|这个|那个|一个|一类|下|和|、|的)*$"
)
_ONLY_AFTER: Final = re.compile(
    r"^(?:短信|信息|消息|类|通知|提醒|推送|的)*(?:就行|就好|就可以|就够|即可|就成|就得|就要|足够|够了|其他|别的|其它|留着就)"
)
_YES_AFTER: Final = re.compile(
    rf"^(?:短信|信息|消息|类|通知|提醒|推送|的|那些|这些|就|都|也|可以|请|麻烦|还是|还|我|给我|帮我|内容)*(?:{_YES})(?!不|吗|没|么|什么|太|得|了[好几])"
)
_YES_BEFORE: Final = re.compile(rf"(?:{_YES_AHEAD})(?:再|给我|发|收|推|送|点|一些|些|你们的|的|一下|看|到)*$")
_EXCEPT: Final = re.compile(
    r"除了?(?P<topics>.{1,20}?)(?:以外|之外|外)?[,。 ]?(?:剩下|剩余|其余)?的?(?P<rest>其他|其它|别的|另外|都|全|一律|统统|什么|任何|所有|其余|剩下|不要|别|不用|不收)(?P<tail>.{0,20})|(?P<topics2>.{1,16}?)(?:以外|之外)(?:的|,)?(?P<tail2>.{0,20})"
)
_OTHERS_NO: Final = re.compile(
    rf"(?:其他|其它|别的|其余|剩下|另外|剩余)(?:的|短信|信息|消息|类|什么|那些|东西|广告|内容)*(?:就|都|全|一律|统统|全部|也|请|可以|我|以后|不|就都)*(?:{_NO}|不要|算|别)"
)
_OTHERS_YES: Final = re.compile(
    r"(?:其他|其它|别的|其余|剩下|另外)(?:的|短信|信息|消息|类|那些)*(?:就|都|全|一律|统统|全部|也|可以|照|还|继续|请|正常)*(?:可以|照|继续|要|发|收|行|留|保留|正常|没问题|不变|OK|ok)"
)
_THING: Final = re.compile("快递|物流|订单|发货|配送|取件|取货|包裹|到货|派送|签收|取件码|服务|提醒")
_MESSAGE: Final = re.compile("的?(?:通知|短信|信息|提醒|消息|类|推送)|的(?!时候|东西|是)")
_BARE: Final = re.compile(r"[和跟与及、,&+加或还有以的类吧谢短信息通知就\s]*")
_MORE_TOPICS: Final = re.compile("加|再|也|还|另外|添")
_JOIN: Final = re.compile(r"^(?:短信|信息|消息|类|通知|提醒|推送|的)*(?:和|跟|与|及|、|以及|还有|,|&|\+|加|或)?$")

_FREQUENCY: Final[tuple[tuple[Frequency, re.Pattern[str]], ...]] = (
    ("biweekly", re.compile(r"(?:每|一|隔)?(?:两|2|二)(?:个)?(?:周|星期|礼拜)(?:发|来|推|收|一|就|只|给|1)|半个?月(?:发|来|推|收|一|就|只|给|1)|隔(?:一)?(?:周|星期)|双周|每半个?月|biweekly|every two weeks|半月一")),
    ("quarterly", re.compile(r"(?:每|一)(?:个)?季度?(?!节)|(?:三|3)个月(?:发|来|推|收|一|就|只|1)|季度|quarterly|每三个月|每3个月")),
    ("monthly", re.compile(r"每(?:个)?月|(?:一|1|壹)个?月(?:发|来|推|收|一|就|只|给|最多|顶多|1|有|能|来|两|2|二|三|几|个)|按月|月更|monthly|once a month|per month|个月一(?:次|条)")),
    ("weekly", re.compile(r"每(?:个)?(?:周|星期|礼拜)(?![一二三四五六日天末])|每(?:周|星期|礼拜)一(?=[次条回个封])|(?:一|1)(?:个)?(?:周|星期|礼拜)(?:发|来|推|收|一|就|只|给|最多|顶多|1|有|能|两|2|二|三|几)|按周|周更|weekly|once a week|per week|每(?:周|星期|礼拜)[一二三四五六日天](?:发|推|一|收|来)")),
    ("daily", re.compile(r"每天|每日|(?:一|1)天(?:发|来|推|收|一|就|只|1)|天天|日更|daily|every day|once a day")),
)  # fmt: skip
_FEWER: Final = re.compile(
    r"少(?:给我)?(?:发|推|来|送|传|寄)(?:送)?(?:一)?(?:点|些|几条|几次)|(?:发|推|推送)(?:得)?(?:少|稀)(?:一)?(?:点|些)|次数(?:能不能|可以|可不可以)?(?:少|减|降)|(?:降低|减少|调低|放低|减小|控制|减|降)(?:一下|下|点)?(?:发送|推送|短信|信息|你们)?(?:的)?(?:频率|次数|数量|频次|推送|短信|发送)|频率(?:能不能|可不可以|可以|请|给我|也)*(?:低|降|减|少|调低)|(?:别|不要|不用|甭|不必|莫|请勿|没必要|能不能不|可不可以不|可以不)(?:再|给我|老|总|总是|老是|都)?(?:发|推|推送)?(?:得|送)?(?:那么|这么|太|如此|辣么)(?:频繁|勤|多|密|密集)(?!了吗)|(?:别|不要|不用|甭|不必|没必要|能不能不|可不可以不)(?:再)?(?:天天|每天|整天|成天|一天到晚|每日|日日)(?:都)?(?:给我)?(?:发|推|推送|来短信)|偶尔(?:发|推)|隔(?:长|久)(?:一)?点|间隔(?:长|久)|fewer|less (?:often|frequent)|not so often|(?:能不能|可不可以|可以|能)(?:再)?少(?:一)?点|频次(?:低|降)|别天天(?:发)?$|一次发完|合并|减少(?:一)?(?:些|点)|少(?:一)?些吧"
)
_MORE: Final = re.compile(
    r"多(?:给我)?(?:发|推|来|送)(?:送)?(?:一)?(?:点|些|几条)|(?:发|推)多(?:一)?(?:点|些)|频率(?:高|提高|增加)|(?:增加|提高)(?:发送|推送)?(?:频率|次数)|more often|多多(?:发|推送)|多通知"
)
_ASKS: Final = re.compile(
    r"就行|就好|就够|就可以|即可|足够|够了|行了|好了|得了|可以了|就成|最多|顶多|不超过|别超过|改成|改为|换成|调成|设成|设为|希望|能不能|可以|可不可以|麻烦|请|建议|最好|给我发|吧$|吧,|只|发(?:一|1|两|2)[次条回]|推(?:一|1)[次条]|收(?:一|1)[次条]|来(?:一|1)[次条]|[一1][次条回](?:$|,|吧|就)|按[周月季]|once|per|weekly|monthly|daily|every"
)
_COMPLAINS: Final = re.compile(
    r"烦|受不了|受得了|有完没完|没完没了|骚扰|够了吗|太(?:多|频繁|烦)|吵|有病|怎么|为什么|凭什么|都发|都在发|好几|几条|三条|[4-9四五六七八九十]条|谁|老是|总是"
)
_NIGHT: Final = re.compile(
    r"半夜|深夜|大半夜|夜里|凌晨|晚上|夜间|睡觉|休息时间|休息的时候|中午|午休|早上|大清早|一大早|清早|上班|白天|工作时间|工作日|周末|开会|上课|周六|周日|节假日|假期"
)
_DONT_SEND: Final = re.compile(
    r"(?:别|不要|不用|甭|勿|莫|不准|不许|请勿|不想|拒绝|禁止)(?:再|给我|老|总|在|随便|来|往|乱)*(?:.{0,8})(?:发|推|打扰|骚扰|吵|来短信|收|推送|短信|通知|提醒|传|寄|信息|send|text)|(?:别|不要|不用|甭|勿|莫|不)(?:发|推|打扰|吵|来|推送|收)"
)
_SEND: Final = re.compile(r"发|推|传|寄|send|text|收|提醒|通知|联系|再来|短信|可以|传")
_AFTER_HOUR: Final = re.compile(r"^(?:以后|之后|过后|后|开始|起|往后)")
_BEFORE_HOUR: Final = re.compile(r"^(?:以前|之前|前)")
_ALL: Final = re.compile(
    r"所有|全部|一切|任何|什么都|啥都|统统|通通|全都|一条都|一个都|一律|全给我|都别|都不要发|都不发|都给我停|彻底|everything|stop ?all|全退|都退|永远|半条|永久|anything|任何形式"
)
_MARKETING: Final = re.compile(r"广告|营销|促销|推销|推广|优惠|活动|商业")


def topics_in(text: str) -> list[tuple[int, int, Topic]]:
    """Find the topics of messages that a text names, with their places."""
    return [(found.start(), found.end(), found.lastgroup) for found in _TOPIC.finditer(text)]  # type: ignore[misc]


def find_scope(text: str) -> Scope | None:
    """Tell what a stop in this text would stop: everything, one topic, or marketing as it is called."""
    if _ALL.search(text):
        return "all"
    topics = {topic for *_, topic in topics_in(text)}
    if topics == {"promo"} or (not topics and _MARKETING.search(text)):
        return "marketing"
    if len(topics) == 1 and (topic := topics.pop()) in {"knowledge", "order", "service"}:
        return topic
    return None


def find_preference(text: str, clauses: Sequence[Clause], context: ReplyContext) -> Preference:
    """Find the preferences that a reply states; an empty one where it states none."""
    asked = any(prompt.kind == "preference" for prompt in context.prompts)
    only, on, off, keeps = _topics(text, asked=asked)
    if asked and on and not only and not off and not _MORE_TOPICS.search(text):
        only, on = on, ()
    frequency, at = _frequency(clauses)
    send_time, quiet_after, when_at = _times(clauses, context)
    where = tuple(sorted({*at, *when_at, *_where(clauses, only or on or off)}))
    said = [
        name
        for name, value in (("主题", only or on or off), ("频率", frequency), ("时间", send_time or quiet_after))
        if value
    ]
    return Preference(
        only=only,
        on=on,
        off=off,
        frequency=frequency,
        send_time=send_time,
        quiet_after=quiet_after,
        keeps=keeps or bool(frequency or send_time or quiet_after) or bool(when_at),
        reason="说到接收的" + "、".join(said) if said else "",
        clauses=where,
    )


def _where(clauses: Sequence[Clause], topics: Sequence[Topic]) -> list[int]:
    if not topics:
        return []
    return [clause.index for clause in clauses if _TOPIC.search(clause.text) or _OTHERS_NO.search(clause.text)]


def _topics(text: str, *, asked: bool) -> tuple[tuple[Topic, ...], tuple[Topic, ...], tuple[Topic, ...], bool]:
    found = topics_in(text)
    if not found:
        return (), (), (), False
    if asked and _BARE.fullmatch(_TOPIC.sub("", text)):
        return _once([topic for *_, topic in found]), (), (), True
    excepted = _EXCEPT.search(text)
    if excepted:
        named = [t for *_, t in topics_in(excepted["topics"] or excepted["topics2"] or "")]
        rest = (excepted["rest"] or "") + (excepted["tail"] or "") + (excepted["tail2"] or "")
        if named and re.search(_NO, rest):
            return _once(named), (), (), True
        if named and re.search("要|可以|行|发|收|好|留", rest):
            return (), (), _once(named), True
    return _sorted_out(text, found)


def _sorted_out(
    text: str, found: list[tuple[int, int, Topic]]
) -> tuple[tuple[Topic, ...], tuple[Topic, ...], tuple[Topic, ...], bool]:
    only: list[Topic] = []
    on: list[Topic] = []
    off: list[Topic] = []
    others_no = bool(_OTHERS_NO.search(text))
    stances: list[str] = []
    for index, (start, end, topic) in enumerate(found):
        before = text[found[index - 1][1] if index else 0 : start]
        after = text[end : found[index + 1][0] if index + 1 < len(found) else len(text)]
        stance = _stance(before, after)
        if stance in {"on", "off"} and _THING.fullmatch(text[start:end]) and not _MESSAGE.match(text[end:]):
            stance = ""  # the parcel itself came or shall not come, no message about it
        if not stance and index and _JOIN.match(before):
            stance = stances[-1]
        stances.append(stance)
    for index in range(
        len(found) - 2, -1, -1
    ):  # "促销和知识不要了": what is said of the last holds for those joined to it
        if not stances[index] and _JOIN.match(text[found[index][1] : found[index + 1][0]]):
            stances[index] = stances[index + 1]
    for (_, _, topic), stance in zip(found, stances, strict=True):
        {"only": only, "on": on, "off": off}.get(stance, []).append(topic)
    if others_no and (only or on or not off):
        only = only + on or [topic for *_, topic in found]
        on = []
    keeps = bool(only or (on and off) or _OTHERS_YES.search(text))
    off = [topic for topic in off if topic not in only and topic not in on]
    return _once(only), _once(on), _once(off), keeps


def _stance(before: str, after: str) -> str:
    clause_before = re.split(r"[,。;!?\n ]", before)[-1]
    clause_after = re.split(r"[,。;!?\n ]", after)[0]
    if _NO_BEFORE.search(clause_before) or _NO_AFTER.match(clause_after):
        return "off"
    if _ONLY_BEFORE.search(clause_before) or _ONLY_AFTER.match(clause_after):
        return "only"
    if _YES_AFTER.match(clause_after) or _YES_BEFORE.search(clause_before):
        return "on"
    return ""


def _once(topics: Sequence[Topic]) -> tuple[Topic, ...]:
    return tuple(dict.fromkeys(topics))


def _frequency(clauses: Sequence[Clause]) -> tuple[Frequency | None, list[int]]:
    for clause in clauses:
        if _FEWER.search(clause.text):
            return "less", [clause.index]
    for clause in clauses:
        for name, pattern in _FREQUENCY:
            found = pattern.search(clause.text)
            if found and _ASKS.search(clause.text) and not _COMPLAINS.search(clause.text):
                if re.search(r"预约|去|洗|做|吃|喝|用|买|来店|一直|都来", clause.text) and not re.search(
                    "发|推|短信|信息|收", clause.text
                ):
                    continue
                return name, [clause.index]
    for clause in clauses:
        if _MORE.search(clause.text) and not _COMPLAINS.search(clause.text):
            return "more", [clause.index]
    return None, []


def _times(clauses: Sequence[Clause], context: ReplyContext) -> tuple[str | None, str | None, list[int]]:
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
        if refuses and _NIGHT.search(text):
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
        r"发货|发票|发到|大半夜|半夜|凌晨|都发|还发|又发|怎么|为什么|什么时候|发了|谁|发现|吵|骚扰|发错|才发|再发货|发来的|发的|收到",
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
