"""Callbacks at the door: who may, what is kept, and what the provider hears."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yarl

from bot import gateways
from bot.domain.events import ReplyReceived
from bot.domain.ids import customer_id
from bot.store.embedded import EmbeddedRedis
from bot.store.store import Store, open_store
from bot.store.vault import Vault
from bot.web.accounts import Account
from bot.web.webhooks import MAX_BODY
from tests.web.conftest import KEY, NOW, SECRET, TOKEN, OpenWorld, World


def signed(body: bytes, secret: str = "generic-secret") -> dict[str, str]:
    stamp = str(int(NOW.timestamp()))
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Huixin-Timestamp": stamp, "X-Huixin-Signature": f"sha256={mac}", "Content-Type": "application/json"}


class HabitOf:
    """A gateway with other habits than its own."""

    def __init__(self, gateway: Any, capabilities: Any) -> None:
        self._gateway = gateway
        self.capabilities = capabilities

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)


async def call(world: World, item: Any, account: str = "ours", **changes: Any) -> Any:
    body = item if isinstance(item, bytes) else json.dumps(item).encode()
    path = changes.pop("path", f"/gateways/{account}/{TOKEN}-{account}/inbound")
    headers = changes.pop("headers", signed(body, SECRET if account == "phone" else "generic-secret"))
    return await world.client.post(path, data=body, headers=headers)


REPLY = {"id": "m1", "from": "13800000000", "text": "4分,就是快递慢"}


async def test_a_reply_is_kept_before_the_gateway_is_told(world: World) -> None:
    answer = await call(world, REPLY)
    assert answer.status == 200
    (event,) = await world.inbox()
    assert isinstance(event.what, ReplyReceived)
    assert event.what.message.text == "4分,就是快递慢"
    assert event.what.message.account == "ours"
    assert (event.shop, event.phone) == ("tea", "+8613800000000")
    assert event.customer == customer_id(KEY, "tea", "+8613800000000")


async def test_a_repeat_is_acknowledged_again_and_kept_once(world: World) -> None:
    answers = [await call(world, REPLY) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert len({await answer.text() for answer in answers}) == 1
    assert len(await world.inbox()) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("kind", ["inbound", "%69nbound"])
async def test_what_no_provider_does_brings_nothing(world: World, method: str, kind: str) -> None:
    path = yarl.URL(f"/gateways/ours/{TOKEN}-ours/{kind}", encoded=True)
    body = json.dumps(REPLY).encode()
    answer = await world.client.request(method, path, data=body, headers=signed(body))
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")
    assert await world.inbox() == []


async def test_two_honest_equal_replies_without_an_id_both_count(world: World) -> None:
    for _ in range(2):
        await call(world, {"from": "13800000000", "text": "1"})
    assert len(await world.inbox()) == 2


async def test_one_callback_may_hold_many_replies(world: World) -> None:
    await call(world, [REPLY | {"id": f"m{n}", "from": f"1380000{n:04}"} for n in range(40)])
    assert len(await world.inbox()) == 40


@pytest.mark.parametrize(
    "path",
    [
        "/gateways/nobody/x/inbound",
        f"/gateways/ours/{TOKEN}-phone/inbound",
        f"/gateways/ours/{TOKEN}-ours/other",
        "/gateways/ours//inbound",
        "/gateways/%00/%00/inbound",
        "/gateways/%ff/é/inbound",
    ],
)
async def test_who_does_not_know_the_address_finds_nothing(world: World, path: str) -> None:
    assert (await call(world, REPLY, path=path)).status == 404
    assert await world.inbox() == []


async def test_a_forged_signature_is_refused(world: World) -> None:
    answer = await call(world, REPLY, headers=signed(b"another body"))
    assert answer.status == 403
    assert await world.inbox() == []


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[[[]]]", b'{"text": 1}', b"null", b"[" * 100_000])
async def test_a_broken_body_is_an_error_of_the_sender(world: World, body: bytes) -> None:
    answer = await call(world, body)
    assert 400 <= answer.status < 500
    assert await world.inbox() == []


@pytest.mark.parametrize("size", [MAX_BODY + 1, 1024 * 1024])
async def test_a_body_that_is_too_large_is_refused(world: World, size: int) -> None:
    assert (await call(world, b"x" * size)).status == 413


async def test_a_large_body_without_a_length_is_refused(world: World) -> None:
    async def pieces() -> Any:
        for _ in range(MAX_BODY // 10_000 + 2):
            yield b"x" * 10_000

    path = f"/gateways/ours/{TOKEN}-ours/inbound"
    answer = await world.client.post(path, data=pieces())
    assert answer.status == 413


@pytest.mark.parametrize("text", ["", "👍👍", "好" * 2000, "a\x00b\x1b[31m\u202e", "\ud83d\ude00"])
async def test_odd_texts_are_taken_as_they_are(world: World, text: str) -> None:
    body = json.dumps(REPLY | {"text": text}).encode()
    answer = await call(world, body)
    assert answer.status == 200
    (event,) = await world.inbox()
    assert len(event.what.message.text) <= 2000


async def test_only_allowed_addresses_may_call(open_world: OpenWorld) -> None:
    world = await open_world()
    narrowed = {
        name: replace(account, allow=(ip_network("203.0.113.0/24"),)) for name, account in world.deps.accounts.items()
    }
    world = await open_world(accounts=narrowed)
    assert (await call(world, REPLY)).status == 403
    behind = await open_world(accounts=narrowed, trusted_proxies=(ip_network("127.0.0.0/8"),))
    body = json.dumps(REPLY).encode()
    forwarded = signed(body) | {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
    assert (await call(behind, body, headers=forwarded)).status == 200
    lied = signed(body) | {"X-Forwarded-For": "203.0.113.9, 198.51.100.1"}
    assert (await call(behind, body, headers=lied)).status == 403


@pytest.mark.parametrize("public_url", ["https://sms.example.cn", "https://sms.example.cn/"])
async def test_twilio_signs_the_public_address(open_world: OpenWorld, public_url: str) -> None:
    world = await open_world(public_url=public_url)
    path = f"/gateways/tw/{TOKEN}-tw/inbound?a=1&b=%E4%BD%A0"
    fields = {"MessageSid": "SM1", "From": "+8613800000000", "To": "+12015550123", "Body": "退订", "NumMedia": "0"}
    told = "https://sms.example.cn" + path + "".join(name + fields[name] for name in sorted(fields))
    proof = base64.b64encode(hmac.new(b"twilio-secret", told.encode(), hashlib.sha1).digest()).decode()
    answer = await world.client.post(yarl.URL(path, encoded=True), data=fields, headers={"X-Twilio-Signature": proof})
    assert (answer.status, answer.content_type) == (200, "text/xml")
    (event,) = await world.inbox()
    assert event.what.message.text == "退订"


async def test_receipts_come_by_either_address_and_wait_for_their_text(world: World) -> None:
    receipt = {"id": "g1", "state": "delivered"}
    for kind in ("inbound", "receipt"):
        answer = await call(world, receipt, path=f"/gateways/ours/{TOKEN}-ours/{kind}")
        assert answer.status == 200
    assert await world.inbox() == []


@pytest.fixture
async def own_redis(tmp_path: Path) -> AsyncIterator[tuple[EmbeddedRedis, Store]]:
    """One that a test may stop and start."""
    server = EmbeddedRedis(tmp_path / "redis")
    opened = await open_store(await server.start(), Vault({"k1": b"s" * 32}, "k1"), KEY, lambda: NOW, partitions=2)
    yield server, opened
    await opened.close()
    await server.stop()


@pytest.mark.parametrize("repeats", [True, False])
async def test_with_redis_away_the_gateways_habit_decides(
    open_world: OpenWorld, own_redis: tuple[EmbeddedRedis, Store], repeats: bool
) -> None:
    server, store = own_redis
    told = gateways.load("generic", {"secret": "generic-secret", "url": "http://127.0.0.1:1/out"})
    habit = HabitOf(told, replace(told.capabilities, repeats_on_error=repeats))
    account = Account(name="ours", provider="generic", token=f"{TOKEN}-ours", gateway=habit, shop="tea")
    world = await open_world(store=store, accounts={"ours": account})
    await server.stop()
    answer = await call(world, REPLY)
    assert answer.status == (503 if repeats else 200)
    assert len(world.spooled) == (0 if repeats else 1)
    await server.start()
    assert (await call(world, REPLY)).status == 200
    assert len(await world.inbox()) == 1


async def test_the_log_names_neither_token_nor_number(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    await call(world, REPLY, headers=signed(b"forged"))
    await call(world, b'{"from": "13800000000"')
    await call(world, REPLY, path=f"/gateways/ours/{TOKEN}-wrong/inbound")
    told = capsys.readouterr()
    assert "callback_refused" in told.out + told.err
    assert TOKEN not in told.out + told.err
    assert "13800000000" not in told.out + told.err


async def test_a_body_that_is_not_what_it_says_is_refused(world: World) -> None:
    body = b"not gzip at all"
    answer = await call(world, body, headers={**signed(body), "Content-Encoding": "gzip"})
    assert answer.status == 400
