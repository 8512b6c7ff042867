"""How everything here runs: turn after turn until told to stop, through whatever goes wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from bot.errors import LeaseLost, StoreUnavailable

_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 2.0

log = structlog.get_logger("workers")


class Stop:
    """Told once; a turn under way is finished, no other begins."""

    def __init__(self) -> None:
        self._told = asyncio.Event()
        self._ears: list[asyncio.Event] = []

    def __bool__(self) -> bool:
        return self._told.is_set()

    def wakes(self, ear: asyncio.Event) -> None:
        """Ring this ear too when the time has come."""
        self._ears.append(ear)

    def tell(self) -> None:
        """Ask everybody to finish."""
        self._told.set()
        for ear in self._ears:
            ear.set()


async def keep_on(name: str, turn: Callable[[], Awaitable[None]], stop: Stop) -> None:
    """Take turns until told to stop. Redis away and faults of ours are waited out, longer each time.

    Raises LeaseLost, which only the partition's keeper can deal with.
    """
    pause = _FIRST_PAUSE_SECONDS
    while not stop:
        try:
            await turn()
        except LeaseLost:
            raise
        except StoreUnavailable as reason:
            log.warning("store_unavailable", loop=name, reason=str(reason), pause=pause)
        except Exception:
            log.exception("turn_failed", loop=name, pause=pause)
        else:
            pause = _FIRST_PAUSE_SECONDS
            continue
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
