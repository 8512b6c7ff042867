"""Recorded callbacks of two providers, posted to the whole service: answered once, in the provider's own shape."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import aiohttp
import pytest
from aiohttp import web

from tests.app.service import free_port, running

RECORDED = {
    line["id"]: line
    for line in map(json.loads, Path(__file__).parents[1].joinpath("gateways/callbacks.jsonl").read_text().splitlines())
}
TOKEN = "an-unguessable-token"
SETTINGS = """
redis_url = "{redis}"
port = {port}
public_url = "http://127.0.0.1:{port}"
partitions = 2
[gateways.yp]
provider = "yunpian"
token = "{token}"
apikey = "0000"
url = "{provider}"
[gateways.tw]
provider = "twilio"
token = "{token}"
account_sid = "acctid"
auth_token = "12345"
sender = "+12028831111"
url = "{provider}"
"""


class Provider:
    """Stands for both: takes texts as their documents say."""

    def __init__(self) -> None:
        self.sends: asyncio.Queue[tuple[str, dict[str, str], str]] = asyncio.Queue()

    async def take(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        await self.sends.put((request.path, form, request.headers.get("Authorization", "")))
        if "yunpian" in request.path or request.path.startswith("/v2/"):
            told = {
                "code": 0,
                "msg": "发送成功",
                "count": 1,
                "fee": 0.05,
                "unit": "RMB",
                "mobile": "1",
                "sid": 3310228982,
            }
            return web.json_response(told)
        return web.json_response({"sid": "SM1", "status": "queued"}, status=201)


@pytest.fixture
async def provider() -> AsyncIterator[tuple[Provider, str]]:
    provider = Provider()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", provider.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield provider, f"http://127.0.0.1:{port}"
    await runner.cleanup()


def yunpian(fields: dict[str, str], apikey: str = "0000") -> bytes:
    """Sign as the provider documents: values by sorted name, joined with the key, MD5."""
    given = {name: value for name, value in fields.items() if name != "_sign"}
    joined = ",".join([*(given[name] for name in sorted(given)), apikey])
    signed = {**given, "_sign": hashlib.md5(joined.encode(), usedforsecurity=False).hexdigest()}
    return urlencode({"sms_reply": json.dumps(signed)}).encode()


def twilio(url: str, fields: dict[str, str], token: str = "12345") -> str:
    """Sign as the provider documents: the URL and the sorted fields, HMAC-SHA1."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()


async def test_recorded_replies_are_answered_once(
    tmp_path: Path, redis_url: str, provider: tuple[Provider, str]
) -> None:
    taker, url = provider
    port = free_port()
    settings = SETTINGS.format(redis=redis_url, port=port, token=TOKEN, provider=url)
    async with running(tmp_path, settings, "serve") as huixin, aiohttp.ClientSession() as http:
        await huixin.says("worker_ready")
        form = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}

        # As recorded, byte for byte: the provider's own signature holds.
        door = f"http://127.0.0.1:{port}/gateways/yp/{TOKEN}/inbound"
        async with http.post(door, data=RECORDED["o40-yunpian-mo"]["body"].encode(), headers=form) as told:
            assert (told.status, await told.text() in {"SUCCESS", "0"}) == (200, True)
        reply = json.loads(dict(parse_qsl(RECORDED["o40-yunpian-mo"]["body"]))["sms_reply"])
        asked = yunpian({**reply, "id": "another", "text": "转人工"})
        for _ in range(3):
            async with http.post(door, data=asked, headers=form) as told:
                assert (told.status, await told.text() in {"SUCCESS", "0"}) == (200, True)
        forged = yunpian({**reply, "id": "forged", "text": "退订"}, apikey="guessed")
        async with http.post(door, data=forged, headers=form) as told:
            assert told.status == 403

        sent: list[tuple[str, dict[str, str], str]] = []
        while not any("人工" in fields.get("text", "") for _, fields, _ in sent):
            sent.append(await asyncio.wait_for(taker.sends.get(), 20))
        path, fields, _ = sent[-1]
        assert path == "/v2/sms/single_send.json"
        assert (fields["apikey"], fields["mobile"]) == ("0000", "15205201314")
        assert fields["text"].startswith("【回信】")

        door = f"http://127.0.0.1:{port}/gateways/tw/{TOKEN}/inbound"
        said = dict(parse_qsl(RECORDED["o33-twilio-mo"]["body"], keep_blank_values=True)) | {"Body": "转人工"}
        proof = {**form, "X-Twilio-Signature": twilio(door, said)}
        for _ in range(2):
            async with http.post(door, data=urlencode(said).encode(), headers=proof) as told:
                assert (told.status, told.content_type, await told.text()) == (200, "text/xml", "<Response/>")
        wrong = {**form, "X-Twilio-Signature": twilio(door, said, token="guessed")}
        async with http.post(door, data=urlencode(said).encode(), headers=wrong) as told:
            assert told.status == 403
        path, fields, key = await asyncio.wait_for(taker.sends.get(), 20)
        assert path == "/2010-04-01/Accounts/acctid/Messages.json"
        assert fields["To"] == "+14133881111"
        assert fields["From"] == "+12028831111"
        assert "人工" in fields["Body"]
        assert base64.b64decode(key.removeprefix("Basic ")).decode() == "acctid:12345"

        assert await huixin.stop() == 0
        assert taker.sends.empty()
        assert not any(secret in huixin.log for secret in (TOKEN, "15205201314", "4133881111"))
