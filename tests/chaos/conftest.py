"""Worker processes that end with their test, and a provider that outlives them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.store.store import Store
from tests.smallbot import Provider

Spawn = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def store(store: Store) -> AsyncIterator[Store]:
    """The store, with an ear for what other processes do."""
    listening = asyncio.create_task(store.bell.run())
    yield store
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    server = Provider()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def spawn(provider: Provider) -> AsyncIterator[Spawn]:
    """Start a worker process; it has taken its first partitions when this returns."""
    running: list[asyncio.subprocess.Process] = []

    async def one(
        redis_url: str, *, lease_seconds: float = 1.0, die_at: str = "", nth: int = 1
    ) -> asyncio.subprocess.Process:
        told = {
            "redis_url": redis_url,
            "provider_url": provider.url,
            "lease_seconds": lease_seconds,
            "die_at": die_at,
            "nth": nth,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.chaos.process",
            json.dumps(told),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        running.append(process)
        assert process.stdout
        async for line in process.stdout:
            if b"ready" in line and b"worker_ready" not in line:
                break
        return process

    yield one
    for process in running:
        if process.returncode is None:
            process.terminate()
        # What it still says must go somewhere for it to end.
        await process.communicate()
