"""A stream of small JSON lines that is read by place: corrections, the audit log, texts on simulated phones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from bot.store.client import Client

START: Final = "0-0"

Line = tuple[str, dict[str, Any]]
"""A line's place, and what it says; nothing where it cannot be read."""


class Journal:
    """One such stream; `kept` bounds it to about so many lines."""

    def __init__(self, client: Client, key: str, kept: int | None = None) -> None:
        self._client = client
        self._key = key
        self._bound: tuple[str | int, ...] = ("MAXLEN", "~", kept) if kept else ()

    async def add(self, told: Mapping[str, Any]) -> None:
        """Write one line at the end."""
        line = json.dumps(dict(told), ensure_ascii=False)
        await self._client.call(self._key, "XADD", self._key, *self._bound, "*", "line", line)

    async def after(self, place: str, limit: int) -> list[Line]:
        """Give the first lines after a place, oldest first."""
        return _lines(await self._client.call(self._key, "XRANGE", self._key, f"({place}", "+", "COUNT", limit))

    async def newest(self, limit: int, after: str = START) -> list[Line]:
        """Give the last lines, of those after a place, newest first; without those that cannot be read."""
        found = await self._client.call(self._key, "XREVRANGE", self._key, "+", f"({after}", "COUNT", limit)
        return [(place, told) for place, told in _lines(found) if told]


def _lines(entries: Any) -> list[Line]:
    return [(place.decode(), _told(fields)) for place, fields in entries]


def _told(fields: Any) -> dict[str, Any]:
    # Redis gives a line's one field flat; a client that knows the command makes a mapping of it.
    raw = fields.get(b"line", b"") if isinstance(fields, Mapping) else fields[1]
    try:
        told = json.loads(raw)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
