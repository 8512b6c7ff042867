"""A web process as the composition root builds it, on a Redis of the test run's own."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot import gateways
from bot.domain.content import Content, Quiz
from bot.domain.events import Event
from bot.domain.shop import Shop
from bot.store.corrections import Corrections
from bot.store.embedded import EmbeddedRedis
from bot.store.people import Audit, People, Sessions
from bot.store.simulator import Simulator
from bot.store.store import Store, open_store
from bot.store.vault import Vault
from bot.web.accounts import Account
from bot.web.deps import WebDeps
from bot.web.routes import make_app

KEY = b"k" * 32
NOW = datetime(2025, 7, 2, 2, 0, tzinfo=UTC)
TOKEN = "an-unguessable-token"
API_TOKEN = "api-token-of-the-tests"
SECRET = "secret-of-the-simulator"
SHOPS = {"default": Shop(name="default", signature="回信"), "tea": Shop(name="tea", signature="茶铺")}


@dataclass
class World:
    """A web process and what stands behind it."""

    deps: WebDeps
    client: TestClient
    spooled: list[Event] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.deps.store

    async def inbox(self) -> list[Event]:
        """Everything that was taken, in no order."""
        found = []
        for partition in range(self.store.partitions):
            for lane in ("live", "bulk"):
                entries = await self.store.inbox.read(partition, lane, "0-0", 1000)
                found += [self.store.codec.unpack(Event, entry.packed) for entry in entries]
        return found

    async def sign_in(self, name: str = "li", password: str = "a good password", **more: str) -> Any:
        page = await (await self.client.get("/signin")).text()
        form = re.search(r'name="form" value="([^"]+)"', page)[1]
        fields = {"form": form, "name": name, "password": password, **more}
        return await self.client.post("/signin", data=fields, allow_redirects=False)

    async def csrf(self) -> str:
        page = await (await self.client.get("/")).text()
        return re.search(r'<meta name="csrf" content="([^"]+)"', page)[1]

    async def post(self, path: str, fields: Mapping[str, Any], csrf: str | None = None) -> Any:
        headers = {"X-CSRF-Token": csrf if csrf is not None else await self.csrf(), "X-Requested-With": "console"}
        return await self.client.post(path, json=fields, headers=headers, allow_redirects=False)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"))
    # Whoever watches over it stops on the loop that it was started on.
    with asyncio.Runner() as runner:
        yield runner.run(server.start())
        runner.run(server.stop())


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    vault = Vault({"k1": b"s" * 32}, "k1")
    opened = await open_store(redis_url, vault, KEY, lambda: NOW, partitions=4)
    listening = asyncio.create_task(opened.bell.run())
    yield opened
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    for redis in opened.client.primaries():
        await redis.flushall()
    await opened.close()


def accounts() -> dict[str, Account]:
    built = {
        "phone": gateways.load("simulator", {"url": "http://127.0.0.1:1/simulator/texts", "secret": SECRET}),
        "ours": gateways.load("generic", {"secret": "generic-secret", "url": "http://127.0.0.1:1/out"}),
        "tw": gateways.load("twilio", {"account_sid": "AC1", "auth_token": "twilio-secret", "sender": "+12015550123"}),
    }
    shops = {"ours": "tea"}
    return {
        name: Account(
            name=name,
            provider=gateway.name,
            token=f"{TOKEN}-{name}",
            gateway=gateway,
            shop=shops.get(name, "default"),
        )
        for name, gateway in built.items()
    }


def make_deps(*, store: Store, **changes: Any) -> WebDeps:
    quiz = Quiz(name="xiaoshu", question="小暑是第几个节气?", options=("十", "十一", "十二"), right=2)
    given: dict[str, Any] = {
        "accounts": accounts(),
        "shops": SHOPS,
        "lookup_key": KEY,
        "store": store,
        "people": People(store.client),
        "sessions": Sessions(store.client),
        "audit": Audit(store.client),
        "corrections": Corrections(store.client, store.bell),
        "simulator": Simulator(store.client, store.codec.vault, KEY),
        "content": lambda: Content(version="1", quizzes={"xiaoshu": quiz}),
        "api_tokens": (API_TOKEN,),
        "clock": lambda: NOW,
        "version": "0.1.0",
    }
    return WebDeps(**given | changes)


OpenWorld = Callable[..., Awaitable[World]]


@pytest.fixture
async def open_world(store: Store) -> AsyncIterator[OpenWorld]:
    clients = []

    async def make(**changes: Any) -> World:
        spooled: list[Event] = []

        async def spool(event: Event) -> None:
            spooled.append(event)

        deps = make_deps(**{"store": store, "spool": spool, **changes})
        client = TestClient(TestServer(make_app(deps)))
        await client.start_server()
        clients.append(client)
        return World(deps=deps, client=client, spooled=spooled)

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
async def world(open_world: OpenWorld) -> World:
    return await open_world()


@pytest.fixture
async def inside(world: World) -> World:
    """A world that a colleague has signed in to."""
    await world.deps.people.add("li", "a good password", NOW, role="admin")
    answer = await world.sign_in()
    assert answer.status == 303
    return world
