"""The request itself: alone, or together with others of its account that are due at the same time."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from bot.domain.gateway import HttpReply, HttpRequest, SendResult, SendsBatches, Submission
from bot.domain.messages import OutboundMessage
from bot.errors import GatewayError, NotTaken, Unanswered
from bot.workers.mind import Mind

TIMEOUT_SECONDS: Final = 15.0
GATHER_SECONDS: Final = 0.05
"""So long the first of a batch waits for others."""

log = structlog.get_logger("workers.posting")


@dataclass(frozen=True, slots=True)
class Leaving:
    """A text, ready to go by one account."""

    text: OutboundMessage
    account: str
    submission: Submission
    request: HttpRequest


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a request; `alone`: an id that it gave is this text's only."""

    result: SendResult
    alone: bool = True


@dataclass(slots=True)
class _Batch:
    waiting: list[tuple[Leaving, asyncio.Future[Posted]]] = field(default_factory=list)
    full: asyncio.Event = field(default_factory=asyncio.Event)


class Posting:
    """What all senders of one worker send through."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind
        self._batches: dict[str, _Batch] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def post(self, leaving: Leaving) -> Posted:
        """Send a text; promotion goes with others where the gateway takes many. What cannot be told is `unknown`."""
        gateway = self._mind.gateways[leaving.account]
        most = gateway.capabilities.batch_size
        if leaving.text.message_class == "marketing" and isinstance(gateway, SendsBatches) and most > 1:
            return await self._join(leaving, most)
        return await self._alone(leaving)

    async def _join(self, leaving: Leaving, most: int) -> Posted:
        """Wait shortly for others that go the same way; the first of them sends all."""
        posted: asyncio.Future[Posted] = asyncio.get_running_loop().create_future()
        batch = self._batches.get(leaving.account)
        if batch is None:
            batch = self._batches[leaving.account] = _Batch()
            task = asyncio.create_task(self._gather(leaving.account, batch))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        batch.waiting.append((leaving, posted))
        if len(batch.waiting) >= most:
            self._batches.pop(leaving.account, None)
            batch.full.set()
        return await posted

    async def _gather(self, account: str, batch: _Batch) -> None:
        try:
            async with asyncio.timeout(GATHER_SECONDS):
                await batch.full.wait()
        except TimeoutError:
            self._batches.pop(account, None)
        waiting = {id(leaving): posted for leaving, posted in batch.waiting}
        texts = [leaving for leaving, _ in batch.waiting]
        try:
            groups = self._groups(account, texts)
        except Exception:
            # Nothing has left yet, and each of them is ready to go by itself.
            log.exception("batch_not_composed", account=account, texts=len(texts))
            groups = [([one], None) for one in texts]
        await asyncio.gather(*(self._go(group, request, waiting) for group, request in groups))

    async def _go(
        self, group: Sequence[Leaving], request: HttpRequest | None, waiting: dict[int, asyncio.Future[Posted]]
    ) -> None:
        try:
            if request is None:
                done = [await self._alone(one) for one in group]
            else:
                done = await self._together(group, request)
        except Exception as fault:
            # It may have left, and nobody may be kept waiting.
            log.exception("batch_failed", account=group[0].account, texts=len(group))
            done = [Posted(SendResult(outcome="unknown", detail=f"{type(fault).__name__}: {fault}"))] * len(group)
        for leaving, posted in zip(group, done, strict=True):
            if not waiting[id(leaving)].done():
                waiting[id(leaving)].set_result(posted)

    def _groups(self, account: str, leaving: Sequence[Leaving]) -> list[tuple[Sequence[Leaving], HttpRequest | None]]:
        """Put together what one request can carry; None is for a text that goes by itself."""
        once = {one.submission.to: one for one in reversed(leaving)}
        # Answers name numbers: one that stands twice in a request could not be told apart.
        again = [one for one in leaving if once[one.submission.to] is not one]
        alone: list[tuple[Sequence[Leaving], HttpRequest | None]] = [([one], None) for one in again]
        whole = list(once.values())
        if len(whole) == 1:
            return [*alone, (whole, None)]
        if request := self._composed(account, whole):
            return [*alone, (whole, request)]
        alike: dict[object, list[Leaving]] = {}
        for one in whole:
            says = one.submission
            key = (says.text, says.sign, says.ext, says.template_code, says.template_params)
            alike.setdefault(key, []).append(one)
        if len(alike) == 1:
            return [*alone, *(([one], None) for one in whole)]
        return [*alone, *(part for group in alike.values() for part in self._groups(account, group))]

    def _composed(self, account: str, group: Sequence[Leaving]) -> HttpRequest | None:
        gateway = self._mind.gateways[account]
        assert isinstance(gateway, SendsBatches)  # noqa: S101 - only those have batches
        try:
            submissions = tuple(one.submission for one in group)
            return gateway.compose_batch(submissions, self._mind.clock(), group[0].text.id)
        except GatewayError:
            return None

    async def _together(self, group: Sequence[Leaving], request: HttpRequest) -> list[Posted]:
        account = group[0].account
        gateway = self._mind.gateways[account]
        assert isinstance(gateway, SendsBatches)  # noqa: S101 - only those have batches
        submissions = tuple(one.submission for one in group)
        results = await self._send(account, request, len(group), lambda answer: gateway.read_batch(answer, submissions))
        return [Posted(result, alone=False) for result in results]

    async def _alone(self, leaving: Leaving) -> Posted:
        read = self._mind.gateways[leaving.account].read
        [result] = await self._send(leaving.account, leaving.request, 1, lambda answer: (read(answer),))
        return Posted(result)

    async def _send(
        self, account: str, request: HttpRequest, texts: int, read: Callable[[HttpReply], tuple[SendResult, ...]]
    ) -> tuple[SendResult, ...]:
        """Make the request, and note for all how it went."""
        began = time.perf_counter()
        try:
            results = read(await self._mind.transport.send(request, TIMEOUT_SECONDS))
        except NotTaken as reason:
            results = (SendResult(outcome="temporary", detail=str(reason)),) * texts
        except Unanswered as reason:
            results = (SendResult(outcome="unknown", detail=str(reason)),) * texts
        except Exception as fault:
            log.exception("gateway_failed", account=account)
            results = (SendResult(outcome="unknown", detail=f"{type(fault).__name__}: {fault}"),) * texts
        if len(results) != texts:
            log.error("results_miscounted", account=account, texts=texts, results=len(results))
            results = (SendResult(outcome="unknown", detail=f"{len(results)} results for {texts} texts"),) * texts
        if self._mind.ways is not None:
            self._mind.ways.note(account, results[0].outcome, time.perf_counter() - began)
        return results
