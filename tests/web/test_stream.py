"""Open answers: they end with the session they were opened under, and nothing that breaks is written into them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.errors import StoreUnavailable
from bot.store import feed
from bot.store.simulator import PhoneText
from bot.web.console import phone, stream
from tests.web.conftest import NOW, World
from tests.web.told import feed_line, put_in_feed

NUMBER = "+8613800000001"


@pytest.fixture
def asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_ASK_EVERY_S", 0)


async def sign_out(world: World) -> None:
    await world.post("/signout", {})


async def change_password(world: World) -> None:
    await world.deps.people.set_password("li", "a better password")


async def remove(world: World) -> None:
    await world.deps.people.remove("li")


@pytest.mark.usefixtures("asked_each_time")
@pytest.mark.parametrize("leave", [sign_out, change_password, remove])
async def test_nothing_is_delivered_once_the_session_is_over(
    inside: World, leave: Callable[[World], Awaitable[None]]
) -> None:
    held = await inside.deps.simulator.take_up("phone", "default", NUMBER, NOW)
    async with (
        asyncio.timeout(5),
        inside.client.get("/feed/stream") as lines,
        inside.client.get(f"/phone/{held.id}/stream") as texts,
    ):
        await put_in_feed(inside.store, feed_line(text="之前"))
        while b"data:" not in await lines.content.readline():
            pass
        await leave(inside)
        await put_in_feed(inside.store, feed_line(event="e2", text="之后"))
        assert "之后".encode() not in await lines.content.read()
        await inside.deps.simulator.put(held.id, PhoneText(way="in", text="之后", at=NOW.isoformat()))
        assert await texts.content.read() == b"retry: 1000\n\n"


@pytest.mark.usefixtures("asked_each_time")
@pytest.mark.parametrize("path", ["/feed/stream", "/phone/{held}/stream"])
async def test_a_quiet_line_ends_with_the_session(inside: World, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_QUIET_SECONDS", 0.02)
    monkeypatch.setattr(phone, "HEARTBEAT_S", 0.02)
    held = await inside.deps.simulator.take_up("phone", "default", NUMBER, NOW)
    async with asyncio.timeout(5), inside.client.get(path.format(held=held.id)) as lines:
        while b"still here" not in await lines.content.readline():
            pass
        await sign_out(inside)
        await lines.content.read()


@pytest.mark.parametrize("fault", [StoreUnavailable("Redis is away"), ValueError("of ours")])
async def test_what_breaks_writes_no_second_answer(
    inside: World, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise fault

    held = await inside.deps.simulator.take_up("phone", "default", NUMBER, NOW)
    monkeypatch.setattr(inside.deps.simulator, "texts", broken)
    monkeypatch.setattr(inside.store.feed, "read", broken)
    for path in ("/feed/stream", f"/phone/{held.id}/stream"):
        async with asyncio.timeout(5), inside.client.get(path) as answer:
            assert (answer.status, await answer.read()) == (200, b"retry: 1000\n\n")
