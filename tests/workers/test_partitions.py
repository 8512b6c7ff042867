"""Several workers at the same partitions."""

import asyncio
import time

from bot.store import keys
from bot.store.store import Store, open_store
from bot.store.vault import Vault
from tests.conftest import LOOKUP_KEY, Clock
from tests.smallbot import Provider, eventually, reply
from tests.workers.conftest import Begin

PHONES = [f"+861390000{nth:04d}" for nth in range(100)]


async def answered_once(provider: Provider, store: Store) -> None:
    await asyncio.gather(*(store.inbox.add(reply("1", phone=phone)) for phone in PHONES))
    await provider.has(len(PHONES))
    assert sorted(told["to"] for told in provider.got) == PHONES


async def test_two_workers_share_the_partitions(
    redis_url: str, vault: Vault, clock: Clock, store: Store, provider: Provider, begin: Begin
) -> None:
    first = await begin(lease_seconds=0.6)
    other = await open_store(redis_url, vault, LOOKUP_KEY, clock)
    second = await begin(other=other, lease_seconds=0.6)
    await eventually(lambda: len(first.partitions) == len(second.partitions) == 4)
    assert not first.partitions & second.partitions
    await answered_once(provider, store)
    await second.drain()
    await other.close()


async def test_a_frozen_worker_is_replaced_and_writes_nothing_more(
    store: Store, provider: Provider, begin: Begin
) -> None:
    frozen = await begin(lease_seconds=0.6)
    for partition in range(8):
        # What it looks like to the others when a worker hangs: its leases run out.
        lease = keys.of(partition).lease
        await store.client.call(lease, "HSET", lease, "owner", "another", "fence", "99")
    await store.inbox.add(reply("1"))
    await eventually(lambda: not frozen.partitions)
    assert provider.got == []


async def test_a_graceful_end_hands_over_at_once(store: Store, provider: Provider, begin: Begin) -> None:
    first = await begin(lease_seconds=6)
    await first.drain()
    began = time.perf_counter()
    second = await begin(lease_seconds=6)
    assert len(second.partitions) == 8
    await answered_once(provider, store)
    assert time.perf_counter() - began < 5
