"""Events that could not be handled, kept until somebody looks at them."""

import asyncio
from dataclasses import dataclass

from bot.domain.events import Event
from bot.store import keys
from bot.store.client import Client
from bot.store.codec import Codec


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event that failed for good. `event` is None where it cannot even be read."""

    partition: int
    id: str
    why: str
    event: Event | None


class DeadLetters:
    """Reads dead letters and takes them away; they are written by the commit."""

    def __init__(self, client: Client, codec: Codec, partitions: int) -> None:
        self._client = client
        self._codec = codec
        self._partitions = partitions

    async def read(self, limit: int = 100) -> list[DeadLetter]:
        """Give the newest of all partitions, newest first."""
        pages = await asyncio.gather(*(self._page(partition, limit) for partition in range(self._partitions)))
        letters = [letter for page in pages for letter in page]
        return sorted(letters, key=lambda letter: int(letter.id.partition("-")[0]), reverse=True)[:limit]

    async def count(self) -> int:
        """Tell how many there are."""
        dead = [keys.of(partition).dead for partition in range(self._partitions)]
        return sum(await asyncio.gather(*(self._client.call(key, "XLEN", key) for key in dead)))

    async def remove(self, letter: DeadLetter) -> None:
        """Take one away, after somebody dealt with it."""
        key = keys.of(letter.partition).dead
        await self._client.call(key, "XDEL", key, letter.id)
        if letter.event is not None:
            held = keys.of(letter.partition).held
            await self._client.call(held, "HDEL", held, letter.event.customer)

    async def hold(self, partition: int, customer: str, words: str) -> None:
        """Keep service and marketing texts from a customer whose stop word could not be handled the full way."""
        key = keys.of(partition).held
        await self._client.call(key, "HSET", key, customer, words)

    async def _page(self, partition: int, limit: int) -> list[DeadLetter]:
        key = keys.of(partition).dead
        found = await self._client.call(key, "XREVRANGE", key, "+", "-", "COUNT", limit)
        return [
            DeadLetter(partition, entry.decode(), fields[b"why"].decode(), self._event(fields[b"e"]))
            for entry, fields in found
        ]

    def _event(self, packed: bytes) -> Event | None:
        try:
            return self._codec.unpack(Event, packed)
        except ValueError:
            return None
