"""Callbacks that come together are taken in together: prove, read, make durable, and only then say so.

One step for all of them and then the next: what a step needs is still at hand for the second callback, which halves
the time that each takes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Final, NamedTuple

import prometheus_client
import structlog

from bot.domain.gateway import Ack, Callback
from bot.errors import CallbackIgnored, CallbackRefused, CallbackUnreadable, StoreUnavailable
from bot.store.arrivals import Arrived, Spools
from bot.store.store import Store
from bot.store.together import Together
from bot.web.accounts import Account
from bot.web.addresses import within
from bot.web.measures import CALLBACKS
from bot.web.middleware import crash

_UNTOLD: Final = Callback(method="", url="")
"""Stands for a callback that could not even be taken from its request."""
_KEPT: Final = Ack()
_REFUSED: Final = Ack(status=403)
_UNREADABLE: Final = Ack(status=400)
_AGAIN_LATER: Final = Ack(status=503)
_TOLD_APART: Final = frozenset({"duplicate", "limited", "spooled"})
_MOST_AT_ONCE: Final = 256
_MOST_BYTES_AT_ONCE: Final = 256 * 1024
"""Bodies read before anybody else gets a turn; a single larger one goes by itself."""

log = structlog.get_logger("web.intake")


class _Visit(NamedTuple):
    """One callback that waits for its answer."""

    account: Account
    told: Callable[[], Callback]
    size: int


class _Read(NamedTuple):
    """One callback that was proved and understood."""

    account: Account
    told: Callback
    arrived: Arrived
    proved: bool


class Intake:
    """Where callbacks of all accounts come in."""

    def __init__(self, store: Store, clock: Callable[[], datetime], spool: Spools) -> None:
        self._store = store
        self._clock = clock
        self._spool = spool
        self._together = Together(self._serve, _most)

    async def take(self, account: Account, told: Callable[[], Callback], size: int) -> Ack:
        """Verify, parse, make durable, acknowledge. Never raises for what a stranger sent.

        `told` gives the callback when its turn has come; `size` is that of its body in bytes.
        """
        try:
            return await self._together.ask(_Visit(account, told, size))
        except Exception as fault:  # noqa: BLE001 — the last net
            outcomes: Counter[tuple[str, str]] = Counter()
            ack = _turned_away(account, _UNTOLD, fault, outcomes)
            _count(outcomes)
            return ack

    async def _serve(self, group: Sequence[_Visit]) -> list[Ack]:
        """Take a group in, step by step."""
        now = self._clock()
        outcomes: Counter[tuple[str, str]] = Counter()
        answers: list[Ack | _Read] = [self._read(visit, now, outcomes) for visit in group]
        if any(isinstance(one, _Read) and one.proved and one.account.prover is not None for one in answers):
            answers = await asyncio.gather(*(self._if_new(one, outcomes) for one in answers))
        read = [one for one in answers if isinstance(one, _Read)]
        kept = iter(await self._store.arrivals.keep_all([one.arrived for one in read], now))
        acks = [_answered(one, next(kept), outcomes) if isinstance(one, _Read) else one for one in answers]
        _count(outcomes)
        return acks

    def _read(self, visit: _Visit, now: datetime, outcomes: Counter[tuple[str, str]]) -> _Read | Ack:
        account, told = visit.account, _UNTOLD
        try:
            told = visit.told()
            proved = _proved(account, told, now)
            parsed = account.gateway.parse(told)
            spool = None if account.gateway.capabilities.repeats_on_error else self._spool
            arrived = self._store.arrivals.arrived(account.source, parsed, now, spool)
        except Exception as reason:  # noqa: BLE001 — each kind has its answer
            return _turned_away(account, told, reason, outcomes)
        for fault in parsed.faults:
            log.warning("callback_item_unreadable", account=account.name, reason=fault)
        return _Read(account, told, arrived, proved)

    async def _if_new(self, one: _Read | Ack, outcomes: Counter[tuple[str, str]]) -> _Read | Ack:
        """Turn away whose proof leaves out the body and came with another body before."""
        if isinstance(one, Ack) or not one.proved or one.account.prover is None:
            return one
        account, told = one.account, one.told
        try:
            proof = one.account.prover.proof(told)
            if proof and not await self._store.proofs.holds(account.name, proof, told):
                return _turned_away(
                    account, told, CallbackRefused("this proof came with another body before"), outcomes
                )
        except StoreUnavailable as reason:
            # What proved itself and will not come again must not be lost for want of a memory: it is spooled.
            if account.gateway.capabilities.repeats_on_error:
                return _turned_away(account, told, reason, outcomes)
        except Exception as reason:  # noqa: BLE001 — each kind has its answer
            return _turned_away(account, told, reason, outcomes)
        return one


def _most(waiting: Sequence[_Visit]) -> int:
    """Tell how many of those waiting are taken together."""
    size = 0
    for number, visit in enumerate(waiting[:_MOST_AT_ONCE]):
        size += visit.size
        if number and size > _MOST_BYTES_AT_ONCE:
            return number
    return _MOST_AT_ONCE


def _answered(one: _Read, kept: Sequence[str] | Exception, outcomes: Counter[tuple[str, str]]) -> Ack:
    """Answer a callback by what became of what it held."""
    if isinstance(kept, Exception):
        return _turned_away(one.account, one.told, kept, outcomes)
    name = one.account.name
    for outcome in kept:
        if outcome in _TOLD_APART:
            outcomes[name, outcome] += 1
    outcomes[name, "taken"] += 1
    try:
        return one.account.gateway.acknowledge(one.told)
    except Exception as fault:  # noqa: BLE001 — it is kept, and those beside it are as well
        log.critical("callback_crashed", account=name, bytes=len(one.told.body), fault=crash(fault))
        return _KEPT


def _turned_away(account: Account, told: Callback, reason: Exception, outcomes: Counter[tuple[str, str]]) -> Ack:
    """Answer a callback that is not taken, by why it is not."""
    name = account.name
    match reason:
        case CallbackIgnored():
            log.debug("callback_ignored", account=name, reason=str(reason))
            outcomes[name, "ignored"] += 1
            return account.gateway.acknowledge(told)
        case CallbackRefused():
            log.warning("callback_refused", account=name, reason=str(reason), remote=told.remote)
            outcomes[name, "refused"] += 1
            return _REFUSED
        case CallbackUnreadable():
            log.warning("callback_unreadable", account=name, reason=str(reason), bytes=len(told.body))
            outcomes[name, "unreadable"] += 1
            return _UNREADABLE
        case StoreUnavailable():
            log.warning("callback_not_kept", account=name, reason=str(reason))
            outcomes[name, "unavailable"] += 1
            return _AGAIN_LATER
        case _:
            # A parser's own fault must not look like an outage: the provider would repeat it for hours.
            log.critical("callback_crashed", account=name, bytes=len(told.body), fault=crash(reason))
            outcomes[name, "crashed"] += 1
            return _UNREADABLE


def _proved(account: Account, told: Callback, now: datetime) -> bool:
    if account.allow and not within(told.remote, account.allow):
        raise CallbackRefused(f"{told.remote} is not among allow_ips")
    return account.gateway.verify(told, now)


def _count(outcomes: Mapping[tuple[str, str], int]) -> None:
    for (account, outcome), number in outcomes.items():
        counter(account, outcome).inc(number)


@cache
def counter(account: str, outcome: str) -> prometheus_client.Counter:
    """Give the measure of one account's callbacks with one outcome."""
    return CALLBACKS.labels(account, outcome)
