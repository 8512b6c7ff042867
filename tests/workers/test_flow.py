"""The whole way of an event, with the small bot."""

import asyncio

from bot.store.store import Store
from tests.conftest import Clock
from tests.smallbot import Provider, reply, said
from tests.workers.conftest import Begin


async def test_a_reply_is_answered_once_and_everybody_sees_it(store: Store, provider: Provider, begin: Begin) -> None:
    await begin()
    await store.inbox.add(reply("你好"))
    assert await provider.has(1) == ["收到:你好"]
    [line] = await said(store, "reply")
    assert (line.text, line.phone, line.effects) == ("你好", "138****0000", ("reply",))
    [state] = await said(store, "state")
    assert state.detail["state"] == "sent"
    assert [item.text for item in await said(store, "text")] == ["收到:你好"]


async def test_the_state_knows_what_became_of_the_answer(store: Store, provider: Provider, begin: Begin) -> None:
    await begin()
    await store.inbox.add(reply("你好"))
    await said(store, "state")
    customer = await store.customers.load(reply("你好").customer)
    assert customer is not None
    assert (customer.version, customer.notes) == (2, ("sent:",))


async def test_many_customers_get_one_answer_each(store: Store, provider: Provider, begin: Begin) -> None:
    await begin()
    phones = [f"+861390000{nth:04d}" for nth in range(200)]
    await asyncio.gather(*(store.inbox.add(reply("1", phone=phone)) for phone in phones))
    await provider.has(200)
    assert sorted(told["to"] for told in provider.got) == phones


async def test_one_customer_is_answered_in_order(store: Store, provider: Provider, begin: Begin) -> None:
    await begin()
    for nth in range(20):
        await store.inbox.add(reply(str(nth)))
    assert await provider.has(20) == [f"收到:{nth}" for nth in range(20)]


async def test_a_timer_fires_when_its_time_has_come(
    store: Store, provider: Provider, begin: Begin, clock: Clock
) -> None:
    await begin()
    await store.inbox.add(reply("稍后"))
    await said(store, "reply")
    clock.forward(minutes=1)
    assert await provider.has(1) == ["时间到了"]


async def test_draining_hands_everything_back_and_loses_nothing(store: Store, provider: Provider, begin: Begin) -> None:
    worker = await begin()
    await asyncio.gather(*(store.inbox.add(reply(str(nth), phone=f"+861390000{nth:04d}")) for nth in range(50)))
    await worker.drain()
    assert worker.partitions == frozenset()
    await begin()
    await provider.has(50)
    assert len({told["to"] for told in provider.got}) == len(provider.got) == 50


async def test_counts_are_kept(store: Store, begin: Begin) -> None:
    await begin()
    await store.inbox.add(reply("你好"))
    await said(store, "state")
    totals = await store.feed.totals()
    assert totals == {"events|reply_received": 1, "effects|reply": 1, "events|send_finished": 1}
