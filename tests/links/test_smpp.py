"""A shop and an SMSC on loopback: both directions, long texts, receipts, and everything that goes wrong between."""

import asyncio

import pytest

from bot.domain.gateway import HttpReply, HttpRequest, Submission
from bot.domain.messages import Part
from bot.links.switch import Switch
from tests.links.shop import NOW, PHONE, opened
from tests.links.smsc import DROP, ENQUIRE, ENQUIRE_RESP, SILENCE, UNBIND, UNBIND_RESP, Smsc, Submit, running, tlv

NUMBER = PHONE.removeprefix("+")
LONG = "亲爱的顾客，您预约的护理项目已经为您安排妥当，请于明天下午三点准时到店，" * 4
OK, TRY_LATER, NEVER = 0, 0x64, 0x65


async def soon(queue: asyncio.Queue):
    return await asyncio.wait_for(queue.get(), 5)


@pytest.mark.parametrize(
    ("text", "coding"), [("Your table is ready [19:30] €20", 0), ("您的订单已送达，满意请回复1😀", 8)]
)
async def test_a_text_goes_out_and_its_receipt_comes_back(text: str, coding: int) -> None:
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        result = await shop.send(text, ext="01")
        submit = await soon(smsc.submits)
        assert result.outcome == "sent"
        assert result.message_id == submit.message_id
        assert (submit.source, submit.to, submit.dest_ton) == ("106901", NUMBER, 1)
        assert (submit.coding, submit.registered, submit.esm) == (coding, 1, 0)
        if coding:
            assert submit.text == text
        else:
            assert submit.octets == b"Your table is ready \x1b<19:30\x1b> \x1be20"
        assert await smsc.receipt(submit) == OK
        assert await soon(shop.moves) == ("m1", "delivered")


async def test_a_long_text_goes_in_parts_and_is_delivered_when_all_are() -> None:
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        result = await shop.send(LONG)
        parts = [smsc.submits.get_nowait() for _ in range(smsc.submits.qsize())]
        assert len(parts) == 3
        assert "".join(part.text for part in parts) == LONG
        assert {part.esm for part in parts} == {0x40}
        assert [part.octets[:6].hex() for part in parts] == [
            f"050003{parts[0].octets[3]:02x}03{n:02x}" for n in (1, 2, 3)
        ]
        assert (result.message_id, *result.part_ids) == tuple(part.message_id for part in parts)
        for part in (parts[2], parts[0], parts[0]):
            assert await smsc.receipt(part) == OK
        assert shop.moves.empty()
        await smsc.receipt(parts[1])
        assert await soon(shop.moves) == ("m1", "delivered")


async def test_one_failed_part_fails_the_text() -> None:
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        await shop.send(LONG)
        first, second = await soon(smsc.submits), await soon(smsc.submits)
        await smsc.receipt(first)
        await smsc.receipt(second, "UNDELIV")
        assert await soon(shop.moves) == ("m1", "failed")


async def test_replies_in_every_alphabet() -> None:
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        said = {
            "1": (b"1", 0),
            "很好，谢谢😀": ("很好，谢谢😀".encode("utf-16-be"), 8),
            "à la carte": (b"\x7f la carte", 0),
        }
        for text, (octets, coding) in said.items():
            assert await smsc.deliver(NUMBER, octets, coding=coding) == OK
            reply = await soon(shop.replies)
            assert (reply.sender, reply.text, reply.to, reply.ext) == (PHONE, text, "1069001", "001")


@pytest.mark.parametrize("way", ["header", "wide header", "tlvs"])
async def test_a_long_reply_comes_in_parts(way: str) -> None:
    halves = [LONG[:60].encode("utf-16-be"), LONG[60:].encode("utf-16-be")[:130]]
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        for number, half in enumerate(halves, start=1):
            head, tlvs, esm = b"", b"", 0x40
            if way == "header":
                head = bytes([5, 0, 3, 7, 2, number])
            elif way == "wide header":
                head = bytes([6, 8, 4, 0, 7, 2, number])
            else:
                esm = 0
                tlvs = tlv(0x020C, b"\x00\x07") + tlv(0x020E, b"\x02") + tlv(0x020F, bytes([number]))
            assert await smsc.deliver(NUMBER, head + half, coding=8, esm=esm, tlvs=tlvs) == OK
        got = [await soon(shop.replies), await soon(shop.replies)]
        assert [reply.part for reply in got] == [Part(ref="7", total=2, number=n) for n in (1, 2)]
        assert "".join(reply.text for reply in got) == (halves[0] + halves[1]).decode("utf-16-be")


async def test_a_long_reply_comes_whole_in_a_tlv() -> None:
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        await smsc.deliver(NUMBER, b"", coding=8, tlvs=tlv(0x0424, LONG.encode("utf-16-be")))
        assert (await soon(shop.replies)).text == LONG


async def test_a_reply_is_answered_only_when_it_is_durable() -> None:
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        shop.kept = asyncio.Event()
        told = asyncio.create_task(smsc.deliver(NUMBER, b"1"))
        await smsc.ask(ENQUIRE)  # what came before it has been heard
        assert not told.done()
        shop.kept.set()
        assert await told == OK
        assert (await soon(shop.replies)).text == "1"


async def test_a_reply_that_could_not_be_kept_is_asked_for_again() -> None:
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        shop.away = True
        assert await smsc.deliver(NUMBER, b"1") == TRY_LATER
        shop.away = False
        assert await smsc.deliver(NUMBER, b"1") == OK
        assert await smsc.deliver(NUMBER, b"no id here", esm=0x04) == NEVER
        # A fault of ours (here a receipt of a text that the shop never sent) loses nothing either.
        assert await smsc.deliver(NUMBER, b"id:nobody stat:DELIVRD", esm=0x04) == TRY_LATER


async def test_enquire_link_goes_both_ways() -> None:
    async with running(Smsc()) as smsc, opened(smsc.port, {"enquire_every": 0.05}) as shop:
        await shop.state("bound")
        assert await smsc.ask(ENQUIRE) == (ENQUIRE_RESP, 0)
        first, second = await soon(smsc.enquiries), await soon(smsc.enquiries)
        assert first < second


async def test_an_smsc_that_went_deaf_is_bound_anew() -> None:
    patience = {"enquire_every": 0.05, "answer_within": 0.1}
    async with running(Smsc(deaf=True)) as smsc, opened(smsc.port, patience) as shop:
        await shop.state("bound")
        assert "enquire_link" in (await shop.state("down")).reason
        await shop.state("bound")


async def test_a_connection_dropped_in_the_middle() -> None:
    answers = {"three": DROP}
    async with running(Smsc(on_submit=lambda submit: answers.pop(submit.text, 0))) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        assert (await shop.send("one", "m1")).outcome == "sent"
        assert (await shop.send("three", "m3")).outcome == "unknown"
        await shop.state("down")
        await shop.state("bound")
        assert (await shop.send("four", "m4")).outcome == "sent"
        assert [smsc.submits.get_nowait().text for _ in range(3)] == ["one", "three", "four"]
        assert smsc.submits.empty()  # nothing was sent a second time
        assert smsc.binds.qsize() == 2
        assert await smsc.deliver(NUMBER, b"ok") == OK
        assert (await soon(shop.replies)).text == "ok"


async def test_a_drop_in_the_middle_of_a_long_text() -> None:
    async with (
        running(Smsc(on_submit=lambda submit: DROP if submit.octets[5] == 2 else 0)) as smsc,
        opened(smsc.port) as shop,
    ):
        await shop.state("bound")
        assert (await shop.send(LONG)).outcome == "unknown"
        assert [smsc.submits.get_nowait().octets[5] for _ in range(smsc.submits.qsize())] == [1, 2]


async def test_a_part_that_finds_the_connection_down_waits_for_the_next() -> None:
    seen = []

    def hold_back_and_drop(submit: Submit) -> int:
        seen.append(submit.octets[5])
        if seen == [1, 2]:
            asyncio.get_running_loop().call_later(0.02, smsc.drop)
            return 0x58
        return 0

    async with running(Smsc(on_submit=hold_back_and_drop)) as smsc, opened(smsc.port, {"first_wait": 0.3}) as shop:
        await shop.state("bound")
        assert (await shop.send(LONG)).outcome == "sent"
        assert (seen, smsc.binds.qsize()) == ([1, 2, 2, 3], 2)


async def test_no_connection_means_that_nothing_was_taken() -> None:
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        smsc.drop()
        await shop.state("down")
        result = await shop.send("one")
        assert (result.outcome, result.detail) == ("temporary", "there is no connection to the SMSC")
        assert smsc.submits.empty()


async def test_no_answer_in_time_is_unknown() -> None:
    async with running(Smsc(on_submit=lambda _: SILENCE)) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        assert (await shop.send("one", timeout=0.1)).outcome == "unknown"


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [
        (0x58, "throttled", "ESME_RTHROTTLED"),
        (0x14, "throttled", "ESME_RMSGQFUL"),
        (0x08, "temporary", "ESME_RSYSERR"),
        (0x0B, "permanent", "ESME_RINVDSTADR"),
        (0x0A, "account", "ESME_RINVSRCADR"),
        (0x0457, "permanent", "0x00000457"),
    ],
)
async def test_a_refused_text(status: int, outcome: str, code: str) -> None:
    async with running(Smsc(on_submit=lambda _: status)) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        result = await shop.send(LONG)
        assert (result.outcome, result.code) == (outcome, code)
        assert smsc.submits.qsize() == 1  # the other parts stayed here


async def test_a_part_that_is_held_back_follows_later() -> None:
    seen = []

    def second_time(submit: Submit) -> int:
        seen.append(submit.octets[5])
        return 0x58 if seen.count(2) == 1 and submit.octets[5] == 2 else 0

    async with running(Smsc(on_submit=second_time)) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        result = await shop.send(LONG)
        assert (result.outcome, seen) == ("sent", [1, 2, 2, 3])


async def test_a_text_that_left_in_part_never_leaves_again() -> None:
    async with (
        running(Smsc(on_submit=lambda submit: 0x0B if submit.octets[5] == 2 else 0)) as smsc,
        opened(smsc.port) as shop,
    ):
        await shop.state("bound")
        result = await shop.send(LONG)
        assert (result.outcome, result.code) == ("unknown", "ESME_RINVDSTADR")
        assert result.detail.startswith("1 of 3 parts were taken")


async def test_the_window_holds() -> None:
    under_way: list[Submit] = []

    def hold(submit: Submit) -> int:
        under_way.append(submit)
        return SILENCE

    async with running(Smsc(on_submit=hold)) as smsc, opened(smsc.port, window=2) as shop:
        await shop.state("bound")
        results = await asyncio.gather(*(shop.send(f"t{n}", f"m{n}", timeout=0.2) for n in range(5)))
        assert len(under_way) == 2
        assert sorted(result.outcome for result in results) == ["temporary"] * 3 + ["unknown"] * 2


async def test_a_refused_bind_is_told_and_tried_again() -> None:
    async with running(Smsc(password="other")) as smsc, opened(smsc.port) as shop:
        assert "password is wrong" in (await shop.state("refused")).reason
        smsc.password = "secret"
        await shop.state("bound")


async def test_an_smsc_that_is_not_there_yet() -> None:
    async with running(Smsc()) as gone:
        port = gone.port
    async with opened(port) as shop:
        assert "cannot be reached" in (await shop.state("down")).reason
        async with running(Smsc(port=port)):
            await shop.state("bound")


async def test_the_smsc_says_goodbye() -> None:
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        assert await smsc.ask(UNBIND) == (UNBIND_RESP, 0)
        assert (await shop.state("down")).reason == "the SMSC said goodbye"
        await shop.state("bound")


async def test_stopping_waits_for_what_is_under_way_and_says_goodbye() -> None:
    async with running(Smsc()) as smsc:
        async with opened(smsc.port) as shop:
            await shop.state("bound")
            shop.kept = asyncio.Event()
            told = asyncio.create_task(smsc.deliver(NUMBER, b"1"))
            await smsc.ask(ENQUIRE)
            stopping = asyncio.create_task(shop.link.stop())
            await asyncio.sleep(0)
            assert (await shop.send("too late")).outcome == "temporary"
            shop.kept.set()
            assert await told == OK
            await stopping
            assert smsc.goodbyes == 1
            await shop.state("stopped")
        assert smsc.submits.empty()


async def test_unknown_and_broken_requests_do_no_harm() -> None:
    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        assert await smsc.ask(0x00000103) == (0x80000000, 3)  # data_sm: generic_nack, invalid command
        smsc.put(bytes.fromhex("00000010 00000102 00000000 00000001"))  # alert_notification: nothing to say
        smsc.put(bytes.fromhex("00000010 80000004 00000000 0000ffff"))  # an answer to nothing
        assert (await shop.send("still here")).outcome == "sent"
        smsc.put(b"\xff" * 16)  # no length at all
        assert [await soon(smsc.nacks), await soon(smsc.nacks)] == [3, 2]
        await shop.state("down")
        await shop.state("bound")


async def test_a_sender_need_not_know_that_there_is_a_link() -> None:
    class Http:
        async def send(self, request: HttpRequest, timeout: float) -> HttpReply:
            return HttpReply(status=200, body=f"{request.url} within {timeout:g} s".encode())

    async with running(Smsc()) as smsc, opened(smsc.port) as shop:
        await shop.state("bound")
        switch = Switch(Http(), [shop.link])
        by_http = await switch.send(HttpRequest(method="POST", url="https://sms.example.com"), 1)
        assert by_http.body == b"https://sms.example.com within 1 s"
        request = shop.gateway.compose(Submission(to=PHONE, text="one", client_ref="m1"), NOW, "nonce")
        assert request.url == f"smpp://shop@127.0.0.1:{smsc.port}"
        assert shop.gateway.read(await switch.send(request, 1)).outcome == "sent"
