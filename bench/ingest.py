"""How many webhooks are taken in a second, each durable before the gateway is told OK.

Compared in the same run, in turn: a bare aiohttp handler that stores nothing, one that awaits a plain XADD on the same
Redis (appendfsync always), and Huixin's own webhook with its token, signature and parsing. By the number of gateways'
connections, for what arrives together is taken in together. Prints JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
from collections.abc import Iterator, Mapping

import uvloop
from rig.gateway import reply, settings, to_plain
from rig.load import Make, drive, ratio
from rig.processes import rig

TEXT = "4分,就是快递慢"
CUSTOMERS = 10_000


def to_huixin(number: int) -> bytes:
    """Write the nth reply."""
    return reply(number, TEXT, CUSTOMERS)


def to_others(number: int) -> bytes:
    """Write the same to a plain server."""
    return to_plain(number, TEXT, CUSTOMERS)


async def main() -> None:
    """Measure in turn and print."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--rounds", type=int, default=6)
    ask.add_argument("--seconds", type=float, default=1.5)
    ask.add_argument("--connections", type=int, nargs="+", default=[64, 512])
    told = ask.parse_args()
    async with rig() as here:
        redis = await here.redis()
        servers: dict[str, tuple[int, Make]] = {
            "bare": (await here.plain("bare", redis), to_others),
            "xadd": (await here.plain("xadd", redis), to_others),
            "huixin": (await here.huixin("web", settings(redis)), to_huixin),
        }
        numbers = itertools.count()
        found = {
            str(connections): await compare(servers, numbers, told.rounds, told.seconds, connections)
            for connections in told.connections
        }
    print(json.dumps({"benchmark": "ingest", "rounds": told.rounds, "by_connections": found}))


async def compare(
    servers: Mapping[str, tuple[int, Make]], numbers: Iterator[int], rounds: int, seconds: float, connections: int
) -> dict[str, object]:
    """Load the servers in turn from so many connections, round by round."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
    for round_number in range(rounds + 1):
        for name, (port, make) in servers.items():
            figures = await drive(port, make, numbers, seconds=seconds, connections=connections)
            # The first round warms connections, scripts and caches.
            if round_number:
                found[name].append(figures)
    per_second = {name: [figures["per_second"] for figures in each] for name, each in found.items()}
    return {
        "per_second": {name: round(statistics.median(values)) for name, values in per_second.items()},
        "p99_ms": {name: round(statistics.median(f["p99_ms"] for f in each), 1) for name, each in found.items()},
        "huixin_to_bare": ratio(per_second["huixin"], per_second["bare"]),
        "huixin_to_xadd": ratio(per_second["huixin"], per_second["xadd"]),
    }


if __name__ == "__main__":
    uvloop.run(main())
