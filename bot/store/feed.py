"""The live feed: one stream that every viewer resumes by one id, and the counts that are kept with it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.feed import FeedItem
from bot.store import keys
from bot.store.bell import Bell, heard
from bot.store.client import Client, script
from bot.store.codec import pack_item, unpack_item
from bot.store.lane import Argument
from bot.store.together import Together

_KEPT: Final = 20_000
_PAGE: Final = 200
_MOST_LINES: Final = 500
"""In one script call, during which Redis serves nobody else."""
_QUIET_SECONDS: Final = 15.0
_START: Final = "0-0"


@dataclass(frozen=True, slots=True)
class Projected:
    """What a stretch of one partition's log becomes."""

    partition: int
    after: str
    """The id up to which the log was projected before."""
    until: str
    items: Sequence[FeedItem]
    totals: Mapping[str, int]
    counts: Mapping[tuple[str, str], int]
    """(month, field) → by how much."""


def _most(works: Sequence[Projected]) -> int:
    """Tell how many stretches go into one script call, the first in any case."""
    lines = 0
    for number, work in enumerate(works):
        lines += len(work.items)
        if number and lines > _MOST_LINES:
            return number
    return len(works)


class Feed:
    """Reads and writes the feed."""

    def __init__(self, client: Client, bell: Bell) -> None:
        self._client = client
        self._bell = bell
        self._together = Together(self._write, _most)

    async def read(self, after: str | None = None, limit: int = 100) -> list[FeedItem]:
        """Give lines after an id, oldest first; with None the newest `limit`, oldest first."""
        if after is None:
            found = await self._client.call(keys.FEED, "XREVRANGE", keys.FEED, "+", "-", "COUNT", limit)
            found.reverse()
        else:
            found = await self._client.call(keys.FEED, "XRANGE", keys.FEED, f"({after}", "+", "COUNT", limit)
        return [replace(unpack_item(fields[b"i"]), id=entry.decode()) for entry, fields in found]

    async def follow(self, after: str | None = None) -> AsyncIterator[FeedItem | None]:
        """Give lines as they come, from after an id (None: from now on); None now and then when it is quiet."""
        with self._bell.ear("feed") as ear:
            last = after or await self.newest()
            while True:
                ear.clear()
                items = await self.read(last, _PAGE)
                for item in items:
                    yield item
                if items:
                    last = items[-1].id
                elif not await heard(ear, _QUIET_SECONDS):
                    yield None

    async def cursor(self, partition: int) -> str:
        """Tell how far a partition's log is projected."""
        found = await self._client.call(keys.CURSORS, "HGET", keys.CURSORS, keys.name(partition))
        return found.decode() if found else _START

    async def write(self, work: Projected) -> str:
        """Write lines and counts, once: gives the id up to which the log is projected now.

        Stretches of several logs that are written together share one script call: the feed lies in one place.
        """
        return await self._together.ask(work)

    async def _write(self, works: Sequence[Projected]) -> list[str]:
        months = sorted({month for work in works for month, _ in work.counts})
        rows: list[Argument] = [_KEPT]
        for work in works:
            rows += [keys.name(work.partition), work.after, work.until, len(work.items)]
            rows += [pack_item(item) for item in work.items]
            rows.append(len(work.totals) + len(work.counts))
            for name, by in work.totals.items():
                rows += [3, name, by]
            for (month, name), by in work.counts.items():
                rows += [4 + months.index(month), name, by]
        names = [keys.CURSORS, keys.FEED, keys.TOTALS, *map(keys.counts, months)]
        found: list[bytes] = await self._client.run(script("project"), names, *rows)
        return [cursor.decode() or work.until for work, cursor in zip(works, found, strict=True)]

    async def totals(self) -> dict[str, int]:
        """Give the counters since the first start, by name."""
        return await self._hash(keys.TOTALS)

    async def counts(self, month: str) -> dict[str, int]:
        """Give a month's counts by `shop|hour|topic|label`; topic `-` stands for the whole reply."""
        return await self._hash(keys.counts(month))

    async def _hash(self, key: str) -> dict[str, int]:
        found = await self._client.call(key, "HGETALL", key)
        pairs = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        return {name.decode(): int(value) for name, value in pairs}

    async def newest(self) -> str:
        """Give the id of the newest line."""
        found = await self._client.call(keys.FEED, "XREVRANGE", keys.FEED, "+", "-", "COUNT", 1)
        return found[0][0].decode() if found else _START
