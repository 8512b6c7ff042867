"""Texts of unknown fate whose gateway can be asked: what to ask, whom, and when."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.store import keys
from bot.store.client import Client
from bot.store.codec import micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One text to ask after."""

    message: str
    account: str
    message_id: str | None = None
    """The provider's id, where it gave one."""
    asked: int = 0
    """How often it was asked in vain."""


class Questions:
    """One partition's questions, by its owner."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def put(self, partition: int, question: Question, when: datetime) -> None:
        """Ask at that time; a text has one question."""
        written = json.dumps(asdict(question))
        waiting, bodies = keys.asking(partition), keys.asked(partition)
        await self._client.call(bodies, "HSET", bodies, question.message, written)
        await self._client.call(waiting, "ZADD", waiting, micros(when), question.message)

    async def due(self, partition: int, now: datetime, limit: int = 50) -> list[Question]:
        """Give what is to be asked now."""
        waiting, bodies = keys.asking(partition), keys.asked(partition)
        found = await self._client.call(waiting, "ZRANGEBYSCORE", waiting, "-inf", micros(now), "LIMIT", 0, limit)
        if not found:
            return []
        written = await self._client.call(bodies, "HMGET", bodies, *found)
        return [Question(**json.loads(one)) for one in written if one]

    async def drop(self, partition: int, message: str) -> None:
        """Ask no more."""
        waiting, bodies = keys.asking(partition), keys.asked(partition)
        await self._client.call(waiting, "ZREM", waiting, message)
        await self._client.call(bodies, "HDEL", bodies, message)
