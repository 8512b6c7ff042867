"""The same against an SMSC that is not ours at all: Jasmin's SMPP server, in a process of its own."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.gateways.wire.short_messages import header
from tests.links.shop import PHONE, opened

NUMBER = PHONE.removeprefix("+")
LONG = "感谢光临，请您为本次服务打分，1到5分，5分最满意；您的每一条意见我们都会认真看。" * 3


class Jasmin:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        self.inlet, self.outlet = process.stdin, process.stdout

    def ask(self, **asked: Any) -> None:
        self.inlet.write(json.dumps(asked).encode() + b"\n")

    async def hears(self, what: str) -> Any:
        told = json.loads(await asyncio.wait_for(self.outlet.readline(), 20))
        assert list(told) == [what], told
        return told[what]

    async def delivers(self, octets: bytes, **fields: int) -> str:
        self.ask(deliver={"from": NUMBER, "to": "1069001", "octets": octets.hex(), **fields})
        return await self.hears("delivered")

    async def receipt(self, message_id: str, stat: str) -> str:
        text = (
            f"id:{message_id} sub:001 dlvrd:001 submit date:2507021000 done date:2507021001 stat:{stat} err:000 text:"
        )
        return await self.delivers(text.encode(), esm=4)


@asynccontextmanager
async def jasmin() -> AsyncIterator[tuple[Jasmin, int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "ignore",
        str(Path(__file__).parent / "jasmin_smsc.py"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    smsc = Jasmin(process)
    try:
        yield smsc, await smsc.hears("port")
    finally:
        smsc.inlet.close()
        await asyncio.wait_for(process.wait(), 20)


async def test_both_directions_through_a_drop() -> None:
    async with jasmin() as (smsc, port), opened(port) as shop:
        await shop.state("bound")
        assert await smsc.hears("bound") == "shop"

        result = await shop.send("您好，请回复1确认😀", "m1", ext="001")
        submit = await smsc.hears("submit")
        assert (result.outcome, result.message_id) == ("sent", submit["id"])
        assert (submit["from"], submit["to"]) == ("1069001", NUMBER)
        assert (submit["ucs2"], submit["udhi"]) == (True, False)
        assert submit["receipt"] == "SMSC_DELIVERY_RECEIPT_REQUESTED"
        assert bytes.fromhex(submit["octets"]).decode("utf-16-be") == "您好，请回复1确认😀"
        assert await smsc.receipt(submit["id"], "DELIVRD") == "ESME_ROK"
        assert await shop.moves.get() == ("m1", "delivered")

        assert await smsc.delivers("1 很好，谢谢".encode("utf-16-be"), coding=8) == "ESME_ROK"
        reply = await shop.replies.get()
        assert (reply.sender, reply.text, reply.ext) == (PHONE, "1 很好，谢谢", "001")
        assert await smsc.delivers(b"\x00 ok", coding=0) == "ESME_ROK"
        assert (await shop.replies.get()).text == "@ ok"

        smsc.ask(drop=True)
        assert await smsc.hears("gone") == "shop"
        await shop.state("down")
        await shop.state("bound")
        assert await smsc.hears("bound") == "shop"

        assert (await shop.send("Hi", "m2")).outcome == "sent"
        assert bytes.fromhex((await smsc.hears("submit"))["octets"]) == b"Hi"
        shop.away = True
        assert "ESME_RX_T_APPN" in await smsc.delivers(b"2")
        shop.away = False
        assert await smsc.delivers(b"2") == "ESME_ROK"
        assert (await shop.replies.get()).text == "2"


async def test_long_texts_in_both_directions() -> None:
    async with jasmin() as (smsc, port), opened(port) as shop:
        await shop.state("bound")
        await smsc.hears("bound")
        result = await shop.send(LONG)
        parts = [await smsc.hears("submit") for _ in range(2)]
        assert (result.message_id, *result.part_ids) == tuple(part["id"] for part in parts)
        assert all(part["udhi"] for part in parts)
        octets = [header(bytes.fromhex(part["octets"])) for part in parts]
        assert "".join(rest.decode("utf-16-be") for _, rest in octets) == LONG
        for part in parts:
            assert shop.moves.empty()
            await smsc.receipt(part["id"], "DELIVRD")
        assert await shop.moves.get() == ("m1", "delivered")
        for part in parts:
            assert await smsc.delivers(bytes.fromhex(part["octets"]), coding=8, esm=0x40) == "ESME_ROK"
        replies = [await shop.replies.get(), await shop.replies.get()]
        assert "".join(reply.text for reply in replies) == LONG
        assert [reply.part.number for reply in replies if reply.part] == [1, 2]


async def test_throttling_and_a_refused_bind() -> None:
    async with jasmin() as (smsc, port):
        async with opened(port, {"first_wait": 60}, password="wrong") as stranger:
            assert "password is wrong" in (await stranger.state("refused")).reason
        async with opened(port) as shop:
            await shop.state("bound")
            assert await smsc.hears("gone") is None  # the stranger, who had no name yet
            assert await smsc.hears("bound") == "shop"
            smsc.ask(status="ESME_RTHROTTLED")
            await smsc.hears("status")
            result = await shop.send("Hi")
            assert (result.outcome, result.code) == ("throttled", "ESME_RTHROTTLED")
