"""What only sounds like a stop: one of parcels and services, told of others, asked about, or for some texts only.

Rules for what the trained model behind them cannot know: which of several things shall stop, and how far the word
that refuses reaches. All else that only sounds so is the second opinion's (`second.py`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from bot.domain.intent import Reading
from bot.domain.understanding import NO_SLOTS, Candidate, IntentName

HEARSAY: Final = "听着像退订,其实不是"
_THREATS: Final = re.compile("投诉|举报|报警|起诉|律师|曝光|骚扰")
"""Who threatens means it."""
_NOT: Final = "(?:别|不要|不用|甭|莫|勿)"
_MORE: Final = "(?:再|老是?|又|总是?)"
_FOR_ME: Final = "(?:给我|帮我|跟我)?"
_SENDS: Final = "(?:发|推|来|响|通知|提醒|打扰|扰|塞|寄|传|告诉|叫|喊|打|找我)"

_REFUSES: Final = re.compile(rf"{_NOT}(?:再|给我|老|总){{0,2}}{_SENDS}|[停关退免](?:了|掉|一下|扰|打扰)?$")
_KEEPS: Final = re.compile(
    rf"(?<!不)(?<!还)(?:可以|照样?|接着|继续|照旧|照常){_SENDS}(?!不误)"
    r"|(?<!约)(?<!间)(?:照常|照旧)$"
    r"|^(?:我|俺|咱)?(?:只|净系)(?:要|关心|看|收|推|发|通知)(?!你们|退|停)"
    r"|^.{1,6}(?:的|用品|通知|提醒|短信|信息)[发推](?:吧|就[好行])?$|^发货(?:告诉|通知)我$"
    r"|别[停退关]$"
)
"""A clause that lets something come, beside one that refuses: "宝宝用品发,成人的别发"."""
_FORBIDS: Final = re.compile(rf"^{_NOT}(?![停退关]$)")
_EVERYTHING: Final = re.compile("[全都](?:部)?(?:给我)?[停退关]|什么都|一概|通通|短信(?:也|都)?(?:退|停|关)")
_AT_TIMES: Final = re.compile(
    r"(?:饭点|平时|天黑|夜里?|夜晚|午觉.{0,6}|农忙|考试周|期末周?|月子里|[点时](?:半|钟)?[以之过]?后|点[到至].{1,3}点"
    rf"|工作时间以外)[再就请]?{_NOT}再?(?:{_SENDS}|打扰|扰)"
)
"""Refused at certain times only: "午休一点到两点不要打扰"."""

_NO_TEXTS: Final = r"(?!.{0,4}(?:短信|广告|信息|消息|优惠|券|活动|通知|单页|传单))"
_CARRIERS: Final = (
    "(?:圆通|中通|申通|韵达|顺丰|百世|极兔|德邦|邮政|京东|ems|平邮|闪送|达达|到付|黑猫|宅急便|菜鸟|丰巢|快递柜|驿站)"
)
_SPOILT: Final = re.compile(
    rf"{_NOT}[再老]?(?:给我|跟我)?补?[发寄送][^,。]{{0,3}}(?:过期|临期|[坏破碎烂旧酸]|次品|假货|发霉|变质){_NO_TEXTS}"
    rf"|{_NOT}{_MORE}{_FOR_ME}[发寄送装配拿邮派上]错(?!人|号|短信|信息|消息)"
    rf"|{_NOT}{_MORE}{_FOR_ME}[用拿选找走][^,。]{{0,6}}(?:快递|物流|箱|[袋盒纸膜](?!巾)|包装|泡沫|{_CARRIERS}){_NO_TEXTS}"
)
"""What came was bad, or badly sent: the next shall not be."""
_OTHERWISE: Final = re.compile(
    rf"{_NOT}{_MORE}?{_FOR_ME}"
    rf"(?:[发寄走用选派]{_CARRIERS}{_NO_TEXTS}"
    r"|[寄送][到去来往回]?(?:公司|单位|学校|宿舍|老家|驿站|门卫|前台|隔壁|楼下|老地址|旧地址|原来|以前|那个地址|上次)"
    r"|(?:安排|派|排)(?!什么|活动|短信|广告)"
    r"|[在往到朝][^,。]{0,5}(?:群|朋友圈|网上|抖音|微博)里?[^,。]{0,3}[发传晒贴转放])"
    r"|我的?(?:地址|备注|照片).{0,3}[删去]掉"
)
"""How, where or by whom it shall not be done: of goods and services, not of texts."""
_HAIR: Final = re.compile(
    "[洗护染烫头理剪接假短长卷白黑秃脱沙开出散触蒸颁研批启激引爆首]发(?!短信|信息|消息|广告)"
    "|发(?:型|色|膜|质|量|烧|炎|痒|麻|黄|黑|白|胖|福|呆)"
)
"""Words that hold a 发 and send nothing."""
_ANY_STOP: Final = re.compile("[发传推寄扰烦停退订收闭滚删黑找打叫喊来问催吵滋]|短信|消息|信息|广告|通知|提醒|联系")

_KIN: Final = (
    "(?:我?(?:妈|爸|爷爷?|奶奶?|弟|哥|姐|妹|老公|老婆|媳妇|对象|男友|女友|室友)"
    "|同事|同学|朋友|闺蜜|他|她|他们|对方|人家|别人|前任)"
)
_SENDERS: Final = (
    "(?:某宝|京东|淘宝|美团|拼多多|抖音|公众号|天气预报|报纸|彩铃|牛奶|桶装水|银行|宽带|视频会员|微博|头条|朋友圈"
    "|报社|别的)"
)
_TOLD: Final = re.compile(
    rf"{_KIN}.{{0,4}}把(?!你们?|这).{{0,8}}(?:拉黑|屏蔽|退订|关了|停了)"
    rf"|(?:^|[,。])我?{_KIN}(?!.{{0,8}}(?:帮|给|要|想|让|叫)).{{0,8}}退订了(?!吧)"
    rf"|{_SENDERS}.{{0,8}}(?:退订?|停|关|屏蔽|拉黑|取消).{{0,2}}[了掉]|歌里|歌词|台词"
    r"|(?:本来|原本|差点)[^,。]{0,4}(?:退订|取关|拉黑)[^,。]{0,3}[,。].{0,20}(?:留着|没退|不退|算了|放心)"
)
"""Somebody else did it, or had it done to somebody else, or only sang of it."""
_ASKED: Final = re.compile(
    r"(?:退订|拒收|停发|取消订阅|td).{0,8}(?:什么意思|多久|几天|生效|成功了?没)"
    r"|(?:是不是|是否|有没有).{0,4}[全都]?(?:退订|停了?|拒收)"
    rf"|{_SENDERS}的?(?:广告|推送)?(?:短信|信息)?.{{0,2}}(?:怎么|如何|咋).{{0,3}}(?:退|不收|停|关)"
    rf"|(?:{_KIN}|老人).{{0,8}}(?:号|手机|问).{{0,5}}(?:怎么|如何).{{0,3}}(?:退|不收|停|关)"
)
_HOLDS_ON: Final = re.compile(r"^(?:停|停一?下|等一?下|打住)[,。!~ ]*(?:我先|我去|我接|让我|我想|我看|等我|我在)")

_MEANT: Final[tuple[tuple[re.Pattern[str], re.Pattern[str] | None, IntentName], ...]] = (
    (_TOLD, None, "other"),
    (_HOLDS_ON, None, "other"),
    (_SPOILT, None, "complaint"),
    (_OTHERWISE, None, "other"),
    (_ASKED, re.compile("别|不要|求|赶紧|马上|快点|给我退|帮我"), "question"),
)
"""What is said, unless so, and what it means."""


def really(stop: Candidate, reading: Reading) -> IntentName | None:
    """Tell what a reply means that only sounds like a stop; None where it is one."""
    text = reading.text
    if stop.score >= 1 or _THREATS.search(text):
        return None
    for said, unless, intent in _MEANT:
        if said.search(text) and not (unless and unless.search(text)):
            return intent
    clause = reading.text_of(stop.clause) or text
    if _HAIR.search(clause) and not _ANY_STOP.search(_HAIR.sub("", clause)):
        return "complaint" if "再" in clause else "other"
    return "preference_change" if _keeps_some(reading) else None


def _keeps_some(reading: Reading) -> bool:
    """Tell whether what is refused is only a part, or only at times: something else may come."""
    if _EVERYTHING.search(reading.text):
        return False
    if _AT_TIMES.search(reading.text):
        return True
    said = [clause.text for clause in reading.clauses]
    kept = any(_KEEPS.search(text) and not _FORBIDS.search(text) for text in said)
    return kept and any(_REFUSES.search(text) for text in said)


def instead(stop: Candidate, intent: IntentName, reading: Reading) -> Candidate:
    """Give what stands in the place of a stop that is none."""
    slots = reading.preference.slots if intent == "preference_change" else NO_SLOTS
    return replace(
        stop, intent=intent, score=0.9, layer="pattern", reason=f"{HEARSAY}:{stop.reason}", slots=slots, prompt=None
    )
