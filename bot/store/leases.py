"""Who owns which partition: leases with a fence number and a random owner token, by the clock of Redis."""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final

from bot.store import keys
from bot.store.client import Client, script

LEASE_SECONDS: Final = 6.0
"""With a beat every third of it, a dead worker's partitions are taken over within 10 s."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One partition held: every write that matters shows both numbers."""

    partition: int
    fence: int
    owner: str


async def workers(client: Client) -> int:
    """Tell how many workers live."""
    seconds, _ = await client.call(keys.WORKERS, "TIME")
    oldest = (int(seconds) - LEASE_SECONDS) * 1000
    return int(await client.call(keys.WORKERS, "ZCOUNT", keys.WORKERS, oldest, "+inf"))


class Leases:
    """One worker's way to get, keep and hand back partitions."""

    def __init__(self, client: Client, partitions: int, seconds: float = LEASE_SECONDS) -> None:
        self._client = client
        self._partitions = partitions
        self._milliseconds = int(seconds * 1000)
        self.owner = secrets.token_hex(8)
        """New with each start, so that a restarted worker is never taken for its former self."""

    async def beat(self) -> int:
        """Show that this worker lives, and tell how many do."""
        workers: int = await self._client.run(script("beat"), [keys.WORKERS], self.owner, self._milliseconds)
        return workers

    async def leave(self) -> None:
        """Stop counting as a worker."""
        await self._client.call(keys.WORKERS, "ZREM", keys.WORKERS, self.owner)

    async def acquire(self, most: int, held: frozenset[int]) -> list[Lease]:
        """Take up to `most` partitions that nobody holds, other than those held already."""
        got: list[Lease] = []
        # Each worker begins elsewhere, so that workers starting together do not try for the same ones.
        start = int(self.owner[:4], 16) % self._partitions
        wanted = [(start + n) % self._partitions for n in range(self._partitions)]
        wanted = [partition for partition in wanted if partition not in held]
        while wanted and len(got) < most:
            asked, wanted = wanted[: most - len(got)], wanted[most - len(got) :]
            fences = await asyncio.gather(*(self._try(partition, "") for partition in asked))
            got += [Lease(p, fence, self.owner) for p, fence in zip(asked, fences, strict=True) if fence]
        return got

    async def renew(self, leases: list[Lease]) -> list[Lease]:
        """Keep leases; gives those that are lost."""
        fences = await asyncio.gather(*(self._try(lease.partition, str(lease.fence)) for lease in leases))
        return [lease for lease, fence in zip(leases, fences, strict=True) if not fence]

    async def release(self, lease: Lease) -> None:
        """Hand a partition back, so that another takes it without waiting."""
        await self._client.run(script("release"), [keys.of(lease.partition).lease], lease.owner, lease.fence)

    async def _try(self, partition: int, fence: str) -> int:
        key = keys.of(partition).lease
        got: int = await self._client.run(script("acquire"), [key], self.owner, self._milliseconds, fence)
        return got
