"""The calls to one Redis server: whatever is asked while a round trip is under way leaves with the next."""

import asyncio
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, Final

from hiredis import pack_command
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError, ResponseError

from bot.errors import StoreUnavailable

Argument = str | bytes | int | float

TIMEOUT_SECONDS: Final = 2.0
_UNDER_WAY: Final = 2
"""Round trips at the same time: enough that we, Redis and its disk all have something to do."""


@dataclass(slots=True)
class _Call:
    command: tuple[Argument, ...]
    packed: bytes
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

        Raises StoreUnavailable, the server's own error for this command, or what is wrong with an argument.
        """
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append(_Call(command, _packed(command), answer))
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
        connection: AbstractConnection | None = None
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                connection = await self._exchange(connection, batch)
        finally:
            # Not a done-callback, which comes a turn later: a call made in between would find nobody to carry it.
            self._flushers.discard(asyncio.current_task())
            if connection is not None:
                await self.redis.connection_pool.release(connection)

    async def _exchange(self, connection: AbstractConnection | None, batch: list[_Call]) -> AbstractConnection | None:
        """Send a batch and settle its calls; gives the connection while it is good."""
        error = StoreUnavailable("the connection to Redis was closed")
        answers: list[Any] = []
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                if connection is None:
                    # redis-py leaves this one without types.
                    connection = await self.redis.connection_pool.get_connection()  # type: ignore[no-untyped-call]
                answers = await self._round_trip(connection, batch)
        except (RedisError, OSError) as fault:
            error = StoreUnavailable(f"Redis is away: {str(fault) or type(fault).__name__}")
        finally:
            if self._replicas and answers and not self._taken(answers[-1]):
                answers, error = [], StoreUnavailable(f"fewer than {self._replicas} Redis replicas took the write")
            if connection is not None and not answers:
                # Half an exchange may lie in it.
                await connection.disconnect(nowait=True)
            for call, answer in zip(batch, chain(answers, repeat(error)), strict=False):
                _settle(call, answer)
        return connection

    def _taken(self, answer: Any) -> bool:
        """Tell whether enough replicas have it; a primary that became a replica refuses to wait for any."""
        return isinstance(answer, int) and answer >= self._replicas

    async def _round_trip(self, connection: AbstractConnection, batch: list[_Call]) -> list[Any]:
        commands = [call.command for call in batch]
        if self._replicas:
            commands.append(("WAIT", self._replicas, int(TIMEOUT_SECONDS * 500)))
        packed = [call.packed for call in batch]
        if self._replicas:
            packed.append(_packed(commands[-1]))
        await connection.send_packed_command(b"".join(packed), check_health=False)
        answers: list[Any] = []
        for command in commands:
            try:
                answer = await connection.read_response()
            except ResponseError as refusal:
                answers.append(refusal)
            else:
                # What redis-py makes of an answer: entries of a stream with their fields as a mapping, and so on.
                shape = self.redis.response_callbacks.get(str(command[0]))
                answers.append(shape(answer) if shape else answer)
        return answers


def _packed(command: tuple[Argument, ...]) -> bytes:
    # hiredis's types take a command for a tuple of one.
    packed: bytes = pack_command(command)  # type: ignore[arg-type]
    return packed


def _settle(call: _Call, answer: Any) -> None:
    if call.answer.done():
        return
    if isinstance(answer, BaseException):
        call.answer.set_exception(answer)
    else:
        call.answer.set_result(answer)
