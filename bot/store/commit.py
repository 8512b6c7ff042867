"""The one write: everything that decisions led to becomes true in one script call, or nothing does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Final

from bot.domain.decision import Decision, LogEntry
from bot.domain.effects import Schedule
from bot.domain.events import Event, ReceiptReceived, TimerDue
from bot.domain.messages import OutboundMessage
from bot.errors import LeaseLost
from bot.store import keys
from bot.store.client import Client, script
from bot.store.codec import Codec, micros
from bot.store.customers import Customers, Loaded
from bot.store.inbox import Entry
from bot.store.lane import Argument
from bot.store.leases import Lease
from bot.store.log import Log

_PLACE: Final = {"live": 2, "bulk": 3, "conversation": 6, "service": 7, "marketing": 8}
"""Where a lane's or a class's key stands in the script's KEYS, from 1."""


class Gone(Exception):
    """Some entries are no longer in the inbox: their decisions were made before. Nothing was written."""

    def __init__(self, entries: frozenset[str]) -> None:
        super().__init__(f"{len(entries)} entries were decided before")
        self.entries = entries


class Stale(Exception):
    """Some customers are not stored as they were when it was decided: decide again. Nothing was written."""

    def __init__(self, customers: frozenset[str]) -> None:
        super().__init__(f"{len(customers)} customers are not as they were decided on")
        self.customers = customers


@dataclass(frozen=True, slots=True)
class Done:
    """One inbox entry and what it led to."""

    entry: Entry
    event: Event | None
    """None: it could not even be read."""
    decision: Decision | None
    dead: str = ""
    """Why it became a dead letter."""
    alarm: LogEntry | None = None
    """What the log says where there is no decision, for the customer's state cannot be read."""
    seen: str = ""
    """The token of the customer as the batch found it; empty: nobody was stored."""

    @property
    def logged(self) -> LogEntry | None:
        """Give what the log says of it."""
        return self.decision.entry if self.decision else self.alarm


@dataclass(slots=True)
class _Lists:
    """What the script reads, list by list."""

    entries: list[tuple[Argument, ...]] = field(default_factory=list)
    customers: dict[str, tuple[Argument, ...]] = field(default_factory=dict)
    texts: list[tuple[Argument, ...]] = field(default_factory=list)
    cancelled: list[tuple[Argument, ...]] = field(default_factory=list)
    timers: list[tuple[Argument, ...]] = field(default_factory=list)
    known: list[tuple[Argument, ...]] = field(default_factory=list)
    dead: list[tuple[Argument, ...]] = field(default_factory=list)
    log: list[tuple[Argument, ...]] = field(default_factory=list)

    def arguments(self) -> list[Argument]:
        """Lay the lists out, each with its length before it."""
        lists = (
            self.entries,
            list(self.customers.values()),
            self.texts,
            self.cancelled,
            self.timers,
            self.known,
            self.dead,
            self.log,
        )
        return [argument for rows in lists for row in ((len(rows),), *rows) for argument in row]


class Commit:
    """Writes decisions."""

    def __init__(self, client: Client, codec: Codec, customers: Customers, log: Log) -> None:
        self._client = client
        self._codec = codec
        self._customers = customers
        self._log = log
        self._tokens = count(1)

    async def write(self, lease: Lease, done: Sequence[Done], now: datetime) -> None:
        """Make decisions of one partition true, in order, all or none.

        Raises LeaseLost, Gone and Stale (nothing written) and StoreUnavailable (nobody knows: write the same again;
        if it had been written, all entries are Gone).
        """
        token = f"{lease.fence}.{next(self._tokens)}"
        lists = _Lists()
        timelines: list[str] = []
        for nth, one in enumerate(done):
            self._lay_out(lists, one, token, micros(now) + nth)
            if one.logged is not None:
                timelines.append(keys.timeline(lease.partition, one.logged.event.customer))
        key = keys.of(lease.partition)
        names = [
            key.lease, key.live, key.bulk, key.unread, key.customers, key.conversation, key.service,
            key.marketing, key.bodies, key.unknown, key.timers, key.plans, key.log, key.dead, key.tries, key.attempts,
            key.sending,
        ]  # fmt: skip
        # Until we know that it was written, what we remember may be wrong.
        for customer in lists.customers:
            self._customers.forget(customer)
        written = False
        try:
            answer = await self._client.run(
                script("commit"), names + timelines, lease.fence, lease.owner, *lists.arguments()
            )
            written = answer[0] == b"done"
        finally:
            if not written:
                self._log.lose(lease.partition)
        if answer[0] == b"lost":
            raise LeaseLost(f"partition {lease.partition} belongs to another worker now")
        if answer[0] == b"gone":
            raise Gone(frozenset(done[nth - 1].entry.id for nth in answer[1:]))
        if answer[0] == b"stale":
            raise Stale(frozenset(customer.decode() for customer in answer[1:]))
        for one in done:
            if one.decision is not None:
                after = one.decision.customer
                self._customers.remember(lease, after.id, Loaded(after, token))
        entries = [one.logged for one in done if one.logged is not None]
        for entry_id, entry in zip(answer[1:], entries, strict=True):
            self._log.remember(lease.partition, entry_id.decode(), entry)

    def _lay_out(self, lists: _Lists, one: Done, token: str, now: int) -> None:
        event, decision = one.event, one.decision
        lists.entries.append((_PLACE[one.entry.lane], one.entry.id, one.entry.customer))
        if one.dead:
            lists.dead.append((one.entry.packed, one.dead))
        if event is not None and isinstance(event.what, ReceiptReceived):
            lists.known.append((event.what.message_id,))
        if one.alarm is not None:
            lists.log.append((self._codec.pack(one.alarm, one.alarm.event.phone),))
        if decision is None:
            return
        customer = decision.customer
        pack, phone = self._codec.pack, customer.phone
        # What the batch found counts, not what an earlier event of the same batch made of it.
        seen = lists.customers[customer.id][1] if customer.id in lists.customers else one.seen
        lists.customers[customer.id] = (customer.id, seen, token.encode() + b"\n" + pack(customer, phone))
        for nth, text in enumerate(decision.outbox):
            lists.texts.append((_PLACE[text.message_class], text.id, due(text, now + nth), pack(text, phone)))
        lists.cancelled += [(f"{customer.id}/{timer}",) for timer in decision.cancelled]
        for timer in decision.timers:
            plan = timer_event(customer.id, customer.shop, phone, timer)
            lists.timers.append((f"{customer.id}/{timer.timer}", micros(timer.due_at), pack(plan, phone)))
        lists.log.append((pack(decision.entry, phone),))


def due(text: OutboundMessage, now: int) -> int:
    """Tell when a text may leave (µs): now or at its time; texts made together keep their order."""
    return max(now, micros(text.not_before)) if text.not_before else now


def timer_event(customer: str, shop: str, phone: str, timer: Schedule) -> Event:
    """Give the event that a timer becomes; set again for another time, it is another event."""
    return Event(
        id=f"timer:{timer.timer}:{micros(timer.due_at)}",
        shop=shop,
        customer=customer,
        phone=phone,
        at=timer.due_at,
        received_at=timer.due_at,
        what=TimerDue(timer=timer.timer, what=timer.what, due_at=timer.due_at, data=timer.data),
        lane="bulk",
    )
