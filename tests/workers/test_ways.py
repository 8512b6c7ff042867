"""Limits, circuits, fail-over, batches and questions: what the sender heeds beside the gates."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime

import pytest

from bot.domain.customer import Customer
from bot.domain.gateway import Capabilities, HttpReply, HttpRequest, SendResult, Submission
from bot.domain.messages import DeliveryReport, OutboundMessage
from bot.domain.verdict import Later, Never, Ready
from bot.errors import GatewayError, NotTaken, Unanswered
from bot.store.refs import client_ref
from bot.store.store import Store
from bot.transport import Transport
from bot.workers.asker import Asker
from bot.workers.loop import Stop
from bot.workers.ways import Limits, Ways
from tests import smallbot
from tests.conftest import Clock
from tests.smallbot import Out, Provider, campaign, prepare, reply, said
from tests.workers.conftest import Begin, Steps
from tests.workers.test_sender import Fails, notes


class Deaf:
    """A way out that one account's requests never leave by."""

    def __init__(self, way: Transport, account: str) -> None:
        self._way = way
        self.account = account

    async def send(self, request: HttpRequest, timeout: float) -> HttpReply:
        if json.loads(request.body)["via"] == self.account:
            raise NotTaken("no connection")
        return await self._way.send(request, timeout)


def only_out(
    text: OutboundMessage, customer: Customer, now: datetime, ref: str, tried: frozenset[str]
) -> Ready | Later | Never:
    """Routing where nobody else is."""
    return Never("没有通道", "route") if tried else prepare(text, customer, now, ref, tried)


async def test_what_certainly_failed_goes_by_another_account(
    store: Store, provider: Provider, begin: Begin, clock: Clock, transport: Transport, steps: Steps
) -> None:
    await begin(transport=Deaf(transport, "out"))
    await store.inbox.add(reply("1"))
    await steps.reach("settled")
    clock.forward(seconds=10)
    await provider.has(1)
    assert [told["via"] for told in provider.got] == ["spare"]


async def test_where_there_is_no_other_the_same_is_tried_again(
    store: Store, provider: Provider, begin: Begin, clock: Clock, transport: Transport, steps: Steps
) -> None:
    await begin(transport=Fails(transport, NotTaken("no connection")), prepare=only_out)
    await store.inbox.add(reply("1"))
    await steps.reach("settled")
    clock.forward(seconds=10)
    await provider.has(1)
    assert [told["via"] for told in provider.got] == ["out"]


async def test_an_open_circuit_is_gone_round(store: Store, provider: Provider, begin: Begin) -> None:
    ways = Ways(store, {"out": Limits(), "spare": Limits()})
    await store.vitals.sent("out", failed=5)
    await ways.turn()
    assert (ways.healthy("out"), ways.healthy("spare")) == (False, True)
    await begin(ways=ways)
    await store.inbox.add(reply("1"))
    await provider.has(1)
    assert provider.got[0]["via"] == "spare"


async def test_with_one_account_an_open_circuit_makes_texts_wait(
    store: Store, provider: Provider, begin: Begin, clock: Clock, steps: Steps
) -> None:
    ways = Ways(store, {"out": Limits()})
    await store.vitals.sent("out", failed=5)
    await ways.turn()
    await begin(ways=ways, prepare=only_out)
    await store.inbox.add(reply("1"))
    await steps.reach("settled")
    assert provider.got == []
    key = "huixin:way:{out}"
    await store.client.call(key, "HSET", key, "open_until", 1)
    clock.forward(seconds=10)
    await provider.has(1)
    await said(store, "state")
    await ways.turn()
    assert ways.condition("out").open_for == 0, "the probe was taken, so the circuit is closed for all"


async def test_what_one_process_learns_the_others_know(store: Store) -> None:
    one, other = Ways(store, {"out": Limits()}), Ways(store, {"out": Limits()})
    for _ in range(3):
        one.note("out", "unknown", 15.0)
        other.note("out", "temporary", 0.1)
    await one.turn()
    await other.turn()
    assert not other.healthy("out")
    await one.turn()
    assert not one.healthy("out")
    assert one.condition("out").failed == 6


async def test_a_throttled_request_says_nothing_of_health(store: Store) -> None:
    ways = Ways(store, {"out": Limits()})
    for _ in range(20):
        ways.note("out", "throttled", 0.1)
    await ways.turn()
    assert ways.condition("out").failed == 0


async def test_a_link_that_is_down_makes_its_account_the_last_choice(store: Store) -> None:
    ways = Ways(store, {"out": Limits()})
    ways.down("out", "refused")
    assert not ways.healthy("out")
    ways.down("out", "")
    assert ways.healthy("out")


async def test_the_rate_of_an_account_is_kept(store: Store, provider: Provider, begin: Begin, clock: Clock) -> None:
    await begin(ways=Ways(store, {"out": Limits(per_second=40)}))
    began = datetime.now().astimezone()
    for nth in range(12):
        await store.inbox.add(reply(str(nth), phone=f"+861390000{nth:04d}"))
    await provider.has(12)
    assert (datetime.now().astimezone() - began).total_seconds() >= 11 / 40


async def test_the_same_text_waits_before_it_goes_to_the_same_number_again(
    store: Store, provider: Provider, begin: Begin, clock: Clock, steps: Steps
) -> None:
    await begin(ways=Ways(store, {"out": Limits(same_text_seconds=30)}))
    await store.inbox.add(reply("1"))
    await provider.has(1)
    await store.inbox.add(reply("1", nth=1))
    await store.inbox.add(reply("2"))
    assert (await provider.has(2))[1] == "收到:2"
    assert (await store.outbox.depth())["conversation"] == 1


@dataclass
class Many(Out):
    """A gateway that takes several numbers in one request, with the same text."""

    name: str = "out"

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        del now, nonce
        if len({one.text for one in submissions}) > 1:
            raise GatewayError("these differ")
        told = {"text": submissions[0].text, "to": [one.to for one in submissions], "via": self.name}
        return HttpRequest(method="POST", url=self.url, body=json.dumps(told).encode())

    def read_batch(self, answer: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        whole = self.read(answer)
        if whole.outcome != "sent":
            return (whole,) * len(submissions)
        return tuple(SendResult(outcome="sent", message_id=f"{whole.message_id}-{one.to}") for one in submissions)


async def test_promotion_that_is_due_together_leaves_together(store: Store, provider: Provider, begin: Begin) -> None:
    many = Many(provider.url, capabilities=Capabilities(batch_size=5))
    await begin(gateways={"out": many})
    await asyncio.gather(*(store.inbox.add(campaign(phone=f"+861390000{nth:04d}")) for nth in range(12)))
    await said(store, "state", 12)
    sizes = [len(told["to"]) if isinstance(told["to"], list) else 1 for told in provider.got]
    assert 1 < max(sizes) <= 5
    assert sum(sizes) == 12
    nth, batch = next((nth, told["to"]) for nth, told in enumerate(provider.got, 1) if isinstance(told["to"], list))
    report = DeliveryReport(state="delivered", message_id=f"m{nth}-{batch[0]}")
    assert await store.refs.report("out", report, datetime.now().astimezone()) == "accepted"


async def test_answers_and_texts_that_differ_go_by_themselves(store: Store, provider: Provider, begin: Begin) -> None:
    many = Many(provider.url, capabilities=Capabilities(batch_size=5))
    await begin(gateways={"out": many})
    for nth in range(3):
        await store.inbox.add(reply("1", phone=f"+861390000{nth:04d}"))
    await provider.has(3)
    assert all(isinstance(told["to"], str) for told in provider.got)


async def test_a_batch_that_nobody_answers_is_unknown_one_by_one(
    store: Store, provider: Provider, begin: Begin, transport: Transport
) -> None:
    many = Many(provider.url, capabilities=Capabilities(batch_size=5))
    way = Fails(transport, *(Unanswered("no answer") for _ in range(9)))
    await begin(gateways={"out": many}, transport=way)
    for nth in range(3):
        await store.inbox.add(campaign(phone=f"+861390000{nth:04d}"))
    states = await said(store, "state", 3)
    assert {state.detail["state"] for state in states} == {"unknown"}
    assert provider.got == []


@dataclass
class Faulty(Many):
    """A gateway with a fault of its own where it makes a batch."""

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        del submissions, now, nonce
        raise ZeroDivisionError("planted")


async def test_a_batch_that_cannot_be_made_leaves_one_by_one(store: Store, provider: Provider, begin: Begin) -> None:
    await begin(gateways={"out": Faulty(provider.url, capabilities=Capabilities(batch_size=5))})
    for nth in range(7):
        await store.inbox.add(campaign(phone=f"+861390000{nth:04d}"))
    states = await said(store, "state", 7)
    assert {state.detail["state"] for state in states} == {"sent"}
    assert sorted(told["to"] for told in provider.got) == [f"+861390000{nth:04d}" for nth in range(7)]


@dataclass
class Miscounting(Many):
    """A gateway that gives too few results, or too many."""

    more: int = -1

    def read_batch(self, answer: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        del answer
        return (SendResult(outcome="sent"),) * (len(submissions) + self.more)


@pytest.mark.parametrize("more", [-2, -1, 1])
async def test_results_that_cannot_be_told_apart_are_unknown(
    store: Store, provider: Provider, begin: Begin, more: int
) -> None:
    await begin(gateways={"out": Miscounting(provider.url, capabilities=Capabilities(batch_size=2), more=more)})
    await asyncio.gather(*(store.inbox.add(campaign(phone=f"+861390000{nth:04d}")) for nth in range(4)))
    states = await said(store, "state", 4)
    batches = [told["to"] for told in provider.got if isinstance(told["to"], list)]
    assert batches
    assert sum(state.detail["state"] == "unknown" for state in states) == sum(map(len, batches))


@dataclass
class Asked(Out):
    """A gateway that can be asked."""

    def compose_query(self, message_id: str | None, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        del now, nonce
        told = {"text": "?", "id": message_id, "ref": submission.client_ref, "to": submission.to}
        return HttpRequest(method="POST", url=self.url, body=json.dumps(told).encode())

    def read_query(self, answer: HttpReply) -> DeliveryReport | None:
        told = json.loads(answer.body)
        if told.get("outcome") != "known":
            return None
        return DeliveryReport(state=told["state"], message_id="m9", client_ref=told.get("ref"))


async def test_what_nobody_knows_is_asked_of_the_gateway(
    store: Store, provider: Provider, begin: Begin, clock: Clock, transport: Transport
) -> None:
    changes = {"gateways": {"out": Asked(provider.url)}, "transport": Fails(transport, Unanswered("no answer"))}
    worker = await begin(**changes)
    await store.inbox.add(reply("1"))
    [state] = await said(store, "state")
    ours = client_ref(int(reply("1").customer[:8], 16) % 8, state.detail["message"])
    asker = Asker(store, smallbot.mind(provider.url, clock, **changes), lambda: worker.partitions)
    await asker.turn()
    assert provider.got == [], "receipts get their time first"
    provider.answers = [
        {"outcome": "sorry"},
        {"outcome": "known", "state": "delivered", "ref": "of another text"},
        {"outcome": "known", "state": "sent", "ref": ours},
    ]
    for _ in range(3):
        clock.forward(hours=1)
        await asker.turn()
    assert [told["ref"] for told in provider.got] == [ours] * 3
    assert provider.got[0]["to"] == reply("1").phone
    assert (await said(store, "state", 2))[1].detail["state"] == "sent"
    clock.forward(hours=1)
    await asker.turn()
    assert len(provider.got) == 3, "it is known now"
    late = DeliveryReport(state="delivered", message_id="m9")
    assert await store.refs.report("out", late, clock()) == "accepted"
    assert (await said(store, "state", 3))[2].detail["state"] == "delivered"
    assert await notes(store) == ("unknown:no answer",)


async def test_the_loop_shares_until_it_is_told_to_stop(store: Store) -> None:
    ways, stop = Ways(store, {"out": Limits()}), Stop()
    running = asyncio.create_task(ways.run(stop))
    for _ in range(5):
        ways.note("out", "account", 0.1)
    async with asyncio.timeout(5):
        while (await store.vitals.read("out")).failed < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    stop.tell()
    await running


async def test_a_fault_of_ours_does_not_end_the_sharing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ways, stop, shared = Ways(store, {"out": Limits()}), Stop(), asyncio.Event()
    read, faults = store.vitals.read, [ZeroDivisionError("planted")]

    async def faulty(account: str) -> object:
        if faults:
            raise faults.pop()
        shared.set()
        return await read(account)

    monkeypatch.setattr(store.vitals, "read", faulty)
    running = asyncio.create_task(ways.run(stop))
    async with asyncio.timeout(5):
        await shared.wait()
    stop.tell()
    await running


@dataclass
class Parted(Out):
    """A gateway that gives each part of a text an id, and may break off in the middle."""

    name: str = "out"
    outcome: str = "sent"

    def read(self, answer: HttpReply) -> SendResult:
        del answer
        return SendResult(outcome=self.outcome, message_id="a", part_ids=("b",))


@pytest.mark.parametrize("outcome", ["sent", "unknown"])
async def test_receipts_of_parts_are_one_receipt(store: Store, provider: Provider, begin: Begin, outcome: str) -> None:
    await begin(gateways={"out": Parted(provider.url, outcome=outcome)})
    await store.inbox.add(reply("1"))
    await said(store, "state")
    now = datetime.now().astimezone()
    assert await store.refs.report("out", DeliveryReport(state="delivered", message_id="b"), now) == "part"
    assert await store.refs.report("out", DeliveryReport(state="delivered", message_id="a"), now) == "accepted"
    assert [line.detail["state"] for line in await said(store, "state", 2)] == [outcome, "delivered"]


async def test_one_id_for_a_batch_is_tied_with_the_number(store: Store, provider: Provider, begin: Begin) -> None:
    shared = Out(provider.url, capabilities=Capabilities(one_id_per_batch=True))
    await begin(gateways={"out": shared})
    await store.inbox.add(reply("1"))
    await said(store, "state")
    now, phone = datetime.now().astimezone(), reply("1").phone
    other = DeliveryReport(state="failed", message_id="m1", to="+8613911111111")
    assert await store.refs.report("out", other, now, shared_ids=True) == "parked"
    ours = DeliveryReport(state="delivered", message_id="m1", to=phone)
    assert await store.refs.report("out", ours, now, shared_ids=True) == "accepted"
