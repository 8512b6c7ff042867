"""How many webhooks are taken in a second, each durable before the gateway is told OK.

Compared in the same run, in turn: a bare aiohttp handler that stores nothing, one that awaits a plain XADD on the same
Redis (appendfsync always), and Huixin's own webhook with its token, signature and parsing. By the number of gateways'
connections, for what arrives together is taken in together. Prints JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import itertools
import json
import statistics
import time
from collections.abc import Iterator, Mapping

import uvloop
from rig.load import Make, drive, post
from rig.processes import rig

TOKEN = "benchmark-token-0123456789"
SECRET = "benchmark-secret"
CONFIG = """
redis_url = "{redis}"
log = "warning"
[gateways.bench]
provider = "generic"
token = "{token}"
secret = "{secret}"
url = "http://127.0.0.1:9/out"
rate_per_second = 0
same_text_seconds = 0
"""


def body(number: int) -> bytes:
    """Write the nth reply; some ten thousand customers write."""
    phone = 13800000000 + number * 7919 % 10_000
    return json.dumps({"id": f"m{number}", "from": str(phone), "text": "4分,就是快递慢"}).encode()


def unsigned(number: int) -> bytes:
    """Write a request for the servers to compare with: the same size and headers, so the same reading."""
    return post("/inbound", body(number), _signature(body(number)))


def signed(number: int) -> bytes:
    """Write a request as the generic gateway signs it."""
    told = body(number)
    return post(f"/gateways/bench/{TOKEN}/inbound", told, _signature(told))


def _signature(told: bytes) -> str:
    stamp = str(int(time.time()))
    proof = hmac.new(SECRET.encode(), f"{stamp}.".encode() + told, hashlib.sha256).hexdigest()
    return f"X-Huixin-Timestamp: {stamp}\r\nX-Huixin-Signature: sha256={proof}\r\n"


async def main() -> None:
    """Measure in turn and print."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--rounds", type=int, default=6)
    ask.add_argument("--seconds", type=float, default=1.5)
    ask.add_argument("--connections", type=int, nargs="+", default=[64, 512])
    told = ask.parse_args()
    async with rig() as here:
        redis = await here.redis()
        config = CONFIG.format(redis=redis, token=TOKEN, secret=SECRET)
        servers: dict[str, tuple[int, Make]] = {
            "bare": (await here.plain("bare", redis), unsigned),
            "xadd": (await here.plain("xadd", redis), unsigned),
            "huixin": (await here.huixin("web", config), signed),
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


def ratio(ours: list[float], theirs: list[float]) -> dict[str, float]:
    """Give the ratios round by round: median, least and greatest."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return {"median": round(statistics.median(ratios), 2), "min": round(min(ratios), 2), "max": round(max(ratios), 2)}


if __name__ == "__main__":
    uvloop.run(main())
