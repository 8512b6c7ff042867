"""What Redis refuses is either wrong of us, or Redis being away for a while."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from bot.errors import StoreUnavailable
from bot.store import keys
from bot.store.client import connect, script
from bot.store.store import Store
from tests.smallbot import reply


@pytest.fixture
async def unwell(redis_url: str) -> AsyncIterator[Redis]:
    """A way to make Redis unwell; it is well again afterwards."""
    redis = Redis.from_url(redis_url)
    yield redis
    await redis.execute_command("REPLICAOF", "NO", "ONE")
    await redis.config_set("maxmemory", 0)
    await redis.config_set("min-replicas-to-write", 0)
    await redis.aclose()


@pytest.mark.parametrize(
    "ill",
    [
        ("REPLICAOF", "127.0.0.1", "1"),
        ("CONFIG", "SET", "maxmemory", "1"),
        ("CONFIG", "SET", "min-replicas-to-write", "1"),
    ],
    ids=["READONLY", "OOM", "NOREPLICAS"],
)
async def test_a_redis_that_takes_no_writes_is_away(store: Store, unwell: Redis, ill: tuple[str, ...]) -> None:
    await store.inbox.add(reply("1"))
    await unwell.execute_command(*ill)
    with pytest.raises(StoreUnavailable):
        await store.client.call("huixin:x", "HSET", "huixin:x", "a", "b")
    with pytest.raises(StoreUnavailable):
        await store.inbox.add(reply("2", 2))


async def test_a_wrong_command_is_our_own_fault(store: Store) -> None:
    await store.client.call("huixin:x", "SET", "huixin:x", "text")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await store.client.call("huixin:x", "HGET", "huixin:x", "a")


async def test_an_argument_that_cannot_be_written_fails_its_own_call_alone(store: Store) -> None:
    good = [store.client.call("huixin:x", "INCR", "huixin:x") for _ in range(3)]
    bad = store.client.call("huixin:x", "SET", "huixin:x", "\ud800")
    told = await asyncio.gather(*good[:2], bad, good[2], return_exceptions=True)
    assert [told[0], told[1], told[3]] == [1, 2, 3]
    assert isinstance(told[2], UnicodeEncodeError)


async def test_a_primary_that_became_a_replica_leaves_nobody_waiting(redis_url: str, unwell: Redis) -> None:
    client = await connect(redis_url, replicas=1)
    await unwell.execute_command("REPLICAOF", "127.0.0.1", "1")
    async with asyncio.timeout(10):
        with pytest.raises(StoreUnavailable):
            await client.call("huixin:x", "GET", "huixin:x")
    await client.close()


def test_the_scripts_ring_the_bells_that_are_listened_to() -> None:
    assert f"'PUBLISH', '{keys.WORK_BELL}'" in script("add").source
    assert f"'PUBLISH', '{keys.BELL}'" in script("project").source
