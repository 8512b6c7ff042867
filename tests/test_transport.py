"""The way out sends a request once, whatever becomes of its connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.domain.gateway import HttpRequest
from bot.errors import Unanswered
from bot.transport import Transport

PATIENCE = 5.0


@asynccontextmanager
async def hanging_up(answers: int) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Run a server that hangs up on each connection once it has answered so often and taken one more; its URL, and
    the paths that it took."""
    took: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(answers):
            took.append((await reader.readuntil(b"\r\n\r\n")).split()[1])
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        took.append((await reader.readuntil(b"\r\n\r\n")).split()[1])
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", took
    finally:
        server.close()


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
@pytest.mark.parametrize("answers", [0, 1], ids=["a new connection", "a used connection"])
async def test_what_lost_its_connection_is_not_sent_again(method: str, answers: int) -> None:
    transport = Transport()
    async with hanging_up(answers) as (url, took):
        for nth in range(answers):
            await transport.send(HttpRequest(method=method, url=f"{url}/{nth}"), PATIENCE)
        try:
            with pytest.raises(Unanswered):
                await transport.send(HttpRequest(method=method, url=f"{url}/last"), PATIENCE)
        finally:
            await transport.close()
    assert took.count(b"/last") == 1
