"""What the processor does when something is wrong, or too much."""

import asyncio
import time

import pytest

from bot.domain.customer import Customer
from bot.domain.decision import Decision
from bot.domain.events import Event
from bot.errors import StoreUnavailable
from bot.store import keys
from bot.store.commit import Commit
from bot.store.store import Store
from tests.conftest import Clock
from tests.smallbot import Provider, campaign, decide, reply, said
from tests.workers.conftest import Begin

HOME = int(reply("1").customer[:8], 16) % 8


def home(phone: str) -> int:
    return int(reply("1", phone=phone).customer[:8], 16) % 8


def numbers(nth: int) -> list[str]:
    return [f"+86139{nth:04d}{end:04d}" for end in range(99)]


async def test_a_poison_event_stops_neither_its_batch_nor_its_partition(
    store: Store, provider: Provider, begin: Begin
) -> None:
    for text in ("前", "毒", "后"):
        await store.inbox.add(reply(text))
    await begin()
    assert await provider.has(2) == ["收到:前", "收到:后"]
    [line] = await said(store, "dead")
    assert line.detail["severity"] == "urgent"
    [letter] = await store.dead.read()
    assert letter.event == reply("毒")
    assert letter.why == "ZeroDivisionError: a planted fault"
    await said(store, "state", 2)
    assert await store.inbox.depth() == {"live": 0, "bulk": 0}


async def test_its_stop_words_are_honoured_all_the_same(store: Store, begin: Begin) -> None:
    def no_decision(customer: Customer | None, event: Event, now: object) -> Decision:
        raise ZeroDivisionError("planted")

    await begin(decide=no_decision)
    await store.inbox.add(reply("TD"))
    await said(store, "dead")
    customer = await store.customers.load(reply("TD").customer)
    assert customer is not None
    assert customer.stopped("marketing")


async def test_a_stop_is_held_even_where_the_state_itself_is_broken(store: Store, begin: Begin) -> None:
    stop = reply("TD")
    await store.client.call(keys.of(HOME).customers, "HSET", keys.of(HOME).customers, stop.customer, "t\n\nbroken")
    await begin()
    await store.inbox.add(stop)
    [line] = await said(store, "dead")
    assert (line.customer, line.detail["severity"]) == (stop.customer, "urgent")
    assert await store.dead.count() == 1
    assert await store.client.call(keys.of(HOME).held, "HGET", keys.of(HOME).held, stop.customer) == b"marketing"


async def test_what_is_sealed_under_a_missing_key_stops_nobody_and_its_stop_is_held(
    store: Store, rekeyed: Store, provider: Provider, begin: Begin
) -> None:
    # On the same partition.
    phone = next(phone for nth in range(99) if home(phone := f"+86139000000{nth:02d}") == HOME)
    await store.inbox.add(reply("TD"))
    await rekeyed.inbox.add(reply("你好", phone=phone))
    await begin(other=rekeyed)
    assert await provider.has(1) == ["收到:你好"]
    [line] = await said(rekeyed, "dead")
    assert "'k1'" in (line.text or "")
    [letter] = await rekeyed.dead.read()
    assert "'k1'" in letter.why
    customer = reply("TD").customer
    assert await rekeyed.customers.load(customer) is None
    assert await store.client.call(keys.of(HOME).held, "HGET", keys.of(HOME).held, customer) == b"marketing"


async def test_an_event_that_cannot_be_read_is_set_aside(store: Store, provider: Provider, begin: Begin) -> None:
    live = keys.of(HOME).live
    await store.client.call(live, "XADD", live, "*", "e", "\nrubbish")
    await store.inbox.add(reply("1"))
    await begin()
    assert await provider.has(1) == ["收到:1"]
    [letter] = await store.dead.read()
    assert letter.event is None


async def test_one_that_ends_the_process_is_given_up_after_three_lives(
    store: Store, provider: Provider, begin: Begin
) -> None:
    await store.inbox.add(reply("1"))
    [entry] = await store.inbox.read(HOME, "live", "0-0", 1)
    for _ in range(3):
        await store.inbox.failed(HOME, entry)
    await begin()
    await said(store, "dead")
    assert provider.got == []


async def test_a_flood_from_one_number_delays_no_one_else(
    store: Store, provider: Provider, begin: Begin, clock: Clock
) -> None:
    await asyncio.gather(*(store.inbox.add(reply("刷", nth)) for nth in range(2000)))
    await begin()
    began = time.perf_counter()
    await store.inbox.add(reply("你好", phone="+8613900000001"))
    while not any(told["to"] == "+8613900000001" for told in provider.got):
        await provider.has(len(provider.got) + 1)
    assert time.perf_counter() - began < 1


async def test_what_a_flooding_number_writes_is_read_in_its_order(store: Store, begin: Begin) -> None:
    for nth in range(200):
        await store.inbox.add(reply("别人", nth, phone=next(phone for phone in numbers(nth) if home(phone) == HOME)))
    for nth in range(40):
        await store.inbox.add(reply(f"{nth},"))
    await begin()
    await said(store, "reply", 240)
    known = await store.customers.load(reply("1").customer)
    assert known is not None
    assert known.last_text == "".join(f"{nth}," for nth in range(40))


async def test_a_full_bulk_lane_delays_a_live_stop_by_less_than_a_second(
    store: Store, provider: Provider, begin: Begin
) -> None:
    phones = [f"+86139{nth:08d}" for nth in range(5000)]
    await asyncio.gather(*(store.inbox.add(campaign(phone=phone)) for phone in phones))
    assert (await store.inbox.depth())["bulk"] == 5000
    await begin()
    await provider.has(20)
    began = time.perf_counter()
    await store.inbox.add(reply("TD"))
    while "收到:TD" not in provider.texts:
        await provider.has(len(provider.got) + 1)
    assert time.perf_counter() - began < 1
    assert (await store.inbox.depth())["bulk"] > 0


async def test_a_customer_twice_in_one_batch_sees_its_own_earlier_result(store: Store, begin: Begin) -> None:
    seen: list[str] = []

    def watching(customer: Customer | None, event: Event, now: object) -> Decision:
        seen.append(customer.last_text if customer else "")
        return decide(customer, event, now)

    await asyncio.gather(*(store.inbox.add(reply(str(nth))) for nth in range(3)))
    await begin(decide=watching)
    await said(store, "reply", 3)
    assert [text for text in seen if len(text) < 3][:3] == ["", "0", "01"]


async def test_what_is_stored_counts_and_not_what_is_remembered(store: Store, begin: Begin) -> None:
    customers, customer = keys.of(HOME).customers, reply("1").customer
    await begin()
    await store.inbox.add(reply("1"))
    await said(store, "state", 1)
    before = await store.client.call(customers, "HGET", customers, customer)
    await store.inbox.add(reply("2"))
    await said(store, "state", 2)
    # As after a failover to a replica that had not everything yet.
    await store.client.call(customers, "HSET", customers, customer, before)
    await asyncio.gather(store.inbox.add(reply("3")), store.inbox.add(reply("4")))
    await said(store, "state", 4)
    known = await store.customers.load(customer)
    assert known is not None
    assert known.last_text == "134"
    assert await store.dead.count() == 0


@pytest.mark.parametrize("again", [False, True], ids=["read anew", "written again"])
async def test_what_a_commit_did_is_seen_though_its_answer_was_lost(
    store: Store, begin: Begin, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    write, lost = Commit.write, []

    async def losing(commit: Commit, *written: object) -> None:
        await write(commit, *written)
        if not lost:
            lost.append(True)
            if again:
                # As if the first one came through only now.
                await write(commit, *written)
            raise StoreUnavailable("the answer was lost")

    await begin()
    await store.inbox.add(reply("1"))
    await said(store, "state")
    monkeypatch.setattr(Commit, "write", losing)
    # It makes a timer and no text: nothing else touches the partition.
    await store.inbox.add(reply("稍后"))
    assert [line.text for line in await said(store, "reply", 2)] == ["1", "稍后"]
