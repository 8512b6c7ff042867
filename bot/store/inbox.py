"""What has happened and waits to be decided: two streams per partition, filled by shared script calls."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from bot.domain.events import Event, Lane, ReplyReceived
from bot.domain.ids import partition_of
from bot.store import keys
from bot.store.bell import Bell
from bot.store.client import Client, script
from bot.store.codec import Codec
from bot.store.lane import Argument

Added = Literal["accepted", "duplicate", "limited"]
"""`limited`: taken, but one number writes so much that this waits in the bulk lane."""

REPLIES_PER_MINUTE: Final = 30
_DIGESTS_PER_DAY: Final = 50_000
"""Per partition; a repeat beyond them is found by decide, whose word counts."""
_DAY: Final = 86_400
_UNDER_WAY: Final = 2
"""Flushes at the same time: one is written while the next is gathered."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as it lies in the inbox. It is gone from there when it was decided, and not before."""

    lane: Lane
    id: str
    packed: bytes
    customer: str = ""
    """Whose reply it is; empty for what does not count as unread."""


class _Row(NamedTuple):
    """One event on its way in."""

    place: int
    """Among those that it came with."""
    partition: int
    limited: bool
    arguments: tuple[Lane, bytes, str, bytes]
    """Lane, digest, whose reply or empty, packed event."""


class _Call(NamedTuple):
    """Events that came together, and who waits for them."""

    rows: Sequence[_Row]
    said: list[Added | Exception]
    done: asyncio.Future[None]


_Placed = tuple[_Row, list[Added | Exception]]
"""An event, and where what became of it is to be said."""


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
        self._waiting: list[_Call] = []
        self._flushers: set[asyncio.Task[Any] | None] = set()

    async def add(self, event: Event) -> Added:
        """Make an event durable. Raises StoreUnavailable: it may have been taken, and may be added again."""
        (said,) = await self.add_all([event])
        if isinstance(said, Exception):
            raise said
        return said

    async def add_all(self, events: Sequence[Event]) -> list[Added | Exception]:
        """Make durable what came together; gives for each what became of it, or what `add` would raise."""
        said: list[Added | Exception] = ["accepted"] * len(events)
        rows: list[_Row] = []
        minute = int(self._clock().timestamp()) // 60
        for place, event in enumerate(events):
            try:
                rows.append(self._row(place, event, minute))
            except Exception as fault:  # noqa: BLE001 — one that cannot be written takes no other with it
                said[place] = fault
        if rows:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(_Call(rows, said, done))
            if len(self._flushers) < _UNDER_WAY:
                self._flushers.add(asyncio.create_task(self._flush()))
            await done
        return said

    def _row(self, place: int, event: Event, minute: int) -> _Row:
        counted = event.customer if isinstance(event.what, ReplyReceived) else ""
        limited = bool(counted) and self._floods(counted, minute)
        lane: Lane = "bulk" if limited else event.lane
        digest = hashlib.blake2b(event.id.encode(), digest_size=8).digest()
        arguments = (lane, digest, counted, self._codec.pack(event, event.phone))
        return _Row(place, partition_of(event.customer, self._partitions), limited, arguments)

    async def _flush(self) -> None:
        try:
            while self._waiting:
                calls, self._waiting = self._waiting, []
                rows = [(row, call.said) for call in calls for row in call.rows]
                if self._client.one_slot_a_script:
                    await asyncio.gather(*map(self._write, _by_partition(rows)))
                else:
                    await self._write(rows)
                for call in calls:
                    if not call.done.done():
                        call.done.set_result(None)
        finally:
            # Not a done-callback, which comes a turn later: a call made in between would find nobody to carry it.
            self._flushers.discard(asyncio.current_task())

    async def _write(self, rows: Sequence[_Placed]) -> None:
        """Write what goes into one script call."""
        try:
            codes = await self._add(rows)
        except Exception as error:  # noqa: BLE001 — whatever went wrong is every waiting caller's to know
            for row, said in rows:
                said[row.place] = error
            return
        for (row, said), code in zip(rows, codes, strict=False):
            if not code:
                said[row.place] = "duplicate"
            elif row.limited:
                said[row.place] = "limited"

    async def _add(self, rows: Sequence[_Placed]) -> Sequence[int]:
        places: dict[int, int] = {}
        arguments: list[Argument] = []
        touched: set[tuple[int, Lane]] = set()
        for row, _ in rows:
            arguments += (places.setdefault(row.partition, len(places)), *row.arguments)
            touched.add((row.partition, row.arguments[0]))
        day = int(self._clock().timestamp()) // _DAY
        names = [name for partition in places for name in _names(partition, day)]
        # Where the partition's owner is this very process, nobody else need be woken.
        rung = ["" if self._bell.heard_here(keys.bell(nth, "live")) else keys.name(nth) for nth in places]
        codes: list[int] = await self._client.run(
            script("add"), names, _DIGESTS_PER_DAY, len(places), *rung, *arguments
        )
        for partition, lane in touched:
            self._bell.ring(keys.bell(partition, lane))
        return codes

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
        return [
            Entry(lane, entry_id.decode(), fields[b"e"], fields.get(b"c", b"").decode()) for entry_id, fields in found
        ]

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


def _by_partition(rows: Iterable[_Placed]) -> Iterable[list[_Placed]]:
    found: defaultdict[int, list[_Placed]] = defaultdict(list)
    for placed in rows:
        found[placed[0].partition].append(placed)
    return found.values()


@lru_cache(maxsize=4096)
def _names(partition: int, day: int) -> tuple[str, ...]:
    """Give the keys that taking an event in touches, as the script reads them."""
    key = keys.of(partition)
    return (key.live, key.bulk, key.unread, *(keys.seen(partition, day - back) for back in range(3)))
