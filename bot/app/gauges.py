"""How the installation is doing, in numbers: for /metrics, and for turning the events API's callers away in time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from bot.store.store import Store

GOOD_FOR_SECONDS: Final = 1.0
MOST_WAITING: Final = 50_000
"""Events in the inbox above which the events API asks its callers to wait: a minute or so of work."""
WAIT_SECONDS: Final = 10


class Gauges:
    """Asks the store at most once a second, however many look."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read_at = -GOOD_FOR_SECONDS
        self._known: Mapping[str, float] = {}

    async def measures(self) -> Mapping[str, float]:
        """Give every gauge by its name. Raises StoreUnavailable."""
        if time.monotonic() - self._read_at >= GOOD_FOR_SECONDS:
            inbox, outbox = await self._store.inbox.depth(), await self._store.outbox.depth()
            self._known = {
                **{f"inbox_{lane}": float(waiting) for lane, waiting in inbox.items()},
                **{f"outbox_{name}": float(waiting) for name, waiting in outbox.items()},
                "dead_letters": float(await self._store.dead.count()),
            }
            self._read_at = time.monotonic()
        return self._known

    async def pressure(self) -> int:
        """Tell for how many seconds callers shall wait; 0 while the inbox keeps up."""
        known = await self.measures()
        waiting = known["inbox_live"] + known["inbox_bulk"]
        return WAIT_SECONDS if waiting > MOST_WAITING else 0
