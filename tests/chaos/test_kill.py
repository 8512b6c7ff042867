"""SIGKILL at every step between inbox and sent: nothing is lost, nothing is doubled."""

import asyncio
import signal
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from bot.domain.messages import DeliveryReport
from bot.store.store import Store
from tests.chaos.conftest import Spawn
from tests.smallbot import Provider, reply, said

PHONES = [f"+861390000{nth:04d}" for nth in range(6)]
BEFORE_CLAIM = ("read", "loaded", "decided", "committed", "prepared")


async def outlive(
    store: Store, spawn: Spawn, redis_url: str, step: str, nth: int = 1, phones: list[str] = PHONES[:1]
) -> list[str]:
    """Customers write, the worker dies at a step, another takes over; give what became of the answers."""
    doomed = await spawn(redis_url, die_at=step, nth=nth)
    await asyncio.gather(*(store.inbox.add(reply("1", phone=phone)) for phone in phones))
    assert await doomed.wait() == -signal.SIGKILL
    await spawn(redis_url)
    return [line.detail["state"] for line in await said(store, "state", len(phones), seconds=30)]


@pytest.mark.parametrize("step", [*BEFORE_CLAIM, "settled"])
async def test_an_answer_leaves_once(store: Store, provider: Provider, spawn: Spawn, redis_url: str, step: str) -> None:
    assert await outlive(store, spawn, redis_url, step) == ["sent"]
    assert provider.texts == ["收到:1"]


@pytest.mark.parametrize("step", ["posted", "linked"])
async def test_what_left_unrecorded_is_not_repeated_and_its_receipt_tells(
    store: Store, provider: Provider, spawn: Spawn, redis_url: str, step: str
) -> None:
    assert await outlive(store, spawn, redis_url, step) == ["unknown"]
    assert provider.texts == ["收到:1"]
    receipt = DeliveryReport(state="delivered", client_ref=provider.got[0]["ref"])
    await store.refs.report("out", receipt, datetime.now(UTC))
    assert [line.detail["state"] for line in await said(store, "state", 2)] == ["unknown", "delivered"]


async def test_between_claim_and_post_nobody_can_tell(
    store: Store, provider: Provider, spawn: Spawn, redis_url: str
) -> None:
    assert await outlive(store, spawn, redis_url, "claimed") == ["unknown"]
    assert provider.texts == []


@pytest.mark.parametrize(("step", "nth"), [("committed", 2), ("posted", 3), ("settled", 4)])
async def test_of_many_none_is_lost_and_none_doubled(
    store: Store, provider: Provider, spawn: Spawn, redis_url: str, step: str, nth: int
) -> None:
    states = Counter(await outlive(store, spawn, redis_url, step, nth, PHONES))
    took = Counter(told["to"] for told in provider.got)
    assert states["sent"] + states["unknown"] == 6
    assert states["sent"] <= len(took) <= 6
    assert set(took.values()) == {1}
    for phone in PHONES:
        customer = await store.customers.load(reply("1", phone=phone).customer)
        assert customer is not None
        assert customer.last_text == "1"
    lines = await said(store, "reply", 6)
    assert set(Counter(line.customer for line in lines).values()) == {1}


async def test_a_dead_worker_is_replaced_within_ten_seconds(
    store: Store, provider: Provider, spawn: Spawn, redis_url: str
) -> None:
    doomed = await spawn(redis_url, lease_seconds=6)
    await spawn(redis_url, lease_seconds=6)
    await asyncio.gather(*(store.inbox.add(reply("前", phone=phone)) for phone in PHONES))
    await provider.has(6)
    doomed.kill()
    died = time.perf_counter()
    await asyncio.gather(*(store.inbox.add(reply("后", phone=phone)) for phone in PHONES))
    await provider.has(12, seconds=12)
    assert time.perf_counter() - died < 10
    assert sorted(Counter((told["to"], told["text"]) for told in provider.got).values()) == [1] * 12
