"""What has happened and waits to be decided: two streams per partition, filled by shared script calls."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from bot.domain.events import Event, Lane, ReplyReceived
from bot.domain.ids import partition_of
from bot.store import keys
from bot.store.bell import Bell
from bot.store.client import Client, script
from bot.store.codec import Codec
from bot.store.lane import Argument
from bot.store.together import Together

Added = Literal["accepted", "duplicate", "limited"]
"""`limited`: taken, but one number writes so much that this waits in the bulk lane."""

REPLIES_PER_MINUTE: Final = 30
_DIGESTS_PER_DAY: Final = 50_000
"""Per partition; a repeat beyond them is found by decide, whose word counts."""
_DAY: Final = 86_400
_MOST_REMEMBERED: Final = 64
"""By partition and lane; an owner that is so far behind unpacks what it reads."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as it lies in the inbox. It is gone from there when it was decided, and not before."""

    lane: Lane
    id: str
    packed: bytes
    customer: str = ""
    """Whose reply it is; empty for what does not count as unread."""
    event: Event | None = None
    """The event itself where it was written by this very process, which need not unpack it."""

    @property
    def taken(self) -> int:
        """When it was taken in (ms), by the clock of Redis."""
        return _taken(self.id)


class _Row(NamedTuple):
    """One event on its way in."""

    partition: int
    arguments: tuple[Lane, bytes, str, bytes]
    """Lane, digest, whose reply or empty, packed event."""
    event: Event


class Inbox:
    """Takes events in. Calls made while round trips are under way share the next, and one script call a server."""

    def __init__(
        self,
        client: Client,
        codec: Codec,
        partitions: int,
        bell: Bell,
        clock: Callable[[], datetime],
        replies_per_minute: int = REPLIES_PER_MINUTE,
    ) -> None:
        self._client = client
        self._codec = codec
        self._partitions = partitions
        self._clock = clock
        self._bell = bell
        self._limit = replies_per_minute
        self._minute = 0
        self._replies: dict[str, int] = {}
        """By customer, in this minute."""
        self._together = Together(self._carry)
        self._written: defaultdict[tuple[int, Lane], dict[str, Event]] = defaultdict(dict)
        """By partition and lane, and then by entry: what this process wrote and will read."""

    async def add(self, event: Event) -> Added:
        """Make an event durable. Raises StoreUnavailable: it may have been taken, and may be added again."""
        (said,) = await self.add_all([event])
        if isinstance(said, Exception):
            raise said
        return said

    async def add_all(self, events: Sequence[Event]) -> list[Added | Exception]:
        """Make durable what came together; gives for each what became of it, or what `add` would raise."""
        minute = int(self._clock().timestamp()) // 60
        return await self._together.ask([self._row(event, minute) for event in events]) if events else []

    def _row(self, event: Event, minute: int) -> _Row | Exception:
        counted = event.customer if isinstance(event.what, ReplyReceived) else ""
        limited = bool(counted) and self._floods(counted, minute)
        lane: Lane = "bulk" if limited else event.lane
        digest = hashlib.blake2b(event.id.encode(), digest_size=8).digest()
        try:
            packed = self._codec.pack(event, event.phone)
        except Exception as fault:  # noqa: BLE001 — one that cannot be written takes no other with it
            return fault
        return _Row(partition_of(event.customer, self._partitions), (lane, digest, counted, packed), event)

    async def _carry(self, calls: Sequence[Sequence[_Row | Exception]]) -> list[list[Added | Exception]]:
        rows = [row for call in calls for row in call if isinstance(row, _Row)]
        said = iter(await (self._by_partition(rows) if self._client.one_slot_a_script else self._write(rows)))
        return [[next(said) if isinstance(row, _Row) else row for row in call] for call in calls]

    async def _by_partition(self, rows: Sequence[_Row]) -> list[Added | Exception]:
        places: defaultdict[int, list[int]] = defaultdict(list)
        for place, row in enumerate(rows):
            places[row.partition].append(place)
        parts = await asyncio.gather(*(self._write([rows[place] for place in part]) for part in places.values()))
        said = {
            place: word
            for part, words in zip(places.values(), parts, strict=True)
            for place, word in zip(part, words, strict=True)
        }
        return [said[place] for place in range(len(rows))]

    async def _write(self, rows: Sequence[_Row]) -> list[Added | Exception]:
        """Write what goes into one script call."""
        if not rows:
            return []
        places: dict[int, int] = {}
        arguments: list[Argument] = []
        for row in rows:
            arguments += (places.setdefault(row.partition, len(places)), *row.arguments)
        day = int(self._clock().timestamp()) // _DAY
        names = [name for partition in places for name in _names(partition, day)]
        # Where the partition's owner is this very process, nobody else need be woken.
        ours = {nth for nth in places if self._bell.heard_here(keys.bell(nth, "live"))}
        rung = ["" if nth in ours else keys.name(nth) for nth in places]
        try:
            told = await self._client.run(script("add"), names, _DIGESTS_PER_DAY, len(places), *rung, *arguments)
        except Exception as error:  # noqa: BLE001 — in a Cluster, what goes to other nodes may have arrived
            return [error] * len(rows)
        ids = told[::2]
        lanes: list[Lane] = ["bulk" if lane == b"bulk" else "live" for lane in told[1::2]]
        for row, lane, entry in zip(rows, lanes, ids, strict=True):
            if entry and row.partition in ours:
                self.remember(row.partition, lane, entry, row.event)
        for partition, lane in {(row.partition, lane) for row, lane in zip(rows, lanes, strict=True)}:
            self._bell.ring(keys.bell(partition, lane))
        return [
            ("accepted" if lane == row.event.lane else "limited") if entry else "duplicate"
            for row, lane, entry in zip(rows, lanes, ids, strict=True)
        ]

    def remember(self, partition: int, lane: Lane, entry: bytes, event: Event) -> None:
        """Keep what was just written for the one who reads it, the owner of its partition in this process."""
        written = self._written[partition, lane]
        if len(written) >= _MOST_REMEMBERED:
            written.clear()
        written[entry.decode()] = event

    def _floods(self, customer: str, minute: int) -> bool:
        if minute != self._minute:
            self._minute = minute
            self._replies.clear()
        self._replies[customer] = replies = self._replies.get(customer, 0) + 1
        return replies > self._limit

    async def read(self, partition: int, lane: Lane, after: str, limit: int) -> list[Entry]:
        """Give the entries of one lane after an entry's id (`0-0`: from the first), oldest first."""
        key = keys.of(partition).live if lane == "live" else keys.of(partition).bulk
        found = await self._client.call(key, "XRANGE", key, f"({after}", "+", "COUNT", limit)
        written = self._written[partition, lane]
        return [
            Entry(lane, name := entry.decode(), fields[b"e"], fields.get(b"c", b"").decode(), written.pop(name, None))
            for entry, fields in found
        ]

    async def waits_since(self, partition: int, lane: Lane) -> int | None:
        """Tell when the oldest entry of a lane was taken in (ms); None where nothing waits."""
        key = keys.of(partition).live if lane == "live" else keys.of(partition).bulk
        found = await self._client.call(key, "XRANGE", key, "-", "+", "COUNT", 1)
        return _taken(found[0][0].decode()) if found else None

    async def failed(self, partition: int, entry: Entry) -> int:
        """Note a try at an entry that may fail, and tell how many there were."""
        key = keys.of(partition).tries
        tries: int = await self._client.call(key, "HINCRBY", key, entry.id, 1)
        return tries

    async def depth(self) -> dict[Lane, int]:
        """Tell how much waits, over all partitions."""
        lanes = [
            self._client.call(key, "XLEN", key)
            for partition in range(self._partitions)
            for key in (keys.of(partition).live, keys.of(partition).bulk)
        ]
        lengths = await asyncio.gather(*lanes)
        return {"live": sum(lengths[::2]), "bulk": sum(lengths[1::2])}


def _taken(entry: str) -> int:
    return int(entry.partition("-")[0])


@lru_cache(maxsize=4096)
def _names(partition: int, day: int) -> tuple[str, ...]:
    """Give the keys that taking an event in touches, as the script reads them."""
    key = keys.of(partition)
    return (key.live, key.bulk, key.unread, *(keys.seen(partition, day - back) for back in range(3)))
