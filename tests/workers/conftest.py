"""A provider, a way to it, and workers that end with their test."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.store.store import Store, open_store
from bot.store.vault import Vault
from bot.transport import Transport
from bot.workers.worker import Worker
from tests import smallbot
from tests.conftest import LOOKUP_KEY, Clock


@pytest.fixture
async def provider() -> AsyncIterator[smallbot.Provider]:
    server = smallbot.Provider()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    way = Transport()
    yield way
    await way.close()


@pytest.fixture
async def rekeyed(redis_url: str, store: Store, clock: Clock) -> AsyncIterator[Store]:
    """The same store under a new key, without the old one."""
    opened = await open_store(redis_url, Vault({"k2": b"b" * 32}, "k2"), LOOKUP_KEY, clock)
    yield opened
    await opened.close()


class Steps:
    """The steps that the worker told of, to be waited for."""

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()
        self._new = asyncio.Event()

    def __call__(self, step: str) -> None:
        self._told[step] += 1
        self._new.set()

    async def reach(self, step: str, count: int = 1) -> None:
        async with asyncio.timeout(15):
            while self._told[step] < count:
                self._new.clear()
                await self._new.wait()


@pytest.fixture
def steps() -> Steps:
    return Steps()


Begin = Callable[..., Awaitable[Worker]]


@pytest.fixture
async def begin(
    store: Store, provider: smallbot.Provider, transport: Transport, clock: Clock, steps: Steps
) -> AsyncIterator[Begin]:
    """Start workers of the small bot; `changes` replace parts of its mind."""
    started: list[Worker] = []

    async def begin_one(*, other: Store | None = None, lease_seconds: float = 1.5, **changes: object) -> Worker:
        thinking = smallbot.mind(provider.url, clock, **{"transport": transport, "step": steps, **changes})
        worker = Worker(other or store, thinking, lease_seconds=lease_seconds)
        await worker.start()
        started.append(worker)
        return worker

    yield begin_one
    for worker in started:
        await worker.drain()
