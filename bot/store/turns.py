"""Work that one process of many does at a time: whoever holds the turn keeps it while it comes back in time."""

from __future__ import annotations

import secrets

from bot.store.client import Client, script


class Turn:
    """One process's claim to one piece of work, by the clock of Redis."""

    def __init__(self, client: Client, key: str) -> None:
        self._client = client
        self._key = key
        self._owner = secrets.token_hex(8)
        self._fence = ""

    async def mine(self, seconds: float) -> bool:
        """Take or keep the turn for so long; False: another has it. Raises StoreUnavailable."""
        fence = await self._client.run(script("acquire"), [self._key], self._owner, int(seconds * 1000), self._fence)
        if not fence and self._fence:
            # It ran out and another may have had it meanwhile; the next time we are as good as any.
            self._fence = ""
            return False
        self._fence = str(fence) if fence else ""
        return bool(fence)

    async def give_up(self) -> None:
        """Let another have it without waiting."""
        if self._fence:
            await self._client.run(script("release"), [self._key], self._owner, self._fence)
            self._fence = ""
