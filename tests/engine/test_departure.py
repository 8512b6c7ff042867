"""The last look before a text leaves: whose extension code, and what waits for the rest of a long reply."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.customer import Customer, LongReply
from bot.domain.gateway import Capabilities
from bot.domain.ids import extension_of
from bot.domain.messages import InboundMessage, MessageClass, OutboundMessage
from bot.domain.shop import Shop
from bot.domain.verdict import Later, Ready
from bot.engine.departure import Departure
from bot.outbound.routing import Route
from tests.engine.minds import packaged_mind

NOW = datetime.fromisoformat("2025-07-02T10:00:00+08:00")
SHOP = Shop(name="default", signature="森茶", gateways=("a", "b"))
CUSTOMER = Customer(id="c1", shop="default", phone="+8613800000000", created_at=NOW, gateway="a", ext="77")
TEXT = OutboundMessage(
    id="t1", shop="default", customer="c1", message_class="service", text="您好", created_at=NOW, cause="e"
)
ANSWER = replace(TEXT, message_class="conversation", gateway="a", ext="77")
CAN = Capabilities(extension=True)
A, B = (Route(account=name, provider="yunpian", capabilities=CAN) for name in "ab")


def departs(
    text: OutboundMessage,
    customer: Customer = CUSTOMER,
    tried: frozenset[str] = frozenset(),
    tying: tuple[str, ...] = (),
) -> Ready | Later:
    content = packaged_mind().content
    departure = Departure(
        content=lambda: content, shops={"default": SHOP}, routes=lambda: (A, B), report_urls={}, tying=frozenset(tying)
    )
    found = departure(text, customer, NOW, "0001t1", tried)
    assert isinstance(found, Ready | Later)
    return found


@pytest.mark.parametrize(
    ("text", "tried", "tying", "ext"),
    [
        (ANSWER, (), (), "77"),
        (ANSWER, ("a",), (), None),
        (TEXT, (), (), None),
        (replace(TEXT, prompt="p1"), (), (), None),
        (replace(TEXT, prompt="p1"), (), ("a",), extension_of("p1")),
        (replace(ANSWER, prompt="p1"), (), ("a",), extension_of("p1")),
        (ANSWER, (), ("a",), "77"),
        (replace(ANSWER, prompt="p1"), ("a",), ("a",), None),
    ],
)
def test_extension_codes(
    text: OutboundMessage, tried: tuple[str, ...], tying: tuple[str, ...], ext: str | None
) -> None:
    ready = departs(text, tried=frozenset(tried), tying=tying)
    assert isinstance(ready, Ready)
    assert ready.submission.ext == ext
    assert ready.account == ("b" if tried else "a")


@pytest.mark.parametrize(("kind", "waits"), [("marketing", True), ("service", False), ("conversation", False)])
def test_promotion_waits_for_the_rest_of_a_reply(kind: MessageClass, waits: bool) -> None:
    message = InboundMessage(sender=CUSTOMER.phone, text="请不要", account="a")
    half = LongReply(key="k", pieces=("请不要", None), message=message, written=NOW, taken=NOW)
    text = replace(TEXT, message_class=kind)
    found = departs(text, replace(CUSTOMER, long_replies=(half,)))
    assert isinstance(found, Later) == waits
    if isinstance(found, Later):
        assert (found.at, found.gate) == (NOW + timedelta(seconds=20), "unread_reply")
    whole = replace(CUSTOMER, long_replies=(replace(half, joined="e1"),))
    assert isinstance(departs(text, whole), Ready) or kind == "marketing"
