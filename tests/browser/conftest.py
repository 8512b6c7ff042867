"""A real Huixin in a process of its own, and a real Chromium that looks at it."""

import asyncio
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

expect.set_options(timeout=15_000)

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class Huixin:
    """`huixin serve` in an empty folder, as somebody meets it who has just cloned it."""

    folder: Path
    port: int
    process: asyncio.subprocess.Process | None = None
    said: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.said = ""
        settings = {"HUIXIN_PORT": str(self.port), "HUIXIN_DATA": str(self.folder / "data")}
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve"),
            cwd=self.folder,
            env={**os.environ, **settings, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            while "worker_ready" not in self.said:
                line = await self.process.stderr.readline()
                assert line, self.said
                self.said += line.decode()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        while line := await self.process.stderr.readline():
            self.said += line.decode()

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
            async with asyncio.timeout(30):
                await self.process.wait()
        await self._listening

    @property
    def link(self) -> str:
        return re.search(r"http://\S+/signin\?once=\S+", self.said)[0]

    @property
    def password(self) -> str:
        return re.search(r"admin\s+(\S+)\s", self.said)[1]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def huixin(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Huixin]:
    """One for all tests: each has a number and a browser of its own."""
    made = Huixin(tmp_path_factory.mktemp("huixin"), free_port())
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "no Chromium on PATH: install it (Debian: apt-get install chromium)"
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield opened
        await opened.close()


SCREEN: Final = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def signed_in(browser: Browser, huixin: Huixin) -> Any:
    """The cookies of somebody who followed the link of the terminal."""
    context = await browser.new_context(**SCREEN)
    page = await context.new_page()
    await page.goto(huixin.link)
    await expect(page.get_by_role("heading", name="动态")).to_be_visible()
    kept = await context.storage_state()
    await context.close()
    return kept


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, signed_in: Any) -> AsyncIterator[BrowserContext]:
    made = await browser.new_context(**SCREEN, storage_state=signed_in)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, huixin: Huixin) -> AsyncIterator[Page]:
    """The front page with a phone that nobody used before; a fault in any script fails the test."""
    faults: list[str] = []
    made = await context.new_page()
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    await made.goto(huixin.url)
    phones = made.get_by_label("号码")
    number = await phones.input_value()
    await phones.select_option("new")
    await expect(phones).not_to_have_value(number)
    await expect(phones).not_to_have_value("new")
    yield made
    assert faults == []
