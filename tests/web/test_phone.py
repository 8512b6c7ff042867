"""The simulated phone: texts on it take the way of every callback, and its receipts too."""

import asyncio
import hashlib
import hmac
import json
from typing import Any

from bot.domain.events import BusinessEvent, ReplyReceived, StaffActed
from bot.store.bell import heard
from bot.store.simulator import BELL_NAME, Handset
from bot.web.console.phone import PLAYING
from tests.web.conftest import NOW, SECRET, OpenWorld, World

NUMBER = "+8613800000001"


async def handset(world: World) -> Handset:
    return await world.deps.simulator.take_up("phone", "default", NUMBER, NOW)


async def put_on_phone(world: World, text: str = "请打分", secret: str = SECRET, **more: Any) -> Any:
    body = json.dumps({"to": NUMBER, "text": text, "client_ref": "0001abc", **more}).encode()
    stamp = str(int(NOW.timestamp()))
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"X-Huixin-Timestamp": stamp, "X-Huixin-Signature": f"sha256={mac}"}
    return await world.client.post("/simulator/texts", data=body, headers=headers)


async def test_a_text_written_on_the_phone_comes_in_as_a_reply(inside: World) -> None:
    phone = await handset(inside)
    assert (await inside.post("/phone/send", {"handset": phone.id, "text": "4分,就是快递慢"})).status == 200
    (event,) = await inside.inbox()
    assert isinstance(event.what, ReplyReceived)
    assert (event.customer, event.phone, event.what.message.account) == (phone.id, NUMBER, "phone")
    assert [(each.way, each.text) for each in await inside.deps.simulator.texts(phone.id)] == [
        ("out", "4分,就是快递慢")
    ]


async def test_a_text_of_ours_lies_on_the_phone(world: World) -> None:
    answer = await put_on_phone(world)
    assert (answer.status, await answer.json()) == (200, {"id": "sim-0001abc", "state": "sent"})
    phone = await handset(world)
    assert [(each.way, each.text) for each in await world.deps.simulator.texts(phone.id)] == [("in", "请打分")]


async def test_nobody_else_puts_texts_on_phones(world: World) -> None:
    assert (await put_on_phone(world, secret="guessed")).status == 403
    assert (await world.client.post("/simulator/texts", json={"to": NUMBER})).status == 403
    assert (await put_on_phone(world, client_ref=None, to=None)).status in {200, 422}


async def test_the_phone_refuses_when_asked_to(inside: World) -> None:
    assert (await inside.post("/phone/habits", {"refuse": "throttled"})).status == 200
    answer = await put_on_phone(inside)
    assert (answer.status, (await answer.json())["error"]) == (429, "throttled")
    assert await inside.deps.simulator.texts((await handset(inside)).id) == ()
    assert (await inside.post("/phone/habits", {"refuse": "no such thing"})).status == 400


async def test_receipts_come_back_as_often_as_asked(inside: World) -> None:
    # A text that nobody knows: its receipts are parked, which shows that they came by the true way.
    await inside.post("/phone/habits", {"end": "sent", "repeat": "3"})
    await put_on_phone(inside)
    await asyncio.gather(*inside.client.app[PLAYING])
    key = "huixin:ref:{phone:sim-0001abc}"
    assert await inside.store.client.call(key, "EXISTS", key)


async def test_samples_are_true_events(inside: World) -> None:
    phone = await handset(inside)
    for kind in ("appointment", "quiz", "rating"):
        assert (await inside.post("/phone/sample", {"handset": phone.id, "kind": kind})).status == 200
    events = [event.what for event in await inside.inbox()]
    assert {what.type for what in events if isinstance(what, BusinessEvent)} == {"appointment.booked", "quiz.opened"}
    (asked,) = [what for what in events if isinstance(what, StaffActed)]
    assert (asked.action, asked.data["kind"]) == ("open_prompt", "rating")
    assert (await inside.post("/phone/sample", {"handset": phone.id, "kind": "other"})).status == 400
    assert (await inside.post("/phone/sample", {"handset": "none", "kind": "quiz"})).status == 400


async def test_a_new_number_is_the_next_free_one(inside: World) -> None:
    numbers = [(await (await inside.post("/phone/add", {})).json())["number"] for _ in range(2)]
    assert len(set(numbers)) == 2
    own = await (await inside.post("/phone/add", {"number": "13912345678"})).json()
    assert own["number"] == "+8613912345678"
    assert (await inside.post("/phone/add", {"number": "12"})).status == 400
    raw = await inside.store.client.call("huixin:{simulator}:numbers", "HGETALL", "huixin:{simulator}:numbers")
    assert b"13912345678" not in repr(raw).encode()


async def test_the_page_follows_a_phone_and_goes_on_where_it_was_cut_off(inside: World) -> None:
    phone = await handset(inside)
    await put_on_phone(inside, "第一条")
    (first,) = await inside.deps.simulator.texts(phone.id)

    async def next_text(answer: Any) -> str:
        async for line in answer.content:
            if line.startswith(b"data:"):
                return json.loads(line.removeprefix(b"data:"))["text"]
        raise AssertionError

    async with asyncio.timeout(5), inside.client.get(f"/phone/{phone.id}/stream") as answer:
        assert await next_text(answer) == "第一条"
        await put_on_phone(inside, "第二条", client_ref="0001abd")
        assert await next_text(answer) == "第二条"
    resumed = {"Last-Event-ID": first.id}
    async with asyncio.timeout(5), inside.client.get(f"/phone/{phone.id}/stream", headers=resumed) as answer:
        assert await next_text(answer) == "第二条"


async def test_without_a_simulated_account_there_is_no_phone(open_world: OpenWorld) -> None:
    world = await open_world()
    world = await open_world(accounts={"ours": world.deps.accounts["ours"]})
    await world.deps.people.add("li", "a good password", NOW)
    await world.sign_in()
    assert "data-phone" not in await (await world.client.get("/")).text()
    assert (await world.post("/phone/add", {})).status == 400


async def test_a_phone_rings(inside: World) -> None:
    with inside.store.bell.ear(BELL_NAME) as ear:
        await put_on_phone(inside)
        assert await heard(ear, 5)
