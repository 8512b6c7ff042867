"""Fetches replies and receipts that a push missed, for accounts that can be asked; one process does it for all."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import structlog

from bot.domain.gateway import CanBePulled
from bot.domain.link import Sends
from bot.errors import CallbackUnreadable, GatewayError, NotTaken, StoreUnavailable, Unanswered
from bot.store import keys
from bot.store.arrivals import Source, Spools
from bot.store.bell import heard
from bot.store.store import Store
from bot.store.turns import Turn
from bot.workers.loop import Stop, keep_on
from bot.workers.posting import TIMEOUT_SECONDS

_MOST_PAGES: Final = 50
_NEWS: Final = frozenset({"accepted", "limited", "parked", "part", "spooled"})
"""What says that a page held something that had not come before."""

log = structlog.get_logger("workers.puller")


@dataclass(frozen=True, slots=True, kw_only=True)
class Well:
    """One account to pull from."""

    source: Source
    gateway: CanBePulled
    every: float
    """Seconds between fetches."""


class Puller:
    """Pulls from all accounts that have it set."""

    def __init__(
        self,
        store: Store,
        wells: Sequence[Well],
        transport: Sends,
        clock: Callable[[], datetime],
        spool: Spools | None = None,
    ) -> None:
        """Take `spool`, which keeps what was fetched while Redis is away: it may not be given twice."""
        self._store = store
        self._wells = [(well, Turn(store.client, keys.pull(well.source.account))) for well in wells]
        self._transport = transport
        self._clock = clock
        self._spool = spool
        self._fetches = 0

    async def run(self, stop: Stop) -> None:
        """Pull until told to stop."""
        await asyncio.gather(*(self._keep_on(well, turn, stop) for well, turn in self._wells))

    async def _keep_on(self, well: Well, turn: Turn, stop: Stop) -> None:
        ear = asyncio.Event()
        stop.wakes(ear)

        async def fetch() -> None:
            if await turn.mine(well.every * 2 + TIMEOUT_SECONDS):
                await self.pull(well, stop)
            await heard(ear, well.every)

        await keep_on("puller", fetch, stop)
        try:
            await turn.give_up()
        except StoreUnavailable:
            return

    async def pull(self, well: Well, stop: Stop | None = None) -> int:
        """Fetch everything there is from one account; gives how much of it was new. Told to stop, it ends the page."""
        return await self._pages(well, "messages", stop) + await self._pages(well, "reports", stop)

    async def _pages(self, well: Well, what: Literal["messages", "reports"], stop: Stop | None) -> int:
        news = 0
        for _ in range(_MOST_PAGES):
            if stop:
                break
            fresh = await self._page(well, what)
            news += fresh
            # Some give the same page again as long as its day lasts.
            if not fresh:
                break
        return news

    async def _page(self, well: Well, what: Literal["messages", "reports"]) -> int:
        account, now = well.source.account, self._clock()
        self._fetches += 1
        try:
            request = well.gateway.compose_pull(what, now, f"{now.timestamp():.0f}{self._fetches}")
            parsed = well.gateway.read_pull(what, await self._transport.send(request, TIMEOUT_SECONDS))
        except (GatewayError, CallbackUnreadable, NotTaken, Unanswered) as reason:
            log.warning("pull_failed", account=account, what=what, reason=str(reason))
            return 0
        for fault in parsed.faults:
            log.warning("pulled_item_unreadable", account=account, what=what, reason=fault)
        arrivals = self._store.arrivals
        kept = await arrivals.keep(arrivals.arrived(well.source, parsed, now, self._spool, pulled=True), now)
        fresh = sum(count for outcome, count in kept.items() if outcome in _NEWS)
        if fresh:
            log.info("pulled", account=account, what=what, new=fresh)
        return fresh
