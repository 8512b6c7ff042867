"""What an owner remembers of its customers is never older than what it committed."""

import asyncio
from typing import Any

import pytest

from bot.domain.events import Event
from bot.store.client import Client
from bot.store.customers import Customers, Loaded
from bot.store.leases import Lease
from bot.store.store import Store
from tests.conftest import START
from tests.smallbot import decide, reply
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
