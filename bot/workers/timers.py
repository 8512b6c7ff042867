"""Fires one partition's timers when they are due."""

import asyncio
from typing import Final

from bot.store import keys
from bot.store.bell import heard
from bot.store.leases import Lease
from bot.store.store import Store
from bot.workers.loop import Stop, keep_on
from bot.workers.mind import Mind

_LOOK_AGAIN_SECONDS: Final = 1.0
"""Also bounds how late a timer is after the clock was set."""


async def fire_timers(lease: Lease, store: Store, mind: Mind, ear: asyncio.Event, stop: Stop) -> None:
    """Move due timers into the inbox until told to stop; `ear` is rung when one was set. Raises LeaseLost."""
    stop.wakes(ear)

    async def turn() -> None:
        ear.clear()
        fired, next_in = await store.timers.fire(lease, mind.clock())
        if fired:
            store.bell.ring(keys.bell(lease.partition))
        elif not stop:
            await heard(ear, min(_LOOK_AGAIN_SECONDS, _LOOK_AGAIN_SECONDS if next_in is None else next_in))

    await keep_on("timers", turn, stop)
