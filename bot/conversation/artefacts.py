"""What stands in a reply and is not the customer's: quoted originals, signatures, auto-replies, codes, notices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from bot.domain.understanding import Silence

MAX_RAW: Final = 2000
MAX_LINES: Final = 40
"""Lines looked at one by one."""
MAX_SIGNATURE: Final = 60
"""Characters of the longest signature of a phone."""
_RUNS: Final = re.compile(r"(\s)\s+")
_FIRST: Final = itemgetter(1)
_SIGNED: Final = re.compile(
    r"(?=[\s\-—\[发来s])"
    r"\s*(?:(?:-{1,3}|——|\[)?(?:发自|来自|sent from)(?: ?我的| my)?.{0,20}(?:手机|iphone|ipad|华为|小米|荣耀"
    r"|oppo|vivo|三星|mate|客户端|邮箱|android|huawei|galaxy|短信)?\]?)\s*$",
    re.IGNORECASE,
)
_QUOTE_LINE: Final = re.compile(r"^\s*(?:>|\|)")
_QUOTE_HEAD: Final = re.compile(
    r"(?=[-=_*\s原以转引o])"
    r"(?:-{3,}|={3,}|_{3,}|(?:- ){3,}-?|\*{3,})?\s*(?:原始?短信|原文|原消息|原始消息|原信息|以下(?:是|为)?原文"
    r"|转发的?(?:短信|消息|信息)|original message|引用)\s*(?:如下)?(?:-{3,}|={3,}|[::]|$)",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"^\s*(?:-{4,}|={4,}|_{4,}|(?:- ){3,}-?|—{2,}|\*{4,})\s*$")
_BRACKETED_QUOTE: Final = re.compile(
    r"^\s*(?:回复|引用|re)?\s*[::]?\s*[「『\"“](?:[^」』\"”]{6,400})[」』\"”]\s*(?:\n|[-—]{2,}|$)"
)
_OUR_TEXT: Final = re.compile(r"【[^】\n]{1,20}】[^\n]{10,}")
_ECHO: Final = re.compile(
    r"回复? ?[0-9A-Za-z一二三四五](?: ?[-~、/,到至] ?[0-9A-Za-z一二三四五])?|回复数字|回t|退订回|拒收请?回"
    r"|请回复|请为.{0,12}打分|\(\d为|td退订|t退订",
    re.IGNORECASE,
)
_MARK: Final = re.compile(
    r"^\s*[【\[(「](?:系统)?(?:自动(?:回复|答复|应答|短信|发送)|自動(?:回覆|回復|回复)|auto.?reply|autoreply"
    r"|automatic reply|驾驶模式|勿扰模式|智能(?:回复|助理|秘书)|短信助理|来电助手|秘书服务"
    r"|语音助手)[^】\])」]{0,8}[】\])」]?",
    re.IGNORECASE,
)
_AUTO: Final = re.compile(
    r"\s*(?:自动(?:回复|答复|应答)|自動回[復覆]|此(?:短信|消息|信息)(?:为|是|由).{0,6}(?:自动|系统)|(?:这是"
    r"|本条|本短信|这条).{0,6}自动回复|(?:此|本)(?:短信|消息).{0,8}(?:无需|请勿)回复|系统自动|automatic reply"
    r"|auto.?reply|out of office|i'?m driving|i am driving|"
    r"(?:sorry, )?(?:i )?can'?t talk (?:right )?now|i'?ll call you (?:back )?later|i'?m not receiving notifications)"
    r"|\s*(?:您好|你好|抱歉|对不起|不好意思)?[,!。 ]{0,2}(?:我|本人|机主)?(?:现在|目前|正在|此刻|当前"
    r"|暂时)?(?:正)?(?:在)?(?:开车|驾驶|开会|会议中|忙|不方便接听|无法接听|不便接听|有事不在|不在办公室|外出"
    r"|休假|飞行|关机|上课|手术|不方便接电话|无法接电话|无法接听电话)(?:中|电话)?[,。 ]{0,2}(?:如?有?(?:急事"
    r"|事)?(?:请)?(?:电联|留言|拨打|打电话)?[,。 ]{0,2})?(?:我)?(?:会)?(?:稍后|晚点|一会儿?|待会儿?|等下|空了"
    r"|尽快|回头)(?:再|会|给|将|我|马上|和|与|跟|您|你){0,6}(?:回复|联系|致电|答复|回电|回拨|回您|回你|复您|打给您"
    r"|打给你|回短信)",
    re.IGNORECASE,
)
_AUTO_AFTER: Final = re.compile(
    r"[((【\[][^))】\]]{0,8}自动(?:回复|答复|应答)[))】\]]\s*$|\((?:自动回复|系统自动回复|自動回覆)\)\s*$"
)
_NOT_AUTO: Final = re.compile(
    r"(?:别|不要|不想|不是|是不是|又是|还是|老是|总是|全是|都是|什么|少来|讨厌|停止|关闭|取消).{0,6}自动(?:回复"
    r"|答复)|自动(?:回复|答复).{0,4}(?:吗|\?|吧|能不能|关|停|没用|有什么用)"
)
_CARRIER: Final = re.compile(
    r"\s*【?(?:中国(?:移动|联通|电信|广电)|10086|10010|10000|10099|联通|移动|电信)(?:客服|提醒|营业厅)?[】::,]"
    r"|\s*尊敬的(?:客户|用户|机主|神州行|全球通|动感地带|中国移动).{0,40}(?:余额|话费|流量|停机|套餐|积分|欠费"
    r"|充值)"
)
_CARRIER_SAYS: Final = re.compile(
    r"来电提醒|漏话提醒|漏接来电|未接来电提醒|来电(?:通知|短信呼)|您(?:拨打|呼叫)的(?:用户|电话|号码)"
    r"|该用户(?:已)?(?:关机|停机|启用|开启|不在服务区|正在通话)|对方(?:已关机|不在服务区|已停机)|短信呼"
    r"|本机号码已(?:停机|暂停)|已为您开启.{0,8}(?:拦截|助手)|用户已设置(?:拒收|勿扰|免打扰)|the (?:number"
    r"|subscriber) you (?:have )?(?:dialed|called)"
)
_NOTICE: Final = re.compile(
    r"\s*【[^】\n]{2,16}】(?=.{0,80}(?:(?:取件|取货|提货|提取|取餐|兑换|核销)(?:码|密码)|凭.{0,12}(?:取件|取货|提货)"
    r"|您.{0,4}尾号|尾号.{0,8}(?:卡|账户)|[储信][蓄用]卡|(?:支出|收入|转入|入账|消费|还款|扣款).{0,6}\d"
    r"|您的?(?:快递|快件|包裹|邮件|外卖|运单).{0,24}(?:已|到|请|正在|派)))"
)
"""A notice of somebody else's machine, sent on: a courier's, a bank's. It opens with a signature."""
_CODE_WORD: Final = re.compile(
    r"(?:验证码|校验码|动态码|动态密码|驗證碼|校驗碼|确认码|短信密码|登录码|登陆码|随机码|verification code"
    r"|passcode|security code|\bcode\b|\botp\b)",
    re.IGNORECASE,
)
_MAY_BE_CODE: Final = re.compile("[码碼cCoO](?:(?<=[码碼])|[oO][dD][eE]|[tT][pP])")
_CODE: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){3,7}(?!\d)")
_CODE_NEAR: Final = re.compile(
    r"(?:验证码|校验码|动态码|动态密码|驗證碼|校驗碼|确认码|短信密码|登录码|登陆码|随机码|code|otp)(?:为|是|:| "
    r"|is|=|,|】|：|\(|您的|:){0,6}\s*[「『\"]?(?:[a-zA-Z]{1,2}-)?(?:\d{4,8}|\d{3}-\d{3}(?!\d))|(?<!\d)\d{4,8}(?!\d).{0,8}(?:验证码"
    r"|校验码|动态码|驗證碼|code)|(?:验证码|code).{0,14}?(?<!\d)\d{4,8}(?!\d)"
    r"|(?<!\d)\d{4,8} is your .{1,40} code\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Own:
    """What is left of a reply when the foreign parts are gone."""

    text: str
    silence: Silence | None = None
    masked: str | None = None
    quoted: bool = False
    """Something of ours was quoted or echoed back."""


def strip(raw: str) -> Own:
    """Take a reply apart: the customer's own words, and why to stay silent if there are none."""
    raw = _RUNS.sub(_FIRST, raw[:MAX_RAW].strip())
    code = _code(raw)
    if code is not None:
        return Own(raw, "code", code)
    if _CARRIER.match(raw) or _CARRIER_SAYS.search(raw) or (_NOTICE.match(raw) and not _ECHO.search(raw)):
        return Own(raw, "carrier_notice")
    if _is_auto(raw):
        return Own(raw, "auto_reply")
    signed = _SIGNED.search(raw, max(0, len(raw) - MAX_SIGNATURE)) if len(raw) > 6 else None
    text = raw[: signed.start()] if signed else raw
    own = _unquoted(text)
    return Own(own, quoted=own != text)


def _is_auto(raw: str) -> bool:
    if _MARK.match(raw):
        return True
    return bool(_AUTO.match(raw) or _AUTO_AFTER.search(raw)) and not _NOT_AUTO.search(raw)


def _code(raw: str) -> str | None:
    """Give the text with its code masked, if one is forwarded in it."""
    if not (_MAY_BE_CODE.search(raw) and _CODE_WORD.search(raw) and _CODE_NEAR.search(raw)):
        return None
    return _CODE.sub(lambda found: re.sub(r"\d", "*", found[0]), raw)


def _unquoted(text: str) -> str:
    if (
        "\n" not in text
        and "【" not in text
        and '"' not in text
        and "「" not in text
        and "“" not in text
        and "原" not in text
    ):
        return text
    lines = [line for line in text.split("\n", MAX_LINES) if not _QUOTE_LINE.match(line)]
    kept: list[str] = []
    for index, line in enumerate(lines):
        if _RULE.match(line):
            above = "\n".join(kept)
            if _OUR_TEXT.search(above) or _BRACKETED_QUOTE.match(above + "\n"):
                kept = []
                continue
            if any(_OUR_TEXT.search(later) for later in lines[index + 1 :]):
                break
            continue
        head = _QUOTE_HEAD.search(line)
        if head:
            kept.append(line[: head.start()])
            break
        kept.append(line)
    own = "\n".join(kept)
    own = _BRACKETED_QUOTE.sub("", own)
    own = "\n".join(_without_echo(line) for line in own.split("\n"))
    return own.strip() and own


def _without_echo(line: str) -> str:
    """Drop a text of ours that was sent back: it opens with a signature and speaks as we do."""
    found = re.search(r"【[^】]{1,20}】", line)
    if found is None:
        return line
    rest = line[found.end() :]
    if line.strip() == found[0]:
        return found[0][1:-1]  # "【退订】": the brackets are the customer's own
    if found.start() > 0 and not rest.strip():
        return line[: found.start()]  # a signature of the customer's own phone at the end
    if len(rest) >= 10 and _ECHO.search(rest):
        before = line[: found.start()]
        tail = re.search(r"(?:(?:退订|拒收)请?回复?[0-9A-Za-z]{1,2}|[。.)])\s*([^。.]{1,12})$", rest)
        return before + (" " + tail[1] if tail and not _ECHO.search(tail[1]) else "")
    return line[: found.start()] + line[found.end() :] if not _ECHO.search(line) else line
