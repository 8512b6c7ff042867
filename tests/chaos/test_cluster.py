"""The same on a Redis Cluster of three primaries, with two worker processes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.domain.messages import DeliveryReport
from bot.store.client import connect
from bot.store.store import Store, open_store
from bot.store.vault import Vault
from tests.chaos.conftest import Spawn
from tests.conftest import LOOKUP_KEY
from tests.smallbot import Provider, reply, said

PHONES = [f"+861390000{nth:04d}" for nth in range(60)]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def cluster(cluster_server: str, vault: Vault) -> AsyncIterator[Store]:
    client = await connect(cluster_server)
    for node in client.primaries():
        await node.flushall()
    await client.close()
    opened = await open_store(cluster_server, vault, LOOKUP_KEY, now, partitions=12)
    bell = asyncio.create_task(opened.bell.run())
    yield opened
    bell.cancel()
    await asyncio.gather(bell, return_exceptions=True)
    await opened.close()


async def test_partitions_lie_on_all_three(cluster: Store) -> None:
    await asyncio.gather(*(cluster.inbox.add(reply("1", phone=phone)) for phone in PHONES))
    sizes = [await node.dbsize() for node in cluster.client.primaries()]
    assert len(sizes) == 3
    assert min(sizes) > 0


async def test_two_workers_answer_everybody_once(
    cluster: Store, provider: Provider, spawn: Spawn, cluster_server: str
) -> None:
    await spawn(cluster_server)
    await spawn(cluster_server)
    await asyncio.gather(*(cluster.inbox.add(reply("1", phone=phone)) for phone in PHONES))
    await provider.has(60)
    assert sorted(told["to"] for told in provider.got) == PHONES
    [line, *_] = await said(cluster, "state", 60)
    receipt = DeliveryReport(state="delivered", message_id="m1")
    assert await cluster.refs.report("out", receipt, now()) == "accepted"
    assert line.detail["state"] == "sent"


async def test_one_takes_over_when_the_other_dies(
    cluster: Store, provider: Provider, spawn: Spawn, cluster_server: str
) -> None:
    doomed = await spawn(cluster_server)
    await spawn(cluster_server)
    await asyncio.gather(*(cluster.inbox.add(reply("前", phone=phone)) for phone in PHONES))
    await provider.has(60)
    await said(cluster, "state", 60)
    doomed.kill()
    await asyncio.gather(*(cluster.inbox.add(reply("后", phone=phone)) for phone in PHONES))
    await provider.has(120, seconds=20)
    assert sorted(Counter((told["to"], told["text"]) for told in provider.got).values()) == [1] * 120


@pytest.mark.parametrize("step", ["decided", "committed", "prepared", "settled"])
async def test_killed_at_a_step(
    cluster: Store, provider: Provider, spawn: Spawn, cluster_server: str, step: str
) -> None:
    doomed = await spawn(cluster_server, die_at=step)
    await cluster.inbox.add(reply("1"))
    await doomed.wait()
    await spawn(cluster_server)
    [line] = await said(cluster, "state", seconds=30)
    assert (line.detail["state"], provider.texts) == ("sent", ["收到:1"])
