import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as NoConnection

from bot.errors import SettingsError
from bot.store.embedded import EmbeddedRedis

DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from bot.store.embedded import EmbeddedRedis

async def main():
    redis = Redis.from_url(await EmbeddedRedis(Path(sys.argv[1])).start())
    await redis.set("kept", "yes")
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def ask(url: str, *command: str) -> object:
    async with Redis.from_url(url, decode_responses=True, retry=Retry(NoBackoff(), 0)) as redis:
        return await redis.execute_command(*command)


async def test_it_is_durable_and_ends_with_us(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    url = await server.start()
    config = await ask(url, "CONFIG", "GET", "append*")
    pid = int((await ask(url, "INFO", "server"))["process_id"])
    await server.stop()
    assert config["appendonly"] == "yes"
    assert config["appendfsync"] == "always"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    for expected in (None, "yes"):
        server = EmbeddedRedis(tmp_path)
        url = await server.start()
        assert await ask(url, "GET", "kept") == expected
        await ask(url, "SET", "kept", "yes")
        await server.stop()


@pytest.mark.parametrize("adopted", [False, True])
async def test_one_that_dies_is_started_anew(tmp_path: Path, adopted: bool) -> None:
    if adopted:
        dead = await asyncio.create_subprocess_exec(sys.executable, "-c", DIES, str(tmp_path))
        await dead.wait()
    server = EmbeddedRedis(tmp_path)
    url = await server.start()
    await ask(url, "SET", "kept", "yes")
    first = int((await ask(url, "INFO", "server"))["process_id"])
    os.kill(first, signal.SIGKILL)
    again = first
    async with asyncio.timeout(20):
        while again == first:
            try:
                again = int((await ask(url, "INFO", "server"))["process_id"])
            except (NoConnection, BusyLoadingError):
                await asyncio.sleep(0.05)
    assert await ask(url, "GET", "kept") == "yes"
    await server.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(again, 0)


async def test_a_second_copy_is_refused(tmp_path: Path) -> None:
    first = EmbeddedRedis(tmp_path)
    url = await first.start()
    with pytest.raises(SettingsError, match="another Huixin is running"):
        await EmbeddedRedis(tmp_path).start()
    assert await ask(url, "PING")
    await first.stop()


async def test_the_server_of_a_killed_copy_is_taken_over(tmp_path: Path) -> None:
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", DIES, str(tmp_path))
    assert await killed.wait() == -signal.SIGKILL
    server = EmbeddedRedis(tmp_path)
    url = await server.start()
    assert await ask(url, "GET", "kept") == "yes"
    await server.stop()
    with pytest.raises(NoConnection):
        await ask(url, "PING")


async def test_a_long_path_is_no_hindrance(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / ("d" * 60) / ("e" * 60))
    assert await ask(await server.start(), "PING")
    await server.stop()
