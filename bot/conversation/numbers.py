"""The numbers of a reply and what each stands for: a score, a count, a time, a price, a phone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bot.conversation.numerals import ENGLISH, NUMERALS, value_of
from bot.domain.intent import Clause, Number, NumberRole

_MEASURES: Final = (
    "次 件 份 条 盒 箱 瓶 杯 人 位 张 斤 公斤 克 毫升 升 包 袋 双 只 支 台 本 层 楼 岁 度 米 公里 里 厘米 遍 家 桌 间"
    " 种 款 样 成 倍 级 路 弄 栋 幢 单元 室 店 辆 把 根 片 套 副 顿 餐 道 碗 盘 串 头 口 步 站 圈 趟 单 笔 排 届 期 页"
    " 题 话 句 字 代 批 桶 罐 听 盆 朵 束 枝 棵 匹 门 节 课 堂 场 局 轮 拨 群 班 名 桩 番 颗 粒 滴 针 折 线 区 环 档 挡"
    " 码 寸 kg ml km cm mm"
)
# What may follow a number, by the role that it gives; the order decides.
_UNITS: Final[Mapping[NumberRole, str]] = {
    "duration": (
        "个半?小时|半?小时|个半?钟头?|钟头|分钟|分半钟|刻钟|秒钟?|个半?月|个?半?星期(?![一二三四五六日天])"
        "|个?礼拜(?![一二三四五六日天])|天|周(?![一二三四五六日天末])|年|mins?|hours?|days?|h(?![a-z])"
    ),
    "score": (
        "分(?!钟|之|店|公司|期|开|类|享|成|别|析|明|手|担|配|量|辨|批|拣|装|厘|钱|熟|饱|甜|糖|裤|头|散|钞|货|价|毫)"
        "|[颗个粒]?星(?!期|级|座|巴克|光|际|辰|酒店|宾馆|饭店|民宿|餐厅)|[颗个]?★|stars?|points?"
    ),
    "clock": "点(?!赞|击|评|的建议|建议|意见|小|开|了[个几])|时(?!候)|:[0-5][0-9]|am|pm|:",
    "date": "月(?!租|饼|子)|号(?!码|店|楼|线|院|包|桌|柜|技师|师傅|员工|客服)|日(?!子)",
    "price": "元|块(?!地|蛋糕|面包)|毛|角|折|圆|rmb|刀|万|w(?![a-z])|港币|美元|千",
    "quantity": (
        "%|个(?!星)|回(?!复)|下(?!午|次|周|个)|号(?:楼|线|院|桌|柜|技师|师傅|员工|客服)|点(?:建议|意见|小)|[gmls](?![a-z])|"
        + "|".join(sorted(_MEASURES.split(), key=len, reverse=True))
    ),
}
_UNIT: Final = [(role, re.compile(rf" ?(?:{units})")) for role, units in _UNITS.items()]
_PHONE: Final = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)")
_LANDLINE: Final = re.compile(
    r"(?<!\d)(?:0\d{2,3}-\d{7,8}|[48]00-?\d{3}-?\d{4}|1(?:00\d\d|23\d\d|1[0-9]|2[0-2]|9[0-9]{3}))(?!\d)"
)
_ORDER: Final = re.compile(
    r"(?:尾号|单号|订单号?|编号|运单|快递单|工号|卡号|会员号|取件码|取货码|房号?|#|no\.?)[是为:] ?\d{2,20}"
    r"|(?:尾号|单号|订单|编号|工号|卡号|取件码|#)\d{2,20}"
)
_NUMBER: Final = re.compile(
    rf"(?=[\d{NUMERALS}efnostz])(?:\d+(?:\.\d+)?|[{NUMERALS}]+|(?<![a-z])(?:{'|'.join(ENGLISH)})(?![a-z]))"
)
# Words that hold a numeral and are no number.
_IDIOM: Final = re.compile(
    "一分钱一分货|一分价钱一分货|一分不多|万一|一般般?|一下|一直|一定|一样|一起|一些|一点[儿也都]?|一旦|一律"
    "|一共|一会儿?|一切|一向|一致|一流|一如"
    "|一边|一方面|统一|唯一|专一|同一|之一|第一时间|不一|十分(?!之|钟|制|满分|[,。.!;]|$)|万分|千万|百分百"
    "|百分之百?|三番五次|再三|乱七八糟|七上八下"
    "|四川|四处|五花八门|百度|百货|千方百计|一塌糊涂|一言难尽|一模一样|一五一十|一心一意|丢三落四|说一不二"
    "|九牛一毛|五一|十一(?=假|期|长|放|黄|那|前|后|国)"
    "|六一|双十一|双十二|三八|八一|三明治|二维码|二手|二话|二百五|一概|一塌|一个劲|一大早|一天到晚|一天天"
    "|三天两头|半斤八两|六六六|两清|两口子"
    "|一肚子|一次性|一心|一刻|一度|一来|一看|一听|一问|一打开|一到|一吃|一用|一试|一喝|一开始|一手|一路|一身"
    "|一堆|一套|一百个"
)  # fmt: skip
_ORDER_TAIL: Final = re.compile(r"尾号(?:是|为|:)? ?(\d{2,6})")


_WHOLES: Final[tuple[tuple[NumberRole, re.Pattern[str]], ...]] = (
    ("phone", _PHONE),
    ("phone", _LANDLINE),
    ("order", _ORDER),
    ("other", _IDIOM),
)


def find_numbers(text: str, clauses: Sequence[Clause]) -> tuple[Number, ...]:
    """Find every number in a normalised text, in order, each with its role."""
    if not _NUMBER.search(text):
        return ()
    taken = [(found.start(), found.end(), role) for role, pattern in _WHOLES for found in pattern.finditer(text)]
    numbers: list[Number] = []
    for found in _NUMBER.finditer(text):
        start, end = found.span()
        role: NumberRole | None = next((r for s, e, r in taken if start < e and end > s), None)
        if role == "other" and not found[0].isdigit():
            continue
        value = value_of(found[0])
        if value is None:
            continue
        unit = ""
        if role is None:
            role, unit = _role(text, found)
        numbers.append(Number(value, role, start, end, _clause_at(clauses, start), found[0], unit))
    return tuple(numbers)


def _role(text: str, found: re.Match[str]) -> tuple[NumberRole, str]:
    start, end = found.span()
    before, after = text[max(0, start - 2) : start], text[end : end + 1]
    if before.endswith("第"):
        return "ordinal", text[end : end + 1]
    if before.endswith(("¥", "$", "￥", "rmb")):
        return "price", ""
    for role, pattern in _UNIT:
        unit = pattern.match(text, end)
        if unit:
            return role, unit[0].strip()
    if before.endswith((":", "点")) and len(before) == 2 and (before[0].isdigit() or before[0] in NUMERALS):
        return "clock", ""
    if before.endswith("月"):
        return "date", ""
    if before.endswith("-") and not before[:-1]:
        return "other", ""
    if len(found[0]) >= 5 and found[0].isdigit():
        return "order", ""
    if found[0].isascii() and found[0].isalnum() and (after.isascii() and after.isalpha()):
        return "other", ""
    return "bare", ""


def _clause_at(clauses: Sequence[Clause], position: int) -> int:
    return next((clause.index for clause in clauses if clause.start <= position < clause.end), 0)


def find_phone(text: str) -> str | None:
    """Give the first mobile number in the text, as eleven digits."""
    found = _PHONE.search(text)
    return "".join(found.groups()) if found else None


def find_order_tail(text: str) -> str | None:
    """Give the last digits of an order that the customer names."""
    found = _ORDER_TAIL.search(text)
    return found[1] if found else None
