"""`huixin gateway test` against local providers, with and without a service that sees the receipt."""

import asyncio
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from pytest_aiohttp import AiohttpServer

from bot.app.trying import Trial, try_account
from bot.errors import GatewayError, HuixinError, SettingsError
from bot.settings import read
from tests.app.service import free_port, running
from tests.links.smsc import Smsc
from tests.links.smsc import running as listening

TOKEN = "an-unguessable-token"
SETTINGS = """
port = {port}
[gateways.ours]
provider = "generic"
token = "an-unguessable-token"
secret = "a-secret-of-ours"
url = "{url}/out"
[gateways.ali]
provider = "aliyun"
token = "an-unguessable-token"
access_key_id = "id"
access_key_secret = "secret"
sign_name = "回信"
url = "{url}/ali"
[gateways.dead]
provider = "generic"
token = "an-unguessable-token"
secret = "a-secret-of-ours"
url = "http://127.0.0.1:9/out"
"""


class Provider:
    """Takes texts, and sends the receipt to the service, signed, as the generic gateway does."""

    def __init__(self) -> None:
        self.took: list[dict[str, Any]] = []
        self.service = ""
        self.state = "delivered"
        self.reporting: asyncio.Task[None] | None = None

    async def take(self, request: web.Request) -> web.Response:
        self.took.append(await request.json())
        if self.service:
            self.reporting = asyncio.create_task(self.report(f"p{len(self.took)}"))
        return web.json_response({"id": f"p{len(self.took)}"})

    async def report(self, text: str) -> None:
        body = json.dumps({"id": text, "state": self.state}).encode()
        stamp = str(int(time.time()))
        proof = hmac.new(b"a-secret-of-ours", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {"X-Huixin-Timestamp": stamp, "X-Huixin-Signature": f"sha256={proof}"}
        headers["Content-Type"] = "application/json"
        async with ClientSession() as session:
            url = f"{self.service}/gateways/ours/{TOKEN}/receipt"
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status == 200, await answer.text()


@pytest.fixture
async def provider(aiohttp_server: AiohttpServer) -> tuple[Provider, str]:
    stand_in = Provider()
    app = web.Application()
    app.router.add_post("/out", stand_in.take)
    server = await aiohttp_server(app)
    return stand_in, str(server.make_url("")).rstrip("/")


async def tried(folder: Path, name: str, to: str = "+8613800000000", wait: float = 0) -> tuple[Trial, list[str]]:
    notes: list[str] = []
    settings = read(folder / "huixin.toml")
    return await asyncio.to_thread(try_account, settings, name, to, wait, notes.append), notes


def write(folder: Path, settings: str) -> None:
    (folder / "huixin.toml").write_text(f'data = "{folder / "data"}"\n{settings}', "utf-8")


async def test_the_receipt_comes_through_the_running_service(tmp_path: Path, provider: tuple[Provider, str]) -> None:
    stand_in, url = provider
    port = free_port()
    settings = SETTINGS.format(port=port, url=url)
    async with running(tmp_path, settings, "serve") as huixin:
        await huixin.says("worker_ready")
        stand_in.service = f"http://127.0.0.1:{port}"
        trial, notes = await tried(tmp_path, "ours", wait=20)
        assert (trial.outcome, trial.receipt, trial.good) == ("sent", "delivered", True)
        assert trial.seconds is not None
        assert trial.to == "138****0000"
        assert stand_in.took[0]["to"] == "+8613800000000"
        assert "测试" in stand_in.took[0]["text"]
        assert not [line for line in notes if "13800000000" in line]
        stand_in.state = "failed"
        again, _ = await tried(tmp_path, "ours", "13800000001", wait=20)
        assert (again.receipt, again.good) == ("failed", False)


async def test_without_a_service_it_says_so_and_the_receipt_stays_away(
    tmp_path: Path, provider: tuple[Provider, str]
) -> None:
    _, url = provider
    write(tmp_path, SETTINGS.format(port=0, url=url))
    trial, notes = await tried(tmp_path, "ours", wait=0.3)
    assert (trial.outcome, trial.receipt) == ("sent", None)
    assert any("no worker is running" in line for line in notes)
    assert any("no receipt came" in line for line in notes)


async def test_a_dead_provider_is_said(tmp_path: Path) -> None:
    write(tmp_path, SETTINGS.format(port=0, url="http://127.0.0.1:9"))
    trial, _ = await tried(tmp_path, "dead")
    assert (trial.outcome, trial.good) == ("temporary", False)
    assert "no connection" in trial.detail


@pytest.mark.parametrize(
    ("name", "to", "fault", "says"),
    [
        ("ours", "soon", HuixinError, "no phone number"),
        ("nobody", "+8613800000000", SettingsError, "there are: ours, ali, dead"),
        ("ali", "+8613800000000", GatewayError, "已报备"),
    ],
)
async def test_what_cannot_be_tried_is_said(
    tmp_path: Path, name: str, to: str, fault: type[HuixinError], says: str
) -> None:
    write(tmp_path, SETTINGS.format(port=0, url="http://127.0.0.1:9"))
    with pytest.raises(fault, match=says):
        await tried(tmp_path, name, to)


async def test_an_smsc_is_bound_to_first(tmp_path: Path) -> None:
    smpp = '[gateways.sms]\nprovider = "smpp"\ntoken = "an-unguessable-token"\nhost = "127.0.0.1"\n'
    smpp += 'system_id = "shop"\npassword = "secret"\nsource = "1069"\nport = {port}\n'
    async with listening(Smsc()) as smsc:
        write(tmp_path, smpp.format(port=smsc.port))
        trial, _ = await tried(tmp_path, "sms")
        assert trial.outcome == "sent"
        assert (await smsc.submits.get()).to == "8613800000000"
