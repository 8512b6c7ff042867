from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.events import Event
from bot.domain.messages import DeliveryReport, OutboundMessage
from bot.errors import LeaseLost
from bot.store.commit import Done
from bot.store.leases import Lease
from bot.store.outbox import Settled
from bot.store.refs import receipt_event, target_of
from bot.store.store import Store
from tests.conftest import START, Clock
from tests.smallbot import PHONE, campaign, decide, reply
from tests.store.test_commit import HOME, lease, take


@pytest.fixture
async def held(store: Store) -> Lease:
    return await lease(store)


async def queue(store: Store, held: Lease, *events: Event) -> tuple[OutboundMessage, ...]:
    await store.commit.write(held, await take(store, *events), START)
    return (await store.outbox.due(HOME, START + timedelta(seconds=1), 10)).texts


async def token(store: Store, held: Lease) -> str:
    customer = reply("1").customer
    return (await store.customers.owned(held, [customer]))[customer].token


async def test_conversation_goes_before_service_before_marketing(store: Store, held: Lease) -> None:
    texts = await queue(store, held, campaign(1), campaign(2, kind="service"), reply("1"))
    assert [text.message_class for text in texts] == ["conversation", "service", "marketing"]


async def test_texts_of_one_turn_keep_their_order(store: Store, held: Lease) -> None:
    texts = await queue(store, held, *(reply(str(nth)) for nth in range(9)))
    assert [text.text for text in texts] == [f"收到:{nth}" for nth in range(9)]


async def test_a_text_is_claimed_once(store: Store, held: Lease) -> None:
    [text] = await queue(store, held, reply("1"))
    claims = [await store.outbox.claim(held, text, await token(store, held), START) for _ in range(2)]
    assert claims == ["go", "gone"]
    assert await store.outbox.left_behind(HOME) == (text,)


async def test_a_stale_owner_claims_nothing(store: Store, held: Lease) -> None:
    [text] = await queue(store, held, reply("1"))
    with pytest.raises(LeaseLost):
        await store.outbox.claim(replace(held, fence=held.fence - 1), text, await token(store, held), START)


async def test_marketing_waits_while_a_reply_waits_unread(store: Store, held: Lease) -> None:
    [text] = await queue(store, held, campaign())
    await store.inbox.add(reply("TD"))
    assert await store.outbox.claim(held, text, await token(store, held), START) == "unread"


async def test_an_answer_does_not_wait_for_the_next_reply(store: Store, held: Lease) -> None:
    [text] = await queue(store, held, reply("1"))
    await store.inbox.add(reply("2"))
    assert await store.outbox.claim(held, text, await token(store, held), START) == "go"


async def test_what_the_gates_saw_must_still_be_so(store: Store, held: Lease) -> None:
    [text] = await queue(store, held, campaign())
    before = await token(store, held)
    await queue(store, held, reply("TD"))
    assert await store.outbox.claim(held, text, before, START) == "changed"


@pytest.mark.parametrize("shop", ["*", "default"])
async def test_the_switch_stops_everything(store: Store, held: Lease, shop: str) -> None:
    [text] = await queue(store, held, reply("1"))
    await store.outbox.pause(shop)
    assert await store.outbox.claim(held, text, await token(store, held), START) == "paused"
    await store.outbox.unpause(shop)
    assert await store.outbox.claim(held, text, await token(store, held), START) == "go"


async def test_a_stop_among_the_dead_letters_holds_marketing(store: Store, held: Lease) -> None:
    [text] = await queue(store, held, campaign())
    await store.dead.hold(HOME, text.customer, "marketing")
    assert await store.outbox.claim(held, text, await token(store, held), START) == "held"


async def test_what_is_settled_stays_settled(store: Store, held: Lease, clock: Clock) -> None:
    [text] = await queue(store, held, reply("1"))
    await store.outbox.claim(held, text, await token(store, held), START)
    assert await store.outbox.settle(HOME, text, "unknown", clock() + timedelta(hours=1)) == 0
    assert await store.outbox.overdue(HOME, clock()) == ()
    assert await store.outbox.overdue(HOME, clock() + timedelta(hours=1)) == (text,)
    assert await store.outbox.settle(HOME, text, "done", None, [reply("sent")]) == 0
    assert await store.outbox.settle(HOME, text, "done", None, [reply("sent")]) is None
    assert await store.inbox.depth() == {"live": 1, "bulk": 0}
    assert await store.outbox.body(HOME, text.id) is None


async def test_attempts_are_counted_and_waiting_is_none(store: Store, held: Lease, clock: Clock) -> None:
    [text] = await queue(store, held, reply("1"))
    later = clock() + timedelta(seconds=30)
    assert await store.outbox.settle(HOME, text, "later", later) == 0
    assert await store.outbox.settle(HOME, text, "again", later) == 1
    assert await store.outbox.attempts(HOME, text.id) == 1
    due = await store.outbox.due(HOME, clock(), 10)
    assert (due.texts, due.next_in) == ((), 30.0)


async def test_a_text_waits_for_its_time(store: Store, held: Lease, clock: Clock) -> None:
    [one] = await take(store, reply("1"))
    decision = decide(None, reply("1"), START)
    later = replace(decision.outbox[0], not_before=START + timedelta(hours=1))
    await store.commit.write(held, [Done(one.entry, one.event, replace(decision, outbox=(later,)))], START)
    assert (await store.outbox.due(HOME, clock(), 10)).texts == ()
    clock.forward(hours=1)
    assert (await store.outbox.due(HOME, clock(), 10)).texts == (later,)


async def test_a_claim_is_taken_back_once_and_no_other_with_it(store: Store, held: Lease) -> None:
    [text] = await queue(store, held, reply("1"))
    await store.outbox.claim(held, text, await token(store, held), START)
    [(name, claim)] = (await store.outbox.claimed(held)).items()
    await store.outbox.unclaim(HOME, name, claim, START)
    again = START + timedelta(seconds=5)
    assert await store.outbox.claim(held, text, await token(store, held), again) == "go"
    await store.outbox.unclaim(HOME, name, claim, START)
    assert list(await store.outbox.claimed(held)) == [text.id]
    assert await store.outbox.claimed(replace(held, fence=held.fence + 1)) == {}


@pytest.mark.parametrize("outcome", ["unknown", "again", "later", "done"])
async def test_a_receipt_that_outran_the_answer_settles_an_unknown_fate(
    store: Store, held: Lease, clock: Clock, outcome: Settled
) -> None:
    [text] = await queue(store, held, reply("1"))
    await store.outbox.claim(held, text, await token(store, held), START)
    report = DeliveryReport(state="delivered", message_id="77")
    await queue(store, held, replace(receipt_event(target_of(text), report, clock()), phone=PHONE))
    assert await store.outbox.left_behind(HOME) == (text,), "its answer is still to come"
    assert await store.outbox.settle(HOME, text, outcome, clock(), [reply("sent")]) is not None
    assert await store.outbox.overdue(HOME, clock() + timedelta(days=9)) == ()
    assert await store.outbox.left_behind(HOME) == (), "the mark goes with it"
    queued = outcome in {"again", "later"}
    assert (await store.outbox.body(HOME, text.id) is not None) is queued
    if queued:
        await store.outbox.claim(held, text, await token(store, held), START)
        await store.outbox.settle(HOME, text, "unknown", clock())
        assert await store.outbox.overdue(HOME, clock()) == (text,), "another send waits for a receipt of its own"
