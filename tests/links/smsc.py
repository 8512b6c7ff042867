"""A small SMSC on loopback, written from the protocol's tables with struct alone: no code of any SMPP library."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

BIND, BIND_RESP = 0x00000009, 0x80000009
SUBMIT, SUBMIT_RESP = 0x00000004, 0x80000004
DELIVER, DELIVER_RESP = 0x00000005, 0x80000005
UNBIND, UNBIND_RESP = 0x00000006, 0x80000006
ENQUIRE, ENQUIRE_RESP = 0x00000015, 0x80000015
NACK = 0x80000000
SILENCE, DROP = -1, -2
"""What `on_submit` gives instead of a status: no answer, or the connection dropped."""


def pdu(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


def c_string(text: str) -> bytes:
    return text.encode("latin-1") + b"\x00"


def tlv(tag: int, value: bytes) -> bytes:
    return struct.pack(">HH", tag, len(value)) + value


def message_body(
    source: str,
    to: str,
    octets: bytes,
    *,
    coding: int = 0,
    esm: int = 0,
    ton: int = 1,
    tlvs: bytes = b"",
) -> bytes:
    return (
        c_string("")
        + bytes([ton, 1])
        + c_string(source)
        + bytes([0, 1])
        + c_string(to)
        + bytes([esm, 0, 0])
        + c_string("")
        + c_string("")
        + bytes([0, 0, coding, 0, len(octets)])
        + octets
        + tlvs
    )


@dataclass
class Submit:
    source: str
    to: str
    dest_ton: int
    esm: int
    registered: int
    coding: int
    octets: bytes
    sequence: int
    message_id: str = ""

    @property
    def text(self) -> str:
        octets = self.octets[6:] if self.esm & 0x40 else self.octets
        return octets.decode("utf-16-be") if self.coding == 8 else octets.decode("ascii")


def read_submit(sequence: int, body: bytes) -> Submit:
    at = body.index(b"\x00") + 1 + 2  # service_type, source ton and npi
    end = body.index(b"\x00", at)
    source, at = body[at:end].decode(), end + 1
    dest_ton, at = body[at], at + 2
    end = body.index(b"\x00", at)
    to, at = body[at:end].decode(), end + 1
    esm, at = body[at], at + 3
    at = body.index(b"\x00", at) + 1  # schedule_delivery_time
    at = body.index(b"\x00", at) + 1  # validity_period
    registered, _, coding, _, length = body[at : at + 5]
    octets = body[at + 5 : at + 5 + length]
    return Submit(source, to, dest_ton, esm, registered, coding, octets, sequence)


@dataclass
class Smsc:
    password: str = "secret"
    refuse: int = 0
    deaf: bool = False
    on_submit: Callable[[Submit], int] = lambda _: 0
    port: int = 0
    submits: asyncio.Queue[Submit] = field(default_factory=asyncio.Queue)
    binds: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    enquiries: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    nacks: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    goodbyes: int = 0
    _count: int = 0
    _sequence: int = 0
    _writer: asyncio.StreamWriter | None = None
    _asked: dict[int, asyncio.Future[tuple[int, int]]] = field(default_factory=dict)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length, command, status, sequence = struct.unpack(">IIII", await reader.readexactly(16))
                body = await reader.readexactly(length - 16)
                if self.answer(writer, command, status, sequence, body) is SILENCE:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, writer: asyncio.StreamWriter, command: int, status: int, sequence: int, body: bytes) -> int:
        if command == BIND:
            password = body.split(b"\x00")[1].decode()
            status = self.refuse or (0 if password == self.password else 0x0E)
            writer.write(pdu(BIND_RESP, status, sequence, b"loopback\x00" if not status else b""))
            self.binds.put_nowait(status)
            if status:
                return SILENCE
            self._writer = writer
        elif command == SUBMIT:
            return self.take(writer, read_submit(sequence, body))
        elif command == ENQUIRE and not self.deaf:
            writer.write(pdu(ENQUIRE_RESP, 0, sequence))
            self.enquiries.put_nowait(sequence)
        elif command == UNBIND:
            self.goodbyes += 1
            writer.write(pdu(UNBIND_RESP, 0, sequence))
        elif command == NACK:
            self.nacks.put_nowait(status)
        if command & NACK and (asked := self._asked.pop(sequence, None)):
            asked.set_result((command, status))
        return 0

    def take(self, writer: asyncio.StreamWriter, submit: Submit) -> int:
        status = self.on_submit(submit)
        if status >= 0:
            self._count += 1
            submit.message_id = f"{0xABC0 + self._count:X}"
            writer.write(pdu(SUBMIT_RESP, status, submit.sequence, c_string(submit.message_id) if not status else b""))
        self.submits.put_nowait(submit)
        if status == DROP:
            writer.transport.abort()
        return 0

    def put(self, octets: bytes) -> None:
        assert self._writer
        self._writer.write(octets)

    async def ask(self, command: int, body: bytes = b"") -> tuple[int, int]:
        """Send a request of the SMSC and give command and status of what came back."""
        self._sequence += 1
        asked = asyncio.get_running_loop().create_future()
        self._asked[self._sequence] = asked
        self.put(pdu(command, 0, self._sequence, body))
        return await asyncio.wait_for(asked, 5)

    async def deliver(self, source: str, octets: bytes, **fields: object) -> int:
        command, status = await self.ask(DELIVER, message_body(source, "1069001", octets, **fields))
        assert command == DELIVER_RESP
        return status

    async def receipt(self, submit: Submit, stat: str = "DELIVRD", **fields: object) -> int:
        text = (
            f"id:{submit.message_id} sub:001 dlvrd:001 submit date:2507021000 done date:2507021001 "
            f"stat:{stat} err:000 text:hello"
        )
        return await self.deliver(submit.to, text.encode(), **{"esm": 0x04, **fields})

    def drop(self) -> None:
        assert self._writer
        self._writer.transport.abort()


@asynccontextmanager
async def running(smsc: Smsc) -> AsyncIterator[Smsc]:
    server = await asyncio.start_server(smsc.talk, "127.0.0.1", smsc.port)
    smsc.port = server.sockets[0].getsockname()[1]
    try:
        yield smsc
    finally:
        server.close()
        if smsc._writer:
            smsc._writer.transport.abort()
        await server.wait_closed()
