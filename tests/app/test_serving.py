"""What the process does beside taking and answering: it fetches, watches, and loses nothing when it ends."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpServer
from redis.asyncio import Redis

from bot.app import serving
from bot.app.serving import Service
from bot.app.thinking import Thinking
from tests.app.service import free_port, running

PULLING = """
redis_url = "{redis}"
partitions = 2
[gateways.yp]
provider = "yunpian"
token = "an-unguessable-token"
apikey = "k"
url = "{url}"
pull_every = 60
"""
PAGE = b"""[{"base_extend": "8888", "extend": "01", "id": "r1", "mobile": "13800000000",
"reply_time": "2025-07-02 09:58:00", "sign": "S", "text": "TD"}]"""


async def test_the_end_waits_for_a_page_that_is_given_once(
    tmp_path: Path, redis_url: str, aiohttp_server: AiohttpServer
) -> None:
    asked: list[str] = []
    giving, ended = asyncio.Event(), asyncio.Event()

    async def give(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        reply = web.StreamResponse(headers={"Content-Type": "application/json"})
        await reply.prepare(request)
        await reply.write(PAGE[:10])
        giving.set()
        await ended.wait()
        await reply.write(PAGE[10:])
        return reply

    app = web.Application()
    app.router.add_post("/v2/sms/{what}.json", give)
    server = await aiohttp_server(app)
    settings = PULLING.format(redis=redis_url, url=str(server.make_url("")).rstrip("/"))
    async with running(tmp_path, settings, "serve", "--role", "worker") as huixin:
        await huixin.says("worker_ready")
        async with asyncio.timeout(15):
            await giving.wait()
        huixin.process.send_signal(signal.SIGTERM)
        await huixin.says("worker_drained")
        ended.set()
        assert await huixin.stop() == 0
    assert '"pulled"' in huixin.log
    assert len(asked) == 1, "no other page is begun"


WATCHING = """
redis_url = "{redis}"
port = {port}
partitions = 2
[shops.default]
content = "{content}"
"""
ANSWER = """answer: {answer}
examples: [你们几点开门呀]
"""


async def test_content_is_watched_where_only_events_are_taken_and_past_an_editors_lock(
    tmp_path: Path, redis_url: str
) -> None:
    folder = tmp_path / "content"
    (folder / "faq").mkdir(parents=True)
    answered, lock = folder / "faq" / "doors.yaml", folder / "faq" / ".#doors.yaml"
    answered.write_text(ANSWER.format(answer="九点"), "utf-8")
    settings = WATCHING.format(redis=redis_url, port=free_port(), content=folder)
    async with running(tmp_path, settings, "serve", "--role", "web") as huixin:
        await huixin.says("listening")
        lock.symlink_to("somebody@here.4711")
        answered.write_text(ANSWER.format(answer="十点"), "utf-8")
        await huixin.says("content_renewed")


async def test_a_redis_that_may_lose_what_it_took_is_named_at_the_start(tmp_path: Path, redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    await redis.config_set("appendfsync", "everysec")
    try:
        settings = f'redis_url = "{redis_url}"\nport = {free_port()}\n'
        async with running(tmp_path, settings, "serve", "--role", "web") as huixin:
            await huixin.says("redis_at_risk")
    finally:
        await redis.config_set("appendfsync", "always")
        await redis.aclose()


async def test_what_runs_in_the_background_begins_again_after_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_PAUSE_SECONDS", 0.01)
    faults, again = [ZeroDivisionError("planted")], asyncio.Event()

    async def work() -> None:
        if faults:
            raise faults.pop()
        again.set()
        await asyncio.Event().wait()

    async with AsyncExitStack() as stack, asyncio.timeout(5):
        Service._in_background(stack, work)
        await again.wait()


async def test_the_watch_goes_on_after_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LOOK_EVERY_SECONDS", 0.01)
    faults, again, loop = [ZeroDivisionError("planted")], asyncio.Event(), asyncio.get_running_loop()

    class Faulty(Thinking):
        def renew(self) -> None:
            if faults:
                raise faults.pop()
            loop.call_soon_threadsafe(again.set)

    async with AsyncExitStack() as stack, asyncio.timeout(5):
        watching = asyncio.create_task(Service._watch_content(Faulty({}, b"")))
        stack.callback(watching.cancel)
        await again.wait()
