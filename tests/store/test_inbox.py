import asyncio

import pytest

from bot.domain.events import Event
from bot.domain.ids import partition_of
from bot.errors import StoreUnavailable
from bot.store.embedded import EmbeddedRedis
from bot.store.store import Store, open_store
from bot.store.vault import Vault
from tests.conftest import LOOKUP_KEY, Clock
from tests.smallbot import campaign, reply


def home(event: Event) -> int:
    return partition_of(event.customer, 8)


async def test_the_same_event_counts_once(store: Store) -> None:
    assert [await store.inbox.add(reply("1")) for _ in range(2)] == ["accepted", "duplicate"]
    entries = await store.inbox.read(home(reply("1")), "live", "0-0", 10)
    assert [store.codec.unpack(Event, entry.packed) for entry in entries] == [reply("1")]


async def test_a_repeat_is_known_after_two_days(store: Store, clock: Clock) -> None:
    await store.inbox.add(reply("1"))
    clock.forward(hours=48)
    assert await store.inbox.add(reply("1")) == "duplicate"


async def test_a_flooding_number_goes_to_the_bulk_lane_and_loses_nothing(store: Store) -> None:
    texts = [reply("刷", nth) for nth in range(40)]
    results = await asyncio.gather(*(store.inbox.add(event) for event in [*texts, reply("TD")]))
    assert results.count("accepted") == 30
    assert results[-1] == "limited"
    assert await store.inbox.depth() == {"live": 30, "bulk": 11}


async def test_the_limit_is_by_the_minute_and_not_for_the_shops_events(store: Store, clock: Clock) -> None:
    for nth in range(31):
        await store.inbox.add(reply("刷", nth))
    clock.forward(minutes=1)
    assert await store.inbox.add(reply("好了")) == "accepted"
    assert await asyncio.gather(*(store.inbox.add(campaign(nth)) for nth in range(40))) == ["accepted"] * 40


async def test_calls_that_arrive_together_share_round_trips(store: Store) -> None:
    await store.inbox.add(reply("load the script"))
    redis = store.client.primaries()[0]
    before = (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"]
    await asyncio.gather(*(store.inbox.add(reply("1", nth)) for nth in range(20)))
    after = (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"]
    assert after - before == 1


async def test_unread_replies_are_counted(store: Store) -> None:
    for event in (reply("1"), reply("2"), campaign()):
        await store.inbox.add(event)
    customer = reply("1").customer
    assert await store.customers.unread(customer) == 2


async def test_redis_away_is_said_quickly_and_ends_by_itself(tmp_path, vault: Vault, clock: Clock) -> None:
    server = EmbeddedRedis(tmp_path)
    store = await open_store(await server.start(), vault, LOOKUP_KEY, clock, partitions=8)
    assert await store.inbox.add(reply("1")) == "accepted"
    await server.stop()
    with pytest.raises(StoreUnavailable):
        async with asyncio.timeout(1):
            await store.inbox.add(reply("2"))
    await server.start()
    assert await store.inbox.add(reply("1")) == "duplicate"
    assert await store.inbox.add(reply("2")) == "accepted"
    await store.close()
    await server.stop()
