"""A worker with the true mind in a process of its own; what time it is, a file says that the test writes."""

import asyncio
import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bot.app.thinking import Models, Thinking
from bot.domain.shop import Policy, Shop
from bot.engine.apply import apply
from bot.engine.departure import Departure
from bot.engine.understand import explain, stop_scope
from bot.gateways import load
from bot.outbound.routing import Route
from bot.store.store import open_store
from bot.store.vault import Vault
from bot.transport import Transport
from bot.workers.mind import Mind
from bot.workers.worker import Worker
from tests.conftest import LOOKUP_KEY, SEALS

ACCOUNT = "simulator"
LEASE_SECONDS = 10.0
"""Long beside what a busy machine takes: no lease may be lost here."""


def shop(facts: dict[str, str]) -> Shop:
    """The shop of the stories; it sends a second survey on one day, which caps would keep back."""
    policy = Policy(caps={})
    return Shop(name="default", signature="森茶", opens="09:00", closes="21:00", facts=facts, policy=policy)


async def main(redis_url: str, provider_url: str, clock_file: str, facts: dict[str, str]) -> None:
    def clock() -> datetime:
        return datetime.fromisoformat(Path(clock_file).read_text(encoding="ascii")).astimezone(UTC)

    shops = {"default": shop(facts)}
    thinking = Thinking(shops, b"a key of the tests, nobody else's")
    thinking.read()
    thinking.warm_up(Models(None))
    gateway = load(ACCOUNT, {"url": provider_url})
    route = Route(account=ACCOUNT, provider=gateway.name, capabilities=gateway.capabilities)
    store = await open_store(redis_url, Vault(SEALS, "k1"), LOOKUP_KEY, clock)
    transport = Transport()
    mind = Mind(
        decide=thinking.decide,
        apply=apply,
        prepare=Departure(content=thinking.content, shops=shops, routes=lambda: [route], report_urls={}),
        gateways={ACCOUNT: gateway},
        transport=transport,
        clock=clock,
        stop_scope=stop_scope,
        explain=explain,
        # The clock stands still and jumps: nothing rings then.
        look_again=0.1,
    )
    worker = Worker(store, mind, lease_seconds=LEASE_SECONDS)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await worker.start()
    print("ready", flush=True)  # noqa: T201 — the test waits for this line
    await stop.wait()
    await worker.drain()
    await transport.close()
    await store.close()


if __name__ == "__main__":
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    asyncio.run(main(**json.loads(sys.argv[1])))
