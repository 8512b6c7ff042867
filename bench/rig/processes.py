"""Starts what a benchmark needs, each in a process of its own, and stops it again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.store.embedded import find_server

HERE = Path(__file__).parent.parent
_PATIENCE_SECONDS = 30.0


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def listening(port: int) -> None:
    """Wait until somebody listens."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


class Rig:
    """A folder, a Redis that writes to disk before it answers, and the processes of one benchmark."""

    def __init__(self, stack: AsyncExitStack, folder: Path) -> None:
        self._stack = stack
        self.folder = folder
        self.redis_url = ""

    async def redis(self) -> str:
        """Start a Redis; give its URL."""
        port = free_port()
        data = self.folder / f"redis-{port}"
        data.mkdir()
        self._start(
            str(find_server()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data), "--save", "",
            "--appendonly", "yes", "--appendfsync", "always", "--loglevel", "warning",
        )  # fmt: skip
        await listening(port)
        return f"redis://127.0.0.1:{port}/0"

    async def plain(self, kind: str, redis_url: str) -> int:
        """Start one of the servers to compare with; give its port."""
        port = free_port()
        self._start(sys.executable, "-m", "rig.plain", kind, str(port), redis_url)
        await listening(port)
        return port

    async def aiogram(self, redis_url: str, sink: str) -> int:
        """Start the bot to compare with; give its port."""
        port = free_port()
        self._start(sys.executable, "-m", "rig.aiogram_bot", str(port), redis_url, sink)
        await listening(port)
        return port

    async def huixin(self, role: str, config: str) -> int:
        """Start Huixin with these settings (TOML without data and port); give its port."""
        port = free_port()
        file = self.folder / "huixin.toml"
        file.write_text(f'data = "{self.folder / "huixin"}"\nport = {port}\n{config}')
        self._start(sys.executable, "-m", "bot", "serve", "--role", role, "--config", str(file))
        await listening(port)
        return port

    def _start(self, *command: str) -> None:
        path = os.pathsep.join([str(HERE), str(HERE.parent)])
        with (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": path})

        def stop() -> None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()

        self._stack.callback(stop)


@asynccontextmanager
async def rig() -> AsyncIterator[Rig]:
    """Open a rig; everything is stopped and removed at the end."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="huixin-bench-")))
        yield Rig(stack, folder)
