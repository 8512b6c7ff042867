"""Every gateway that speaks HTTP sends through a local server that answers as the provider would."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpServer

from bot.domain.gateway import Gateway, HttpRequest, Submission
from bot.errors import Unanswered
from bot.gateways import available, load
from bot.transport import Transport
from tests.gateways.recorded import NONCE, NOW, check_result, fixture

PATIENCE = 5.0
SHORT = 0.1


class Provider:
    """A server that notes what came and answers what it was told to; told nothing, it never answers."""

    def __init__(self) -> None:
        self.came: list[tuple[web.Request, bytes]] = []
        self.answer: dict[str, Any] | None = None

    async def handle(self, request: web.Request) -> web.Response:
        self.came.append((request, await request.read()))
        if self.answer is None:
            await asyncio.Event().wait()
            raise AssertionError
        body = json.dumps(self.answer["json"]) if "json" in self.answer else self.answer.get("body", "")
        return web.Response(
            status=self.answer.get("status", 200), body=body.encode(), headers=self.answer.get("headers", {})
        )


@pytest.fixture
async def provider(aiohttp_server: AiohttpServer) -> tuple[Provider, str]:
    stand_in = Provider()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stand_in.handle)
    server = await aiohttp_server(app, shutdown_timeout=0.1)
    return stand_in, str(server.make_url("")).rstrip("/")


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    pool = Transport()
    yield pool
    await pool.close()


def composed(name: str, url: str) -> tuple[Gateway, HttpRequest]:
    sheet = fixture(name)
    send = next(send for send in sheet["sends"] if "submission" in send and "error" not in send)
    given = {"text": "", "client_ref": "p07-1", **send["submission"]}
    lists = {key: tuple(given[key]) for key in ("template_params", "template_names") if key in given}
    gateway = load(name, {**sheet["settings"], **send.get("settings", {}), "url": url})
    return gateway, gateway.compose(Submission(**{**given, **lists}), NOW, NONCE)


OVER_HTTP = [name for name in available() if composed(name, "http://127.0.0.1:1")[1].url.startswith("http")]


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_sent_and_answered(name: str, provider: tuple[Provider, str], transport: Transport) -> None:
    stand_in, url = provider
    gateway, request = composed(name, url)
    for reply in fixture(name)["replies"]:
        if "settings" in reply:
            continue
        stand_in.answer = reply
        check_result(gateway.read(await transport.send(request, PATIENCE)), reply["expect"])
    came, body = stand_in.came[-1]
    assert came.method == request.method
    assert body == request.body
    path, _, query = request.url.removeprefix(url).partition("?")
    came_path, _, came_query = came.raw_path.partition("?")
    assert came_path == (path or "/")
    # Signatures are made over the decoded values, so these must arrive unharmed.
    assert parse_qsl(came_query, keep_blank_values=True) == parse_qsl(query, keep_blank_values=True)
    for header, value in request.headers.items():
        assert came.headers[header] == value


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_no_answer_is_unanswered(name: str, provider: tuple[Provider, str], transport: Transport) -> None:
    _, request = composed(name, provider[1])
    with pytest.raises(Unanswered):
        await transport.send(request, SHORT)
