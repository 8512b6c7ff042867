"""Callbacks that come together are taken in together: prove, read, make durable, and only then say so.

One step for all of them and then the next: what a step needs is still at hand for the second callback, which halves
the time that each takes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

import prometheus_client
import structlog

from bot.domain.events import Event
from bot.domain.gateway import Ack, Callback
from bot.errors import CallbackIgnored, CallbackRefused, CallbackUnreadable, StoreUnavailable
from bot.store.arrivals import Arrived
from bot.store.store import Store
from bot.web.accounts import Account
from bot.web.addresses import within
from bot.web.measures import CALLBACKS
from bot.web.middleware import crash

_REFUSED: Final = Ack(status=403)
_UNREADABLE: Final = Ack(status=400)
_AGAIN_LATER: Final = Ack(status=503)
_TOLD_APART: Final = frozenset({"duplicate", "limited", "spooled"})
_UNDER_WAY: Final = 2
"""Groups at the same time: one is made durable while the next is read."""
_MOST_AT_ONCE: Final = 256
_MOST_BYTES_AT_ONCE: Final = 256 * 1024
"""Bodies read before anybody else gets a turn; a single larger one goes by itself."""

log = structlog.get_logger("web.intake")


class _Visit(NamedTuple):
    """One callback that waits for its answer."""

    account: Account
    told: Callable[[], Callback]
    size: int
    answer: asyncio.Future[Ack]


class _Read(NamedTuple):
    """One callback that was proved and understood."""

    visit: _Visit
    told: Callback
    arrived: Arrived
    proved: bool


class Intake:
    """Where callbacks of all accounts come in."""

    def __init__(self, store: Store, clock: Callable[[], datetime], spool: Callable[[Event], Awaitable[None]]) -> None:
        self._store = store
        self._clock = clock
        self._spool = spool
        self._waiting: list[_Visit] = []
        self._groups: set[asyncio.Task[Any] | None] = set()
        self._outcomes: Counter[tuple[str, str]] = Counter()
        """By account and outcome: what is not yet among the measures."""

    async def take(self, account: Account, told: Callable[[], Callback], size: int) -> Ack:
        """Verify, parse, make durable, acknowledge. Never raises for what a stranger sent.

        `told` gives the callback when its turn has come; `size` is that of its body in bytes.
        """
        answer: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Visit(account, told, size, answer))
        if len(self._groups) < _UNDER_WAY:
            self._groups.add(asyncio.create_task(self._work()))
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._serve(self._next())
        finally:
            # Not a done-callback, which comes a turn later: a visit made in between would find nobody to serve it.
            self._groups.discard(asyncio.current_task())

    def _next(self) -> list[_Visit]:
        size = most = 0
        for visit in self._waiting[:_MOST_AT_ONCE]:
            size += visit.size
            if most and size > _MOST_BYTES_AT_ONCE:
                break
            most += 1
        group, self._waiting = self._waiting[:most], self._waiting[most:]
        return group

    async def _serve(self, group: Sequence[_Visit]) -> None:
        try:
            now = self._clock()
            read = [one for visit in group if (one := self._read(visit, now)) is not None]
            if any(one.proved and one.visit.account.prover is not None for one in read):
                read = [one for one, new in zip(read, await self._new(read), strict=True) if new]
            await self._keep(read, now)
        except Exception as fault:  # noqa: BLE001 — the last net
            for visit in group:
                if not visit.answer.done():
                    self._turn_away(visit, Callback(method="", url=""), fault)
        finally:
            for visit in group:
                # Cancelled with its process.
                visit.answer.cancel()
            self._count()

    def _read(self, visit: _Visit, now: datetime) -> _Read | None:
        account, told = visit.account, visit.told()
        try:
            proved = _proved(account, told, now)
            parsed = account.gateway.parse(told)
            spool = None if account.gateway.capabilities.repeats_on_error else self._spool
            arrived = self._store.arrivals.arrived(account.source, parsed, now, spool)
        except Exception as reason:  # noqa: BLE001 — each kind has its answer
            self._turn_away(visit, told, reason)
            return None
        for fault in parsed.faults:
            log.warning("callback_item_unreadable", account=account.name, reason=fault)
        return _Read(visit, told, arrived, proved)

    async def _new(self, read: Iterable[_Read]) -> list[bool]:
        return await asyncio.gather(*map(self._first_with, read))

    async def _first_with(self, one: _Read) -> bool:
        """Tell whether a proof that leaves out the body came with no other body before; if not, turn it away."""
        account, told = one.visit.account, one.told
        if not one.proved or account.prover is None:
            return True
        try:
            proof = account.prover.proof(told)
            if proof and not await self._store.proofs.holds(account.name, proof, told):
                self._turn_away(one.visit, told, CallbackRefused("this proof came with another body before"))
                return False
        except StoreUnavailable as reason:
            # What proved itself and will not come again must not be lost for want of a memory: it is spooled.
            if not account.gateway.capabilities.repeats_on_error:
                return True
            self._turn_away(one.visit, told, reason)
            return False
        except Exception as reason:  # noqa: BLE001 — each kind has its answer
            self._turn_away(one.visit, told, reason)
            return False
        return True

    async def _keep(self, read: Sequence[_Read], now: datetime) -> None:
        kept = await self._store.arrivals.keep_all([one.arrived for one in read], now)
        for one, outcomes in zip(read, kept, strict=True):
            account = one.visit.account
            if isinstance(outcomes, Exception):
                self._turn_away(one.visit, one.told, outcomes)
                continue
            for outcome in outcomes:
                if outcome in _TOLD_APART:
                    self._outcomes[account.name, outcome] += 1
            self._answer(one.visit, "taken", account.gateway.acknowledge(one.told))

    def _turn_away(self, visit: _Visit, told: Callback, reason: Exception) -> None:
        """Answer a callback that is not taken, by why it is not."""
        account = visit.account.name
        match reason:
            case CallbackIgnored():
                log.debug("callback_ignored", account=account, reason=str(reason))
                self._answer(visit, "ignored", visit.account.gateway.acknowledge(told))
            case CallbackRefused():
                log.warning("callback_refused", account=account, reason=str(reason), remote=told.remote)
                self._answer(visit, "refused", _REFUSED)
            case CallbackUnreadable():
                log.warning("callback_unreadable", account=account, reason=str(reason), bytes=len(told.body))
                self._answer(visit, "unreadable", _UNREADABLE)
            case StoreUnavailable():
                log.warning("callback_not_kept", account=account, reason=str(reason))
                self._answer(visit, "unavailable", _AGAIN_LATER)
            case _:
                # A parser's own fault must not look like an outage: the provider would repeat it for hours.
                log.critical("callback_crashed", account=account, bytes=len(told.body), fault=crash(reason))
                self._answer(visit, "crashed", _UNREADABLE)

    def _answer(self, visit: _Visit, outcome: str, ack: Ack) -> None:
        self._outcomes[visit.account.name, outcome] += 1
        # Whoever asked may have gone.
        if not visit.answer.done():
            visit.answer.set_result(ack)

    def _count(self) -> None:
        for (account, outcome), number in self._outcomes.items():
            counter(account, outcome).inc(number)
        self._outcomes.clear()


def _proved(account: Account, told: Callback, now: datetime) -> bool:
    if account.allow and not within(told.remote, account.allow):
        raise CallbackRefused(f"{told.remote} is not among allow_ips")
    return account.gateway.verify(told, now)


@cache
def counter(account: str, outcome: str) -> prometheus_client.Counter:
    """Give the measure of one account's callbacks with one outcome."""
    return CALLBACKS.labels(account, outcome)
