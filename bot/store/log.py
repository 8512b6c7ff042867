"""The log: one stream per partition of everything that was decided; all that people read is projected from it."""

from typing import Final

from bot.domain.decision import LogEntry
from bot.store import keys
from bot.store.client import Client
from bot.store.codec import Codec

_REMEMBERED: Final = 2_000


class Log:
    """Reads the log. What this process has just written is not decoded again."""

    def __init__(self, client: Client, codec: Codec) -> None:
        self._client = client
        self._codec = codec
        self._recent: dict[tuple[int, str], LogEntry] = {}

    async def read(self, partition: int, after: str, limit: int) -> list[tuple[str, LogEntry | None]]:
        """Give entries after an id (`0-0`: from the first), oldest first; None stands for one that cannot be read."""
        key = keys.of(partition).log
        found = await self._client.call(key, "XRANGE", key, f"({after}", "+", "COUNT", limit)
        return [(entry.decode(), self._entry(partition, entry.decode(), fields[b"e"])) for entry, fields in found]

    def remember(self, partition: int, entry_id: str, entry: LogEntry) -> None:
        """Keep an entry until the projector has read it."""
        if len(self._recent) >= _REMEMBERED:
            del self._recent[next(iter(self._recent))]
        self._recent[partition, entry_id] = entry

    async def trim(self, partition: int, before: str) -> int:
        """Let go of what lies before an id; the caller knows that every projection is past it."""
        key = keys.of(partition).log
        dropped: int = await self._client.call(key, "XTRIM", key, "MINID", "~", before)
        return dropped

    def _entry(self, partition: int, entry_id: str, packed: bytes) -> LogEntry | None:
        recent = self._recent.pop((partition, entry_id), None)
        if recent is not None:
            return recent
        try:
            return self._codec.unpack(LogEntry, packed)
        except ValueError:
            return None
