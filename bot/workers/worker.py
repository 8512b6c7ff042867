"""One worker: its partitions, the projector and the bell, started and ended in order."""

import asyncio
from typing import Final

import structlog

from bot.store.leases import LEASE_SECONDS
from bot.store.store import Store
from bot.workers.loop import Stop
from bot.workers.mind import Mind
from bot.workers.partitions import Partitions

DRAIN_SECONDS: Final = 20.0

log = structlog.get_logger("workers")


class Worker:
    """Everything between inbox and gateway, for a fair share of the partitions."""

    def __init__(
        self, store: Store, mind: Mind, *, lease_seconds: float = LEASE_SECONDS, drain_seconds: float = DRAIN_SECONDS
    ) -> None:
        self._store = store
        self._partitions = Partitions(store, mind, lease_seconds)
        self._drain_seconds = drain_seconds
        self._stop = Stop()
        self._projecting = Stop()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ready(self) -> bool:
        """Tell whether this worker has taken its share of the partitions."""
        return self._partitions.ready.is_set()

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions held now."""
        return self._partitions.numbers

    async def start(self) -> None:
        """Begin, and wait until the first partitions are ours (with Redis away: until it is back)."""
        self._tasks = [
            asyncio.create_task(self._store.bell.run(work=True), name="bell"),
            asyncio.create_task(self._partitions.projector.run(self._projecting), name="projector"),
            asyncio.create_task(self._partitions.run(self._stop, self._drain_seconds), name="partitions"),
        ]
        await self._partitions.ready.wait()
        log.info("worker_ready", partitions=len(self.partitions))

    async def drain(self) -> None:
        """Finish what is under way, project it, hand the partitions back."""
        bell, projecting, keeping = self._tasks
        self._stop.tell()
        await keeping
        self._projecting.tell()
        await projecting
        bell.cancel()
        await asyncio.gather(bell, return_exceptions=True)
        log.info("worker_drained")
