"""The store of an installation: opened by the one who serves, or joined by a command beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from bot.settings import Keys, Settings
from bot.store.embedded import EmbeddedRedis
from bot.store.store import Store, open_store
from bot.store.vault import Vault


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


def sealing(keys: Keys) -> Vault:
    """Give the vault: the newest key seals, all of them open."""
    return Vault(keys.seals, list(keys.seals)[-1])


@asynccontextmanager
async def opened(settings: Settings, keys: Keys) -> AsyncIterator[Store]:
    """Open the store, with a Redis of our own where none is set."""
    async with AsyncExitStack() as stack:
        url = settings.redis_url.get_secret_value()
        if not url:
            redis = EmbeddedRedis(settings.data / "redis")
            url = await redis.start()
            stack.push_async_callback(redis.stop)
        store = await open_store(
            url,
            sealing(keys),
            keys.lookup,
            utc_now,
            partitions=settings.partitions,
            replicas=settings.replicas_to_wait_for,
            replies_per_minute=settings.per_number_per_minute,
        )
        stack.push_async_callback(store.close)
        yield store


@asynccontextmanager
async def joined(settings: Settings, keys: Keys) -> AsyncIterator[Store]:
    """Open the store that a running Huixin uses, also where it has a Redis of its own; else open ours."""
    url = settings.redis_url.get_secret_value() or await EmbeddedRedis(settings.data / "redis").running()
    if not url:
        async with opened(settings, keys) as store:
            yield store
        return
    store = await open_store(url, sealing(keys), keys.lookup, utc_now, partitions=settings.partitions)
    try:
        yield store
    finally:
        await store.close()
