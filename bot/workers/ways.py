"""How sends go through each account: at its rate, around an open circuit, and with an eye on how it is doing."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from bot.domain.gateway import SendOutcome
from bot.domain.messages import MessageClass, OutboundMessage
from bot.errors import StoreUnavailable
from bot.store.bell import heard
from bot.store.rates import Pass
from bot.store.store import Store
from bot.store.vitals import Condition
from bot.workers.loop import Stop, keep_on

_LOOK_EVERY_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final[Mapping[MessageClass, float]] = {"conversation": 5.0, "service": 2.0, "marketing": 0.5}
"""How far ahead a class may take places: promotion never has answers wait behind it for long."""
_FAILED: Final[frozenset[SendOutcome]] = frozenset({"unknown", "temporary", "account"})
_GO: Final = Pass("go", 0.0)

log = structlog.get_logger("workers.ways")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an account bears."""

    per_second: float = 0.0
    """0: no limit."""
    same_text_seconds: float = 0.0
    """So long the same text does not go to the same number again."""
    per_number_per_minute: int = 0


@dataclass(slots=True)
class _Tally:
    taken: int = 0
    failed: int = 0
    seconds: float = 0.0


class Ways:
    """One process's view of the accounts; what it learns it shares with the others by Redis."""

    def __init__(self, store: Store, limits: Mapping[str, Limits]) -> None:
        self._store = store
        self._limits = limits
        self._conditions: dict[str, Condition] = {}
        self._tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
        self._down: dict[str, str] = {}
        self._ear = asyncio.Event()

    def healthy(self, account: str) -> bool:
        """Tell whether an account is as good as any other; as of a second ago."""
        return account not in self._down and self.condition(account).healthy

    def condition(self, account: str) -> Condition:
        """Tell how an account is doing; as of a second ago."""
        return self._conditions.get(account) or Condition()

    def down(self, account: str, reason: str) -> None:
        """Say that this process has no connection to an account's SMSC; an empty reason: it has."""
        if reason:
            self._down[account] = reason
        else:
            self._down.pop(account, None)

    async def ask(self, account: str, text: OutboundMessage, words: str) -> Pass:
        """Ask to send `words` now: `go` after `wait` seconds, or come again then. Raises StoreUnavailable."""
        limits = self._limits.get(account, Limits())
        rest = limits.same_text_seconds or limits.per_number_per_minute
        if rest:
            wait = await self._store.rates.rest(
                account,
                text.customer,
                words,
                text.id,
                apart=limits.same_text_seconds,
                most_a_minute=limits.per_number_per_minute,
            )
            if wait:
                return Pass("busy", wait)
        if not limits.per_second and not self.condition(account).open_for:
            return _GO
        return await self._store.rates.ask(account, limits.per_second, LONGEST_WAIT_SECONDS[text.message_class])

    def note(self, account: str, outcome: SendOutcome, seconds: float) -> None:
        """Note what became of a request and how long it took; a throttled one says nothing of the account's health."""
        if outcome == "throttled":
            return
        tally = self._tallies[account]
        tally.seconds += seconds
        if outcome in _FAILED:
            tally.failed += 1
        else:
            tally.taken += 1
        if outcome in _FAILED or self.condition(account).open_for:
            # The others want to know at once.
            self._ear.set()

    async def run(self, stop: Stop) -> None:
        """Share what was noted and learn what the others did, until told to stop."""
        stop.wakes(self._ear)

        async def turn() -> None:
            # First, so that what is noted meanwhile is shared at once, and an end that is told is heard.
            self._ear.clear()
            try:
                await self.turn()
            except StoreUnavailable as reason:
                log.warning("vitals_not_shared", reason=str(reason))
            await heard(self._ear, _LOOK_EVERY_SECONDS)

        await keep_on("ways", turn, stop)

    async def turn(self) -> None:
        """Do so once."""
        accounts = sorted(self._limits.keys() | self._tallies.keys())
        found = await asyncio.gather(*(self._share(account) for account in accounts))
        for account, condition in zip(accounts, found, strict=True):
            was = self.condition(account)
            if bool(condition.open_for) != bool(was.open_for):
                said = "account_failing" if condition.open_for else "account_recovered"
                log.warning(said, account=account, seconds=condition.open_for, openings=condition.openings)
            self._conditions[account] = condition

    async def _share(self, account: str) -> Condition:
        tally = self._tallies.pop(account, None)
        if tally is None:
            return await self._store.vitals.read(account)
        sent = self._store.vitals.sent
        return await sent(account, taken=tally.taken, failed=tally.failed, seconds=tally.seconds)
