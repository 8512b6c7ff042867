"""Times that were set: when one comes it is an event in the same partition's inbox."""

from datetime import datetime
from typing import Final

from bot.errors import LeaseLost
from bot.store import keys
from bot.store.client import Client, script
from bot.store.codec import micros
from bot.store.leases import Lease

_AT_ONCE: Final = 200


class Timers:
    """Fires what is due; setting and cancelling are part of the commit."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def fire(self, lease: Lease, now: datetime) -> tuple[int, float | None]:
        """Move due timers into the inbox; gives how many, and in how many seconds the next is due.

        Raises LeaseLost.
        """
        key = keys.of(lease.partition)
        fired, first = await self._client.run(
            script("fire"),
            [key.lease, key.timers, key.plans, key.bulk],
            lease.fence,
            lease.owner,
            micros(now),
            _AT_ONCE,
        )
        if fired < 0:
            raise LeaseLost(f"partition {lease.partition} belongs to another worker now")
        return fired, max(0.0, (float(first) - micros(now)) / 1e6) if first else None
