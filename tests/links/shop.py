"""A shop in small: the adapter, its link, and what a service does with both, without the service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.domain.gateway import Ack, Callback, SendResult, Submission
from bot.domain.link import LinkState, NeedsLink
from bot.domain.messages import InboundMessage, ReportState
from bot.domain.parts import combined, moved
from bot.errors import CallbackUnreadable, NotTaken, Unanswered
from bot.gateways import load
from bot.links.smpp import SmppLink

NOW = datetime(2025, 7, 2, 2, 0, tzinfo=UTC)
PHONE = "+8613800138000"


class Shop:
    def __init__(self, port: int, patience: dict[str, float], settings: dict[str, Any]) -> None:
        given = {"host": "127.0.0.1", "port": port, "system_id": "shop", "password": "secret", "source": "1069"}
        self.states: asyncio.Queue[LinkState] = asyncio.Queue()
        self.replies: asyncio.Queue[InboundMessage] = asyncio.Queue()
        self.moves: asyncio.Queue[tuple[str, ReportState]] = asyncio.Queue()
        self.kept: asyncio.Event | None = None
        self.away = False
        self.refs: dict[str, tuple[str, int, int]] = {}
        self.parts: dict[str, dict[int, ReportState]] = {}
        self.gateway = load("smpp", {**given, **settings})
        assert isinstance(self.gateway, NeedsLink)
        smsc = replace(self.gateway.smsc, **{"first_wait": 0.02, **patience})
        self.link = SmppLink(smsc, self.heard, self.states.put_nowait)

    async def heard(self, callback: Callback) -> Ack:
        """What the webhooks do: read, keep, and only then say so."""
        try:
            parsed = self.gateway.parse(callback)
        except CallbackUnreadable:
            return Ack(status=400)
        if self.away:
            return Ack(status=503)
        if self.kept:
            await self.kept.wait()
        for message in parsed.messages:
            self.replies.put_nowait(message)
        for report in parsed.reports:
            ours, number, total = self.refs[report.message_id or ""]
            self.parts[ours] = moved(self.parts.get(ours, {}), number, report.state)
            if state := combined(self.parts[ours], total):
                self.moves.put_nowait((ours, state))
        return self.gateway.acknowledge(callback)

    async def send(self, text: str, client_ref: str = "m1", timeout: float = 5, **fields: Any) -> SendResult:
        """What the sender does."""
        submission = Submission(**{"to": PHONE, "text": text, "client_ref": client_ref, **fields})
        request = self.gateway.compose(submission, NOW, "nonce")
        try:
            result = self.gateway.read(await self.link.send(request, timeout))
        except NotTaken as fault:
            return SendResult(outcome="temporary", detail=str(fault))
        except Unanswered as fault:
            return SendResult(outcome="unknown", detail=str(fault))
        ids = (result.message_id, *result.part_ids)
        for number, message_id in enumerate(ids, start=1):
            if message_id:
                self.refs[message_id] = (client_ref, number, len(ids))
        return result

    async def state(self, condition: str) -> LinkState:
        """Wait for the next time that the link is at this."""
        while True:
            told = await asyncio.wait_for(self.states.get(), 5)
            if told.condition == condition:
                return told


@asynccontextmanager
async def opened(port: int, patience: dict[str, float] | None = None, **settings: Any) -> AsyncIterator[Shop]:
    shop = Shop(port, patience or {}, settings)
    await shop.link.start()
    try:
        yield shop
    finally:
        await shop.link.stop()
