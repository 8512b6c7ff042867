from datetime import timedelta

import pytest

from bot.domain.events import Event, ReceiptReceived
from bot.domain.messages import DeliveryReport
from bot.store.leases import Lease
from bot.store.refs import client_ref, read_client_ref
from bot.store.store import Store
from tests.conftest import START, Clock
from tests.smallbot import PHONE, reply
from tests.store.test_commit import HOME, lease
from tests.store.test_outbox import queue

DELIVERED = DeliveryReport(state="delivered", message_id="m1", to=PHONE, done_at=START)


@pytest.fixture
async def held(store: Store) -> Lease:
    return await lease(store)


async def receipts(store: Store) -> list[ReceiptReceived]:
    entries = await store.inbox.read(HOME, "live", "0-0", 10)
    return [store.codec.unpack(Event, entry.packed).what for entry in entries]


async def test_a_receipt_finds_its_text(store: Store, held: Lease, clock: Clock) -> None:
    [text] = await queue(store, held, reply("1"))
    assert await store.refs.link("out", "m1", text, clock()) == []
    assert await store.refs.report("out", DELIVERED, clock()) == "accepted"
    assert await store.refs.report("out", DELIVERED, clock()) == "duplicate"
    [receipt] = await receipts(store)
    assert (receipt.message_id, receipt.report.state) == (text.id, "delivered")


async def test_one_that_comes_too_early_waits_for_its_text(store: Store, held: Lease, clock: Clock) -> None:
    assert await store.refs.report("out", DELIVERED, clock()) == "parked"
    [text] = await queue(store, held, reply("1"))
    [event] = await store.refs.link("out", "m1", text, clock())
    assert event.what == ReceiptReceived(
        message_id=text.id, report=DeliveryReport(state="delivered", message_id="m1", done_at=START)
    )


async def test_another_account_has_ids_of_its_own(store: Store, held: Lease, clock: Clock) -> None:
    [text] = await queue(store, held, reply("1"))
    await store.refs.link("out", "m1", text, clock())
    assert await store.refs.report("spare", DELIVERED, clock()) == "parked"


async def test_our_own_reference_resolves_what_nobody_knows(store: Store, held: Lease, clock: Clock) -> None:
    [text] = await queue(store, held, reply("1"))
    await store.outbox.settle(HOME, text, "unknown", clock() + timedelta(hours=1))
    report = DeliveryReport(state="delivered", message_id="never linked", client_ref=client_ref(HOME, text.id))
    assert await store.refs.report("out", report, clock()) == "accepted"


async def test_a_receipt_without_any_name_is_nobodys(store: Store, clock: Clock) -> None:
    assert await store.refs.report("out", DeliveryReport(state="delivered"), clock()) == "nameless"


@pytest.mark.parametrize("ref", ["", "zzzz", "our order 4711"])
def test_a_foreign_reference_is_none_of_ours(ref: str) -> None:
    assert read_client_ref(ref) == (None, "")
