"""Redis goes away and comes back; nobody restarts anything."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import StoreUnavailable
from bot.store.embedded import EmbeddedRedis
from bot.store.store import Store, open_store
from bot.store.vault import Vault
from bot.transport import Transport
from bot.workers.loop import Stop
from bot.workers.spool import Spool
from bot.workers.worker import Worker
from tests import smallbot
from tests.conftest import LOOKUP_KEY
from tests.smallbot import Provider, reply


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedRedis]:
    redis = EmbeddedRedis(tmp_path / "redis")
    yield redis
    await redis.stop()


@pytest.fixture
async def own_store(server: EmbeddedRedis, vault: Vault) -> AsyncIterator[Store]:
    opened = await open_store(await server.start(), vault, LOOKUP_KEY, lambda: datetime.now(UTC), partitions=4)
    yield opened
    await opened.close()


async def test_work_goes_on_by_itself(
    own_store: Store, server: EmbeddedRedis, provider: Provider, tmp_path: Path
) -> None:
    transport, stop = Transport(), Stop()
    mind = smallbot.mind(provider.url, lambda: datetime.now(UTC), transport=transport)
    worker = Worker(own_store, mind, lease_seconds=1.5)
    await worker.start()
    spool = Spool(tmp_path / "spool", own_store.codec)
    emptying = asyncio.create_task(spool.run(own_store.inbox, stop))
    await own_store.inbox.add(reply("前"))
    await provider.has(1)

    await server.stop()
    with pytest.raises(StoreUnavailable):
        await own_store.inbox.add(reply("中"))
    await spool.put(reply("中"))
    await asyncio.sleep(2)
    await server.start()

    await own_store.inbox.add(reply("后", phone="+8613900000001"))
    assert sorted(await provider.has(3, seconds=10)) == ["收到:中", "收到:前", "收到:后"]
    stop.tell()
    await emptying
    await worker.drain()
    await transport.close()
