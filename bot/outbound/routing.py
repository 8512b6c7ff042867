"""Which account carries a text: by what it can do, whom it reaches, how it is doing, what it costs, and habit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.content import Text
from bot.domain.customer import Customer
from bot.domain.gateway import Capabilities
from bot.domain.messages import MessageClass, OutboundMessage
from bot.domain.shop import Shop
from bot.outbound.render import can_carry, has_link
from bot.outbound.segments import segments
from bot.phone import Carrier, carrier


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One account of the settings, as routing sees it; `cost` is the price of one piece, in any one currency."""

    account: str
    provider: str
    capabilities: Capabilities
    healthy: bool = True
    cost: float = 0.0
    classes: frozenset[MessageClass] = frozenset()
    """The classes it may carry (notice and marketing channels must not be mixed); empty: all."""
    carriers: frozenset[Carrier] = frozenset()
    """The mainland carriers it reaches; empty: all."""
    regions: tuple[str, ...] = ()
    """The number prefixes it reaches (+86, +852); empty: all."""

    @property
    def names(self) -> tuple[str, str]:
        """What filings of a text may call it: the account first, then the provider."""
        return (self.account, self.provider)


def choose(
    message: OutboundMessage,
    customer: Customer,
    shop: Shop,
    routes: Sequence[Route],
    *,
    text: Text | None = None,
    carrier_text: Text | None = None,
    tried: frozenset[str] = frozenset(),
) -> Route | None:
    """Choose the account for a text, or None where no one can carry it.

    A text that names its account gets that one or none; an answer gets another where that one fails. Else,
    among those that can: a healthy one, the one that the customer writes to (an answer must come from the number
    that was asked), the cheapest for this text, the one that the shop prefers. `tried` are accounts that certainly
    did not take it.
    """
    able = [
        route for route in routes if route.account not in tried and _able(route, message, customer, text, carrier_text)
    ]
    named = next((route for route in able if route.account == message.gateway), None)
    if message.gateway is not None and ((named and named.healthy) or message.message_class != "conversation"):
        return named
    known = [route for route in able if route.account in shop.gateways or route is named]
    return min(known, key=lambda route: _rank(route, message, customer, shop), default=None)


def _able(
    route: Route, message: OutboundMessage, customer: Customer, text: Text | None, carrier_text: Text | None
) -> bool:
    can = route.capabilities
    return (
        can.sends
        and (not route.classes or message.message_class in route.classes)
        and (not route.regions or customer.phone.startswith(route.regions))
        and (not route.carriers or carrier(customer.phone) in route.carriers | {"unknown"})
        and can_carry(text, can, route.names, carrier_text)
        and (can.links or not has_link(message.text))
        and len(message.text) <= can.max_chars
    )


def _rank(
    route: Route, message: OutboundMessage, customer: Customer, shop: Shop
) -> tuple[bool, bool, bool, float, int]:
    """The smaller the better; stickiness is worth more than money, health more than both."""
    prompts = message.message_class == "conversation" or message.prompt is not None
    pieces = segments(message.text, china_billing=route.capabilities.china_billing)
    return (
        not route.healthy,
        route.account != customer.gateway,
        prompts and not route.capabilities.receives,
        route.cost * pieces,
        shop.gateways.index(route.account) if route.account in shop.gateways else len(shop.gateways),
    )
