"""A provider, a way to it, and workers that end with their test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.store.store import Store
from bot.transport import Transport
from bot.workers.worker import Worker
from tests import smallbot
from tests.conftest import Clock


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


Begin = Callable[..., Awaitable[Worker]]


@pytest.fixture
async def begin(store: Store, provider: smallbot.Provider, transport: Transport, clock: Clock) -> AsyncIterator[Begin]:
    """Start workers of the small bot; `changes` replace parts of its mind."""
    started: list[Worker] = []

    async def begin_one(*, other: Store | None = None, lease_seconds: float = 1.5, **changes: object) -> Worker:
        thinking = smallbot.mind(provider.url, clock, transport, **changes)
        worker = Worker(other or store, thinking, lease_seconds=lease_seconds)
        await worker.start()
        started.append(worker)
        return worker

    yield begin_one
    for worker in started:
        await worker.drain()
