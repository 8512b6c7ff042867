"""Fires one partition's timers when they are due."""

import asyncio

from bot.store import keys
from bot.store.bell import heard
from bot.store.leases import Lease
from bot.store.store import Store
from bot.workers.loop import Stop, keep_on
from bot.workers.mind import Mind


async def fire_timers(lease: Lease, store: Store, mind: Mind, ear: asyncio.Event, stop: Stop) -> None:
    """Move due timers into the inbox until told to stop; `ear` is rung when one was set. Raises LeaseLost."""
    stop.wakes(ear)

    async def turn() -> None:
        ear.clear()
        fired, next_in = await store.timers.fire(lease, mind.clock())
        if fired:
            store.bell.ring(keys.bell(lease.partition, "bulk"))
        elif not stop:
            await heard(ear, mind.look_again if next_in is None else min(next_in, mind.look_again))

    await keep_on("timers", turn, stop)
