"""Receipts late, early, doubled, out of order, of parts and of unknown texts: a text's state only moves forward."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from bot.domain.events import Event, ReceiptReceived, SendFinished
from bot.domain.messages import STATE_RANK, DeliveryReport, OutboundMessage
from bot.domain.parts import combined, moved
from bot.store.refs import target_of
from bot.store.store import open_store
from bot.store.vault import Vault
from bot.web.console.states import States
from bot.web.console.words import Translator
from tests.conftest import LOOKUP_KEY, SEALS, START
from tests.smallbot import reply

REPORTS = ["sent", "delivered", "failed", "expired", "rejected", "unknown"]
STEPS = st.lists(
    st.one_of(
        st.just("link"),
        st.tuples(st.sampled_from(["a", "b", "stranger"]), st.sampled_from(REPORTS)),
    ),
    max_size=14,
)


async def lived(url: str, steps: list[object], parts: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Let it happen in this order; gives the states that the text went through, and the words of its receipts."""
    async with Redis.from_url(url) as redis:
        await redis.flushall()
    store = await open_store(url, Vault(SEALS, "k1"), LOOKUP_KEY, lambda: START, partitions=2)
    try:
        text = OutboundMessage(
            id="t1",
            shop="default",
            customer=reply("1").customer,
            message_class="conversation",
            text="您好",
            created_at=START,
            cause="e",
        )
        linked = False
        for nth, step in enumerate([*steps, "link"]):
            now = datetime.fromtimestamp(START.timestamp() + nth, UTC)
            if step != "link":
                name, state = step
                await store.refs.report("out", DeliveryReport(state=state, message_id=name), now)
            elif not linked:
                linked = True
                for event in await store.refs.link_all("out", parts, text, now):
                    await store.inbox.add(event)
        states, t = States(), Translator("zh")
        states.finished(SendFinished(message_id="t1", outcome="sent", message_class="conversation"), t)
        through, words = [states.of("t1")[0]], []
        home = int(reply("1").customer[:8], 16) % 2
        for entry in await store.inbox.read(home, "live", "0-0", 1000):
            what = store.codec.unpack(Event, entry.packed).what
            assert isinstance(what, ReceiptReceived)
            assert what.message_id == target_of(text).message
            states.reported(what, t)
            through.append(states.of("t1")[0])
            words.append(what.report.state)
        return through, words
    finally:
        await store.close()


@pytest.mark.parametrize("parts", [("a",), ("a", "b")])
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_a_state_only_moves_forward(redis_server: str, parts: tuple[str, ...], steps: list[object]) -> None:
    through, words = asyncio.run(lived(redis_server, steps, parts))
    ranks = [STATE_RANK[state] for state in through]
    assert ranks == sorted(ranks)
    told = [(name, state) for name, state in (step for step in steps if step != "link") if name in parts]
    if parts == ("a",):
        assert set(words) == {state for _, state in told}, "no receipt is lost, and none of another text is taken"
        assert words.count("delivered") <= 1, "a repeat is one event"
        return
    states: dict[int, str] = {}
    for name, state in told:
        states = moved(states, parts.index(name) + 1, state)
    whole = combined(states, 2)
    assert whole is None or whole in words
    if whole == "delivered":
        assert through[-1] == "delivered"
