"""Fixtures that all tests share: a real Redis, an empty one for each test, and a Cluster for those that want one."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.store.store import Store, open_store
from bot.store.vault import Vault
from tests import redis_servers

LOOKUP_KEY = b"a key that is never rotated"
SEALS = {"k1": b"0123456789abcdef0123456789abcdef"}
START = datetime(2025, 7, 2, 2, 0, tzinfo=UTC)


class Clock:
    """The time, which stands still until a test moves it."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """One Redis for the whole run."""
    with redis_servers.one() as url:
        yield url


@pytest.fixture(scope="session")
def cluster_server() -> Iterator[str]:
    """A Redis Cluster of three primaries for the whole run."""
    with redis_servers.cluster() as url:
        yield url


@pytest.fixture
async def redis_url(redis_server: str) -> AsyncIterator[str]:
    """The URL of an empty Redis."""
    redis = Redis.from_url(redis_server)
    await redis.flushall()
    yield redis_server
    await redis.aclose()


@pytest.fixture
def vault() -> Vault:
    return Vault(SEALS, "k1")


@pytest.fixture
async def store(redis_url: str, vault: Vault, clock: Clock) -> AsyncIterator[Store]:
    """An empty store of eight partitions."""
    opened = await open_store(redis_url, vault, LOOKUP_KEY, clock, partitions=8)
    yield opened
    await opened.close()
