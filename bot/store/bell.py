"""Who rings when something new has come, so that nobody has to poll: one channel, one listener a process."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from redis.exceptions import RedisError

from bot.store import keys
from bot.store.client import Client

_AGAIN_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 30.0


class Bell:
    """Wakes those who listen for a name: a partition's inbox lanes (`keys.bell`), the `feed`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._ears: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextlib.contextmanager
    def ear(self, name: str) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever `name` rings, or may have rung unheard."""
        event = asyncio.Event()
        self._ears[name].add(event)
        try:
            yield event
        finally:
            self._ears[name].discard(event)
            if not self._ears[name]:
                del self._ears[name]

    def heard_here(self, name: str) -> bool:
        """Tell whether somebody in this process listens for a name."""
        return name in self._ears

    def ring(self, name: str) -> None:
        """Wake the listeners of this process."""
        for event in self._ears.get(name, ()):
            event.set()

    async def run(self, *, work: bool = False) -> None:
        """Listen until cancelled (with `work` to the inboxes, too); after each new connection everyone is woken."""
        channels = (keys.BELL, keys.WORK_BELL) if work else (keys.BELL,)
        while True:
            with contextlib.suppress(RedisError, OSError):
                await self._listen(channels)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _listen(self, channels: Sequence[str]) -> None:
        async with self._client.primaries()[0].pubsub() as channel:
            await channel.subscribe(*channels)
            while True:
                message = await channel.get_message(timeout=_PATIENCE_SECONDS)
                if message is None:
                    continue
                # What rang before Redis had taken the subscription was not heard.
                names = message["data"].decode().split() if message["type"] == "message" else list(self._ears)
                for name in names:
                    self.ring(name)


async def heard(ear: asyncio.Event, seconds: float | None) -> bool:
    """Wait for an ear to be rung; False when nothing came within the time."""
    try:
        async with asyncio.timeout(seconds):
            return await ear.wait()
    except TimeoutError:
        return False
