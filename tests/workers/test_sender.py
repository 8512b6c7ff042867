"""What becomes of a text, by what the provider says."""

from datetime import datetime, timedelta

import pytest

from bot.domain.customer import Customer
from bot.domain.gateway import HttpReply, HttpRequest, SendResult
from bot.domain.messages import DeliveryReport, OutboundMessage
from bot.domain.verdict import Later, Never
from bot.errors import NotTaken, Unanswered
from bot.store import keys
from bot.store.leases import Leases
from bot.store.refs import client_ref
from bot.store.store import Store
from bot.transport import Transport
from bot.workers.outcomes import pause
from bot.workers.posting import Posting
from bot.workers.sender import Sender, slots
from tests import smallbot
from tests.conftest import START, Clock
from tests.smallbot import PHONE, Provider, campaign, eventually, prepare, reply, said
from tests.store.test_commit import HOME, lease, take
from tests.workers.conftest import Begin, Steps


class Fails:
    """A way out that fails so often and then works."""

    def __init__(self, way: Transport, *faults: Exception) -> None:
        self._way = way
        self._faults = list(faults)
        self.sends = 0

    async def send(self, request: HttpRequest, timeout: float) -> HttpReply:
        self.sends += 1
        if self._faults:
            raise self._faults.pop(0)
        return await self._way.send(request, timeout)


async def notes(store: Store, count: int = 1) -> tuple[str, ...]:
    """What the customer's state was told of its texts, once it has been told so often."""
    await said(store, "state", count)
    customer = await store.customers.load(reply("1").customer)
    assert customer is not None
    return customer.notes


@pytest.mark.parametrize("outcome", ["permanent", "opted_out"])
async def test_what_will_never_be_taken_is_final(store: Store, provider: Provider, begin: Begin, outcome: str) -> None:
    provider.answers = [{"outcome": outcome, "detail": "空号"}]
    await begin()
    await store.inbox.add(reply("1"))
    assert await notes(store) == (f"{outcome}:空号",)
    assert await store.outbox.depth() == {"conversation": 0, "service": 0, "marketing": 0}


@pytest.mark.parametrize("outcome", ["throttled", "temporary"])
async def test_what_was_certainly_not_taken_is_sent_again(
    store: Store, provider: Provider, begin: Begin, clock: Clock, outcome: str, steps: Steps
) -> None:
    provider.answers = [{"outcome": outcome}]
    await begin()
    await store.inbox.add(reply("1"))
    await steps.reach("settled")
    clock.forward(minutes=1)
    await provider.has(2)
    assert await notes(store) == ("sent:",)


async def test_trying_again_has_an_end(
    store: Store, provider: Provider, begin: Begin, clock: Clock, steps: Steps
) -> None:
    provider.answers = [{"outcome": "temporary", "detail": "忙"}] * 30
    await begin()
    await store.inbox.add(reply("1"))
    for attempt in range(24):
        await steps.reach("settled", attempt + 1)
        clock.forward(hours=1)
    assert await notes(store) == ("temporary:忙",)
    assert len(provider.got) == 25


async def test_a_gateway_that_is_back_after_hours_finds_what_waited_for_it(
    store: Store, provider: Provider, begin: Begin, clock: Clock, steps: Steps
) -> None:
    provider.answers = [{"outcome": "temporary", "detail": "忙"}] * 20
    await begin()
    await store.inbox.add(campaign(kind="service"))
    for attempt in range(20):
        await steps.reach("settled", attempt + 1)
        clock.forward(hours=1)
    assert await notes(store) == ("sent:",)


async def test_what_was_held_for_days_is_not_given_up_at_its_first_failure(
    store: Store, provider: Provider, begin: Begin, clock: Clock, steps: Steps
) -> None:
    await store.outbox.pause()
    provider.answers = [{"outcome": "temporary"}] * 3
    await begin()
    await store.inbox.add(campaign(kind="service"))
    await steps.reach("settled")
    clock.forward(days=3)
    await store.outbox.unpause()
    for attempt in range(3):
        await provider.has(attempt + 1)
        await steps.reach("settled", attempt + 2)
        clock.forward(minutes=10)
    assert await notes(store) == ("sent:",)


def test_pauses_grow_and_have_an_end() -> None:
    failed = SendResult(outcome="temporary")
    pauses = [pause(attempt, failed).total_seconds() for attempt in (1, 2, 3, 9, 10, 5000)]
    assert pauses == [2, 4, 8, 512, 600, 600]


async def test_an_account_that_cannot_send_gives_way_to_another(
    store: Store, provider: Provider, begin: Begin, clock: Clock, steps: Steps
) -> None:
    provider.answers = [{"outcome": "account", "detail": "欠费"}]
    await begin()
    await store.inbox.add(reply("1"))
    await steps.reach("settled")
    clock.forward(seconds=5)
    await provider.has(2)
    assert [told["via"] for told in provider.got] == ["out", "spare"]
    assert await notes(store) == ("sent:",)


async def test_a_refused_connection_is_tried_again(
    store: Store, provider: Provider, begin: Begin, clock: Clock, transport: Transport, steps: Steps
) -> None:
    way = Fails(transport, NotTaken("no connection"))
    await begin(transport=way)
    await store.inbox.add(reply("1"))
    await steps.reach("settled")
    clock.forward(minutes=1)
    assert await provider.has(1) == ["收到:1"]
    assert way.sends == 2


async def test_a_time_out_is_never_repeated_and_ends_by_its_deadline(
    store: Store, provider: Provider, begin: Begin, clock: Clock, transport: Transport
) -> None:
    way = Fails(transport, Unanswered("no answer"))
    await begin(transport=way)
    await store.inbox.add(reply("1"))
    assert await notes(store) == ("unknown:no answer",)
    clock.forward(hours=25)
    assert await notes(store, 2) == ("unknown:no answer", "expired:no receipt came")
    assert (way.sends, provider.got) == (1, [])


async def test_a_receipt_resolves_what_nobody_knew(
    store: Store, begin: Begin, clock: Clock, transport: Transport
) -> None:
    await begin(transport=Fails(transport, Unanswered("no answer")))
    await store.inbox.add(reply("1"))
    [state] = await said(store, "state")
    home = int(reply("1").customer[:8], 16) % 8
    report = DeliveryReport(state="delivered", client_ref=client_ref(home, state.detail["message"]))
    assert await store.refs.report("out", report, clock()) == "accepted"
    assert (await said(store, "state", 2))[1].detail["state"] == "delivered"
    assert await store.outbox.overdue(home, clock() + timedelta(days=9)) == ()


async def test_an_early_receipt_is_not_lost(store: Store, begin: Begin, clock: Clock) -> None:
    await store.refs.report("out", DeliveryReport(state="delivered", message_id="m1"), clock())
    await begin()
    await store.inbox.add(reply("1"))
    assert [line.detail["state"] for line in await said(store, "state", 2)] == ["sent", "delivered"]


async def test_a_gate_drops_with_its_reason(store: Store, provider: Provider, begin: Begin) -> None:
    def never(*_: object) -> Never:
        return Never("免打扰", "cap")

    await begin(prepare=never)
    await store.inbox.add(reply("1"))
    assert await notes(store) == ("dropped:免打扰",)
    assert provider.got == []


async def test_a_gate_defers_and_nothing_is_lost(
    store: Store, provider: Provider, begin: Begin, clock: Clock, steps: Steps
) -> None:
    def night(text: OutboundMessage, customer: Customer, now: datetime, ref: str, tried: frozenset[str]) -> object:
        morning = START + timedelta(hours=8)
        return Later(morning, "夜间", "quiet_hours") if now < morning else prepare(text, customer, now, ref, tried)

    await begin(prepare=night)
    await store.inbox.add(campaign())
    await steps.reach("settled")
    clock.forward(hours=8)
    assert await provider.has(1) == ["大促"]


async def test_a_stop_in_the_inbox_holds_back_the_promotion_queued_behind_it(
    store: Store, provider: Provider, begin: Begin, clock: Clock, steps: Steps
) -> None:
    await store.outbox.pause()
    await begin()
    await store.inbox.add(campaign())
    await steps.reach("settled")
    await store.inbox.add(reply("TD"))
    await store.outbox.unpause()
    clock.forward(minutes=1)
    assert await provider.has(1) == ["收到:TD"]
    assert "dropped:客户已退订" in await notes(store, 2)
    assert provider.texts == ["收到:TD"]


async def test_a_fault_of_ours_is_said_and_stops_nobody(store: Store, provider: Provider, begin: Begin) -> None:
    def faulty(text: OutboundMessage, *more: object) -> object:
        if "坏" in text.text:
            raise KeyError("planted")
        return prepare(text, *more)

    await begin(prepare=faulty)
    await store.inbox.add(reply("坏"))
    await store.inbox.add(reply("好"))
    assert await provider.has(1) == ["收到:好"]
    assert "permanent:KeyError: 'planted'" in await notes(store, 2)


async def test_a_claim_whose_answer_was_lost_is_taken_back(
    store: Store, provider: Provider, transport: Transport, clock: Clock
) -> None:
    held = await lease(store)
    await store.commit.write(held, await take(store, reply("1")), clock())
    [text] = (await store.outbox.due(HOME, clock() + timedelta(seconds=1), 10)).texts
    customer = (await store.customers.owned(held, [text.customer]))[text.customer]
    assert await store.outbox.claim(held, text, customer.token, clock()) == "go"
    mind = smallbot.mind(provider.url, clock, transport=transport)
    sender = Sender(held, store, mind, slots(), Posting(mind))
    await sender.turn()
    clock.forward(seconds=1)
    await sender.turn()
    await eventually(lambda: provider.texts == ["收到:1"])


async def test_a_text_leaves_also_where_redis_went_back_behind_what_is_remembered(
    store: Store, provider: Provider, begin: Begin, clock: Clock, steps: Steps
) -> None:
    await store.outbox.pause()
    await begin()
    await store.inbox.add(reply("1"))
    await steps.reach("settled")
    customers, customer = keys.of(HOME).customers, reply("1").customer
    _, _, state = (await store.client.call(customers, "HGET", customers, customer)).partition(b"\n")
    await store.client.call(customers, "HSET", customers, customer, b"0.1\n" + state)
    await store.outbox.unpause()
    clock.forward(minutes=1)
    assert await provider.has(1) == ["收到:1"]


async def queued(store: Store, *texts: str) -> None:
    """Commit answers, as a worker that is gone now did."""
    held = await lease(store)
    for text in texts:
        await store.commit.write(held, await take(store, reply(text)), START)
    await Leases(store.client, 8).release(held)


async def test_a_text_whose_number_is_sealed_under_a_missing_key_fails_by_itself(
    store: Store, rekeyed: Store, provider: Provider, begin: Begin
) -> None:
    await queued(store, "我是13800000000", "好")
    customers, name = keys.of(HOME).customers, reply("1").customer
    known = await store.customers.load(name)
    assert known is not None
    await store.client.call(customers, "HSET", customers, name, b"1.2\n" + rekeyed.codec.pack(known, PHONE))
    await begin(other=rekeyed)
    assert await provider.has(1) == ["收到:好"]
    assert [note.partition(":")[0] for note in await notes(rekeyed, 2)] == ["permanent", "sent"]
    assert "'k1'" in (await notes(rekeyed))[0]
    assert await store.outbox.depth() == {"conversation": 0, "service": 0, "marketing": 0}


async def test_texts_to_one_whose_state_is_sealed_under_a_missing_key_hold_nobody_back(
    store: Store, rekeyed: Store, provider: Provider, begin: Begin
) -> None:
    await queued(store, "我是13800000000", "好")
    await begin(other=rekeyed)
    await rekeyed.inbox.add(reply("你好", phone="+8613900000001"))
    assert await provider.has(1) == ["收到:你好"]
    alarms = await said(rekeyed, "dead", 2)
    assert {alarm.customer for alarm in alarms} == {reply("1").customer}
    assert all("'k1'" in (alarm.text or "") for alarm in alarms)
    assert await store.outbox.depth() == {"conversation": 0, "service": 0, "marketing": 0}


async def test_texts_that_are_none_do_not_stand_before_the_others(
    store: Store, provider: Provider, begin: Begin
) -> None:
    key = keys.of(HOME)
    for nth in range(64):
        await store.client.call(key.bodies, "HSET", key.bodies, f"b{nth}", "\nrubbish")
        await store.client.call(key.conversation, "ZADD", key.conversation, nth, f"b{nth}")
    await queued(store, "好")
    await begin()
    assert await provider.has(1) == ["收到:好"]
    assert (await store.outbox.depth())["conversation"] == 64


async def test_a_receipt_that_comes_before_the_answer_times_out_is_not_waited_for_again(
    store: Store, begin: Begin, clock: Clock
) -> None:
    home = int(reply("1").customer[:8], 16) % 8

    class Slow:
        async def send(self, _request: HttpRequest, _timeout: float) -> HttpReply:
            [text] = await store.outbox.left_behind(home)
            report = DeliveryReport(state="delivered", client_ref=client_ref(home, text.id))
            assert await store.refs.report("out", report, clock()) == "accepted"
            assert (await said(store, "state"))[0].detail["state"] == "delivered"
            raise Unanswered("no answer")

    await begin(transport=Slow())
    await store.inbox.add(reply("1"))
    assert await notes(store, 2) == ("unknown:no answer",)
    assert await store.outbox.overdue(home, clock() + timedelta(days=9)) == ()
