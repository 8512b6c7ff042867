"""The calls to one Redis server: whatever is asked while a round trip is under way leaves with the next."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.errors import StoreUnavailable

Argument = str | bytes | int | float

TIMEOUT_SECONDS: Final = 2.0
_UNDER_WAY: Final = 4
"""Round trips at the same time: enough that we, Redis and its disk all have something to do."""


@dataclass(slots=True)
class _Call:
    command: tuple[Argument, ...]
    answer: asyncio.Future[Any]


class Lane:
    """One server's calls; with `replicas` every round trip ends in a WAIT for that many."""

    def __init__(self, redis: Redis, replicas: int = 0) -> None:
        self.redis = redis
        self._replicas = replicas
        self._waiting: list[_Call] = []
        self._flushers: set[asyncio.Task[Any] | None] = set()

    async def call(self, command: tuple[Argument, ...]) -> Any:
        """Send one command with the next round trip and give its answer.

        Raises StoreUnavailable, or the server's own error for this command.
        """
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append(_Call(command, answer))
        if len(self._flushers) < _UNDER_WAY:
            self._flushers.add(asyncio.create_task(self._flush()))
        return await answer

    async def close(self) -> None:
        """Close the connections."""
        for flusher in self._flushers:
            if flusher is not None:
                flusher.cancel()
        await self.redis.aclose()

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._send(batch)
        finally:
            # Not a done-callback, which comes a turn later: a call made in between would find nobody to carry it.
            self._flushers.discard(asyncio.current_task())

    async def _send(self, batch: list[_Call]) -> None:
        pipeline = self.redis.pipeline(transaction=False)
        for call in batch:
            pipeline.execute_command(*call.command)
        if self._replicas:
            pipeline.execute_command("WAIT", self._replicas, int(TIMEOUT_SECONDS * 500))
        error = StoreUnavailable("the connection to Redis was closed")
        try:
            answers = await pipeline.execute(raise_on_error=False)
            if self._replicas and int(answers[-1]) < self._replicas:
                error = StoreUnavailable(f"fewer than {self._replicas} Redis replicas took the write")
            else:
                for call, answer in zip(batch, answers, strict=False):
                    _settle(call, answer)
        except (RedisError, OSError) as fault:
            error = StoreUnavailable(f"Redis is away: {fault}")
        finally:
            for call in batch:
                _settle(call, error)


def _settle(call: _Call, answer: Any) -> None:
    if call.answer.done():
        return
    if isinstance(answer, BaseException):
        call.answer.set_exception(answer)
    else:
        call.answer.set_result(answer)
