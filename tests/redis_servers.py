"""Real Redis servers for tests: one on a unix socket, and a Cluster of three primaries on loopback."""

import asyncio
import contextlib
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bot.store.embedded import find_server

_SLOTS = 16_384
_HIGHEST_PORT = 45_000
"""The bus listens 10,000 above, and Redis 6.2 wants that below 65,536."""


@contextlib.contextmanager
def one() -> Iterator[str]:
    """Run one server; gives its URL."""
    # Not pytest's own folder: its path may be longer than a socket's may be.
    folder = Path(tempfile.mkdtemp(prefix="hx-"))
    path = folder / "redis.sock"
    with _running(folder, "--port", "0", "--unixsocket", str(path)):
        asyncio.run(_wait(_plain(unix_socket_path=str(path))))
        yield f"unix://{path}"


@contextlib.contextmanager
def cluster(primaries: int = 3) -> Iterator[str]:
    """Run a Cluster; gives its URL."""
    ports = _free_ports(primaries)
    with contextlib.ExitStack() as stack:
        for port in ports:
            folder = Path(tempfile.mkdtemp(prefix="hx-"))
            options = (
                "--port",
                str(port),
                "--bind",
                "127.0.0.1",
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "2000",
            )
            stack.enter_context(_running(folder, *options))
        asyncio.run(_form(ports))
        yield "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports)


@contextlib.contextmanager
def _running(folder: Path, *options: str) -> Iterator[None]:
    durable = ("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "always", "--save", "")
    command = [str(find_server()), *options, *durable, "--logfile", str(folder / "log")]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


async def _form(ports: list[int]) -> None:
    nodes = [_plain(host="127.0.0.1", port=port) for port in ports]
    for node in nodes:
        await _wait(node, close=False)
    share = -(-_SLOTS // len(nodes))
    for nth, node in enumerate(nodes):
        await node.execute_command("CLUSTER", "ADDSLOTS", *range(nth * share, min((nth + 1) * share, _SLOTS)))
        for port in ports:
            await node.execute_command("CLUSTER", "MEET", "127.0.0.1", port)
    for node in nodes:
        async with asyncio.timeout(20):
            # The nodes gossip among themselves; there is nothing to wait on but their word.
            while "cluster_state:ok" not in _text(await node.execute_command("CLUSTER", "INFO")):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await node.aclose()


def _text(answer: object) -> str:
    if isinstance(answer, dict):
        return "\n".join(f"{key}:{value}" for key, value in answer.items())
    return answer.decode() if isinstance(answer, bytes) else str(answer)


async def _wait(redis: Redis, *, close: bool = True) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await redis.ping()
                break
            except RedisError:
                await asyncio.sleep(0.02)
    if close:
        await redis.aclose()


def _free_ports(count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20_000, _HIGHEST_PORT)
        if port not in found and _free(port) and _free(port + 10_000):
            found.append(port)
    return found


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _plain(**place: str | int) -> Redis:
    return Redis(**place, retry=Retry(NoBackoff(), 0))
