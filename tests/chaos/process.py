"""A worker of the small bot in a process of its own, which may be told to die at a step."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime

from bot.store.store import open_store
from bot.store.vault import Vault
from bot.transport import Transport
from bot.workers.worker import Worker
from tests import smallbot
from tests.conftest import LOOKUP_KEY, SEALS


async def main(redis_url: str, provider_url: str, lease_seconds: float, die_at: str, nth: int) -> None:
    left = nth

    def step(name: str) -> None:
        nonlocal left
        if name == die_at:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def now() -> datetime:
        return datetime.now(UTC)

    store = await open_store(redis_url, Vault(SEALS, "k1"), LOOKUP_KEY, now)
    transport = Transport()
    mind = smallbot.mind(provider_url, now, transport=transport, step=step)
    worker = Worker(store, mind, lease_seconds=lease_seconds)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await worker.start()
    print("ready", flush=True)  # noqa: T201 — the test waits for this line
    await stop.wait()
    await worker.drain()
    await transport.close()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
