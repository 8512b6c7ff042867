"""The customers' states and their timelines."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.domain.customer import Customer
from bot.domain.decision import LogEntry
from bot.domain.ids import partition_of
from bot.store import keys
from bot.store.client import Client
from bot.store.codec import Codec

_REMEMBERED: Final = 2_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """A customer as stored (None: nobody yet), with the token that changes at each commit."""

    customer: Customer | None = None
    token: str = ""
    unread: int = 0


class Customers:
    """Loads customers. What was read is remembered by its token, so an unchanged one is not decoded again."""

    def __init__(self, client: Client, codec: Codec, partitions: int) -> None:
        self._client = client
        self._codec = codec
        self._partitions = partitions
        self._known: dict[str, tuple[str, Customer]] = {}

    async def load(self, customer: str) -> Customer | None:
        """Give one customer, or None."""
        loaded = await self.load_many(partition_of(customer, self._partitions), (customer,))
        return loaded[customer].customer

    async def load_many(self, partition: int, customers: Iterable[str]) -> dict[str, Loaded]:
        """Give customers of one partition, in one round trip."""
        wanted = list(dict.fromkeys(customers))
        key = keys.of(partition)
        stored, unread = await asyncio.gather(
            self._client.call(key.customers, "HMGET", key.customers, *wanted),
            self._client.call(key.unread, "HMGET", key.unread, *wanted),
        )
        return {
            customer: self._read(customer, packed, int(count or 0))
            for customer, packed, count in zip(wanted, stored, unread, strict=True)
        }

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
        return [(entry.decode(), self._codec.unpack(LogEntry, fields[b"e"])) for entry, fields in lines]

    def remember(self, customer: Customer, token: str) -> None:
        """Keep what was just committed."""
        self._known.pop(customer.id, None)
        if len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[customer.id] = (token, customer)

    def _read(self, customer: str, packed: bytes | None, unread: int) -> Loaded:
        if packed is None:
            return Loaded(unread=unread)
        head, _, body = packed.partition(b"\n")
        token = head.decode()
        known = self._known.get(customer)
        if known is None or known[0] != token:
            self.remember(self._codec.unpack(Customer, body), token)
            known = self._known[customer]
        return Loaded(known[1], token, unread)
