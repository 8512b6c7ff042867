"""What staff put right is known to every worker at once, and comes out as regression cases."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.errors import RequestRefused
from bot.store.corrections import Correction, Corrections
from bot.store.store import Store

PUT_RIGHT = Correction(
    text="再说吧", intent="deny", was="other", actor="li", at="2025-07-02T02:00:00+00:00", event="e1"
)


async def known(corrections: Corrections, text: str, intent: str | None) -> None:
    async with asyncio.timeout(5):
        while corrections.current.get(text) != intent:  # noqa: ASYNC110 — a plain mapping tells nobody
            await asyncio.sleep(0.01)


async def test_another_worker_knows_it_at_once(store: Store) -> None:
    here, there = Corrections(store.client, store.bell), Corrections(store.client, store.bell)
    handed_out = there.current
    following = asyncio.create_task(there.follow())
    await asyncio.sleep(0)
    await here.add(PUT_RIGHT)
    await known(there, "再说吧", "deny")
    assert handed_out["再说吧"] == "deny"
    await here.add(replace(PUT_RIGHT, intent=None, was="deny"))
    await known(there, "再说吧", None)
    following.cancel()


async def test_a_worker_that_starts_later_knows_them_all(store: Store) -> None:
    corrections = Corrections(store.client, store.bell)
    for n in range(3):
        await corrections.add(replace(PUT_RIGHT, text=f"说法{n}"))
    late = Corrections(store.client, store.bell)
    await late.load()
    assert dict(late.current) == {f"说法{n}": "deny" for n in range(3)}


@pytest.mark.parametrize(
    "line", ["rubbish", "[1]", "{}", '{"text": "x", "intent": "of_a_newer_version", "was": "", "actor": "", "at": ""}']
)
async def test_one_that_cannot_be_read_is_said_once_and_hides_no_other(store: Store, line: str) -> None:
    here, there = Corrections(store.client, store.bell), Corrections(store.client, store.bell)
    await here.add(PUT_RIGHT)
    key = "huixin:{console}:corrections"
    await store.client.call(key, "XADD", key, "*", "line", line)
    await here.add(replace(PUT_RIGHT, text="别的"))
    with capture_logs() as told:
        for _ in range(3):
            await there.load()
    assert dict(there.current) == {"再说吧": "deny", "别的": "deny"}
    assert [entry["event"] for entry in told] == ["correction_unreadable"]
    assert len(await there.cases()) == 2


async def test_they_come_out_as_lines_for_eval(store: Store) -> None:
    corrections = Corrections(store.client, store.bell)
    await corrections.add(PUT_RIGHT)
    await corrections.add(replace(PUT_RIGHT, intent="question", was="deny"))
    await corrections.add(replace(PUT_RIGHT, text="别的"))
    await corrections.add(replace(PUT_RIGHT, text="别的", intent=None))
    (case,) = await corrections.cases()
    assert (case["text"], case["intent"], case["context"]) == ("再说吧", "question", "none")


@pytest.mark.parametrize("wrong", [{"text": ""}, {"text": " "}, {"text": "长" * 201}, {"intent": "no_such_intent"}])
async def test_what_is_no_correction_is_refused(store: Store, wrong: dict[str, str]) -> None:
    with pytest.raises(RequestRefused):
        await Corrections(store.client, store.bell).add(replace(PUT_RIGHT, **wrong))
