"""A closed-loop HTTP load over raw sockets: each connection sends its next request on the answer; and its ratios."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from typing import cast

Make = Callable[[int], bytes]
"""The nth request, whole: head and body."""


class _Connection(asyncio.Protocol):
    def __init__(self, numbers: Iterator[int], make: Make) -> None:
        self.numbers, self.make = numbers, make
        self.answered = 0
        self.refused: dict[bytes, int] = {}
        self.open = True
        self.transport: asyncio.Transport | None = None
        self.sent_at = 0.0
        self.waits: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport by class, only by habit.
        self.transport = cast("asyncio.Transport", transport)
        self._next()

    def _next(self) -> None:
        if not self.open or self.transport is None:
            return
        self.sent_at = time.perf_counter()
        self.transport.write(self.make(next(self.numbers)))

    def data_received(self, data: bytes) -> None:
        self.waits.append(time.perf_counter() - self.sent_at)
        status = data[9:12]
        if status[:1] == b"2":
            self.answered += 1
        else:
            self.refused[status] = self.refused.get(status, 0) + 1
        self._next()


async def drive(port: int, make: Make, numbers: Iterator[int], *, seconds: float, connections: int) -> dict[str, float]:
    """Load one server for some seconds. Gives accepted per second and the wait's p50 and p99 in milliseconds."""
    loop = asyncio.get_running_loop()
    pairs = [
        await loop.create_connection(lambda: _Connection(numbers, make), "127.0.0.1", port) for _ in range(connections)
    ]
    # The first connections were busy while the last were made: what counts begins when all are there.
    before = sum(protocol.answered for _, protocol in pairs)
    for _, protocol in pairs:
        protocol.waits.clear()
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    taken = time.perf_counter() - began
    answered = sum(protocol.answered for _, protocol in pairs) - before
    for transport, protocol in pairs:
        protocol.open = False
        transport.close()
    refused = {k: v for _, protocol in pairs for k, v in protocol.refused.items()}
    if refused:
        raise RuntimeError(f"the server on port {port} refused requests: {refused}")
    waits = sorted(wait for _, protocol in pairs for wait in protocol.waits)
    return {
        "per_second": answered / taken,
        "p50_ms": waits[len(waits) // 2] * 1000,
        "p99_ms": waits[int(len(waits) * 0.99)] * 1000,
    }


def post(path: str, body: bytes, headers: str = "") -> bytes:
    """Write one POST request."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{headers}\r\n"
    ).encode() + body


def ratio(ours: list[float], theirs: list[float]) -> dict[str, float]:
    """Give the ratios round by round: median, least and greatest."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return {"median": round(statistics.median(ratios), 2), "min": round(min(ratios), 2), "max": round(max(ratios), 2)}
