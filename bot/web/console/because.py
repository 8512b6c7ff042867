"""Why something was read so, or was not sent, in the language of the page.

The rooms that find a reason give it in Chinese, what a gateway says stands as it came; neither knows who will look.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

from bot.web.console.words import Translator

# {} stands for what was written, which no page translates; ## for a number; <> for a reason within a reason.
_SAYINGS: Final[Mapping[str, str]] = {
    "“{}”合于句式 {}": "“{}” fits the pattern {}",
    "整句是“{}”": "the whole clause is “{}”",
    "全文是“{}”": "the whole text is “{}”",
    "有“{}”": "“{}” occurs",
    "说到“{}”": "names “{}”",
    "“{}”被否定": "“{}” is denied",
    "与例句“{}”相同": "the same as the example “{}”",
    "近于例句“{}”({})": "close to the example “{}” ({})",
    "近于“{}”": "close to “{}”",
    "“{}”只在“{}”中有": "“{}” stands in “{}” alone",
    "“{}”是“{}”的简称": "“{}” is short for “{}”",
    "“{}”是问句": "“{}” is a question",
    "只有问号": "nothing but a question mark",
    "像{}的说法,模型认为{}是这个意思": "sounds like {}; the model is {} sure",
    "模型认为{}是这个意思": "the model is {} sure",
    "没有足够把握的解释": "nothing is sure enough",
    "员工更正过同样的短信": "a colleague corrected the same text",
    "网关已按退订处理": "the gateway took it for a stop",
    "网关已恢复发送": "the gateway took it for a start",
    "投诉之后的辱骂按要求停发处理": "abuse after a complaint counts as a stop",
    "以投诉相胁:<>": "threatens to complain: <>",
    "听着像退订,其实不是:<>": "sounds like a stop and is none: <>",
    "有辱骂的话": "abusive words",
    "表情表示同意": "an emoji that agrees",
    "表情表示拒绝": "an emoji that refuses",
    "表情表示不满": "an unhappy emoji",
    "表情表示称赞": "an emoji of praise",
    "上一条短信说了回复{}退订": "our last text said that {} stops",
    "营销短信之后的单个字母{}": "a lone {} after a promotion",
    "说到什么时候不要发": "says when not to write",
    "说到接收的{}": "says what to send, how often or when",
    "全部都要": "wants all",
    "答的是为什么打低分": "answers why the rating was low",
    "<>,同意预约": "<>: agrees to the booking",
    "说的就是约好的时间:<>": "names the time of the booking: <>",
    "说了别的时间:<>": "names another time: <>",
    "选了可选时间{}": "picks the offered time {}",
    "“{}”,从原预约算起": "“{}”, counted from the booking",
    "<>是菜单的“{}”": "<> is “{}” on the menu",
    "<>合于提示的回复1": "<> is the answer 1 that was asked for",
    "<>是否": "<> means no",
    "<>,是第##项": "<>: option ##",
    "“{}”是第##项": "“{}” is option ##",
    "选项{}": "option {}",
    "<>不在1到5之间": "<> is not within 1 to 5",
    "各方面的分数不一样": "each side is rated otherwise",
    "“{}”没有定下来": "“{}” leaves it open",
    "“{}”按最低分记": "“{}” counts as the lowest",
    "“{}”折不成整数分": "“{}” makes no whole rating",
    "“{}”是分数": "“{}” is a rating",
    "“{}”是最高分": "“{}” is the highest",
    "“{}”是##分": "“{}” is ## points",
    "十分制的##分折不成整数分": "## out of ten makes no whole rating",
    "十分制的##分": "## out of ten",
    "{}不是整数分": "{} is no whole rating",
    "数到##颗星": "## stars",
    "满分": "full marks",
    "<>是##分": "<>: ## points",
    "##分": "## points",
    "语气:<>": "tone: <>",
    "评分{},<>": "rated “{}”; <>",
    "评分{}": "rated “{}”",
    "好的说法:{}": "kind words: “{}”",
    "不满的说法:{}": "unhappy words: “{}”",
    "也有好话:{}": "kind words too: “{}”",
    "也有微词:{}": "some unhappy words: “{}”",
    "“{}”之后的话更重": "what follows “{}” weighs more",
    "把握不足,按中性处理": "too unsure, so neutral",
    "整句语气偏负面": "the tone is rather negative",
    "整句语气偏正面": "the tone is rather positive",
    "没有明显态度": "no clear attitude",
    "没有表示好坏": "says neither good nor bad",
    "没有文字": "no words",
    "整句“{}”在固定词表中": "“{}” is a listed phrase",
    "含有门店指定用语“{}”": "holds the shop's own phrase “{}”",
    "只有数字或字母,没有态度": "only digits or letters",
    "只有表情 {}": "only emoji {}",
    "只是应答、致谢或客套": "only courtesy",
    "只是作答": "only an answer",
    "只是询问": "only a question",
    "抱怨": "complains",
    "辱骂": "abuses",
    "表扬": "praises",
    "话说得重": "strong words",
    "手机自动回复,不回": "an automatic reply, not answered",
    "运营商通知,不回": "a carrier notice, not answered",
    "转发的验证码,不回,不留原文": "a forwarded code, not answered and not kept",
    "空白短信": "an empty text",
    "不回": "not answered",
}
_HOLES: Final[Mapping[str, str]] = {
    "“{}”": "“(?P<w{}>[^”]*)”",
    "{}": "(?P<w{}>.+?)",
    "##": r"(?P<w{}>[\d.]+)",
    "<>": "(?P<r{}>.+)",
}
"""What matches a hole: the name of its group begins with r for a reason within a reason."""
_APART: Final = re.compile(";(?![^“]*”)")
_QUOTED: Final = re.compile("“[^”]*”")
_CHINESE: Final = re.compile("[\u4e00-\u9fff]")


def because(reason: str, t: Translator) -> str:
    """Say why something was read so."""
    return reason if t.language == "zh" else _english(reason)


def hindrance(reason: str, gate: str, t: Translator) -> str:
    """Say why a text was not sent: the gate's reason, ours, or the provider's own word."""
    if gate and gate != "fault" and t.language != "zh":
        return t.word("gate", gate)
    # Our own reasons may go on with what the network said.
    ours, colon, more = reason.partition(": ")
    return t.word("reason", ours) + colon + more


@lru_cache(maxsize=4096)
def _english(reason: str) -> str:
    parts = _APART.split(reason)
    if len(parts) > 1:
        return "; ".join(filter(None, map(_english, parts)))
    for form, english in _forms():
        if found := form.fullmatch(reason):
            said = [_english(part) if name[0] == "r" else _joined(part) for name, part in found.groupdict().items()]
            return english.format(*said)
    if _CHINESE.search(_QUOTED.sub("", reason)):
        # What nobody has put into English yet leads at least to the words that led to it.
        return ", ".join(_QUOTED.findall(reason))
    return _joined(reason)


def _joined(said: str) -> str:
    return said.replace("、", ", ")


@cache
def _forms() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_form(chinese), re.sub("<>|##", "{}", english)) for chinese, english in _SAYINGS.items())


def _form(chinese: str) -> re.Pattern[str]:
    parts = re.split(r"(“\{\}”|\{\}|##|<>)", chinese)
    holes = (_HOLES[part].format(nth) if part in _HOLES else re.escape(part) for nth, part in enumerate(parts))
    return re.compile("".join(holes), re.DOTALL)
