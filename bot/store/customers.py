"""The customers' states and their timelines."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.customer import Customer
from bot.domain.decision import LogEntry
from bot.domain.healing import healed
from bot.domain.ids import partition_of
from bot.store import keys
from bot.store.client import Client
from bot.store.codec import Codec
from bot.store.leases import Lease

_REMEMBERED: Final = 2_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """A customer as stored (None: nobody yet), with the token that changes at each commit."""

    customer: Customer | None = None
    token: str = ""


class Customers:
    """Loads customers. An owner need not read again what it has read or written: nobody else writes meanwhile."""

    def __init__(self, client: Client, codec: Codec, partitions: int) -> None:
        self._client = client
        self._codec = codec
        self._partitions = partitions
        self._known: dict[str, tuple[int, Loaded]] = {}
        """By customer: what was seen, and under which fence."""
        self._asked: list[set[str]] = []
        """By read under way: the customers that nobody has learned anything newer of."""

    async def load(self, customer: str) -> Customer | None:
        """Give one customer as stored now, or None."""
        return (await self.stored(customer)).customer

    async def stored(self, customer: str) -> Loaded:
        """Give one customer as stored now, with its token."""
        key = keys.of(partition_of(customer, self._partitions)).customers
        return self._read(await self._client.call(key, "HGET", key, customer))

    async def unread(self, customer: str) -> int:
        """Tell how many replies of a customer wait to be handled."""
        key = keys.of(partition_of(customer, self._partitions)).unread
        return int(await self._client.call(key, "HGET", key, customer) or 0)

    async def owned(self, lease: Lease, customers: Collection[str]) -> dict[str, Loaded]:
        """Give customers of a partition that is ours; those that are not remembered come in one round trip."""
        found: dict[str, Loaded] = {}
        for customer in customers:
            fence, loaded = self._known.get(customer, (0, Loaded()))
            if fence == lease.fence:
                found[customer] = loaded
        wanted = list(dict.fromkeys(customer for customer in customers if customer not in found))
        if wanted:
            found |= await self._ask(lease, wanted)
        return found

    async def _ask(self, lease: Lease, wanted: Sequence[str]) -> dict[str, Loaded]:
        """Read customers; an answer that a commit has overtaken is not remembered over what was committed."""
        key = keys.of(lease.partition).customers
        asked = set(wanted)
        self._asked.append(asked)
        try:
            packed = await self._client.call(key, "HMGET", key, *wanted)
        finally:
            self._asked = [other for other in self._asked if other is not asked]
        found = {customer: self._read(told) for customer, told in zip(wanted, packed, strict=True)}
        for customer in wanted:
            if customer in asked:
                self.remember(lease, customer, found[customer])
            elif (known := self._known.get(customer)) and known[0] == lease.fence:
                found[customer] = known[1]
        return found

    def remember(self, lease: Lease, customer: str, loaded: Loaded) -> None:
        """Keep what was just read or committed under a lease."""
        self.forget(customer)
        if len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[customer] = (lease.fence, loaded)

    def forget(self, customer: str) -> None:
        """Read this one again the next time."""
        self._known.pop(customer, None)
        for asked in self._asked:
            asked.discard(customer)

    async def timeline(self, customer: str, limit: int = 100, before: str = "+") -> list[tuple[str, LogEntry]]:
        """Give the newest log entries of one customer with their ids, newest first; `before` an id pages back."""
        partition = partition_of(customer, self._partitions)
        key = keys.timeline(partition, customer)
        ids = [entry.decode() for entry in await self._client.call(key, "LRANGE", key, 0, -1)]
        ids = (ids[: ids.index(before)] if before in ids else ids)[-limit:][::-1]
        log = keys.of(partition).log
        found = await asyncio.gather(*(self._client.call(log, "XRANGE", log, entry, entry) for entry in ids))
        # What the log has let go of is in the archive.
        lines = [entries[0] for entries in found if entries]
        return [
            (entry.decode(), told) for entry, fields in lines if (told := self._codec.legible(LogEntry, fields[b"e"]))
        ]

    def _read(self, packed: bytes | None) -> Loaded:
        if packed is None:
            return Loaded()
        token, _, body = packed.partition(b"\n")
        return Loaded(healed(self._codec.unpack(Customer, body)), token.decode())
