"""The way to Redis: one server, a Sentinel-managed primary, or a Cluster."""

import asyncio
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from bot.errors import SettingsError, StoreUnavailable
from bot.store.lane import TIMEOUT_SECONDS, Argument, Lane

_AWAY: Final = (ReadOnlyError, OutOfMemoryError, MasterDownError, ClusterDownError, TryAgainError)
_SAYS_AWAY: Final = re.compile(
    r"(?:^|[\s-])(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MISCONF|OOM|NOREPLICAS|BUSY)(?:\s|$)"
)
"""The same out of a script, and what redis-py has no class for; Redis 6.2 puts the word into the middle."""
_MOST_TAGS: Final = 10_000
_OPTIONS: Final[dict[str, Any]] = {
    # A lane times its round trips; what listens may wait for long.
    "socket_timeout": None,
    "socket_connect_timeout": TIMEOUT_SECONDS / 2,
    # A connection that died with the last Redis is replaced once; more patience is the caller's to have.
    "retry": Retry(NoBackoff(), 1),
}


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script and the digest that Redis knows it by."""

    source: str
    sha: str


@cache
def script(name: str) -> Script:
    """Load one of the scripts beside this file, by its name."""
    source = resources.files("bot.store").joinpath("lua", f"{name}.lua").read_text("utf-8")
    # Redis itself names scripts by SHA-1.
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


class _Servers(Protocol):
    """Where keys live."""

    one_slot_a_script: bool

    async def learn(self) -> None: ...

    def lane(self, key: str) -> Lane: ...

    def primaries(self) -> list[Redis]: ...

    async def redirected(self, command: tuple[Argument, ...]) -> Any: ...

    async def close(self) -> None: ...


class _One:
    """A single server, or the primary that Sentinel names."""

    one_slot_a_script = False

    def __init__(self, redis: Redis, replicas: int) -> None:
        self._lane = Lane(redis, replicas)

    async def learn(self) -> None:
        """Nothing to learn."""

    def lane(self, key: str) -> Lane:
        """Everything lives here."""
        del key
        return self._lane

    def primaries(self) -> list[Redis]:
        """Give the one server."""
        return [self._lane.redis]

    async def redirected(self, command: tuple[Argument, ...]) -> Any:
        """Refuse: this server belongs to a Cluster."""
        del command
        raise SettingsError("this Redis is part of a Cluster: write its URL as redis+cluster://host:port,…")

    async def close(self) -> None:
        """Close the connections."""
        await self._lane.close()


class _Many:
    """A Cluster: redis-py knows the slots, the lanes go to the nodes straight."""

    one_slot_a_script = True

    def __init__(self, cluster: RedisCluster, make: Callable[[str, int], Redis], replicas: int) -> None:
        self._cluster = cluster
        self._make = make
        self._replicas = replicas
        self._nodes: dict[tuple[str, int], Lane] = {}
        self._by_tag: dict[str, Lane] = {}

    async def learn(self) -> None:
        """Ask the Cluster anew who holds what."""
        try:
            await self._cluster.aclose()
            await self._cluster.initialize()
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"no Redis Cluster answers: {error}") from error
        finally:
            self._by_tag.clear()

    def lane(self, key: str) -> Lane:
        """Give the node that holds a key's slot; keys with one tag lie together."""
        tag = key[key.find("{") + 1 : key.find("}")]
        if tag not in self._by_tag:
            try:
                node = self._cluster.get_node_from_key(key)
            except RedisError as error:
                raise StoreUnavailable(f"nobody holds this slot of the Redis Cluster: {error}") from error
            if node is None:
                raise StoreUnavailable("nobody holds this slot of the Redis Cluster")
            if len(self._by_tag) >= _MOST_TAGS:
                self._by_tag.clear()
            self._by_tag[tag] = self._node(node)
        return self._by_tag[tag]

    def primaries(self) -> list[Redis]:
        """Give every primary."""
        return [self._node(node).redis for node in self._cluster.get_primaries()]

    async def redirected(self, command: tuple[Argument, ...]) -> Any:
        """Follow a MOVED or ASK, and forget where things were."""
        self._by_tag.clear()
        return await self._cluster.execute_command(*command)

    async def close(self) -> None:
        """Close every connection."""
        for lane in self._nodes.values():
            await lane.close()
        await self._cluster.aclose()

    def _node(self, node: ClusterNode) -> Lane:
        place = (node.host, int(node.port))
        if place not in self._nodes:
            self._nodes[place] = Lane(self._make(*place), self._replicas)
        return self._nodes[place]


class Client:
    """Redis as the rest of the store sees it: a call names its key, and calls made together travel together."""

    def __init__(self, servers: _Servers) -> None:
        self._servers = servers
        self._lost = False
        self._finding = asyncio.Lock()
        self.one_slot_a_script = servers.one_slot_a_script
        """A script may touch the keys of one slot only, as in a Cluster."""

    async def open(self) -> None:
        """Make the first contact. Raises StoreUnavailable or SettingsError."""
        try:
            await self._servers.learn()
            for redis in self.primaries():
                await redis.ping()
        except AuthenticationError as error:
            raise SettingsError(f"Redis refuses the sign-in: {error}") from error
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis is away: {error}") from error

    async def call(self, key: str, *command: Argument) -> Any:
        """Run one command that touches `key`. Raises StoreUnavailable, or redis-py's error for a wrong one."""
        if self._lost:
            await self._find_again()
        try:
            try:
                return await self._servers.lane(key).call(command)
            except (MovedError, AskError):
                return await self._servers.redirected(command)
        except ResponseError as error:
            if isinstance(error, _AWAY) or _SAYS_AWAY.search(str(error)):
                self._lost = True
                raise StoreUnavailable(f"Redis is away: {error}") from error
            raise
        except (RedisError, OSError) as error:
            self._lost = True
            raise StoreUnavailable(f"Redis is away: {error}") from error
        except StoreUnavailable:
            self._lost = True
            raise

    async def _find_again(self) -> None:
        async with self._finding:
            # Who waited here finds it done: a Cluster is asked once, not by every call that failed.
            if self._lost:
                await self._servers.learn()
                self._lost = False

    async def run(self, code: Script, keys: Sequence[str], *arguments: Argument) -> Any:
        """Run a script on keys of one slot. Raises StoreUnavailable."""
        try:
            return await self.call(keys[0], "EVALSHA", code.sha, len(keys), *keys, *arguments)
        except NoScriptError:
            return await self.call(keys[0], "EVAL", code.source, len(keys), *keys, *arguments)

    def primaries(self) -> list[Redis]:
        """Give a plain redis-py client for every server that holds data of ours."""
        return self._servers.primaries()

    async def close(self) -> None:
        """Close every connection."""
        await self._servers.close()


async def connect(url: str, *, replicas: int = 0) -> Client:
    """Open the Redis of a URL; with `replicas` a write counts only when so many replicas have it.

    `redis://`, `rediss://` and `unix://` name one server, `redis+sentinel://host:port,…/service` a primary
    under Sentinel, `redis+cluster://host:port,…` (or `rediss+cluster://`) a Cluster. A user and a password may
    stand before the hosts. Raises SettingsError and StoreUnavailable.
    """
    scheme = urlsplit(url).scheme
    try:
        if scheme in ("redis", "rediss", "unix"):
            servers: _Servers = _One(Redis.from_url(url, **_OPTIONS), replicas)
        elif scheme == "redis+sentinel":
            servers = _under_sentinel(url, replicas)
        elif scheme in ("redis+cluster", "rediss+cluster"):
            servers = _cluster(url, replicas)
        else:
            raise SettingsError(
                "a Redis URL begins with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://"
            )
    except ValueError as error:
        raise SettingsError(f"the Redis URL cannot be read: {error}") from error
    client = Client(servers)
    await client.open()
    return client


def _under_sentinel(url: str, replicas: int) -> _One:
    hosts, sign_in = _hosts(url, default_port=26379)
    service = urlsplit(url).path.strip("/") or "mymaster"
    # redis-py leaves Sentinel's constructor without types.
    sentinel: Sentinel = Sentinel(hosts, socket_timeout=TIMEOUT_SECONDS)  # type: ignore[no-untyped-call]
    options: dict[str, Any] = {**_OPTIONS, **sign_in}
    return _One(sentinel.master_for(service, **options), replicas)


def _cluster(url: str, replicas: int) -> _Many:
    hosts, sign_in = _hosts(url, default_port=6379)
    options = {**_OPTIONS, **sign_in, **({"ssl": True} if url.startswith("rediss") else {})}
    nodes = [ClusterNode(host, port) for host, port in hosts]
    return _Many(
        RedisCluster(startup_nodes=nodes, **options),
        lambda host, port: Redis(host=host, port=port, **options),
        replicas,
    )


def _hosts(url: str, default_port: int) -> tuple[list[tuple[str, int]], dict[str, str]]:
    """Read `user:password@host:port,host:port`, which urlsplit alone does not."""
    before, _, places = urlsplit(url).netloc.rpartition("@")
    user, _, password = before.partition(":")
    hosts = []
    for place in places.split(","):
        host, _, port = place.rpartition(":") if ":" in place else (place, "", "")
        if not host:
            raise ValueError("a host is missing")
        hosts.append((host, int(port) if port else default_port))
    sign_in = {"username": unquote(user)} if user else {}
    return hosts, sign_in | ({"password": unquote(password)} if password else {})
