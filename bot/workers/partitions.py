"""Keeps this worker's share of the partitions; all of a partition's work hangs on its lease."""

import asyncio
import contextlib
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Final

import structlog

from bot.domain.decision import Decision
from bot.errors import LeaseLost, StoreUnavailable
from bot.store.bell import heard
from bot.store.leases import LEASE_SECONDS, Lease, Leases
from bot.store.store import Store
from bot.workers.loop import Stop
from bot.workers.mind import Mind
from bot.workers.posting import Posting
from bot.workers.processor import Processor
from bot.workers.projector import Projector
from bot.workers.sender import Sender, slots
from bot.workers.timers import fire_timers

_BULK_AT_ONCE: Final = 2
"""Partitions that handle bulk events at the same time, so that live ones find the loop free."""

log = structlog.get_logger("workers.partitions")


class _Owned:
    """One partition's work."""

    def __init__(self, lease: Lease, store: Store, mind: Mind, shared: "Partitions") -> None:
        self.lease = lease
        self.sender = Sender(lease, store, mind, shared.ways, shared.posting)
        self.timers = asyncio.Event()
        self.stop = Stop()
        processor = Processor(lease, store, mind, shared.bulk_turns, shared.committed)
        self._tasks = [
            asyncio.create_task(self._guard(work, shared), name=f"{name}-{lease.partition}")
            for name, work in (
                ("processor", processor.run(self.stop)),
                ("sender", self.sender.run(self.stop)),
                ("timers", fire_timers(lease, store, mind, self.timers, self.stop)),
            )
        ]

    async def finish(self, seconds: float) -> None:
        """End the work: what is under way may take so long, then it is cut off."""
        self.stop.tell()
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _guard(self, work: Awaitable[None], shared: "Partitions") -> None:
        try:
            await work
        except LeaseLost:
            shared.lose(self.lease)


class Partitions:
    """The partitions of one worker."""

    def __init__(self, store: Store, mind: Mind, seconds: float = LEASE_SECONDS) -> None:
        self._store = store
        self._mind = mind
        self._seconds = seconds
        self._leases = Leases(store.client, store.partitions, seconds)
        self._owned: dict[int, _Owned] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._numbers: set[int] = set()
        self.projector = Projector(store, mind, self._numbers)
        self.ways = slots()
        self.posting = Posting(mind)
        self.bulk_turns = asyncio.Semaphore(_BULK_AT_ONCE)
        self.ready = asyncio.Event()
        """Set once this worker has its share."""

    @property
    def numbers(self) -> frozenset[int]:
        """The partitions held now."""
        return frozenset(self._numbers)

    async def run(self, stop: Stop, drain_seconds: float) -> None:
        """Keep the share until told to stop; then finish what is under way and hand everything back."""
        ear = asyncio.Event()
        stop.wakes(ear)
        while not stop:
            try:
                await self.turn()
            except StoreUnavailable as reason:
                log.warning("leases_wait", reason=str(reason))
            except Exception:
                # Without this loop nothing is renewed or taken over until somebody starts us anew.
                log.exception("leases_failed")
            await heard(ear, self._seconds / 3)
        for owned in list(self._owned.values()):
            self._hand_back(owned, drain_seconds)
        while self._ending:
            # What is still under way needs its lease.
            await asyncio.wait(self._ending, timeout=self._seconds / 3)
            with contextlib.suppress(StoreUnavailable):
                await self._renew()
        with contextlib.suppress(StoreUnavailable):
            await self._leases.leave()

    async def turn(self) -> None:
        """Renew what is held, take what is free, hand back what is more than a fair share."""
        workers = await self._leases.beat()
        await self._renew()
        share = -(-self._store.partitions // max(workers, 1))
        kept = [owned for owned in self._owned.values() if not owned.stop]
        for owned in kept[share:]:
            self._hand_back(owned, self._seconds)
        if len(kept) < share:
            for lease in await self._leases.acquire(share - len(kept), self.numbers):
                self._owned[lease.partition] = _Owned(lease, self._store, self._mind, self)
                self._numbers.add(lease.partition)
                self.projector.touch(lease.partition)
        self.ready.set()

    async def _renew(self) -> None:
        for lease in await self._leases.renew([owned.lease for owned in self._owned.values()]):
            self.lose(lease)

    def lose(self, lease: Lease) -> None:
        """Drop a partition that another worker owns by now."""
        owned = self._owned.get(lease.partition)
        if owned is None or owned.lease != lease:
            return
        log.warning("lease_lost", partition=lease.partition, fence=lease.fence)
        self._forget(lease.partition)
        self._end(owned.finish(0.0))

    def committed(self, partition: int, decisions: Sequence[Decision]) -> None:
        """Tell whoever has something to do after a commit."""
        self.projector.touch(partition)
        owned = self._owned.get(partition)
        if owned is None:
            return
        owned.sender.offer(text for decision in decisions for text in decision.outbox)
        if any(decision.timers for decision in decisions):
            owned.timers.set()

    def _hand_back(self, owned: _Owned, seconds: float) -> None:
        async def finish_and_release() -> None:
            await owned.finish(seconds)
            if self._owned.get(owned.lease.partition) is owned:
                try:
                    await self.projector.finish(owned.lease.partition)
                except Exception:
                    # The next owner projects it; with us it would lie there leased and untended.
                    log.exception("not_projected", partition=owned.lease.partition)
                self._forget(owned.lease.partition)
                with contextlib.suppress(StoreUnavailable):
                    await self._leases.release(owned.lease)

        owned.stop.tell()
        self._end(finish_and_release())

    def _end(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _forget(self, partition: int) -> None:
        self._owned.pop(partition, None)
        self._numbers.discard(partition)
        self.projector.forget(partition)
