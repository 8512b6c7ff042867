"""Callbacks that come together: each has its own answer, and none suffers from another."""

import asyncio
import json
from dataclasses import replace
from typing import Any

from bot.domain.gateway import Ack, Callback
from bot.web.accounts import Account
from bot.web.intake import Intake
from bot.web.webhooks import receive
from tests.web.conftest import OpenWorld, World
from tests.web.test_webhooks import HabitOf, signed


def callback(body: bytes, headers: dict[str, str] | None = None) -> Callback:
    told = headers if headers is not None else signed(body)
    return Callback(method="POST", url="", headers={name.lower(): value for name, value in told.items()}, body=body)


def reply(number: int, **more: Any) -> bytes:
    return json.dumps({"id": f"m{number}", "from": f"1380000{number:04}", "text": "1"} | more).encode()


class Broken(HabitOf):
    """A gateway that a fault of ours hits in one callback."""

    def acknowledge(self, told: Callback) -> Ack:
        if b"thanks" in told.body:
            raise RuntimeError("a fault of ours")
        return self._gateway.acknowledge(told)

    def parse(self, told: Callback) -> Any:
        if b"fault" in told.body:
            raise RuntimeError("a fault of ours")
        return self._gateway.parse(told)


async def commands(world: World) -> int:
    return (await world.store.client.primaries()[0].info("commandstats"))["cmdstat_evalsha"]["calls"]


async def test_each_of_those_that_come_together_has_its_own_answer(world: World) -> None:
    ours = world.deps.accounts["ours"]
    account = replace(ours, gateway=Broken(ours.gateway, ours.gateway.capabilities))
    told = [
        callback(reply(1)),
        callback(b"{"),
        callback(reply(2), signed(b"another")),
        callback(reply(3, text="fault")),
        callback(reply(1)),
        callback(json.dumps({"id": "g1", "state": "delivered"}).encode()),
        callback(b""),
        callback(reply(4)),
        callback(reply(5, text="thanks")),
    ]

    def torn() -> Callback:
        raise RuntimeError("a fault of ours")

    answers = await asyncio.gather(
        *(receive(world.deps, account, one) for one in told), world.deps.intake.take(account, torn, 0)
    )
    assert [answer.status for answer in answers] == [200, 400, 403, 400, 200, 200, 200, 200, 200, 400]
    assert sorted(event.what.message.message_id for event in await world.inbox()) == ["m1", "m4", "m5"]


async def test_what_comes_together_is_made_durable_together(world: World) -> None:
    account = world.deps.accounts["ours"]
    await receive(world.deps, account, callback(reply(0)))
    before = await commands(world)
    answers = await asyncio.gather(*(receive(world.deps, account, callback(reply(n))) for n in range(1, 60)))
    assert {answer.status for answer in answers} == {200}
    assert await commands(world) - before == 1
    assert len(await world.inbox()) == 60


async def test_large_bodies_are_read_few_at_a_time(world: World) -> None:
    account = world.deps.accounts["ours"]
    many = [
        json.dumps([{"id": f"{part}-{n}", "from": "13800000000", "text": "好" * 900} for n in range(100)]).encode()
        for part in range(4)
    ]
    answers = await asyncio.gather(*(receive(world.deps, account, callback(body)) for body in many))
    assert {answer.status for answer in answers} == {200}
    assert len(await world.inbox()) == 400


async def test_whatever_breaks_nobody_is_left_without_an_answer(open_world: OpenWorld) -> None:
    world = await open_world()
    account: Account = world.deps.accounts["ours"]

    class NoStore:
        arrivals = None

    intake = Intake(NoStore(), world.deps.clock, world.deps.spool)
    told = callback(reply(1))
    answers: list[Ack] = await asyncio.gather(*(intake.take(account, lambda: told, len(told.body)) for _ in range(3)))
    assert [answer.status for answer in answers] == [400, 400, 400]
