"""Where events go while Redis is away and their gateway will not repeat them: a bounded file, fsynced."""

import asyncio
import os
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

from bot.domain.events import Event
from bot.errors import StoreUnavailable
from bot.store.bell import heard
from bot.store.codec import Codec
from bot.store.inbox import Inbox
from bot.workers.loop import Stop, keep_on

MOST_BYTES: Final = 64 * 1024 * 1024
_HEAD: Final = struct.Struct(">II")
"""Length and checksum of a record: one that was cut off by a crash was never acknowledged, and ends the file."""
_AT_ONCE: Final = 100
_LOOK_AGAIN_SECONDS: Final = 1.0

log = structlog.get_logger("workers.spool")


class Spool:
    """Keeps events in order until the inbox takes them; numbers are sealed as in Redis."""

    def __init__(self, folder: Path, codec: Codec, most_bytes: int = MOST_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._filling = folder / "spool"
        self._emptying = folder / "spool.emptying"
        self._codec = codec
        self._most_bytes = most_bytes
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._file = asyncio.Lock()
        self._whole = False
        """The file that is being filled is known to end where a record does."""

    @property
    def size(self) -> int:
        """How many bytes wait."""
        return _size(self._filling) + _size(self._emptying)

    async def put(self, event: Event) -> None:
        """Make an event durable; those put at the same time share one fsync. Raises StoreUnavailable when full."""
        packed = self._codec.pack(event, event.phone)
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((_HEAD.pack(len(packed), zlib.crc32(packed)) + packed, written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await written

    async def run(self, inbox: Inbox, stop: Stop) -> None:
        """Hand over what waits whenever Redis is there, until told to stop."""
        ear = asyncio.Event()
        stop.wakes(ear)

        async def turn() -> None:
            try:
                if count := await self.empty(inbox):
                    log.info("spool_emptied", events=count)
            except StoreUnavailable:
                log.info("spool_waits", bytes=self.size)
            await heard(ear, _LOOK_AGAIN_SECONDS)

        await keep_on("spool", turn, stop)

    async def empty(self, inbox: Inbox) -> int:
        """Hand over what waits, in order; gives how many. Raises StoreUnavailable, with nothing lost.

        What was handed over twice, because we died in between, the inbox and decide know by its id.
        """
        count = 0
        while True:
            async with self._file:
                if not self._emptying.exists():
                    if not self._filling.exists():
                        return count
                    self._filling.rename(self._emptying)
            batch: list[Event] = []
            end = unreadable = 0
            for packed, end in _records(self._emptying):  # noqa: B007 — where the last one ended counts
                try:
                    batch.append(self._codec.unpack(Event, packed))
                except ValueError:
                    unreadable += 1
                if len(batch) == _AT_ONCE:
                    count += await _hand_over(batch, inbox)
                    batch = []
            count += await _hand_over(batch, inbox)
            if unreadable or end < _size(self._emptying):
                # Behind what cannot be read may lie what was acknowledged: only a person may throw it away.
                aside = self._aside()
                self._emptying.rename(aside)
                log.critical("spool_set_aside", path=str(aside), read_until=end, unreadable=unreadable)
            else:
                self._emptying.unlink()

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                error: StoreUnavailable | None = None
                try:
                    async with self._file:
                        await asyncio.to_thread(self._append, b"".join(record for record, _ in batch))
                except StoreUnavailable as reason:
                    error = reason
                except OSError as reason:
                    error = StoreUnavailable(f"Redis is away and the spool cannot be written: {reason}")
                for _, written in batch:
                    if not written.done():
                        written.set_exception(error) if error else written.set_result(None)
        finally:
            self._writer = None

    def _append(self, records: bytes) -> None:
        if self.size + len(records) > self._most_bytes:
            raise StoreUnavailable("Redis is away and the spool is full")
        if not self._whole:
            self._mend()
        # Unbuffered: nothing may be left to be written after all when the file is closed.
        with self._filling.open("ab", buffering=0) as file:
            before = file.tell()
            try:
                rest = memoryview(records)
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
                if not before:
                    _sync_folder(self._filling.parent)
            except BaseException:
                # What comes next would lie behind a part of a record, where nobody finds it.
                self._whole = False
                file.truncate(before)
                self._whole = True
                raise

    def _mend(self) -> None:
        """Make the file end at a whole record; what a former life left behind the last one is set aside."""
        if self._filling.exists():
            end = max((end for _, end in _records(self._filling)), default=0)
            if rest := self._filling.read_bytes()[end:]:
                aside = self._aside()
                with aside.open("wb") as file:
                    file.write(rest)
                    file.flush()
                    os.fsync(file.fileno())
                os.truncate(self._filling, end)
                log.critical("spool_set_aside", path=str(aside), bytes=len(rest))
            _sync_folder(self._filling.parent)
        self._whole = True

    def _aside(self) -> Path:
        return self._filling.with_name(f"spool.unread-{time.time_ns()}")


async def _hand_over(batch: list[Event], inbox: Inbox) -> int:
    await asyncio.gather(*(inbox.add(event) for event in batch))
    return len(batch)


def _records(path: Path) -> Iterator[tuple[bytes, int]]:
    """Give the whole records, each with the place where it ends, up to the first that is not whole."""
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, checksum = _HEAD.unpack(head)
            packed = file.read(length)
            # A crash may leave zeros, which look like an empty record.
            if not packed or len(packed) < length or zlib.crc32(packed) != checksum:
                return
            yield packed, file.tell()


def _size(path: Path) -> int:
    """Tell how long a file is; the other side may have let go of it a moment ago."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sync_folder(folder: Path) -> None:
    """A new file's name is durable only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
