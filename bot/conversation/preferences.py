"""What a customer wants to be sent, how often and when: 只要快递通知, 一个月发一次就行, 晚上八点以后别发."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bot.conversation.sending import find_frequency, find_hours
from bot.domain.intent import Clause, Preference
from bot.domain.understanding import ReplyContext, Scope, Topic

_TOPICS: Final[Mapping[Topic, str]] = {
    "order": (
        "快递(?:通知|短信|信息|提醒|的)?|物流(?:通知|信息|提醒)?|订单(?:通知|信息|提醒|短信)?|发货(?:通知|提醒|信息)?"
        "|配送(?:通知|信息)?|取件(?:通知|码)?|取货(?:通知)?|包裹|到货(?:通知|提醒)?|派送|签收"
    ),
    "knowledge": (
        "知识资讯|健康知识|护理知识|知识|资讯|科普|养生|节气|小贴士|健康贴士|小常识|常识|文章|干货|教程|食谱|攻略|百科"
    ),
    "service": (
        "服务(?:提醒|通知|短信|类|信息|的)|预约(?:的提醒|提醒|通知|短信|的)|到店提醒|就诊提醒|复诊提醒|上课提醒|保养提醒"
        "|提醒类|提醒的|服务(?!态度|员|很|太|不|差|好|业|区|费)|提醒(?!我|一下|下)"
    ),
    "promo": (
        "促销(?:短信|信息|类|活动)?|优惠(?:信息|活动|券|短信)?|活动(?:信息|通知|短信)?|打折(?:信息)?|折扣(?:信息)?|特价"
        "|广告(?:短信|信息|类)?|营销(?:短信|信息)?|推广(?:信息|短信)?|推销|上新(?:通知)?|新品(?:通知)?|福利|大促|秒杀|团购"
    ),
}
_TOPIC: Final = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _TOPICS.items()))
_NO: Final = (
    r"不想要|不想收|不想看|不要|不用|不需要|不收|不看|不必|不感兴趣|不想|别|甭|莫|勿|取消|关闭|关掉|关了"
    r"|停掉|停了|停止|停发|停|退订|退掉|退了|屏蔽|免了|算了|去掉|拒收|拒绝|删掉|删除|少来|没兴趣"
)
_YES: Final = (
    r"只要|只想要|只收|只想收|只留|只看|只发|只接收|只需要|只需|只订|只保留|只给我发|只用|仅要|仅保留"
    r"|仅接收|仅|就要|就留|就收|保留|留着|留下|留|继续|照发|照常|照旧|要|收|发|开启|打开|开通|订阅|订|接收"
    r"|加上|加一?个|添上|添加|补上|安排上|不错|挺好|可以|需要|想要|想收|想看|行|好|感兴趣|喜欢|有用"
)
_YES_AHEAD: Final = (
    r"保留|留着|留|继续|可以发|可以|照发|开启|打开|开通|订阅|加上|再加|加|增加|还要|想要|需要|想收|想看"
    r"|接收|愿意收|只|要|想|多发|请发|发点|恢复|添加"
)
_NO_BEFORE: Final = re.compile(
    rf"(?:{_NO})(?:再|给我|发|收|推|送|传|来|什么|任何|这些|那些|那种|这种|你们|的|关于|掉|了|我|把|所有|一切"
    rf"|看|接收|推送){{0,6}}$"
)
_NO_AFTER: Final = re.compile(
    rf"^(?:短信|信息|消息|那类|这类|那种|这种|那块|类|方面|系列|部分|的话|通知|提醒|推送|的|那些|这些|什么|之类|就|都|也|可以|请|麻烦|以后|今后|统统"
    rf"|全部|全|一律|真的|我|给我|帮我|先|还是|内容|活动){{0,6}}(?:{_NO})"
)
_ONLY_BEFORE: Final = re.compile(
    r"(?:只|仅|光|单单|就)(?:要|想要|收|想收|留|看|想看|发|接收|需要|需|订|保留|给我发|用|推送|推|有|给我|限"
    r"|接受|想接收|关心|对){0,6}(?:你们的|你们|这个|那个|一个|一类|下|和|、|的){0,6}$"
)
_ONLY_AFTER: Final = re.compile(
    r"^(?:短信|信息|消息|类|通知|提醒|推送|的){0,6}(?:就行|就好|就可以|就够|即可|就成|就得|就要|足够|够了|其他|别的"
    r"|其它|留着就)"
)
_YES_AFTER: Final = re.compile(
    rf"^(?:短信|信息|消息|那类|这类|那种|这种|方面|类|通知|提醒|推送|的|那些|这些|就|都|也|可以|请|麻烦|还是|还|我|给我|帮我"
    rf"|内容){{0,6}}(?:{_YES})(?!不|吗|没|么|什么|太|得|了[好几])"
)
_YES_BEFORE: Final = re.compile(
    rf"(?:{_YES_AHEAD})(?:再|给我|发|收|推|送|点|一些|些|一?个|你们的|的|一下|看|到){{0,6}}$"
)
_EXCEPT: Final = re.compile(
    r"除了?(?P<topics>.{1,20}?)(?:以外|之外|外)?[,。 ]?(?:剩下|剩余|其余)?的?(?P<rest>其他|其它|别的|另外|都|全"
    r"|一律|统统|什么|任何|所有|其余|剩下|不要|别|不用|不收)(?P<tail>.{0,20})|(?P<topics2>.{1,16}?)(?:以外"
    r"|之外)(?:的|,)?(?P<tail2>.{0,20})"
)
_OTHERS_NO: Final = re.compile(
    rf"(?:其他|其它|别的|其余|剩下|另外|剩余)(?:的|短信|信息|消息|类|什么|那些|东西|广告|内容){{0,6}}(?:就|都|全|一律|一概|一并"
    rf"|统统|全部|也|请|可以|我|以后|不){{0,6}}(?:{_NO}|不要|算|别)"
)
_OTHERS_YES: Final = re.compile(
    r"(?:其他|其它|别的|其余|剩下|另外)(?:的|短信|信息|消息|类|那些){0,6}(?:就|都|全|一律|统统|全部|也|可以|照|还"
    r"|继续|请|正常){0,6}(?:可以|照|继续|要|发|收|行|留|保留|正常|没问题|不变|OK|ok)"
)
_THING: Final = re.compile("快递|物流|订单|发货|配送|取件|取货|包裹|到货|派送|签收|取件码|服务|提醒")
_MESSAGE: Final = re.compile("的?(?:通知|短信|信息|提醒|消息|类|推送)|的(?!时候|东西|是)")
_KEPT: Final = re.compile(rf"{_MESSAGE.pattern}|(?:还|就|也|要|请){{0,2}}(?:照[发旧常样收]|留着|保留|继续发)")
"""What follows the name of a thing where a message about it is meant."""
_ENOUGH: Final = re.compile("就[行好成]|就可以|即可")
"""别发促销就行, where the menu was asked: the rest is welcome."""
_BARE: Final = re.compile(r"[和跟与及、,&+加或还有以的类吧谢短信息通知就选要我订留只收那\s]*")
_MORE_TOPICS: Final = re.compile("加|再|也|还|另外|添")
_ABOUT_US: Final = re.compile(
    "[发推传寄收订留关停频次条封加添扰吵]|短信|信息|通知|提醒|要|send|text|less|fewer|often|ly|单|递|务|识|讯|销|惠|告|动|品|科"
)
"""Without one of these nothing is said about messages."""
_JOIN: Final = re.compile(r"^(?:短信|信息|消息|类|通知|提醒|推送|的){0,6}(?:和|跟|与|及|、|以及|还有|,|&|\+|加|或)?$")

_ALL: Final = re.compile(
    r"所有|全部|一切|任何|什么都|啥都|统统|通通|全都|一条都|一个都|一律|全给我|都别|都不要发|都不发|都给我停"
    r"|全停|都停|(?:什么|啥|任何).{0,3}(?:短信|信息|消息).{0,3}[都也]|彻底"
    r"|everything|stop ?all|全退|都退(?!不)|永远|半条|永久|anything|任何形式"
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
    if not asked and not _ABOUT_US.search(text):
        return Preference()
    only, on, off, keeps = _topics(text, asked=asked)
    keeps = keeps or bool(asked and off and _ENOUGH.search(text))
    if asked and on and not only and not off and not _MORE_TOPICS.search(text):
        only, on = on, ()
    frequency, at = find_frequency(clauses)
    send_time, quiet_after, when_at = find_hours(clauses, context)
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
    for index, (start, end, _) in enumerate(found):
        before = text[found[index - 1][1] if index else 0 : start]
        after = text[end : found[index + 1][0] if index + 1 < len(found) else len(text)]
        stance = _stance(before, after)
        if stance in {"on", "off"} and _THING.fullmatch(text[start:end]) and not _KEPT.match(text[end:]):
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
