"""From outbox to gateway: gates once more, claim at the last moment, send, write down what became of it."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import structlog

from bot.domain.customer import Customer
from bot.domain.events import Event, SendFinished
from bot.domain.gateway import HttpRequest, SendOutcome, SendResult
from bot.domain.messages import MessageClass, OutboundMessage
from bot.domain.verdict import Later, Never
from bot.errors import GatewayError, LeaseLost, NotTaken, StoreUnavailable, Unanswered
from bot.store import keys
from bot.store.bell import heard
from bot.store.leases import Lease
from bot.store.outbox import CLASSES, Claim, Settled
from bot.store.refs import client_ref
from bot.store.store import Store
from bot.workers.loop import Stop, keep_on
from bot.workers.mind import Mind, Ready

TIMEOUT_SECONDS: Final = 15.0
UNKNOWN_FOR: Final = timedelta(hours=24)
"""How long a receipt may take to say what became of a text of unknown fate."""
MOST_ATTEMPTS: Final = 8
_FIRST_PAUSE: Final = timedelta(seconds=2)
_LONGEST_PAUSE: Final = timedelta(minutes=10)
_LOOK_AGAIN: Final = timedelta(seconds=1)
_PAUSED_FOR: Final = timedelta(seconds=30)
_MOST_IN_FLIGHT: Final = 64
"""Per partition and class: what promotion fills, answers do not wait for."""
_MOST_LOOKS: Final = 5
_IDLE_SECONDS: Final = 1.0
_AT_ONCE: Final[Mapping[MessageClass, int]] = {"conversation": 64, "service": 32, "marketing": 16}
"""Sends under way per worker, by class: promotion never takes the last way out."""

log = structlog.get_logger("workers.sender")


@dataclass(frozen=True, slots=True)
class _Leaving:
    account: str
    request: HttpRequest


def slots() -> Mapping[MessageClass, asyncio.Semaphore]:
    """Make the ways out that one worker's partitions share."""
    return {name: asyncio.Semaphore(most) for name, most in _AT_ONCE.items()}


class Sender:
    """One partition's texts, while its lease is ours."""

    def __init__(self, lease: Lease, store: Store, mind: Mind, ways: Mapping[MessageClass, asyncio.Semaphore]) -> None:
        self._lease = lease
        self._store = store
        self._mind = mind
        self._ways = ways
        self._ear = asyncio.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._last_of: dict[tuple[str, MessageClass], asyncio.Task[None]] = {}
        """By customer and class: answers to one number leave in order, and do not wait for promotion."""
        self._room: Counter[MessageClass] = Counter(dict.fromkeys(CLASSES, _MOST_IN_FLIGHT))
        self._tried: dict[str, frozenset[str]] = {}
        self._lost = False

    def wake(self) -> None:
        """Say that there may be something to send."""
        self._ear.set()

    async def run(self, stop: Stop) -> None:
        """Send until told to stop, then finish what is under way. Raises LeaseLost."""
        stop.wakes(self._ear)
        recovered = False

        async def turn() -> None:
            nonlocal recovered
            if not recovered:
                await self.recover()
                recovered = True
            self._ear.clear()
            if self._lost:
                raise LeaseLost(f"partition {self._lease.partition} belongs to another worker now")
            next_in = await self.turn()
            if not stop:
                await heard(self._ear, next_in)

        await keep_on("sender", turn, stop)
        if self._under_way:
            await asyncio.wait(self._under_way.values())

    async def recover(self) -> None:
        """What a former owner had marked as about to leave may have left: its fate is unknown, it is not repeated."""
        now = self._mind.clock()
        for text in await self._store.outbox.left_behind(self._lease.partition):
            log.warning("send_interrupted", message=text.id, customer=text.customer)
            await self._settle(text, "unknown", now + UNKNOWN_FOR, self._finished(text, "unknown", "interrupted"))

    async def turn(self) -> float:
        """Begin to send what is due; gives the seconds until there may be more."""
        now = self._mind.clock()
        due = await self._store.outbox.due(self._lease.partition, now, _MOST_IN_FLIGHT)
        for text in due.texts:
            if self._room[text.message_class] > 0 and text.id not in self._under_way:
                self._begin(text)
        for name, message_class in due.broken:
            log.error("text_unreadable", message=name, message_class=message_class)
        for text in await self._store.outbox.overdue(self._lease.partition, now):
            await self._settle(text, "done", None, self._finished(text, "expired", "no receipt came"))
        return min(_IDLE_SECONDS, _IDLE_SECONDS if due.next_in is None else due.next_in)

    def _begin(self, text: OutboundMessage) -> None:
        line = (text.customer, text.message_class)
        task = asyncio.create_task(self._take(text, self._last_of.get(line)))
        self._under_way[text.id] = self._last_of[line] = task
        self._room[text.message_class] -= 1

        def over(task: asyncio.Task[None]) -> None:
            del self._under_way[text.id]
            self._room[text.message_class] += 1
            if self._last_of.get(line) is task:
                del self._last_of[line]
            self.wake()

        task.add_done_callback(over)

    async def _take(self, text: OutboundMessage, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            async with self._ways[text.message_class]:
                await self._send(text)
        except LeaseLost:
            self._lost = True
        except StoreUnavailable as reason:
            log.warning("send_waits", message=text.id, reason=str(reason))
            await asyncio.sleep(_LOOK_AGAIN.total_seconds())
        except Exception as fault:
            log.exception("send_failed", message=text.id)
            await self._settle(
                text, "done", None, self._finished(text, "permanent", f"{type(fault).__name__}: {fault}")
            )

    async def _send(self, text: OutboundMessage) -> None:
        """Look, prepare and claim until nothing changes in between; then send and write down what came of it."""
        claim: Claim = "changed"
        for _ in range(_MOST_LOOKS):
            loaded = await self._store.customers.owned(self._lease, (text.customer,))
            customer = loaded[text.customer]
            leaving = await self._prepare(text, customer.customer)
            if leaving is None:
                return
            self._mind.step("prepared")
            claim = await self._store.outbox.claim(self._lease, text, customer.token, self._mind.clock())
            if claim == "go":
                self._mind.step("claimed")
                result = await self._post(leaving)
                self._mind.step("posted")
                await self._record(text, leaving.account, result)
            if claim != "changed":
                break
        if claim not in ("go", "gone"):
            wait = _PAUSED_FOR if claim == "paused" else _LOOK_AGAIN
            await self._settle(text, "later", self._mind.clock() + wait)

    async def _prepare(self, text: OutboundMessage, customer: Customer | None) -> _Leaving | None:
        """Ask the gates and make the request; None where the text does not leave now, which is settled then."""
        now = self._mind.clock()
        if customer is None:
            await self._settle(text, "done")
            return None
        reference = client_ref(self._lease.partition, text.id)
        ready = self._mind.prepare(text, customer, now, reference, self._tried.get(text.id, frozenset()))
        match ready:
            case Later():
                # By then every account has another chance.
                self._tried.pop(text.id, None)
                await self._settle(text, "later", max(ready.at, now + _LOOK_AGAIN))
            case Never():
                await self._settle(text, "done", None, self._finished(text, "dropped", ready.reason))
            case Ready():
                try:
                    request = self._mind.gateways[ready.account].compose(ready.submission, now, text.id)
                except GatewayError as reason:
                    finished = self._finished(text, "permanent", str(reason), ready.account)
                    await self._settle(text, "done", None, finished)
                else:
                    return _Leaving(ready.account, request)
        return None

    async def _post(self, leaving: _Leaving) -> SendResult:
        """Make the request. Never raises: what cannot be told is `unknown`."""
        try:
            reply = await self._mind.transport.send(leaving.request, TIMEOUT_SECONDS)
            return self._mind.gateways[leaving.account].read(reply)
        except NotTaken as reason:
            return SendResult(outcome="temporary", detail=str(reason))
        except Unanswered as reason:
            return SendResult(outcome="unknown", detail=str(reason))
        except Exception as fault:
            log.exception("gateway_failed", account=leaving.account)
            return SendResult(outcome="unknown", detail=f"{type(fault).__name__}: {fault}")

    async def _record(self, text: OutboundMessage, account: str, result: SendResult) -> None:
        """Write down what became of a send; only we know it, so this is tried until Redis takes it."""
        while True:
            try:
                await self._write_down(text, account, result)
            except StoreUnavailable as reason:
                log.warning("result_waits", message=text.id, outcome=result.outcome, reason=str(reason))
                await asyncio.sleep(_LOOK_AGAIN.total_seconds())
            else:
                return

    async def _write_down(self, text: OutboundMessage, account: str, result: SendResult) -> None:
        now = self._mind.clock()
        finished = self._finished(text, result.outcome, result.detail or result.code or "", account)
        match result.outcome:
            case "sent":
                name = result.message_id or client_ref(self._lease.partition, text.id)
                parked = await self._store.refs.link(account, name, text, now)
                self._mind.step("linked")
                await self._settle(text, "done", None, finished, *parked)
            case "unknown":
                await self._settle(text, "unknown", now + UNKNOWN_FOR, finished)
            case "permanent" | "opted_out":
                await self._settle(text, "done", None, finished)
            case "throttled" | "temporary" | "account":
                attempts = await self._store.outbox.attempts(self._lease.partition, text.id) + 1
                log.warning(
                    "send_not_taken", message=text.id, account=account, outcome=result.outcome, attempts=attempts
                )
                if attempts >= MOST_ATTEMPTS:
                    await self._settle(text, "done", None, finished)
                    return
                if result.outcome == "account":
                    self._tried[text.id] = self._tried.get(text.id, frozenset()) | {account}
                await self._settle(text, "again", now + _pause(attempts, result))

    async def _settle(self, text: OutboundMessage, what: Settled, when: datetime | None = None, *events: Event) -> None:
        if what == "done":
            self._tried.pop(text.id, None)
        await self._store.outbox.settle(self._lease.partition, text, what, when, events)
        if events:
            self._store.bell.ring(keys.bell(self._lease.partition))
        self._mind.step("settled")

    def _finished(
        self,
        text: OutboundMessage,
        outcome: SendOutcome | Literal["dropped", "expired"],
        reason: str,
        account: str = "",
    ) -> Event:
        now = self._mind.clock()
        return Event(
            id=f"sent:{text.id}:{outcome}",
            shop=text.shop,
            customer=text.customer,
            # The state knows the number.
            phone="",
            at=now,
            received_at=now,
            what=SendFinished(
                message_id=text.id,
                outcome=outcome,
                message_class=text.message_class,
                reason=reason,
                gateway=account,
                prompt=text.prompt,
                run=text.run,
                journey=text.journey,
            ),
            lane="bulk" if text.message_class == "marketing" else "live",
        )


def _pause(attempts: int, result: SendResult) -> timedelta:
    """Double the pause with each attempt, unless the provider says how long."""
    if result.retry_after is not None:
        return min(timedelta(seconds=result.retry_after), _LONGEST_PAUSE)
    if result.outcome == "account":
        return _LOOK_AGAIN
    return min(_FIRST_PAUSE * float(1 << (attempts - 1)), _LONGEST_PAUSE)
