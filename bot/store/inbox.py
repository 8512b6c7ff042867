"""What has happened and waits to be decided: two streams per partition, filled by shared script calls."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from bot.domain.events import Event, Lane, ReplyReceived
from bot.domain.ids import partition_of
from bot.store import keys
from bot.store.bell import Bell
from bot.store.client import Client, script
from bot.store.codec import Codec

Added = Literal["accepted", "duplicate", "limited"]
"""`limited`: taken, but one number writes so much that this waits in the bulk lane."""

REPLIES_PER_MINUTE: Final = 30
_DIGESTS_PER_DAY: Final = 50_000
"""Per partition; a repeat beyond them is found by decide, whose word counts."""
_DAY: Final = 86_400
_LIVE, _BULK, _LIMITED = "live", "bulk", "limited"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as it lies in the inbox. It is gone from there when it was decided, and not before."""

    lane: Lane
    id: str
    packed: bytes
    customer: str = ""
    """Whose reply it is; empty for what does not count as unread."""


class Inbox:
    """Takes events in. Calls made while a round trip is under way share the next: one script call a partition."""

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
        self._replies: Counter[str] = Counter()
        """By customer, in this minute."""
        self._waiting: dict[int, list[tuple[tuple[str | bytes, ...], asyncio.Future[Added]]]] = {}
        self._flusher: asyncio.Task[None] | None = None

    async def add(self, event: Event) -> Added:
        """Make an event durable. Raises StoreUnavailable: it may have been taken, and may be added again."""
        partition = partition_of(event.customer, self._partitions)
        result: asyncio.Future[Added] = asyncio.get_running_loop().create_future()
        counted = event.customer if isinstance(event.what, ReplyReceived) else ""
        lane = _LIMITED if counted and self._floods(counted) else _BULK if event.lane == "bulk" else _LIVE
        digest = hashlib.blake2b(event.id.encode(), digest_size=8).digest()
        row = (lane, digest, counted, self._codec.pack(event, event.phone))
        self._waiting.setdefault(partition, []).append((row, result))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush())
        return await result

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, {}
                await asyncio.gather(*(self._write(*item) for item in batch.items()))
        finally:
            self._flusher = None

    async def _write(self, partition: int, rows: list[tuple[tuple[str | bytes, ...], asyncio.Future[Added]]]) -> None:
        now = int(self._clock().timestamp())
        key = keys.of(partition)
        names = [key.live, key.bulk, key.unread, *(keys.seen(partition, now // _DAY - back) for back in range(3))]
        lanes = {_LIVE if row[0] == _LIVE else _BULK for row, _ in rows}
        bells = [keys.bell(partition, lane) for lane in sorted(lanes)]
        # Where the partition's owner is this very process, nobody else need be woken.
        others = " ".join(bell for bell in bells if not self._bell.heard_here(bell))
        arguments = [argument for row, _ in rows for argument in row]
        try:
            codes = await self._client.run(script("add"), names, others, _DIGESTS_PER_DAY, *arguments)
        except Exception as error:  # noqa: BLE001 — whatever went wrong is every waiting caller's to know
            for _, result in rows:
                if not result.done():
                    result.set_exception(error)
            return
        for bell in bells:
            self._bell.ring(bell)
        for (row, result), code in zip(rows, codes, strict=True):
            if not result.done():
                result.set_result("duplicate" if not code else "limited" if row[0] == _LIMITED else "accepted")

    def _floods(self, customer: str) -> bool:
        minute = int(self._clock().timestamp()) // 60
        if minute != self._minute:
            self._minute = minute
            self._replies.clear()
        self._replies[customer] += 1
        return self._replies[customer] > self._limit

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
