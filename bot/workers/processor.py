"""From inbox to commit: read a batch of one partition, decide in order, make it true at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Final

import structlog

from bot.domain.customer import Customer
from bot.domain.decision import Decision, LogEntry
from bot.domain.effects import AlertStaff, Effect, OptOut
from bot.domain.events import Event, Lane, ReplyReceived
from bot.domain.ids import Ids
from bot.errors import KeyMissing, LeaseLost, StoreUnavailable
from bot.store import keys
from bot.store.bell import heard
from bot.store.commit import Done, Gone, Stale
from bot.store.inbox import Entry
from bot.store.leases import Lease
from bot.store.store import Store
from bot.workers.loop import Stop, keep_on
from bot.workers.mind import Mind

LIVE_BATCH: Final = 64
BULK_BATCH: Final = 16
"""Small, for a live event waits until the batch before it is through."""
MOST_TRIES: Final = 3
_BETWEEN_TRIES_SECONDS: Final = 0.05
_BREATH_SECONDS: Final = 0.01
DEAD_LETTER: Final = "dead_letter"
"""The reason of the alert that an event which could not be handled leaves in the log."""

log = structlog.get_logger("workers.processor")


class Processor:
    """One partition's events, while its lease is ours."""

    def __init__(
        self,
        lease: Lease,
        store: Store,
        mind: Mind,
        bulk_turns: asyncio.Semaphore,
        committed: Callable[[int, Sequence[Decision]], None],
    ) -> None:
        """Take `bulk_turns`, which few partitions have at a time, and `committed`, told after each commit."""
        self._lease = lease
        self._store = store
        self._mind = mind
        self._bulk_turns = bulk_turns
        self._committed = committed
        self._after: dict[Lane, str] = {"live": "0-0", "bulk": "0-0"}
        self._turn = asyncio.Lock()
        """Live and bulk take turns; a live batch waits for one small bulk batch at most."""
        self._careful: set[Lane] = {"live", "bulk"}
        """What a former owner left may be what killed it: in the first batch tries are counted before they are made."""
        self._in_doubt: set[Lane] = set()
        """A commit's answer was lost: what it did, if it did it, nobody has been told of."""
        self._held = False
        """Something in the bulk lane waits for what its number wrote before."""

    async def run(self, stop: Stop) -> None:
        """Handle events until told to stop. Raises LeaseLost."""
        try:
            async with asyncio.TaskGroup() as lanes:
                lanes.create_task(self._keep_on("live", self.live_turn, stop))
                lanes.create_task(self._keep_on("bulk", self.bulk_turn, stop))
        except* LeaseLost as lost:
            raise lost.exceptions[0] from None

    async def live_turn(self) -> bool:
        """Handle one batch of live events; tells whether there may be more."""
        async with self._turn:
            return await self._handle("live", LIVE_BATCH)

    async def bulk_turn(self) -> bool:
        """Handle one small batch of bulk events, when its turn among all partitions has come."""
        async with self._bulk_turns, self._turn:
            more = await self._handle("bulk", BULK_BATCH)
        if self._held:
            self._store.bell.ring(keys.bell(self._lease.partition, "live"))
            await asyncio.sleep(_BREATH_SECONDS)
        return more

    async def _keep_on(self, lane: Lane, lane_turn: Callable[[], Awaitable[bool]], stop: Stop) -> None:
        with self._store.bell.ear(keys.bell(self._lease.partition, lane)) as ear:
            stop.wakes(ear)

            async def turn() -> None:
                ear.clear()
                if not await lane_turn() and not stop:
                    await heard(ear, self._mind.look_again)

            await keep_on("processor", turn, stop)

    async def _handle(self, lane: Lane, most: int) -> bool:
        entries = await self._store.inbox.read(self._lease.partition, lane, self._after[lane], most)
        if lane in self._in_doubt:
            # Either they are gone from the inbox and lie in the log by now, or they are still here.
            self._in_doubt.discard(lane)
            self._store.log.lose(self._lease.partition)
            self._committed(self._lease.partition, [])
        if lane == "bulk":
            entries = await self._in_order(entries)
        if not entries:
            if not self._held:
                self._careful.discard(lane)
            return self._held
        self._mind.step("read")
        try:
            if lane in self._careful and await self._tried_before(entries):
                await self._one_by_one(entries)
            else:
                await self._together(entries)
        except (StoreUnavailable, LeaseLost):
            raise
        except Exception:
            log.exception("batch_failed", partition=self._lease.partition, events=len(entries))
            await self._one_by_one(entries)
        self._careful.discard(lane)
        self._after[lane] = entries[-1].id
        return len(entries) == most or (lane == "bulk" and self._held)

    async def _in_order(self, entries: list[Entry]) -> list[Entry]:
        """Leave a flooding number's replies in the bulk lane until the live lane is past what it wrote before them."""
        self._held = False
        if not any(entry.customer for entry in entries):
            return entries
        since = await self._store.inbox.waits_since(self._lease.partition, "live")
        ready = list(takewhile(lambda entry: not entry.customer or since is None or entry.taken < since, entries))
        self._held = len(ready) < len(entries)
        return ready

    async def _tried_before(self, entries: list[Entry]) -> bool:
        """Count a try at each of the first entries, and tell whether one of them saw the end of a former owner."""
        failed, partition = self._store.inbox.failed, self._lease.partition
        return max(await asyncio.gather(*(failed(partition, entry) for entry in entries))) > 1

    async def _together(self, entries: list[Entry]) -> None:
        tries = 0
        while entries:
            try:
                await self._commit(await self._decide(entries))
            except Gone as reason:
                entries = [entry for entry in entries if entry.id not in reason.entries]
            except Stale as reason:
                tries += 1
                log.warning("decided_on_old_state", partition=self._lease.partition, customers=len(reason.customers))
                if tries >= MOST_TRIES:
                    raise
            else:
                return

    async def _one_by_one(self, entries: list[Entry]) -> None:
        for entry in entries:
            while True:
                tries = await self._store.inbox.failed(self._lease.partition, entry)
                try:
                    if tries > MOST_TRIES:
                        await self._bury(entry, "it ended the process, again and again")
                    else:
                        await self._together([entry])
                except (StoreUnavailable, LeaseLost):
                    raise
                except Exception as fault:
                    log.exception("event_failed", partition=self._lease.partition, entry=entry.id, tries=tries)
                    if tries >= MOST_TRIES:
                        await self._bury(entry, f"{type(fault).__name__}: {fault}")
                        break
                    await asyncio.sleep(_BETWEEN_TRIES_SECONDS)
                else:
                    break

    async def _decide(self, entries: list[Entry]) -> list[Done]:
        events = [entry.event or self._store.codec.unpack(Event, entry.packed) for entry in entries]
        loaded = await self._store.customers.owned(self._lease, [event.customer for event in events])
        self._mind.step("loaded")
        customers: dict[str, Customer | None] = {cid: found.customer for cid, found in loaded.items()}
        done: list[Done] = []
        began = time.perf_counter()
        for entry, event in zip(entries, events, strict=True):
            customer = customers[event.customer]
            known = event if event.phone else replace(event, phone=customer.phone if customer else "")
            if not known.phone:
                # A receipt for somebody who was erased meanwhile.
                done.append(Done(entry, known, None))
                continue
            decision = self._mind.decide(customer, known, self._mind.clock())
            customers[event.customer] = decision.customer
            done.append(Done(entry, known, decision, seen=loaded[event.customer].token))
            if time.perf_counter() - began > _BREATH_SECONDS:
                await asyncio.sleep(0)
                began = time.perf_counter()
        self._mind.step("decided")
        return done

    async def _commit(self, done: list[Done]) -> None:
        try:
            await self._store.commit.write(self._lease, done, self._mind.clock())
        except StoreUnavailable:
            self._in_doubt.update(one.entry.lane for one in done)
            raise
        except Gone:
            self._committed(self._lease.partition, [])
            raise
        self._mind.step("committed")
        self._committed(self._lease.partition, [one.decision for one in done if one.decision is not None])

    async def _bury(self, entry: Entry, why: str) -> None:
        """Move an event to the dead letters with an alert, and honour its stop words all the same."""
        # Also of one whose number is lost: its words may be a stop, and the state may know the number.
        event = self._store.codec.legible(Event, entry.packed)
        log.error("dead_letter", partition=self._lease.partition, entry=entry.id, why=why)
        decision, alarm, seen = None, None, ""
        if event is not None:
            alert = AlertStaff(alert=Ids(event.id).make("alert"), reason=DEAD_LETTER, severity="urgent", text=why)
            try:
                decision, seen = await self._least(event, alert)
            except (StoreUnavailable, LeaseLost):
                raise
            except Exception:
                log.exception("dead_letter_unread", partition=self._lease.partition, entry=entry.id)
                if scope := self._stops(event):
                    await self._store.dead.hold(self._lease.partition, event.customer, scope)
                alarm = LogEntry(event=event, decided_at=self._mind.clock(), content_version="", effects=(alert,))
        try:
            await self._commit([Done(entry, event, decision, dead=why, alarm=alarm, seen=seen)])
        except Gone:
            return

    async def _least(self, event: Event, alert: AlertStaff) -> tuple[Decision, str]:
        """Give the least that an event can lead to, and the token of the customer that it is for."""
        now = self._mind.clock()
        stored = await self._store.customers.stored(event.customer)
        customer = stored.customer
        effects: tuple[Effect, ...] = (alert,)
        if scope := self._stops(event):
            effects += (OptOut(scope=scope, words=_text(event)),)
        phone = event.phone or (customer.phone if customer else "")
        if not phone:
            raise KeyMissing("nobody knows the number of this customer")
        entry = LogEntry(event=replace(event, phone=phone), decided_at=now, content_version="", effects=effects)
        return Decision(entry=entry, customer=self._mind.apply(customer, entry)), stored.token

    def _stops(self, event: Event) -> str | None:
        return self._mind.stop_scope(_text(event)) if isinstance(event.what, ReplyReceived) else None


def _text(event: Event) -> str:
    return event.what.message.text if isinstance(event.what, ReplyReceived) else ""
