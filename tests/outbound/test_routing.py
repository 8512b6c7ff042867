"""Which account carries a text."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.content import Filed, Text
from bot.domain.customer import Customer
from bot.domain.gateway import Capabilities
from bot.domain.messages import OutboundMessage
from bot.domain.shop import Shop
from bot.outbound.routing import Route, choose

NOW = datetime(2025, 7, 2, 2, tzinfo=UTC)
SHOP = Shop(name="tea", gateways=("a", "b", "c"))
CUSTOMER = Customer(id="c1", shop="tea", phone="+8613800000000", created_at=NOW)
MESSAGE = OutboundMessage(
    id="m1", shop="tea", customer="c1", message_class="service", text="您好", created_at=NOW, cause="e"
)
A, B, C = (Route(account=name, provider="yunpian", capabilities=Capabilities()) for name in "abc")
FILED_ONLY = Capabilities(free_text=False)
ANSWER = replace(MESSAGE, message_class="conversation", gateway="a")


@pytest.mark.parametrize(
    ("routes", "chosen"),
    [
        ((A, B), "a"),
        ((B, A), "a"),
        ((replace(A, healthy=False), B), "b"),
        ((replace(A, cost=0.05), replace(B, cost=0.04)), "b"),
        ((replace(A, classes=frozenset({"marketing"})), B), "b"),
        ((replace(A, carriers=frozenset({"unicom"})), B), "b"),
        ((replace(A, carriers=frozenset({"mobile"})), B), "a"),
        ((replace(A, regions=("+852",)), B), "b"),
        ((replace(A, capabilities=FILED_ONLY), B), "b"),
        ((replace(A, capabilities=Capabilities(sends=False)), B), "b"),
        ((replace(A, capabilities=Capabilities(max_chars=1)), B), "b"),
        ((replace(A, account="stranger"), B), "b"),
        ((replace(A, healthy=False),), "a"),
        ((), None),
    ],
)
def test_by_what_it_can_do_health_cost_and_preference(routes, chosen):
    route = choose(MESSAGE, CUSTOMER, SHOP, routes)
    assert (route.account if route else None) == chosen


def test_an_answer_leaves_by_the_number_that_was_written_to():
    customer = replace(CUSTOMER, gateway="c")
    cheap = replace(A, cost=0.01)
    assert choose(MESSAGE, customer, SHOP, (cheap, replace(C, cost=0.05))).account == "c"
    assert choose(MESSAGE, customer, SHOP, (cheap, replace(C, healthy=False))).account == "a"


def test_a_question_leaves_where_answers_come_back():
    deaf = replace(A, capabilities=Capabilities(receives=False))
    assert choose(replace(MESSAGE, prompt="p1"), CUSTOMER, SHOP, (deaf, B)).account == "b"
    assert choose(MESSAGE, CUSTOMER, SHOP, (deaf, B)).account == "a"


def test_the_named_account_or_none():
    assert choose(replace(MESSAGE, gateway="b"), CUSTOMER, SHOP, (A, B)).account == "b"
    assert choose(replace(MESSAGE, gateway="x"), CUSTOMER, SHOP, (A, B)) is None


def test_not_again_by_one_that_did_not_take_it():
    assert choose(MESSAGE, CUSTOMER, SHOP, (A, B), tried=frozenset({"a"})).account == "b"
    assert choose(MESSAGE, CUSTOMER, SHOP, (A, B), tried=frozenset({"a", "b"})) is None


def test_filed_texts_open_the_way_and_links_close_it():
    filed_only = replace(A, capabilities=FILED_ONLY)
    text = Text(name="x", text="您好", filed={"yunpian": Filed(code="1")})
    assert choose(MESSAGE, CUSTOMER, SHOP, (filed_only, B), text=text).account == "a"
    no_links = replace(A, capabilities=Capabilities(links=False))
    assert choose(replace(MESSAGE, text="https://t.cn/a"), CUSTOMER, SHOP, (no_links, B)).account == "b"


@pytest.mark.parametrize(
    ("message", "routes", "tried", "chosen"),
    [
        (ANSWER, (A, replace(B, cost=-1)), (), "a"),
        (ANSWER, (A, B), ("a",), "b"),
        (ANSWER, (replace(A, healthy=False), B), (), "b"),
        (ANSWER, (replace(A, healthy=False),), (), "a"),
        (ANSWER, (replace(A, healthy=False), replace(B, healthy=False)), (), "a"),
        (ANSWER, (A,), ("a",), None),
        (replace(MESSAGE, gateway="a"), (A, B), ("a",), None),
    ],
)
def test_an_answer_goes_by_another_account_only_where_its_own_fails(
    message: OutboundMessage, routes: tuple[Route, ...], tried: tuple[str, ...], chosen: str | None
) -> None:
    customer = replace(CUSTOMER, gateway="a")
    found = choose(message, customer, SHOP, routes, tried=frozenset(tried))
    assert (found.account if found else None) == chosen
