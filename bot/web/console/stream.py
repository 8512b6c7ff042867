"""Server-sent events: one open answer per viewer, ended when the browser or the server goes."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
from aiohttp import web

from bot.errors import StoreUnavailable
from bot.web.console.visit import Visit
from bot.web.measures import VIEWERS
from bot.web.middleware import crash, secure

HEARTBEAT_S: Final = 15.0
_ASK_EVERY_S: Final = 3.0
_RETRY_MS: Final = 1_000

_PLACE: Final = re.compile(r"\d{1,20}-\d{1,20}")

OPEN: web.AppKey[set[asyncio.Task[Any]]] = web.AppKey("open_streams", set[asyncio.Task[Any]])

log = structlog.get_logger("web.stream")


class SignedOut(Exception):
    """The session behind an open answer is over."""


class Stream:
    """One viewer's open answer. Nothing more is written once the session is over: both ways raise SignedOut."""

    def __init__(self, visit: Visit, response: web.StreamResponse) -> None:
        self._visit = visit
        self._response = response
        self._asked = time.monotonic()

    async def send(self, event: str, data: Any, event_id: str = "") -> None:
        """Send one event; with an id, a browser that was cut off asks for what came after it."""
        await self._ask()
        head = f"id: {event_id}\n" if event_id else ""
        # JSON has no raw line break, so one data line holds it all.
        text = f"{head}event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
        await self._response.write(text.encode())

    async def beat(self) -> None:
        """Keep proxies from closing a quiet line."""
        await self._ask()
        await self._response.write(b": still here\n\n")

    async def _ask(self) -> None:
        if time.monotonic() - self._asked < _ASK_EVERY_S:
            return
        self._asked = time.monotonic()
        deps, token = self._visit.deps, self._visit.session.token
        # A page left open is nobody at work: it keeps no session from ending.
        if await deps.sessions.find(token, deps.clock(), idle=True) is None:
            raise SignedOut


@asynccontextmanager
async def opened(visit: Visit) -> AsyncIterator[tuple[Stream, web.StreamResponse]]:
    """Open a stream; leaving, being left, signing out, Redis away and a server that stops all end it quietly."""
    request = visit.request
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    )
    secure(response)
    await response.prepare(request)
    await response.write(f"retry: {_RETRY_MS}\n\n".encode())
    task = asyncio.current_task()
    request.app[OPEN].update({task} if task else ())
    VIEWERS.inc()
    try:
        yield Stream(visit, response), response
    except (ConnectionResetError, SignedOut):
        pass
    except StoreUnavailable as reason:
        log.warning("stream_ended", reason=str(reason))
    except Exception as fault:  # noqa: BLE001 — the last net, as around pages
        # An answer that has begun can be given no status: it ends, and the browser asks for the rest.
        log.critical("stream_crashed", fault=crash(fault))
    finally:
        VIEWERS.dec()
        request.app[OPEN].difference_update({task} if task else ())


def place(request: web.Request) -> str | None:
    """Tell from where a browser wants to go on; None: from now."""
    asked = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    if not _PLACE.fullmatch(asked):
        return None
    # Redis counts to 64 bits, and there is nothing after the last.
    return asked if all(int(part) < 2**64 - 1 for part in asked.split("-")) else None


async def end_all(app: web.Application) -> None:
    """End every open stream, so that a stopping server does not wait for viewers."""
    open_now: set[asyncio.Task[Any]] = app[OPEN]
    for task in tuple(open_now):
        task.cancel()
