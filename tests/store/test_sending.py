"""Rates, rests, circuits and vitals: one Redis, many workers."""

import asyncio
import itertools

from bot.domain.gateway import Callback
from bot.store.questions import Question
from bot.store.store import Store, open_store
from bot.store.vault import Vault
from bot.store.vitals import Condition
from tests.conftest import LOOKUP_KEY, Clock


async def test_places_are_dealt_out_at_the_rate_over_all_workers(
    store: Store, redis_url: str, vault: Vault, clock: Clock
) -> None:
    other = await open_store(redis_url, vault, LOOKUP_KEY, clock)
    passes = await asyncio.gather(*(worker.rates.ask("out", 100, 10) for worker in (store, other) for _ in range(25)))
    await other.close()
    assert {one.answer for one in passes} == {"go"}
    waits = sorted(one.wait for one in passes)
    assert 0.3 <= waits[-1] <= 0.5
    assert all(later - earlier <= 0.03 for earlier, later in itertools.pairwise(waits))


async def test_who_will_not_wait_so_long_gets_no_place(store: Store) -> None:
    assert (await store.rates.ask("out", 1, 0)).answer == "go"
    refused = await store.rates.ask("out", 1, 0.5)
    assert refused.answer == "busy"
    assert 0.5 < refused.wait <= 1
    # A refusal takes nothing away from those who wait longer, or from other accounts.
    assert (await store.rates.ask("out", 1, 2)).wait <= 1
    assert (await store.rates.ask("spare", 1, 0)).wait == 0


async def test_no_limit_is_no_limit(store: Store) -> None:
    assert {(await store.rates.ask("out", 0, 0)).wait for _ in range(50)} == {0}


async def test_the_same_text_rests_before_it_goes_to_one_number_again(store: Store) -> None:
    rest = store.rates.rest
    assert await rest("out", "c1", "您好", "m1", apart=30) == 0
    assert await rest("out", "c1", "您好", "m1", apart=30) == 0, "the same message may be tried again"
    assert 29 < await rest("out", "c1", "您好", "m2", apart=30) <= 30
    assert await rest("out", "c1", "再见", "m3", apart=30) == 0
    assert await rest("out", "c2", "您好", "m4", apart=30) == 0
    assert await rest("out", "c1", "您好", "m5", apart=0) == 0


async def test_one_number_gets_so_many_a_minute(store: Store) -> None:
    rest = store.rates.rest
    for nth in range(3):
        assert await rest("out", "c1", f"{nth}", f"m{nth}", apart=0, most_a_minute=3) == 0
    assert 59 < await rest("out", "c1", "3", "m3", apart=0, most_a_minute=3) <= 60


async def test_failures_open_the_circuit_for_all_and_one_probe_closes_it(store: Store) -> None:
    assert (await store.vitals.sent("out", taken=4)).healthy
    assert (await store.vitals.sent("out", failed=4)).open_for == 0
    opened = await store.vitals.sent("out", failed=1)
    assert not opened.healthy
    assert 4 < opened.open_for <= 5
    refused = await store.rates.ask("out", 0, 0)
    assert (refused.answer, refused.wait > 4) == ("open", True)
    assert (await store.rates.ask("spare", 0, 0)).answer == "go"
    await half_open(store)
    assert (await store.vitals.read("out")).healthy, "somebody must choose it to be the probe"
    assert [(await store.rates.ask("out", 0, 0)).answer for _ in range(3)] == ["go", "open", "open"]
    assert (await store.vitals.sent("out", taken=1)).open_for == 0
    assert {(await store.rates.ask("out", 0, 0)).answer for _ in range(3)} == {"go"}
    assert (await store.vitals.sent("out", failed=1)).open_for == 0, "what failed before counts no more"


async def test_a_probe_that_fails_opens_it_for_longer(store: Store) -> None:
    await store.vitals.sent("out", failed=5)
    await half_open(store)
    assert (await store.rates.ask("out", 0, 0)).answer == "go"
    again = await store.vitals.sent("out", failed=1)
    assert again.openings == 2
    assert 9 < again.open_for <= 10
    assert (await store.rates.ask("out", 0, 0)).answer == "open"


async def half_open(store: Store) -> None:
    """Let the time go by that the circuit stays open."""
    key = "huixin:way:{out}"
    await store.client.call(key, "HSET", key, "open_until", 1)


async def test_an_account_whose_texts_do_not_arrive_is_not_healthy(store: Store) -> None:
    assert (await store.vitals.reported("out", {"failed": 19})).healthy, "too few to say"
    poor = await store.vitals.reported("out", {"expired": 1, "delivered": 5, "sent": 80})
    assert (poor.delivery_rate, poor.healthy) == (0.2, False)
    assert (await store.vitals.reported("out", {"delivered": 30})).healthy
    assert (await store.vitals.read("spare")) == Condition()


async def test_a_slow_account_is_not_healthy(store: Store) -> None:
    assert (await store.vitals.sent("out", taken=10, seconds=20)).latency == 2
    assert not (await store.vitals.sent("out", taken=10, seconds=200)).healthy


async def test_a_proof_holds_with_its_own_body_only(store: Store) -> None:
    first = Callback(method="POST", url="", body=b"token=t&content=1")
    other = Callback(method="POST", url="", body=b"token=t&content=TD")
    asked = [("out", "t", first), ("out", "t", first), ("out", "t", other), ("out", "u", other), ("in", "t", other)]
    assert [await store.proofs.holds(*one) for one in asked] == [True, True, False, True, True]
    [redis] = store.client.primaries()
    for key in await redis.keys("huixin:proof:*"):
        assert await redis.ttl(key) > 48 * 3600
        assert b":t" not in key


async def test_questions_come_due_once_and_can_be_dropped(store: Store, clock: Clock) -> None:
    question = Question(message="m", account="out", message_id="77")
    await store.questions.put(3, question, clock())
    assert await store.questions.due(3, clock()) == [question]
    assert await store.questions.due(4, clock()) == []
    clock.forward(minutes=1)
    await store.questions.put(3, Question(message="m", account="out", asked=1), clock())
    assert [one.asked for one in await store.questions.due(3, clock())] == [1]
    await store.questions.drop(3, "m")
    assert await store.questions.due(3, clock()) == []
