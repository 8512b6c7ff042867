"""What goes over the wire and comes from it: any text survives the splitting, no octets do harm."""

import asyncio
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.gateway import Callback
from bot.domain.messages import ReportState
from bot.domain.parts import combined, moved
from bot.errors import CallbackIgnored, CallbackUnreadable, GatewayError
from bot.gateways import load
from bot.gateways.wire.alphabets import fits_gsm
from bot.gateways.wire.short_messages import coded, header, text_of
from tests.links.shop import opened
from tests.links.smsc import DELIVER, ENQUIRE, Smsc, message_body, pdu, running, tlv

GSM = "@£$¥èéùìòÇ\nØø\rÅå_ÆæßÉ !\"#¤%&'()*+,-./09:;<=>?¡AZÄÖÑÜ§¿azäöñüà^{}\\[~]|€\f"
WIDE = st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\ufffe")  # no octet order marks
SETTINGS = {"host": "h", "system_id": "s", "password": "p", "source": "1069"}
SEEDS = [
    message_body("8613800138000", "1069", "很好".encode("utf-16-be"), coding=8),
    message_body("8613800138000", "1069", b"\x05\x00\x03\x07\x02\x01abc", esm=0x40),
    message_body("8613800138000", "1069", b"id:AB1 sub:001 done date:2507021001 stat:DELIVRD err:000 text:", esm=4),
    message_body("8613800138000", "1069", b"", tlvs=tlv(0x0424, b"hello") + tlv(0x1E, b"AB1\0") + tlv(0x427, b"\x02")),
]


@given(st.one_of(st.text(GSM, min_size=1, max_size=700), st.text(WIDE, min_size=1, max_size=400)))
def test_a_text_survives_its_parts(text: str) -> None:
    out = coded(text, "gsm-7", 7)
    several = len(out.parts) > 1
    assert out.data_coding == (0 if fits_gsm(text) else 8)
    pieces = []
    for number, octets in enumerate(out.parts, start=1):
        assert len(octets) <= ((159 if several else 160) if out.data_coding == 0 else 140)
        part, rest = header(octets) if several else (None, octets)
        assert not several or (part is not None and (part.number, part.total) == (number, len(out.parts)))
        pieces.append(text_of(rest, out.data_coding, "gsm-7"))
    assert "".join(piece or "" for piece in pieces) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # the escape would be torn: the first part keeps one septet free
        ("好" * 70, 1),
        ("好" * 71, 2),
        ("好" * 134, 2),
        ("好" * 135, 3),
        ("好" * 66 + "😀" + "好" * 66, 3),  # so would the pair
    ],
)
def test_how_many_parts(text: str, parts: int) -> None:
    assert len(coded(text, "gsm-7", 0).parts) == parts


def test_more_parts_than_a_phone_joins() -> None:
    with pytest.raises(GatewayError, match="255"):
        coded("好" * (67 * 255 + 1), "gsm-7", 0)


@pytest.mark.parametrize(
    ("octets", "data_coding", "text"),
    [
        (b"\x00\x1b\x3c", 0, "@["),
        (b"\x00\x10", 0xF1, "@Δ"),
        (b"\x59\x7d", 8, "好"),
        (b"\x59\x7d", 0x19, "好"),
        (b"\xe9", 3, "é"),
        ("好的".encode("gbk"), 15, "好的"),
        ("好的".encode("gbk"), 0, "好的"),
        (b"\xc4", 6, "Ф"),
        (b"hi", 1, "hi"),
        (b"\x01\x02", 4, None),
        (b"\x01\x02", 0xF5, None),
    ],
)
def test_data_codings(octets: bytes, data_coding: int, text: str | None) -> None:
    assert text_of(octets, data_coding, "gsm-7") == text


STATES: list[ReportState] = ["sent", "delivered", "failed", "expired", "rejected", "unknown"]


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(STATES)), max_size=12))
def test_receipts_of_parts_only_move_forward(receipts: list[tuple[int, ReportState]]) -> None:
    parts: dict[int, ReportState] = {}
    for number, state in receipts:
        parts = moved(parts, number, state)
    assert (combined(parts, 3) == "delivered") == ([parts.get(n) for n in (1, 2, 3)] == ["delivered"] * 3)
    if combined(parts, 3) is None:
        assert len(parts) < 3


def mutated(chance: random.Random) -> bytes:
    body = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randrange(1, 8)):
        kind = chance.random()
        at = chance.randrange(len(body)) if body else 0
        if kind < 0.6 and body:
            body[at] = chance.randrange(256)
        elif kind < 0.75:
            del body[at : at + chance.randrange(1, 9)]
        else:
            body[at:at] = chance.randbytes(chance.randrange(1, 9))
    return bytes(body)


@pytest.mark.parametrize("settings", [{}, {"unmarked_receipts": True, "receipt_ids": "decimal", "region": ""}])
def test_no_octets_bring_the_adapter_down(settings: dict[str, object]) -> None:
    gateway = load("smpp", SETTINGS | settings)
    chance = random.Random(16)
    read = 0
    for _ in range(5000):
        octets = pdu(DELIVER, 0, 1, mutated(chance))
        if chance.random() < 0.05:
            octets = chance.randbytes(chance.randrange(60))
        try:
            parsed = gateway.parse(Callback(method="DELIVER_SM", url="", body=octets))
        except (CallbackUnreadable, CallbackIgnored):
            continue
        for message in parsed.messages:
            message.text.encode()
        assert len(parsed.messages) + len(parsed.reports) == 1
        read += 1
    assert read > 1000


async def test_no_octets_bring_the_link_down() -> None:
    chance = random.Random(17)
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        for sequence in range(1000, 1500):
            smsc.put(pdu(DELIVER, 0, sequence, mutated(chance)))
        await smsc.ask(ENQUIRE)
        assert await smsc.deliver("8613800138000", b"still here") == 0
        while (reply := await asyncio.wait_for(shop.replies.get(), 5)).text != "still here":
            pass
        assert reply.sender == "+8613800138000"
        assert shop.states.empty()


async def test_a_stream_that_has_lost_its_place_is_left() -> None:
    chance = random.Random(18)
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        for _ in range(5):
            await shop.state("bound")
            smsc.put(struct.pack(">I", chance.choice([0, 15, 70_001, 0xFFFFFFFF])) + chance.randbytes(12))
            await shop.state("down")
        await shop.state("bound")
        assert (await shop.send("1")).outcome == "sent"
