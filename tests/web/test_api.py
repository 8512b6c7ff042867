"""The events API: who may, what is checked, and that each event counts once."""

import asyncio
import io
import json
from datetime import datetime
from typing import Any

import pytest

from bot.domain.events import BusinessEvent, Event
from bot.web.schemas import KNOWN, MAX_EVENTS
from tests.web.conftest import API_TOKEN, OpenWorld, World

DELIVERED = {
    "id": "e1",
    "type": "order.delivered",
    "phone": "13800000000",
    "data": {"order_id": "A1"},
}

BOOKED = {"type": "appointment.booked"}


async def tell(world: World, told: Any, token: str = API_TOKEN, **more: Any) -> Any:
    data = io.BytesIO(told if isinstance(told, bytes) else json.dumps(told).encode())
    return await world.client.post("/api/events", data=data, headers={"Authorization": f"Bearer {token}"}, **more)


async def rejected(world: World, **changes: Any) -> str:
    answer = await tell(world, [DELIVERED | changes])
    assert answer.status == 202
    told = await answer.json()
    assert (told["accepted"], told["duplicates"], len(told["rejected"])) == (0, 0, 1)
    assert told["rejected"][0]["index"] == 0
    assert await world.inbox() == []
    return told["rejected"][0]["error"]


async def test_an_event_is_kept(world: World) -> None:
    answer = await tell(world, DELIVERED)
    assert answer.status == 202
    assert await answer.json() == {"accepted": 1, "duplicates": 0, "rejected": []}
    (event,) = await world.inbox()
    assert event.what == BusinessEvent(type="order.delivered", data={"order_id": "A1"})
    assert (event.shop, event.phone, event.lane) == ("default", "+8613800000000", "live")


async def test_the_same_id_counts_once_and_each_shop_has_its_own(world: World) -> None:
    answer = await tell(world, [DELIVERED, DELIVERED, DELIVERED | {"shop": "tea"}])
    assert await answer.json() == {"accepted": 2, "duplicates": 1, "rejected": []}
    assert (await (await tell(world, DELIVERED)).json())["duplicates"] == 1
    assert len(await world.inbox()) == 2


async def test_good_events_are_kept_beside_bad_ones(world: World) -> None:
    told = await (await tell(world, [DELIVERED, {"id": "x"}, 5, DELIVERED | {"id": "e2"}])).json()
    assert told["accepted"] == 2
    assert [fault["index"] for fault in told["rejected"]] == [1, 2]
    assert len(await world.inbox()) == 2


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"phone": "12"}, "phone"),
        ({"phone": 13800000000}, "phone"),
        ({"phone": "not a number at all"}, "phone"),
        ({"shop": "nowhere"}, "nowhere"),
        ({"type": "Order Delivered"}, "type"),
        ({"type": "order"}, "type"),
        ({"id": ""}, "id"),
        ({"id": "x" * 200}, "id"),
        ({"at": "yesterday"}, "at"),
        ({"extra": 1}, "extra"),
        ({"data": {}}, "data.order_id"),
        ({"data": []}, "data"),
        ({"data": {"order_id": "1", "note": "x" * 3000}}, "data.note"),
        ({"type": "quiz.opened", "data": {"quiz": "none"}}, "data.quiz"),
        (BOOKED | {"data": {"appointment_id": "1", "start": "soon"}}, "data.start"),
        ({"at": "0001-01-01T00:00:00"}, "at: Value error, a time from 2000 to 2100 is wanted"),
        ({"at": "9999-12-31T23:59:59Z"}, "at: Value error, a time from 2000 to 2100 is wanted"),
        (
            BOOKED | {"data": {"appointment_id": "1", "start": "9999-12-31T23:59:59Z"}},
            "data.start: Value error, a time",
        ),
        (
            BOOKED | {"data": {"appointment_id": "1", "start": "2025-07-03", "slots": ["0001-01-01"]}},
            "data.slots.0: Value error, a time",
        ),
        (
            {"type": "appointment.booked", "data": {"appointment_id": "1", "start": "2025-07-03", "slots": 3}},
            "data.slots",
        ),
        ({"type": "customer.updated", "data": {"fields": {}}}, "data.fields"),
        ({"type": "customer.updated", "data": {"fields": {"name": {"deep": 1}}}}, "data.fields"),
    ],
)
async def test_what_is_wrong_is_named(world: World, changes: Any, names: str) -> None:
    assert names in await rejected(world, **changes)


async def test_times_get_the_shops_offset(world: World) -> None:
    data = {"appointment_id": "b1", "start": "2025-07-03T14:00", "service": "洗剪吹", "slots": ["2025-07-03T16:00:00Z"]}
    told = {"id": "b1", "type": "appointment.booked", "phone": "+8613800000000", "at": "2025-07-02 09:00", "data": data}
    assert (await (await tell(world, told)).json())["accepted"] == 1
    (event,) = await world.inbox()
    assert event.what.data["start"] == "2025-07-03T14:00:00+08:00"
    assert event.what.data["slots"] == ["2025-07-03T16:00:00+00:00"]
    assert event.at == datetime.fromisoformat("2025-07-02T09:00:00+08:00")


async def test_times_that_are_offered_instead_get_it_too(world: World) -> None:
    full = {"id": "f1", "type": "appointment.full", "phone": "+8613800000000"}
    told = full | {"data": {"appointment_id": "b1", "slots": ["2025-07-04T13:30"]}}
    assert (await (await tell(world, told)).json())["accepted"] == 1
    (event,) = await world.inbox()
    assert event.what.data["slots"] == ["2025-07-04T13:30:00+08:00"]


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else 1


@pytest.mark.parametrize("kind", ["my.own", "order.delivered"])
async def test_what_is_too_deep_to_be_read_again_is_refused(world: World, kind: str) -> None:
    deep = {"type": kind, "data": {"order_id": "1", "a": nested(900)}}
    assert await rejected(world, **deep) == "data: nested in more than 8 levels"
    await rejected(world, **{**deep, "data": {"order_id": "1", "a": nested(8)}})
    fits = DELIVERED | {"type": kind, "data": {"order_id": "1", "a": nested(7)}}
    assert (await (await tell(world, fits)).json())["accepted"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {"a": "\ud800"}},
        {"data": {"\ud800": 1}},
        {"data": {"a": [{"b": "\udfff"}]}},
        {"id": "\ud800"},
        {"shop": "\ud800"},
        {"\ud800": 1},
    ],
)
async def test_half_a_character_takes_no_other_event_with_it(world: World, changes: Any) -> None:
    own = DELIVERED | {"type": "my.own"}
    told = await (await tell(world, [own, own | {"id": "e2"} | changes, own | {"id": "e3"}])).json()
    assert (told["accepted"], [fault["index"] for fault in told["rejected"]]) == (2, [1])
    assert "half a character" in told["rejected"][0]["error"]
    assert len(await world.inbox()) == 2


async def test_a_fault_of_ours_with_one_event_does_not_hide_that_others_are_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = world.store.codec.pack

    def faulty(event: Event, phone: str) -> bytes:
        if event.what.data == {"order_id": "broken"}:
            raise ZeroDivisionError
        return pack(event, phone)

    monkeypatch.setattr(world.store.codec, "pack", faulty)
    broken = DELIVERED | {"id": "e2", "data": {"order_id": "broken"}}
    answer = await tell(world, [DELIVERED, broken, {"id": "x"}, DELIVERED | {"id": "e3"}])
    told = await answer.json()
    assert (answer.status, told["accepted"], [fault["index"] for fault in told["rejected"]]) == (202, 2, [1, 2])


@pytest.mark.parametrize("name", sorted(KNOWN))
async def test_every_known_type_can_be_told(world: World, name: str) -> None:
    data = {
        "appointment_id": "a",
        "start": "2025-07-03T14:00",
        "order_id": "o",
        "quiz": "xiaoshu",
        "fields": {"name": "小李", "spend": 3.5, "vip": True},
        "of_its_own": ["kept"],
    }
    assert (await (await tell(world, DELIVERED | {"type": name, "data": data})).json())["accepted"] == 1
    (event,) = await world.inbox()
    assert event.what.data["of_its_own"] == ["kept"]


async def test_a_shops_own_types_pass(world: World) -> None:
    own = DELIVERED | {"type": "membership.points.expiring", "data": {"points": 300}}
    assert (await (await tell(world, own)).json())["accepted"] == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": f"Basic {API_TOKEN}"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": f"bearer {API_TOKEN}"}, 202),
    ],
)
async def test_only_who_has_a_token_may(world: World, headers: dict[str, str], status: int) -> None:
    answer = await world.client.post("/api/events", json=DELIVERED, headers=headers)
    assert answer.status == status
    assert (len(await world.inbox()) == 1) == (status == 202)


async def test_a_token_that_is_no_text_is_a_wrong_one(world: World) -> None:
    server = world.client.server
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(b"POST /api/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nContent-Length: 0\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
    writer.close()


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_body_that_cannot_be_unpacked_is_told_so(world: World, coding: str) -> None:
    headers = {"Authorization": f"Bearer {API_TOKEN}", "Content-Encoding": coding}
    answer = await world.client.post("/api/events", data=io.BytesIO(b"no gzip at all"), headers=headers)
    assert (answer.status, "error" in await answer.json()) == (400, True)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS", "DELETE"])
async def test_another_method_is_told_which_one_is_meant(world: World, method: str) -> None:
    answer = await world.client.request(method, "/api/events")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_without_tokens_nobody_may(open_world: OpenWorld) -> None:
    world = await open_world(api_tokens=("",))
    assert (await tell(world, DELIVERED, token="")).status == 401


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b"3", 422),
        (b'"text"', 422),
        ([DELIVERED] * (MAX_EVENTS + 1), 413),
        (b" " * (1024 * 1024 + 1), 413),
        ([], 202),
    ],
)
async def test_a_body_that_is_none_is_told_so(world: World, told: Any, status: int) -> None:
    answer = await tell(world, told)
    assert answer.status == status
    assert ("error" in await answer.json()) == (status != 202)


async def test_a_full_array_goes_the_bulk_way(world: World) -> None:
    events = [DELIVERED | {"id": f"e{n}", "phone": f"1380000{n:04}"} for n in range(MAX_EVENTS)]
    assert (await (await tell(world, events)).json())["accepted"] == MAX_EVENTS
    taken: list[Event] = await world.inbox()
    assert {event.lane for event in taken} == {"bulk"}


async def test_under_pressure_callers_are_asked_to_wait(open_world: OpenWorld) -> None:
    async def pressure() -> int:
        return 7

    world = await open_world(pressure=pressure)
    answer = await tell(world, DELIVERED)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert await world.inbox() == []


async def test_programs_can_read_what_the_api_takes(world: World) -> None:
    told = await (await world.client.get("/api/openapi.json")).json()
    assert told["openapi"].startswith("3.1")
    assert told["info"]["version"] == "0.1.0"
    text = json.dumps(told)
    for reference in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in told["components"]["schemas"]
