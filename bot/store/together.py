"""Calls that share a journey: what is asked while others are under way is carried by the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, TypeVar

_Call = TypeVar("_Call")
_Answer = TypeVar("_Answer")

_UNDER_WAY: Final = 2
"""Journeys at the same time: one is carried out while the next is gathered."""


def _everything(calls: Sequence[Any]) -> int:
    return len(calls)


class Together(Generic[_Call, _Answer]):
    """Gathers calls and hands them on in groups."""

    def __init__(
        self,
        carry: Callable[[Sequence[_Call]], Awaitable[Sequence[_Answer]]],
        most: Callable[[Sequence[_Call]], int] = _everything,
    ) -> None:
        """Take `carry`, which gives an answer to each call of a group, and `most`, how many of those waiting go."""
        self._carry = carry
        self._most = most
        self._waiting: list[tuple[_Call, asyncio.Future[_Answer]]] = []
        self._journeys: set[asyncio.Task[Any] | None] = set()

    async def ask(self, call: _Call) -> _Answer:
        """Give the answer to a call. Raises what its whole group ran into."""
        answer: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((call, answer))
        if len(self._journeys) < _UNDER_WAY:
            self._journeys.add(asyncio.create_task(self._go()))
        return await answer

    async def _go(self) -> None:
        try:
            while self._waiting:
                most = self._most([call for call, _ in self._waiting])
                group, self._waiting = self._waiting[:most], self._waiting[most:]
                await self._travel(group)
        finally:
            # Not a done-callback, which comes a turn later: a call made in between would find nobody to carry it.
            self._journeys.discard(asyncio.current_task())

    async def _travel(self, group: Sequence[tuple[_Call, asyncio.Future[_Answer]]]) -> None:
        try:
            answers = await self._carry([call for call, _ in group])
            for (_, future), answer in zip(group, answers, strict=True):
                # Whoever asked may have gone.
                if not future.done():
                    future.set_result(answer)
        except Exception as fault:  # noqa: BLE001 — whatever went wrong is every waiting caller's to know
            for _, future in group:
                if not future.done():
                    future.set_exception(fault)
        finally:
            # Nobody is left waiting, be it that all this is cancelled.
            for _, future in group:
                future.cancel()
