"""How each account is doing, for all workers alike: sends, latency, deliveries over a sliding window, its circuit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.messages import ReportState
from bot.store import keys
from bot.store.client import Client, script

WINDOW_SECONDS: Final = 900
FEWEST_FAILURES: Final = 5
"""So many within a minute, and at least as many as were taken, open the circuit."""
OPEN_SECONDS: Final = 5.0
LONGEST_OPEN_SECONDS: Final = 300.0
"""It doubles with each probe that fails."""
_FEWEST_RECEIPTS: Final = 20
_POOR_DELIVERY: Final = 0.5
_FEWEST_SENDS: Final = 10
_SLOW_SECONDS: Final = 5.0
_ABOUT_NOW: Final = 0.01
_UNDELIVERED: Final = frozenset({"failed", "expired", "rejected"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One account over the window. Times in seconds."""

    taken: int = 0
    failed: int = 0
    seconds: float = 0.0
    """That all these sends took together."""
    delivered: int = 0
    undelivered: int = 0
    open_for: float = 0.0
    """How long the circuit stays open yet; 0: it is closed."""
    openings: int = 0

    @property
    def delivery_rate(self) -> float | None:
        """Give the share of texts that arrived; None as long as too few have said."""
        known = self.delivered + self.undelivered
        return self.delivered / known if known >= _FEWEST_RECEIPTS else None

    @property
    def latency(self) -> float | None:
        """Give the seconds that a send takes; None as long as there were too few."""
        sends = self.taken + self.failed
        return self.seconds / sends if sends >= _FEWEST_SENDS else None

    @property
    def healthy(self) -> bool:
        """Tell whether it is as good as any other: its circuit may be tried, it delivers, and it answers soon."""
        # A circuit that is about to be tried is let be chosen: somebody has to be the probe.
        tried_soon = self.open_for <= _ABOUT_NOW
        delivers = self.delivery_rate is None or self.delivery_rate >= _POOR_DELIVERY
        return tried_soon and delivers and (self.latency is None or self.latency <= _SLOW_SECONDS)


class Vitals:
    """Counts and judges."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def sent(self, account: str, *, taken: int = 0, failed: int = 0, seconds: float = 0.0) -> Condition:
        """Add what became of sends; failures may open the circuit, a probe that was taken closes it."""
        return await self._add(account, taken, failed, int(seconds * 1000))

    async def reported(self, account: str, states: Mapping[ReportState, int]) -> Condition:
        """Add what receipts said."""
        lost = sum(count for state, count in states.items() if state in _UNDELIVERED)
        return await self._add(account, delivered=states.get("delivered", 0), undelivered=lost)

    async def read(self, account: str) -> Condition:
        """Tell how an account is doing."""
        return await self._add(account)

    async def _add(
        self, account: str, taken: int = 0, failed: int = 0, ms: int = 0, *, delivered: int = 0, undelivered: int = 0
    ) -> Condition:
        found = await self._client.run(
            script("vitals"), [keys.way(account), keys.vitals(account)], taken, failed, ms, delivered, undelivered,
            WINDOW_SECONDS * 1000, FEWEST_FAILURES, int(OPEN_SECONDS * 1000), int(LONGEST_OPEN_SECONDS * 1000),
        )  # fmt: skip
        sums = [int(value) for value in found]
        return Condition(
            taken=sums[0],
            failed=sums[1],
            seconds=sums[2] / 1000,
            delivered=sums[3],
            undelivered=sums[4],
            open_for=sums[5] / 1000,
            openings=sums[6],
        )
