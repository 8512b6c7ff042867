"""The last look at a text before it leaves: gates once more, then the route, then the words for that route."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.content import Content
from bot.domain.customer import Customer
from bot.domain.ids import extension_of
from bot.domain.messages import OutboundMessage
from bot.domain.shop import Shop
from bot.domain.verdict import Later, Never, Ready
from bot.engine.pieces import JOIN_WITHIN, waiting
from bot.errors import GatewayError
from bot.outbound.gates import check
from bot.outbound.render import render
from bot.outbound.routing import Route, choose

CARRIER: Final = "carrier"
"""The text of content/ whose filings carry free text on routes that send filed templates only."""
TRY_AGAIN_IN: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What preparing a text needs; called with the text, it says whether and how the text leaves now."""

    content: Callable[[], Content]
    shops: Mapping[str, Shop]
    routes: Callable[[], Sequence[Route]]
    """The accounts as they are doing now."""
    report_urls: Mapping[str, str]
    """By account: where its receipts are to be sent, for providers that ask with each send."""
    tying: frozenset[str] = frozenset()
    """Accounts where each question leaves with an extension code of its own."""

    def __call__(
        self, text: OutboundMessage, customer: Customer, now: datetime, client_ref: str, tried: frozenset[str]
    ) -> Ready | Later | Never:
        """Ask the gates, choose among the accounts that were not `tried` in vain, and render."""
        shop = self.shops.get(text.shop) or Shop(name=text.shop)
        if text.message_class == "marketing" and waiting(customer):
            return Later(now + JOIN_WITHIN, "客户的长短信还没收全,稍后再发", "unread_reply")
        verdict = check(text, customer, shop, now)
        if isinstance(verdict, Later | Never):
            return verdict
        texts = self.content().texts
        source, carrier = texts.get(text.template or ""), texts.get(CARRIER)
        routes = self.routes()
        route = choose(text, customer, shop, routes, text=source, carrier_text=carrier, tried=tried)
        if route is None and tried:
            # Every account said no for reasons of its own (money, keys): staff mend that, the text waits.
            return Later(now + TRY_AGAIN_IN, "所有通道暂时都不能发送,稍后再试", "route")
        if route is None:
            return Never("没有能发送这条短信的通道:请检查通道设置、模板报备和链接", "route")
        try:
            said = render(text, customer, shop, source, route.capabilities, route.names, carrier=carrier)
        except GatewayError as reason:
            return Never(str(reason), "route")
        return Ready(
            account=route.account,
            submission=said.submission(
                customer.phone,
                client_ref,
                ext=self._extension(text, route.account),
                report_url=self.report_urls.get(route.account),
            ),
        )

    def _extension(self, text: OutboundMessage, account: str) -> str | None:
        if account in self.tying and text.prompt is not None:
            return extension_of(text.prompt)
        return text.ext if account == text.gateway else None
