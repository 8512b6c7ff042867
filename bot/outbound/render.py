"""From a text of ours to what one route carries: signature, opt-out words, script, symbols, filed template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import emoji

from bot import templating
from bot.domain.content import Filed, Text
from bot.domain.customer import Customer
from bot.domain.gateway import Capabilities, Submission
from bot.domain.messages import OutboundMessage
from bot.domain.shop import Shop
from bot.errors import GatewayError, TemplateError
from bot.outbound.segments import segments

OPT_OUT: Final = "拒收请回复R"
"""The words that tell how to stop; R is the letter that most mainland gateways know."""
CARRIER_VARIABLE: Final = "text"
"""The one variable of a filed template that carries free text."""
_STOP, _ANSWER = "(?:拒收|退订|退訂|取消订阅)", "(?:回复?|回覆)"
_TELLS_HOW_TO_STOP: Final = re.compile(f"{_STOP}.{{0,4}}{_ANSWER}|{_ANSWER}.{{0,4}}{_STOP}")
"""Content may word it otherwise ("退订回T", "回复TD退订"): it is not said twice."""
_LINK: Final = re.compile(
    r"(?:https?://|www\.)[^\s\u3000-\u9fff\uff00-\uffef]+|\b[\w-]{1,63}\.(?:cn|com|net|top|link)/[\w/?=&#%.-]*",
    re.IGNORECASE | re.ASCII,
)
"""With a scheme or www., or a short domain and a path; Chinese may follow without a blank, and ends it."""
_KEYCAP: Final = re.compile("\ufe0f?\u20e3")
"""The frame around a digit (4️⃣): left on, the digit would go with it as an emoji."""
_PRICE: Final = re.compile(r"[￥¥]\s?(\d[\d.,]*)")
_MARKS: Final = str.maketrans({"￥": "", "★": "", "☆": "", "☞": "", "√": "", "※": "", "\u200d": "", "\ufe0f": ""})
"""Symbols that mainland carriers refuse or garble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One text as one route carries it. `text` is what the customer reads, also where a filed template goes."""

    text: str
    sign: str
    template_code: str | None = None
    template_params: tuple[str, ...] = ()
    template_names: tuple[str, ...] = ()
    segments: int = 1

    def submission(
        self, to: str, client_ref: str, *, ext: str | None = None, report_url: str | None = None
    ) -> Submission:
        """Give the submission to one number (E.164)."""
        return Submission(
            to=to,
            text=self.text,
            client_ref=client_ref,
            sign=self.sign,
            ext=ext,
            template_code=self.template_code,
            template_params=self.template_params,
            template_names=self.template_names,
            report_url=report_url,
        )


def render(
    message: OutboundMessage,
    customer: Customer,
    shop: Shop,
    text: Text | None,
    capabilities: Capabilities,
    names: tuple[str, ...],
    *,
    carrier: Text | None = None,
) -> Rendered:
    """Render a message for a route, known by `names`: its account first, then its provider.

    `text` is the text of content/ that the message was made from, if any; `carrier` the one whose filing
    carries free text. Raises GatewayError where the route cannot carry it, with a reason that staff can read.
    """
    said = _worded(message, customer, capabilities)
    sign = templating.to_script(shop.signature, customer.script) if capabilities.sign_in_text else shop.signature
    if capabilities.free_text:
        whole = _with_opt_out(said, message, customer)
        whole = f"【{sign}】{whole}" if capabilities.sign_in_text else whole
        if not capabilities.links and has_link(whole):
            raise GatewayError("该通道不能发送链接,请改用其他通道或去掉链接")
        if len(whole) > capabilities.max_chars:
            raise GatewayError(f"短信共{len(whole)}字,超过该通道上限{capabilities.max_chars}字,请缩短")
        return Rendered(text=whole, sign=sign, segments=_pieces(whole, sign, capabilities))
    code, names_of, params = _filed(message, shop, text, carrier, names, said)
    return Rendered(
        text=said,
        sign=sign,
        template_code=code,
        template_params=params,
        template_names=names_of,
        segments=_pieces(said, sign, capabilities),
    )


def can_carry(text: Text | None, capabilities: Capabilities, names: tuple[str, ...], carrier: Text | None) -> bool:
    """Tell whether a route can carry a text at all: freely, or by a filed template."""
    return capabilities.free_text or any(
        filing is not None for filing in (_filing(text, names), _filing(carrier, names))
    )


def has_link(text: str) -> bool:
    """Tell whether a text holds a link."""
    return _LINK.search(text) is not None


def _worded(message: OutboundMessage, customer: Customer, capabilities: Capabilities) -> str:
    """Give the words in the customer's script, without what the route garbles."""
    said = message.text if message.by_staff else templating.to_script(message.text, customer.script)
    if capabilities.china_billing:
        # A second pair of 【】 would be taken for a second signature.
        said = said.replace("【", "「").replace("】", "」")
    if not capabilities.emoji:
        said = emoji.replace_emoji(_KEYCAP.sub("", said), "")
        said = _PRICE.sub(r"\1元", said).translate(_MARKS)
        said = re.sub(r"[ \t]{2,}", " ", said)
    said = said.strip()
    if not said:
        raise GatewayError("去掉该通道不支持的表情后,短信没有内容了")
    return said


def _with_opt_out(said: str, message: OutboundMessage, customer: Customer) -> str:
    """Tell how to stop at the end of marketing; a blank keeps phones from taking it into a link."""
    if message.message_class != "marketing" or _TELLS_HOW_TO_STOP.search(said):
        return said
    words = templating.to_script(OPT_OUT, customer.script)
    links = [*_LINK.finditer(said)]
    ends_in_link = bool(links) and links[-1].end() == len(said)
    between = " " if ends_in_link else ("" if said[-1] in "。!?！？,，;；~" else ",")
    return f"{said}{between}{words}"


def _filed(
    message: OutboundMessage, shop: Shop, text: Text | None, carrier: Text | None, names: tuple[str, ...], said: str
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Give code, names and values of the filed template that carries this."""
    values: Mapping[str, object] = {**message.variables, "zone": shop.tz}
    defaults = text.defaults if text else {}
    filing = _filing(text, names)
    if filing is None:
        filing, values, defaults = _filing(carrier, names), {CARRIER_VARIABLE: said}, {}
    if filing is None:
        named = f"“{message.template}”" if message.template else "这条短信"
        raise GatewayError(f"通道 {names[0]} 只能发已报备的模板,{named}没有在这里报备;请报备后填入 filed,或换一个通道")
    params = tuple(_param(variable, values, defaults, filing) for variable in filing.variables)
    return filing.code, tuple(variable.split("|")[0].strip() for variable in filing.variables), params


def _filing(text: Text | None, names: tuple[str, ...]) -> Filed | None:
    return next((text.filed[name] for name in names if name in text.filed), None) if text else None


def _param(variable: str, values: Mapping[str, object], defaults: Mapping[str, str], filing: Filed) -> str:
    """Give one value; `start | datetime` is formed by the same filters as in texts."""
    try:
        return templating.render("{{ " + variable + " }}", values, defaults)
    except TemplateError as error:
        raise GatewayError(f"报备模板 {filing.code} 的变量 {variable} 没有值:{error}") from error


def _pieces(whole: str, sign: str, capabilities: Capabilities) -> int:
    paid = whole if capabilities.sign_in_text and capabilities.free_text else f"【{sign}】{whole}"
    return segments(paid, china_billing=capabilities.china_billing)
