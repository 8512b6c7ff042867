"""Receipts of texts whose parts, or whose batch, have ids of their own."""

import itertools

import pytest

from bot.domain.events import Event, ReceiptReceived
from bot.domain.messages import DeliveryReport, PartOf, ReportState
from bot.store.leases import Lease
from bot.store.refs import client_ref
from bot.store.store import Store
from tests.conftest import Clock
from tests.smallbot import PHONE, reply
from tests.store.test_commit import HOME, lease
from tests.store.test_outbox import queue


@pytest.fixture
async def held(store: Store) -> Lease:
    return await lease(store)


def told(name: str, state: ReportState = "delivered", **more: object) -> DeliveryReport:
    return DeliveryReport(state=state, message_id=name, **more)


async def states(store: Store) -> list[str]:
    entries = await store.inbox.read(HOME, "live", "0-0", 100)
    events = [store.codec.unpack(Event, entry.packed) for entry in entries]
    return [event.what.report.state for event in events if isinstance(event.what, ReceiptReceived)]


@pytest.mark.parametrize("order", list(itertools.permutations(("a", "b", "c"))))
async def test_a_text_in_parts_arrived_when_all_have(
    store: Store, held: Lease, clock: Clock, order: tuple[str, ...]
) -> None:
    [text] = await queue(store, held, reply("1"))
    assert await store.refs.link_all("out", ("a", "b", "c"), text, clock()) == []
    for name in order[:2]:
        assert await store.refs.report("out", told(name), clock()) == "part"
        assert await store.refs.report("out", told(name), clock()) == "part"
    assert await states(store) == []
    assert await store.refs.report("out", told(order[2]), clock()) == "accepted"
    assert await store.refs.report("out", told(order[2]), clock()) == "duplicate"
    assert await states(store) == ["delivered"]


async def test_one_failed_part_fails_the_text(store: Store, held: Lease, clock: Clock) -> None:
    [text] = await queue(store, held, reply("1"))
    await store.refs.link_all("out", ("a", "b"), text, clock())
    assert await store.refs.report("out", told("a"), clock()) == "part"
    assert await store.refs.report("out", told("b", "failed"), clock()) == "accepted"
    assert await states(store) == ["failed"]


async def test_a_part_only_moves_forward(store: Store, held: Lease, clock: Clock) -> None:
    [text] = await queue(store, held, reply("1"))
    await store.refs.link_all("out", ("a", "b"), text, clock())
    for name, state in (("a", "delivered"), ("a", "sent"), ("b", "sent")):
        await store.refs.report("out", told(name, state), clock())
    await store.refs.report("out", told("b"), clock())
    assert await states(store) == ["sent", "delivered"]


async def test_receipts_of_parts_may_come_before_their_text(store: Store, held: Lease, clock: Clock) -> None:
    for name in ("b", "a"):
        assert await store.refs.report("out", told(name), clock()) == "parked"
    [text] = await queue(store, held, reply("1"))
    [event] = await store.refs.link_all("out", ("a", "b"), text, clock())
    assert isinstance(event.what, ReceiptReceived)
    assert (event.what.message_id, event.what.report.state) == (text.id, "delivered")


async def test_a_gateway_may_say_itself_which_part_it_speaks_of(store: Store, held: Lease, clock: Clock) -> None:
    [text] = await queue(store, held, reply("1"))
    await store.refs.link("out", "a", text, clock())
    assert await store.refs.report("out", told("a", part=PartOf(number=2, total=2)), clock()) == "part"
    assert await store.refs.report("out", told("a", part=PartOf(number=1, total=2)), clock()) == "accepted"
    assert await states(store) == ["delivered"]


async def test_one_id_of_a_batch_is_told_apart_by_the_number(store: Store, held: Lease, clock: Clock) -> None:
    [text] = await queue(store, held, reply("1"))
    early = told("biz", to=PHONE)
    assert await store.refs.report("out", early, clock(), shared_ids=True) == "parked"
    [event] = await store.refs.link_shared("out", "biz", text, PHONE, clock(), alone=False)
    assert event.what.message_id == text.id
    # The reference of the batch's first text comes with the receipts of all.
    stranger = told("biz", to="+8613900000000", client_ref=client_ref(HOME, text.id))
    assert await store.refs.report("out", stranger, clock(), shared_ids=True) == "parked"
    assert await store.refs.report("out", told("biz"), clock(), shared_ids=True) == "parked"


async def test_a_text_that_went_alone_is_found_by_its_id_alone(store: Store, held: Lease, clock: Clock) -> None:
    [text] = await queue(store, held, reply("1"))
    await store.refs.link_shared("out", "biz", text, PHONE, clock(), alone=True)
    assert await store.refs.report("out", told("biz"), clock(), shared_ids=True) == "accepted"
    assert await store.refs.report("out", told("biz", to=PHONE), clock(), shared_ids=True) == "duplicate"
