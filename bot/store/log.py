"""The log: one stream per partition of everything that was decided; all that people read is projected from it."""

from typing import Final

from bot.domain.decision import LogEntry
from bot.store import keys
from bot.store.client import Client
from bot.store.codec import Codec

_MOST_REMEMBERED: Final = 500
"""Per partition; a projector that is so far behind reads from Redis again."""


class Log:
    """Reads the log. The owner of a partition has written what comes next itself and need not read it."""

    def __init__(self, client: Client, codec: Codec) -> None:
        self._client = client
        self._codec = codec
        self._written: dict[int, list[tuple[str, LogEntry]]] = {}
        """By partition: every entry since somebody last read to the end, without a gap; else it is not here."""

    async def read(self, partition: int, after: str, limit: int) -> list[tuple[str, LogEntry | None]]:
        """Give entries after an id (`0-0`: from the first), oldest first; None stands for one that cannot be read."""
        if partition in self._written:
            written, self._written[partition] = self._written[partition], []
            return [(entry_id, entry) for entry_id, entry in written if _place(entry_id) > _place(after)]
        # From here on, so that what is written while we read is not missed.
        self._written[partition] = []
        key = keys.of(partition).log
        try:
            found = await self._client.call(key, "XRANGE", key, f"({after}", "+", "COUNT", limit)
        except BaseException:
            self.lose(partition)
            raise
        if len(found) == limit:
            self.lose(partition)
        return [(entry.decode(), self._entry(fields[b"e"])) for entry, fields in found]

    def remember(self, partition: int, entry_id: str, entry: LogEntry) -> None:
        """Keep what was just written for the one who reads next."""
        written = self._written.get(partition)
        if written is None:
            return
        written.append((entry_id, entry))
        if len(written) > _MOST_REMEMBERED:
            self.lose(partition)

    def lose(self, partition: int) -> None:
        """Read from Redis the next time: something may have been written that we do not know of."""
        self._written.pop(partition, None)

    async def trim(self, partition: int, before: str) -> int:
        """Let go of what lies before an id; the caller knows that every projection is past it."""
        key = keys.of(partition).log
        dropped: int = await self._client.call(key, "XTRIM", key, "MINID", "~", before)
        return dropped

    def _entry(self, packed: bytes) -> LogEntry | None:
        try:
            return self._codec.unpack(LogEntry, packed)
        except ValueError:
            return None


def _place(entry_id: str) -> tuple[int, int]:
    first, _, second = entry_id.partition("-")
    return int(first), int(second)
