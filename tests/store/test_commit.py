import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.decision import Decision
from bot.domain.events import Event, TimerDue
from bot.domain.ids import partition_of
from bot.errors import LeaseLost
from bot.store import keys
from bot.store.commit import Done, Gone, Stale
from bot.store.leases import Lease, Leases
from bot.store.store import Store
from tests.conftest import START, Clock
from tests.smallbot import PHONE, campaign, decide, reply

HOME = partition_of(reply("1").customer, 8)


async def lease(store: Store) -> Lease:
    [held] = [one for one in await Leases(store.client, 8).acquire(8, frozenset()) if one.partition == HOME]
    return held


async def take(store: Store, *events: Event) -> list[Done]:
    """Put events into the inbox and decide them, in order."""
    for event in events:
        await store.inbox.add(event)
    done: list[Done] = []
    customer = None
    for lane in ("live", "bulk"):
        for entry in await store.inbox.read(HOME, lane, "0-0", 100):
            event = store.codec.unpack(Event, entry.packed)
            decision: Decision = decide(customer, event, START)
            customer = decision.customer
            seen = (await store.customers.stored(event.customer)).token
            done.append(Done(entry, event, decision, seen=seen))
    return done


async def test_all_of_it_becomes_true_at_once(store: Store) -> None:
    done = await take(store, reply("1"), reply("稍后"), campaign())
    await store.commit.write(await lease(store), done, START)
    customer = await store.customers.load(reply("1").customer)
    assert customer is not None
    assert (customer.version, customer.last_text, customer.phone) == (3, "1稍后", PHONE)
    assert await store.inbox.depth() == {"live": 0, "bulk": 0}
    assert await store.outbox.depth() == {"conversation": 1, "service": 0, "marketing": 1}
    kinds = [entry.event.what.kind for _, entry in await store.customers.timeline(customer.id)]
    assert kinds == ["business_event", "reply_received", "reply_received"]
    assert await store.customers.unread(customer.id) == 0


async def test_a_stale_owner_writes_nothing(store: Store) -> None:
    done = await take(store, reply("1"))
    stale = await lease(store)
    await store.client.call(keys.of(HOME).lease, "HSET", keys.of(HOME).lease, "until", "0")
    await lease(store)
    with pytest.raises(LeaseLost):
        await store.commit.write(stale, done, START)
    assert await store.inbox.depth() == {"live": 1, "bulk": 0}
    assert await store.customers.load(reply("1").customer) is None


async def test_one_that_guesses_the_fence_is_stale_all_the_same(store: Store) -> None:
    done = await take(store, reply("1"))
    held = await lease(store)
    with pytest.raises(LeaseLost):
        await store.commit.write(Lease(HOME, held.fence, "somebody else"), done, START)


async def test_writing_again_after_a_lost_answer_changes_nothing(store: Store) -> None:
    done = await take(store, reply("1"), reply("2"))
    held = await lease(store)
    await store.commit.write(held, done, START)
    with pytest.raises(Gone) as gone:
        await store.commit.write(held, done, START)
    assert gone.value.entries == {one.entry.id for one in done}
    assert await store.outbox.depth() == {"conversation": 2, "service": 0, "marketing": 0}
    assert (await store.customers.load(reply("1").customer)).version == 2


async def test_a_decision_on_a_state_that_is_not_the_stored_one_writes_nothing(store: Store) -> None:
    held = await lease(store)
    on_nobody = await take(store, reply("1"))
    customers = keys.of(HOME).customers
    other = b"7.7\n" + store.codec.pack(on_nobody[0].decision.customer, PHONE)
    await store.client.call(customers, "HSET", customers, reply("1").customer, other)
    with pytest.raises(Stale) as stale:
        await store.commit.write(held, on_nobody, START)
    assert stale.value.customers == {reply("1").customer}
    assert await store.client.call(customers, "HGET", customers, reply("1").customer) == other
    assert await store.inbox.depth() == {"live": 1, "bulk": 0}
    assert await store.outbox.depth() == {"conversation": 0, "service": 0, "marketing": 0}
    # `7.7` is not `7`, nor is nobody: only the whole token counts.
    for seen in ("7", "7.77"):
        with pytest.raises(Stale):
            await store.commit.write(held, [replace(one, seen=seen) for one in on_nobody], START)
    await store.commit.write(held, [replace(one, seen="7.7") for one in on_nobody], START)
    await store.client.call(customers, "HDEL", customers, reply("1").customer)
    with pytest.raises(Stale):
        await store.commit.write(held, [replace(one, seen="7.7") for one in await take(store, reply("2"))], START)


async def test_two_writers_cannot_both_win(store: Store) -> None:
    done = await take(store, reply("1"))
    held = await lease(store)
    results = await asyncio.gather(*(store.commit.write(held, done, START) for _ in range(5)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Gone"] * 4 + ["NoneType"]


async def test_a_timer_becomes_an_event_when_it_is_due(store: Store, clock: Clock) -> None:
    held = await lease(store)
    await store.commit.write(held, await take(store, reply("稍后")), START)
    assert await store.timers.fire(held, clock()) == (0, 60.0)
    clock.forward(minutes=1)
    assert await store.timers.fire(held, clock()) == (1, None)
    [entry] = await store.inbox.read(HOME, "bulk", "0-0", 10)
    event = store.codec.unpack(Event, entry.packed)
    assert isinstance(event.what, TimerDue)
    assert (event.what.due_at, event.phone) == (START + timedelta(minutes=1), PHONE)


async def test_a_number_is_nowhere_in_clear(store: Store) -> None:
    await store.commit.write(await lease(store), await take(store, reply("我的号码13800000000")), START)
    redis = store.client.primaries()[0]
    for key in await redis.keys():
        assert b"13800000000" not in await redis.dump(key)
