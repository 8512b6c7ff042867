"""What an owner remembers of its customers is never older than what it committed."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.customer import Appointment, ClosedPrompt, Customer, Prompt
from bot.domain.events import Event
from bot.domain.healing import healed
from bot.engine.decide import decide as packaged_decide
from bot.store import keys
from bot.store.client import Client
from bot.store.customers import Customers, Loaded
from bot.store.leases import Lease
from bot.store.store import Store
from tests.conftest import START
from tests.engine.minds import packaged_mind
from tests.smallbot import PHONE, decide, reply
from tests.store.test_commit import lease, take


@pytest.fixture
async def held(store: Store) -> Lease:
    return await lease(store)


class Slow:
    """The way to Redis, whose answers come when they may."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.answered = asyncio.Event()
        self.may = asyncio.Event()

    async def call(self, key: str, *command: Any) -> Any:
        answer = await self._client.call(key, *command)
        self.answered.set()
        await self.may.wait()
        return answer


async def committed(store: Store, held: Lease, event: Event) -> str:
    await store.commit.write(held, await take(store, event), START)
    return event.customer


async def late(store: Store, customers: Customers, held: Lease, slow: Slow, customer: str) -> asyncio.Task[Any]:
    reading = asyncio.create_task(customers.owned(held, [customer]))
    await slow.answered.wait()
    return reading


async def test_a_late_answer_does_not_replace_what_was_committed_meanwhile(store: Store, held: Lease) -> None:
    customer = await committed(store, held, reply("1"))
    slow = Slow(store.client)
    customers = Customers(slow, store.codec, store.partitions)  # type: ignore[arg-type]
    reading = await late(store, customers, held, slow, customer)
    before = await store.customers.load(customer)
    newer = Loaded(decide(before, reply("TD", 2), START).customer, "newer")
    customers.remember(held, customer, newer)
    slow.may.set()
    assert (await reading)[customer] == newer
    assert (await customers.owned(held, [customer]))[customer] == newer


async def test_a_late_answer_is_not_remembered_while_a_commit_is_under_way(store: Store, held: Lease) -> None:
    customer = await committed(store, held, reply("1"))
    slow = Slow(store.client)
    customers = Customers(slow, store.codec, store.partitions)  # type: ignore[arg-type]
    reading = await late(store, customers, held, slow, customer)
    customers.forget(customer)
    slow.may.set()
    old = (await reading)[customer]
    await committed(store, held, reply("2", 2))
    assert (await customers.owned(held, [customer]))[customer] != old


async def test_a_booking_that_an_earlier_version_kept_at_the_end_of_the_calendar_stops_no_reply(
    store: Store, held: Lease
) -> None:
    customer = reply("1").customer
    ends = (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))
    asked = Prompt(id="p", kind="appointment", opened_at=START, sent_at=START, slots_offered=(START, *ends))
    kept = Customer(
        id=customer,
        shop="default",
        phone=PHONE,
        created_at=START,
        appointments=(
            Appointment(id="never", start=ends[0]),
            Appointment(id="some day", start=START + timedelta(days=1), wanted=ends[1], slots=ends),
        ),
        prompts=(asked, replace(asked, id="q", slots_offered=(), proposed=ends[0])),
        closed=(ClosedPrompt(prompt=replace(asked, id="r"), closed_at=START, reason="expired"),),
    )
    key = keys.of(held.partition).customers
    await store.client.call(key, "HSET", key, customer, b"1\n" + store.codec.pack(kept, PHONE))
    known = (await store.customers.owned(held, [customer]))[customer].customer
    assert known is not None
    assert known == await store.customers.load(customer)
    assert known.appointments == (Appointment(id="some day", start=START + timedelta(days=1)),)
    assert {question.id: question.slots_offered for question in known.prompts} == {"p": (), "q": ()}
    assert packaged_decide(known, reply("好的", now=START), packaged_mind(), START).outbox
    with pytest.raises(OverflowError):
        packaged_decide(kept, reply("好的", now=START), packaged_mind(), START)


async def test_a_customer_in_order_is_given_as_it_is(store: Store) -> None:
    customer = Customer(id="c", shop="default", phone=PHONE, created_at=START)
    assert healed(customer) is customer
