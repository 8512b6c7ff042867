"""One bound SMPP session, from its TCP connection to its end."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from bot.domain.gateway import Ack, Callback
from bot.domain.link import Smsc
from bot.errors import NotTaken, Unanswered
from bot.links import pdu
from bot.links.pdu import HEADER, Pdu

Deliver = Callable[[Callback], Awaitable[Ack]]
"""Takes one deliver_sm and answers when it is durable: 2xx taken, 5xx to be sent again, else never to be."""

MOST_DELIVERIES: Final = 256
"""Deliveries under way at once; the SMSC's next ones wait in its own queue."""
_LAST_SEQUENCE: Final = 0x7FFFFFFF

log = structlog.get_logger("links.smpp")


class BindRefused(Exception):
    """The SMSC answered our bind with an error; the text says which. It never leaves this room."""


class Session:
    """A connection on which we are bound. `serve` must run for anything to be answered."""

    def __init__(
        self, smsc: Smsc, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_deliver: Deliver
    ) -> None:
        self._smsc = smsc
        self._reader = reader
        self._writer = writer
        self._on_deliver = on_deliver
        self._sequence = 0
        self._pending: dict[int, asyncio.Future[Pdu]] = {}
        self._window = asyncio.Semaphore(smsc.window)
        self._deliveries: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(MOST_DELIVERIES)
        self._heard = 0.0
        self._closing = False
        self._why = ""

    @classmethod
    async def open(cls, smsc: Smsc, on_deliver: Deliver) -> Session:
        """Connect and bind as a transceiver. Raises OSError, EOFError, ValueError (no such name) or BindRefused."""
        async with asyncio.timeout(smsc.answer_within):
            tls = ssl.create_default_context() if smsc.tls else None
            reader, writer = await asyncio.open_connection(smsc.host, smsc.port, ssl=tls)
            session = cls(smsc, reader, writer, on_deliver)
            try:
                await session._bind()
            except BaseException:
                writer.transport.abort()
                raise
            return session

    async def serve(self) -> str:
        """Hear and answer until the connection ends; tell why it did. Cancelling it ends the connection."""
        keeper = asyncio.create_task(self._keep_alive())
        try:
            while not self._why:
                await self._hear(await self._next())
        except (OSError, EOFError):
            pass
        finally:
            keeper.cancel()
            self._end("the connection is closed")
        return self._why or "the SMSC closed the connection"

    async def submit(self, body: bytes, timeout: float) -> Pdu:
        """Submit one message and give the answer. Raises NotTaken (it never left) or Unanswered."""
        deadline = asyncio.get_running_loop().time() + timeout
        try:
            async with asyncio.timeout_at(deadline):
                await self._window.acquire()
        except TimeoutError:
            raise NotTaken("the SMSC answers too slowly: the window is full") from None
        try:
            left = deadline - asyncio.get_running_loop().time()
            if self._closing or left <= 0:
                raise NotTaken("the connection is being closed" if self._closing else "no time is left")
            return await self._ask(pdu.SUBMIT_SM, body, left)
        finally:
            self._window.release()

    async def unbind(self) -> None:
        """Wait for what is under way, say goodbye, and end the connection."""
        self._closing = True
        deadline = asyncio.get_running_loop().time() + self._smsc.answer_within
        waiting: set[asyncio.Future[Pdu] | asyncio.Task[None]] = {*self._pending.values(), *self._deliveries}
        if waiting:
            await asyncio.wait(waiting, timeout=self._smsc.answer_within)
        try:
            await self._ask(pdu.UNBIND, b"", deadline - asyncio.get_running_loop().time())
        except (NotTaken, Unanswered):
            pass
        finally:
            self._end("we said goodbye")

    async def _bind(self) -> None:
        smsc = self._smsc
        body = pdu.bind(smsc.system_id, smsc.password, smsc.system_type)
        self._write(pdu.BIND_TRANSCEIVER, self._next_sequence(), pdu.OK, body)
        await self._writer.drain()
        answer = await self._next()
        if answer.status != pdu.OK:
            raise BindRefused(pdu.bind_fault(answer.status))
        if answer.command != pdu.BIND_TRANSCEIVER | pdu.RESPONSE:
            raise BindRefused(f"{smsc.host} does not speak SMPP 3.4: it answers our bind with 0x{answer.command:08X}")

    async def _next(self) -> Pdu:
        length, command, status, sequence = HEADER.unpack(await self._reader.readexactly(HEADER.size))
        if not HEADER.size <= length <= pdu.MAX_LENGTH:
            self._write(pdu.GENERIC_NACK, sequence, pdu.BAD_LENGTH)
            raise EOFError("the stream has lost its place")
        body = await self._reader.readexactly(length - HEADER.size)
        self._heard = asyncio.get_running_loop().time()
        return Pdu(command, status, sequence, body)

    async def _hear(self, heard: Pdu) -> None:
        if heard.command & pdu.RESPONSE:
            waiting = self._pending.get(heard.sequence)
            if waiting is not None and not waiting.done():
                waiting.set_result(heard)
        elif heard.command == pdu.DELIVER_SM:
            await self._room.acquire()
            task = asyncio.create_task(self._deliver(heard))
            self._deliveries.add(task)
            task.add_done_callback(self._delivered)
        elif heard.command in {pdu.ENQUIRE_LINK, pdu.UNBIND}:
            self._answer(heard, pdu.OK)
            if heard.command == pdu.UNBIND:
                self._why = "the SMSC said goodbye"
        elif heard.command not in {pdu.ALERT_NOTIFICATION, pdu.OUTBIND}:
            self._write(pdu.GENERIC_NACK, heard.sequence, pdu.BAD_COMMAND)

    async def _deliver(self, heard: Pdu) -> None:
        callback = Callback(method="DELIVER_SM", url=self._smsc.url, body=heard.whole())
        try:
            status = (await self._on_deliver(callback)).status
        except Exception as fault:  # noqa: BLE001 - whatever it was, the SMSC must keep the message
            log.error("delivery_not_taken", host=self._smsc.host, fault=type(fault).__name__)  # noqa: TRY400 - see above
            status = 503
        if 200 <= status < 300:
            self._answer(heard, pdu.OK)
        else:
            self._answer(heard, pdu.TRY_LATER if status >= 500 else pdu.NEVER)

    def _delivered(self, task: asyncio.Task[None]) -> None:
        self._deliveries.discard(task)
        self._room.release()

    def _answer(self, heard: Pdu, status: int) -> None:
        # A deliver_sm_resp carries a message id that is not used: one NUL.
        body = b"\0" if heard.command == pdu.DELIVER_SM else b""
        self._write(heard.command | pdu.RESPONSE, heard.sequence, status, body)

    async def _ask(self, command: int, body: bytes, timeout: float) -> Pdu:
        if self._writer.is_closing():
            raise NotTaken("the connection is closed")
        sequence = self._next_sequence()
        waiting: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._pending[sequence] = waiting
        try:
            async with asyncio.timeout(timeout):
                self._write(command, sequence, pdu.OK, body)
                await self._writer.drain()
                return await waiting
        except (TimeoutError, OSError):
            raise Unanswered("the SMSC did not answer in time") from None
        finally:
            del self._pending[sequence]

    async def _keep_alive(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            silent = now() - self._heard
            if silent < self._smsc.enquire_every:
                await asyncio.sleep(self._smsc.enquire_every - silent)
                continue
            try:
                await self._ask(pdu.ENQUIRE_LINK, b"", self._smsc.answer_within)
            except (NotTaken, Unanswered):
                self._end("the SMSC does not answer enquire_link")
                return

    def _write(self, command: int, sequence: int, status: int, body: bytes = b"") -> None:
        if not self._writer.is_closing():
            self._writer.write(pdu.write(command, sequence, status, body))

    def _next_sequence(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence

    def _end(self, why: str) -> None:
        self._why = self._why or why
        self._writer.close()
        for waiting in self._pending.values():
            if not waiting.done():
                waiting.set_exception(Unanswered(f"{self._why} before the answer came"))
