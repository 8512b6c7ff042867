"""From the log to what people read: feed lines and counts, by the owner of each partition, each entry once."""

import asyncio
import contextlib
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.decision import LogEntry
from bot.domain.events import ReplyReceived
from bot.domain.feed import FeedItem
from bot.errors import StoreUnavailable
from bot.store.bell import heard
from bot.store.feed import Projected
from bot.store.store import Store
from bot.workers.lines import lines
from bot.workers.loop import Stop, keep_on
from bot.workers.mind import Mind

_AT_ONCE: Final = 100
_BLINK_SECONDS: Final = 0.05
"""What comes within this time of the first is written together; nobody sees the difference."""
_KEEP_LOG: Final = timedelta(days=183)
_TRIM_EVERY: Final = timedelta(minutes=10)

log = structlog.get_logger("workers.projector")


class Projector:
    """Projects the logs of the partitions that this worker owns."""

    def __init__(self, store: Store, mind: Mind, owned: set[int]) -> None:
        """Take `owned`, which the keeper of the leases changes."""
        self._store = store
        self._mind = mind
        self._owned = owned
        self._cursors: dict[int, str] = {}
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._dirty: set[int] = set()
        self._trimmed: dict[int, datetime] = {}
        self._ear = asyncio.Event()

    def touch(self, partition: int) -> None:
        """Say that a partition's log has grown."""
        self._dirty.add(partition)
        self._ear.set()

    def forget(self, partition: int) -> None:
        """Let go of a partition that is no longer ours."""
        self._dirty.discard(partition)
        self._cursors.pop(partition, None)
        self._store.log.lose(partition)

    async def finish(self, partition: int) -> None:
        """Project what is left of a partition before it is handed back; the next owner does what cannot be done."""
        with contextlib.suppress(StoreUnavailable):
            while await self._project(partition):
                pass

    async def run(self, stop: Stop) -> None:
        """Project until told to stop."""
        stop.wakes(self._ear)

        async def turn() -> None:
            self._ear.clear()
            if not await self.turn() and not stop:
                await heard(self._ear, self._mind.look_again)
                await asyncio.sleep(_BLINK_SECONDS)

        await keep_on("projector", turn, stop)

    async def turn(self) -> bool:
        """Project what has come; tells whether there was any."""
        dirty, self._dirty = self._dirty & self._owned, set()
        more = await asyncio.gather(*(self._project(partition) for partition in dirty), return_exceptions=True)
        faults = [fault for fault in more if isinstance(fault, BaseException)]
        self._dirty.update(partition for partition, unfinished in zip(dirty, more, strict=True) if unfinished is True)
        if faults:
            raise faults[0]
        return bool(self._dirty)

    async def _project(self, partition: int) -> bool:
        async with self._locks[partition]:
            try:
                return await self._go_on(partition)
            except BaseException:
                # What was read may not have been written: read it again.
                self.forget(partition)
                self._dirty.add(partition)
                raise

    async def _go_on(self, partition: int) -> bool:
        after = self._cursors.get(partition) or await self._store.feed.cursor(partition)
        entries = await self._store.log.read(partition, after, _AT_ONCE)
        if not entries:
            self._cursors[partition] = after
            return False
        until = entries[-1][0]
        work = self._work(partition, after, until, [entry for _, entry in entries if entry is not None])
        found = await self._store.feed.write(work)
        if found != until:
            # Another owner was faster: we go on from where it stopped.
            self._store.log.lose(partition)
        self._cursors[partition] = found
        await self._trim(partition, found)
        return len(entries) >= _AT_ONCE or found != until

    def _work(self, partition: int, after: str, until: str, entries: list[LogEntry]) -> Projected:
        items: list[FeedItem] = []
        totals: Counter[str] = Counter()
        counts: Counter[tuple[str, str]] = Counter()
        for entry in entries:
            try:
                items += lines(entry, self._mind.explain)
            except Exception:
                # One line that cannot be shown must not keep the others from being seen.
                log.exception("entry_not_shown", partition=partition, event_id=entry.event.id)
            _count(entry, totals, counts)
        return Projected(partition, after, until, items, totals, counts)

    async def _trim(self, partition: int, cursor: str) -> None:
        now = self._mind.clock()
        if now - self._trimmed.setdefault(partition, now) < _TRIM_EVERY:
            return
        self._trimmed[partition] = now
        oldest = int((now - _KEEP_LOG).timestamp() * 1000)
        if int(cursor.partition("-")[0]) > oldest:
            await self._store.log.trim(partition, f"{oldest}-0")


def _count(entry: LogEntry, totals: Counter[str], counts: Counter[tuple[str, str]]) -> None:
    """Add one entry to the counters, and its mood to the hour (UTC) in which it was decided."""
    totals[f"events|{entry.event.what.kind}"] += 1
    for effect in entry.effects:
        totals[f"effects|{effect.kind}"] += 1
    understood = entry.understanding
    if understood is None or not isinstance(entry.event.what, ReplyReceived):
        return
    totals[f"intents|{understood.intent}"] += 1
    totals[f"moods|{understood.mood.label}"] += 1
    month, hour = f"{entry.decided_at:%Y-%m}", f"{entry.event.shop}|{entry.decided_at:%Y-%m-%dT%H}"
    counts[month, f"{hour}|-|{understood.mood.label}"] += 1
    for topic in understood.topics:
        counts[month, f"{hour}|{topic.topic}|{topic.polarity}"] += 1
