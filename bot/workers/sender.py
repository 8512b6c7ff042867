"""From outbox to gateway: gates once more, claim at the last moment, send, write down what became of it."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

import structlog

from bot.domain.customer import Customer
from bot.domain.events import Event
from bot.domain.gateway import AnswersQueries
from bot.domain.messages import MessageClass, OutboundMessage
from bot.domain.verdict import Later, Never
from bot.errors import GatewayError, LeaseLost, StoreUnavailable
from bot.store import keys
from bot.store.bell import heard
from bot.store.leases import Lease
from bot.store.outbox import CLASSES, Broken, Claim, Settled
from bot.store.questions import Question
from bot.store.refs import client_ref
from bot.store.store import Store
from bot.workers.loop import Stop, keep_on
from bot.workers.mind import Mind, Ready
from bot.workers.outcomes import dropped_event, failed_event, finished_event, given_up, pause
from bot.workers.posting import Leaving, Posted, Posting

UNKNOWN_FOR: Final = timedelta(hours=24)
"""How long a receipt may take to say what became of a text of unknown fate."""
_LOOK_AGAIN: Final = timedelta(seconds=1)
_BROKEN_AGAIN: Final = timedelta(hours=1)
"""A newer version, or an older one, may read what we cannot."""
_PAUSED_FOR: Final = timedelta(seconds=30)
_MOST_IN_FLIGHT: Final = 64
"""Per partition and class: what promotion fills, answers do not wait for."""
_ASK_AFTER: Final = timedelta(minutes=2)
"""Receipts come within seconds, as a rule: then nobody need be asked."""
_MOST_LOOKS: Final = 5
_OVERDUE_EVERY: Final = timedelta(minutes=1)
_AT_ONCE: Final[Mapping[MessageClass, int]] = {"conversation": 64, "service": 32, "marketing": 16}
"""Sends under way per worker, by class: promotion never takes the last way out."""

log = structlog.get_logger("workers.sender")


def slots() -> Mapping[MessageClass, asyncio.Semaphore]:
    """Make the ways out that one worker's partitions share."""
    return {name: asyncio.Semaphore(most) for name, most in _AT_ONCE.items()}


class Sender:
    """One partition's texts, while its lease is ours."""

    def __init__(
        self,
        lease: Lease,
        store: Store,
        mind: Mind,
        ways: Mapping[MessageClass, asyncio.Semaphore],
        posting: Posting,
    ) -> None:
        self._lease = lease
        self._posting = posting
        self._store = store
        self._mind = mind
        self._ways = ways
        self._ear = asyncio.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._last_of: dict[tuple[str, MessageClass], asyncio.Task[None]] = {}
        """By customer and class: answers to one number leave in order, and do not wait for promotion."""
        self._room: Counter[MessageClass] = Counter(dict.fromkeys(CLASSES, _MOST_IN_FLIGHT))
        self._tried: dict[str, frozenset[str]] = {}
        """By text: accounts that said that they cannot send at all ..."""
        self._avoided: dict[str, frozenset[str]] = {}
        """... and those that failed for the moment: they are taken where no other can carry it."""
        self._over: set[str] = set()
        """What ended since we last asked what is due."""
        self._more = False
        """More may be due than we were told of."""
        self._look_for_overdue: datetime | None = None
        self._recovered = False
        self._open = False
        """What a commit makes may be begun at once."""
        self._lost = False

    def wake(self) -> None:
        """Say that there may be something to send."""
        self._ear.set()

    def offer(self, texts: Iterable[OutboundMessage]) -> None:
        """Take texts that a commit has just made: what may leave now need not be asked for."""
        for text in texts:
            if self._open and not text.not_before and self._room[text.message_class] > 0:
                if text.id not in self._under_way:
                    self._begin(text)
            else:
                self.wake()

    async def run(self, stop: Stop) -> None:
        """Send until told to stop, then finish what is under way. Raises LeaseLost."""
        stop.wakes(self._ear)

        async def turn() -> None:
            if not self._recovered:
                await self.recover()
                self._recovered = True
            self._open = not stop
            self._ear.clear()
            if self._lost:
                raise LeaseLost(f"partition {self._lease.partition} belongs to another worker now")
            next_in = await self.turn()
            if not stop:
                await heard(self._ear, next_in)

        try:
            await keep_on("sender", turn, stop)
        finally:
            self._open = False
        if self._under_way:
            await asyncio.wait(self._under_way.values())

    async def recover(self) -> None:
        """What a former owner had marked as about to leave may have left: its fate is unknown, it is not repeated."""
        now = self._mind.clock()
        for text in await self._store.outbox.left_behind(self._lease.partition):
            log.warning("send_interrupted", message=text.id, customer=text.customer)
            await self._settle(text, "unknown", now + UNKNOWN_FOR, finished_event(text, "unknown", "interrupted", now))

    async def turn(self) -> float:
        """Begin to send what is due; gives the seconds until there may be more."""
        now = self._mind.clock()
        self._over.clear()
        due = await self._store.outbox.due(self._lease.partition, now, _MOST_IN_FLIGHT)
        # What ended while we asked may still be among the answers.
        waiting = [text for text in due.texts if text.id not in self._under_way and text.id not in self._over]
        for text in waiting:
            if self._room[text.message_class] > 0:
                self._begin(text)
        self._more = len(due.texts) >= _MOST_IN_FLIGHT
        for broken in due.broken:
            await self._let_go(broken, now)
        if self._look_for_overdue is None or now >= self._look_for_overdue:
            self._look_for_overdue = now + _OVERDUE_EVERY
            await self._take_back(now)
            for text in await self._store.outbox.overdue(self._lease.partition, now):
                await self._settle(text, "done", None, finished_event(text, "expired", "no receipt came", now))
        return self._mind.look_again if due.next_in is None else min(self._mind.look_again, due.next_in)

    async def _let_go(self, broken: Broken, now: datetime) -> None:
        """Keep a text that cannot be read from standing before the others: for good where only its number is lost."""
        log.error("text_unreadable", message=broken.id, message_class=broken.message_class, reason=broken.why)
        if broken.text is None:
            await self._store.outbox.put_off(self._lease.partition, broken, now + _BROKEN_AGAIN)
        else:
            await self._settle(broken.text, "done", None, failed_event(broken.text, broken.why, now))

    async def _take_back(self, now: datetime) -> None:
        """Queue again what Redis says we claimed and we do not know of: the answer was lost, and nothing left."""
        for message, claim in (await self._store.outbox.claimed(self._lease)).items():
            if message not in self._under_way:
                log.warning("claim_taken_back", message=message)
                await self._store.outbox.unclaim(self._lease.partition, message, claim, now)
                self.wake()

    def _begin(self, text: OutboundMessage) -> None:
        line = (text.customer, text.message_class)
        task = asyncio.create_task(self._take(text, self._last_of.get(line)))
        self._under_way[text.id] = self._last_of[line] = task
        self._room[text.message_class] -= 1

        def over(task: asyncio.Task[None]) -> None:
            del self._under_way[text.id]
            self._over.add(text.id)
            self._room[text.message_class] += 1
            if self._last_of.get(line) is task:
                del self._last_of[line]
            if self._more:
                self.wake()

        task.add_done_callback(over)

    async def _take(self, text: OutboundMessage, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            async with self._ways[text.message_class]:
                await self._send(text)
        except LeaseLost:
            self._lost, self._open = True, False
        except StoreUnavailable as reason:
            log.warning("send_waits", message=text.id, reason=str(reason))
            await asyncio.sleep(_LOOK_AGAIN.total_seconds())
            # The claim may stand though we never learned of it.
            self._look_for_overdue = None
        except Exception as fault:
            log.exception("send_failed", message=text.id)
            why = f"{type(fault).__name__}: {fault}"
            await self._settle(text, "done", None, failed_event(text, why, self._mind.clock()))

    async def _send(self, text: OutboundMessage) -> None:
        """Look, prepare and claim until nothing changes in between; then send and write down what came of it."""
        claim: Claim = "changed"
        passed = ""
        for _ in range(_MOST_LOOKS):
            loaded = await self._store.customers.owned(self._lease, (text.customer,))
            customer = loaded[text.customer]
            leaving = await self._prepare(text, customer.customer)
            if leaving is None:
                return
            self._mind.step("prepared")
            if leaving.account != passed:
                match await self._pass(leaving):
                    case "later":
                        return
                    case "round":
                        continue
                passed = leaving.account
            claim = await self._store.outbox.claim(self._lease, text, customer.token, self._mind.clock())
            if claim == "go":
                self._mind.step("claimed")
                posted = await self._posting.post(leaving)
                self._mind.step("posted")
                await self._record(leaving, posted)
            if claim != "changed":
                break
            # Redis may have gone back behind what we remember.
            self._store.customers.forget(text.customer)
        if claim not in ("go", "gone"):
            wait = _PAUSED_FOR if claim in ("paused", "held") else _LOOK_AGAIN
            await self._settle(text, "later", self._mind.clock() + wait)

    async def _pass(self, leaving: Leaving) -> Literal["go", "round", "later"]:
        """Wait for a place on the account; an account that keeps failing is gone round, and else the text waits."""
        if self._mind.ways is None:
            return "go"
        text, account = leaving.text, leaving.account
        place = await self._mind.ways.ask(account, text, leaving.submission.text)
        if place.answer == "go":
            if place.wait:
                await asyncio.sleep(place.wait)
            return "go"
        avoided = self._avoided.get(text.id, frozenset())
        if place.answer == "open" and account not in avoided:
            self._avoided[text.id] = avoided | {account}
            return "round"
        self._avoided.pop(text.id, None)
        await self._settle(text, "later", self._mind.clock() + timedelta(seconds=place.wait))
        return "later"

    async def _prepare(self, text: OutboundMessage, customer: Customer | None) -> Leaving | None:
        """Ask the gates and make the request; None where the text does not leave now, which is settled then."""
        now = self._mind.clock()
        if customer is None:
            await self._settle(text, "done")
            return None
        reference = client_ref(self._lease.partition, text.id)
        tried, avoided = self._tried.get(text.id, frozenset()), self._avoided.get(text.id, frozenset())
        ready = self._mind.prepare(text, customer, now, reference, tried | avoided)
        if avoided and isinstance(ready, Later | Never) and ready.gate == "route":
            ready = self._mind.prepare(text, customer, now, reference, tried)
        match ready:
            case Later():
                # By then every account has another chance.
                self._forget(text)
                await self._settle(text, "later", max(ready.at, now + _LOOK_AGAIN))
            case Never():
                await self._settle(text, "done", None, dropped_event(text, ready, now))
            case Ready():
                try:
                    request = self._mind.gateways[ready.account].compose(ready.submission, now, text.id)
                except GatewayError as reason:
                    finished = finished_event(text, "permanent", str(reason), now, ready.account)
                    await self._settle(text, "done", None, finished)
                else:
                    return Leaving(text, ready.account, ready.submission, request)
        return None

    async def _record(self, leaving: Leaving, posted: Posted) -> None:
        """Write down what became of a send; only we know it, so this is tried until Redis takes it."""
        while True:
            try:
                await self._write_down(leaving, posted)
            except StoreUnavailable as reason:
                outcome = posted.result.outcome
                log.warning("result_waits", message=leaving.text.id, outcome=outcome, reason=str(reason))
                await asyncio.sleep(_LOOK_AGAIN.total_seconds())
            else:
                return

    async def _write_down(self, leaving: Leaving, posted: Posted) -> None:
        text, account, result, ext = leaving.text, leaving.account, posted.result, leaving.submission.ext
        now = self._mind.clock()
        finished = finished_event(text, result.outcome, result.detail or result.code or "", now, account, ext)
        match result.outcome:
            case "sent":
                parked = await self._link(leaving, posted, now)
                self._mind.step("linked")
                await self._settle(text, "done", None, finished, *parked)
            case "unknown":
                parked = await self._link(leaving, posted, now) if result.message_id else []
                if isinstance(self._mind.gateways[account], AnswersQueries):
                    question = Question(message=text.id, account=account, message_id=result.message_id)
                    await self._store.questions.put(self._lease.partition, question, now + _ASK_AFTER)
                await self._settle(text, "unknown", now + UNKNOWN_FOR, finished, *parked)
            case "permanent" | "opted_out":
                await self._settle(text, "done", None, finished)
            case "throttled" | "temporary" | "account":
                attempts = await self._store.outbox.attempts(self._lease.partition, text.id) + 1
                log.warning(
                    "send_not_taken", message=text.id, account=account, outcome=result.outcome, attempts=attempts
                )
                again_at = now + pause(attempts, result)
                if given_up(text, attempts, again_at):
                    await self._settle(text, "done", None, finished)
                    return
                if result.outcome == "account":
                    self._tried[text.id] = self._tried.get(text.id, frozenset()) | {account}
                elif result.outcome == "temporary":
                    self._avoided[text.id] = self._avoided.get(text.id, frozenset()) | {account}
                await self._settle(text, "again", again_at)

    async def _settle(self, text: OutboundMessage, what: Settled, when: datetime | None = None, *events: Event) -> None:
        if what == "done":
            self._forget(text)
        await self._store.outbox.settle(self._lease.partition, text, what, when, events)
        for event in events:
            self._store.bell.ring(keys.bell(self._lease.partition, event.lane))
        if what in ("again", "later") and when is not None:
            wait = (when - self._mind.clock()).total_seconds()
            asyncio.get_running_loop().call_later(min(max(wait, 0.0), self._mind.look_again), self.wake)
        self._mind.step("settled")

    async def _link(self, leaving: Leaving, posted: Posted, now: datetime) -> list[Event]:
        """Tie what the provider calls a text to it, part by part; gives the receipts that came before."""
        refs, text, account, result = self._store.refs, leaving.text, leaving.account, posted.result
        name = result.message_id or leaving.submission.client_ref
        if result.message_id and self._mind.gateways[account].capabilities.one_id_per_batch:
            return await refs.link_shared(account, name, text, leaving.submission.to, now, alone=posted.alone)
        return await refs.link_all(account, (name, *result.part_ids), text, now)

    def _forget(self, text: OutboundMessage) -> None:
        self._tried.pop(text.id, None)
        self._avoided.pop(text.id, None)
