"""What a push missed is fetched, once, by one process of many, and what came by push is known."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpServer

from bot import gateways
from bot.domain.events import Event, ReceiptReceived, ReplyReceived
from bot.domain.gateway import Callback, Parsed
from bot.store.arrivals import Source
from bot.store.store import Store, open_store
from bot.store.turns import Turn
from bot.store.vault import Vault
from bot.transport import Transport
from bot.workers.puller import Puller, Well
from tests.conftest import LOOKUP_KEY, Clock

SOURCE = Source(account="yp", provider="yunpian", shop="default")
REPLIES = [
    {"base_extend": "8888", "extend": "01", "id": "r1", "mobile": "13800000000", "reply_time": "2025-07-02 09:58:00",
     "sign": "【回信】", "text": "5"},
    {"base_extend": "8888", "extend": "01", "id": "r2", "mobile": "13800000001", "reply_time": "2025-07-02 09:59:00",
     "sign": "【回信】", "text": "退订"},
]  # fmt: skip
RECEIPTS = [
    {"sid": "s1", "uid": None, "user_receive_time": "2025-07-02 09:59:00", "error_msg": "", "mobile": "13800000000",
     "report_status": "SUCCESS"},
]  # fmt: skip


class Yunpian:
    """What stands for the provider: each thing is given once."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[Any]] = {"pull_reply": [], "pull_status": []}
        self.asked: list[str] = []

    async def give(self, request: web.Request) -> web.Response:
        what = request.match_info["what"]
        assert (await request.post())["apikey"] == "k"
        self.asked.append(what)
        page, self.waiting[what] = self.waiting[what][:1], self.waiting[what][1:]
        return web.json_response(page)


@pytest.fixture
async def yunpian(aiohttp_server: AiohttpServer) -> tuple[Yunpian, str]:
    stand_in = Yunpian()
    app = web.Application()
    app.router.add_post("/v2/sms/{what}.json", stand_in.give)
    server = await aiohttp_server(app)
    return stand_in, str(server.make_url("")).rstrip("/")


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    way = Transport()
    yield way
    await way.close()


async def inbox(store: Store) -> list[Event]:
    found = []
    for partition in range(store.partitions):
        for lane in ("live", "bulk"):
            entries = await store.inbox.read(partition, lane, "0-0", 100)
            found += [store.codec.unpack(Event, entry.packed) for entry in entries]
    return found


async def test_the_missed_is_fetched_and_the_known_is_known(
    store: Store, clock: Clock, yunpian: tuple[Yunpian, str], transport: Transport
) -> None:
    provider, url = yunpian
    gateway = gateways.load("yunpian", {"apikey": "k", "url": url})
    well = Well(source=SOURCE, gateway=gateway, every=60)
    # The first reply came by push, too.
    pushed = Callback(
        method="POST",
        url="",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=("sms_reply=" + json.dumps(REPLIES[0], ensure_ascii=False)).encode(),
    )
    parsed = gateway.parse(pushed)
    assert await store.arrivals.keep(store.arrivals.arrived(SOURCE, parsed, clock()), clock()) == {"accepted": 1}
    provider.waiting = {"pull_reply": list(REPLIES[1:]), "pull_status": list(RECEIPTS)}
    puller = Puller(store, [well], transport, clock)
    assert await puller.pull(well) == 2
    provider.waiting["pull_reply"] = list(REPLIES)
    assert await puller.pull(well) == 0
    events = await inbox(store)
    assert sorted(e.what.message.text for e in events if isinstance(e.what, ReplyReceived)) == ["5", "退订"]
    assert {e.what.message.account for e in events if isinstance(e.what, ReplyReceived)} == {"yp"}
    assert not [e for e in events if isinstance(e.what, ReceiptReceived)], "its text is not known yet: it is parked"


async def test_what_has_no_id_is_known_by_what_it_says_and_when(store: Store, clock: Clock) -> None:
    gateway = gateways.load("yunpian", {"apikey": "k"})
    [message] = gateway.parse(
        Callback(method="POST", url="", body=("sms_reply=" + json.dumps(REPLIES[0])).encode())
    ).messages
    nameless = replace(message, message_id=None)
    later = replace(nameless, received_at=nameless.received_at + timedelta(seconds=1))
    page = Parsed(messages=(nameless, later))
    arrivals, now = store.arrivals, clock()
    for kept in ({"accepted": 2}, {"duplicate": 2}):
        assert await arrivals.keep(arrivals.arrived(SOURCE, page, now, pulled=True), now) == kept
    assert await arrivals.keep(arrivals.arrived(SOURCE, page, now), now) == {"accepted": 2}, (
        "a push is decide's to judge"
    )


async def test_a_provider_that_says_no_is_asked_again_later(
    store: Store, clock: Clock, aiohttp_server: AiohttpServer, transport: Transport
) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.json_response({"code": 7, "msg": "未开通"}, status=400)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    server = await aiohttp_server(app)
    gateway = gateways.load("yunpian", {"apikey": "k", "url": str(server.make_url("")).rstrip("/")})
    well = Well(source=SOURCE, gateway=gateway, every=60)
    assert await Puller(store, [well], transport, clock).pull(well) == 0


async def test_one_process_pulls_for_all(store: Store, redis_url: str, vault: Vault, clock: Clock) -> None:
    other = await open_store(redis_url, vault, LOOKUP_KEY, clock)
    mine, theirs = Turn(store.client, "huixin:pull:{yp}"), Turn(other.client, "huixin:pull:{yp}")
    assert (await mine.mine(60), await theirs.mine(60)) == (True, False)
    assert (await mine.mine(60), await theirs.mine(60)) == (True, False)
    await mine.give_up()
    assert (await theirs.mine(60), await mine.mine(60)) == (True, False)
    await other.close()
