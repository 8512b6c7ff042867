"""How many replies a second are taken, understood, committed and answered, the answer handed to the gateway.

Compared in the same run, in turn, on Redis servers alike: aiogram by webhook with Redis FSM storage and Redis event
isolation, doing two simple handlers. The window of replies under way is the same for both; steady state, the first
seconds are not counted. Huixin is measured twice: with a few texts that many customers write, which it remembers, and
with texts of which no two are the same. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import time
from collections.abc import Callable
from typing import cast

import uvloop
from rig.gateway import reply, settings
from rig.load import post, ratio
from rig.processes import free_port, rig

TEXTS = ("4分，就是快递慢", "你们几点开门", "谢谢，挺好的", "请问怎么退货", "包装很用心，宝宝特别喜欢")
NAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
CUSTOMERS = 49_999
BENCH = '\n[shops.default]\ngateways = ["bench"]\n'


def update(number: int) -> bytes:
    """Write a Telegram update as aiogram reads it."""
    user = number * 7919 % CUSTOMERS + 1
    person = {"id": user, "is_bot": False, "first_name": "A"}
    told = {
        "update_id": number,
        "message": {
            "message_id": number,
            "date": int(time.time()),
            "chat": {"id": user, "type": "private"},
            "from": person,
            "text": TEXTS[number % len(TEXTS)],
        },
    }
    return post("/inbound", json.dumps(told).encode())


def new_reply(number: int) -> bytes:
    """Write a reply that nobody wrote before."""
    name = "".join(NAMES[number // 20**place % 20] for place in range(4))
    ending = f"，我是{name}，{number % 29 + 1}栋{number % 31 + 1}楼的"
    return reply(number, TEXTS[number % len(TEXTS)] + ending, CUSTOMERS)


def known_reply(number: int) -> bytes:
    """Write one of the few replies that many customers write."""
    return reply(number, TEXTS[number % len(TEXTS)], CUSTOMERS)


class Sink(asyncio.Protocol):
    """Stands for both providers: takes every text and says so, as cheaply as can be."""

    def __init__(self, taken: Callable[[], None]) -> None:
        self._taken = taken
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport by class, only by habit.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + size:
                return
            telegram = b"/sendmessage" in head
            self._buffer = self._buffer[end + 4 + size :]
            self._taken()
            self._transport.write(_TELEGRAM if telegram else _GENERIC)


def _answer(told: dict[str, object]) -> bytes:
    body = json.dumps(told).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


_TELEGRAM = _answer(
    {"ok": True, "result": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "ok"}}
)
_GENERIC = _answer({"id": "x", "state": "sent"})


class _Sender(asyncio.Protocol):
    """One connection; sends its next webhook when the last was answered and the window has room."""

    def __init__(self, load: Load) -> None:
        self._load = load

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport by class, only by habit.
        self._transport = cast("asyncio.Transport", transport)
        self._load.idle.append(self)

    def data_received(self, data: bytes) -> None:
        if data[9:10] != b"2":
            self._load.refused += 1
        self._load.idle.append(self)
        self._load.go()

    def send(self, request: bytes) -> None:
        self._transport.write(request)


class Load:
    """Keeps `window` replies under way: a new one starts when an answer has reached the sink."""

    def __init__(self, make: Callable[[int], bytes], window: int, numbers: itertools.count[int]) -> None:
        self._make, self._numbers = make, numbers
        self._room = window
        self.idle: list[_Sender] = []
        self.answered = 0
        self.refused = 0
        self.running = True

    def taken(self) -> None:
        self.answered += 1
        self._room += 1
        self.go()

    def go(self) -> None:
        while self.running and self._room > 0 and self.idle:
            self._room -= 1
            self.idle.pop().send(self._make(next(self._numbers)))

    async def run(self, port: int, connections: int, warm: float, seconds: float) -> float:
        loop = asyncio.get_running_loop()
        made = [await loop.create_connection(lambda: _Sender(self), "127.0.0.1", port) for _ in range(connections)]
        self.go()
        await asyncio.sleep(warm)
        before, began = self.answered, time.perf_counter()
        await asyncio.sleep(seconds)
        per_second = (self.answered - before) / (time.perf_counter() - began)
        self.running = False
        await asyncio.sleep(0.5)
        for transport, _ in made:
            transport.close()
        if self.refused:
            raise RuntimeError(f"{self.refused} webhooks were refused")
        return per_second


async def main() -> None:
    """Measure in turn and print."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--seconds", type=float, default=5.0)
    ask.add_argument("--window", type=int, default=256)
    told = ask.parse_args()
    current: list[Load] = []
    loop = asyncio.get_running_loop()
    sink_port = free_port()
    # Whichever load is running when the text arrives.
    sink = await loop.create_server(lambda: Sink(lambda: current[-1].taken()), "127.0.0.1", sink_port)  # noqa: PLW0108
    async with rig() as here:
        out = f"http://127.0.0.1:{sink_port}/out"
        ours = settings(await here.redis(), out)
        # One made-up customer stands for many real ones: the guards against floods would stop it, rightly.
        port = await here.huixin("all", "per_number_per_minute = 1000000\n" + ours + BENCH)
        servers: dict[str, tuple[int, Callable[[int], bytes]]] = {
            "aiogram": (await here.aiogram(await here.redis(), f"http://127.0.0.1:{sink_port}"), update),
            "huixin": (port, known_reply),
            "huixin_new_texts": (port, new_reply),
        }
        found: dict[str, list[float]] = {name: [] for name in servers}
        numbers = itertools.count()
        for round_number in range(told.rounds + 1):
            for name, (port, make) in servers.items():
                load = Load(make, told.window, numbers)
                current.append(load)
                per_second = await load.run(port, min(64, told.window), 2.0, told.seconds)
                # The first round warms connections, scripts and caches.
                if round_number:
                    found[name].append(per_second)
    sink.close()
    report = {
        "benchmark": "end_to_end",
        "rounds": told.rounds,
        "window": told.window,
        "answers_per_second": {name: round(statistics.median(values)) for name, values in found.items()},
        "huixin_to_aiogram": ratio(found["huixin"], found["aiogram"]),
        "huixin_to_aiogram_new_texts": ratio(found["huixin_new_texts"], found["aiogram"]),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    uvloop.run(main())
