"""A whole Huixin in a process of its own, by the command line, on a Redis of the test's."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class Huixin:
    """The process and what it has said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log = ""

    async def says(self, words: str, seconds: float = 60) -> str:
        """Wait until its log says so; gives the line."""
        assert self.process.stderr
        async with asyncio.timeout(seconds):
            while True:
                line = (await self.process.stderr.readline()).decode()
                assert line, f"it ended without saying {words!r}:\n{self.log}"
                self.log += line
                if words in line:
                    return line

    async def stop(self) -> int:
        """Ask it to end, and take what it says last."""
        assert self.process.stderr
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        self.log += (await asyncio.wait_for(self.process.stderr.read(), 30)).decode()
        return await self.process.wait()


@asynccontextmanager
async def running(folder: Path, settings: str, *words: str) -> AsyncIterator[Huixin]:
    """Run `huixin …` with these settings (TOML)."""
    file = folder / "huixin.toml"
    file.write_text(f'data = "{folder / "data"}"\nlog_format = "json"\n{settings}', "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *words,
        "--config",
        str(file),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        limit=1 << 20,
    )
    huixin = Huixin(process)
    try:
        yield huixin
    finally:
        await huixin.stop()


def free_port() -> int:
    """Find a port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
