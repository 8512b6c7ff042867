"""`huixin serve`: everything started in order, stopped in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import Final, Literal

import structlog
import uvloop
from aiohttp import web

from bot.app import logs
from bot.app.accounts import Accounts, build_accounts
from bot.app.gauges import Gauges
from bot.app.opening import opened, sealing, utc_now
from bot.app.outgoing import build_puller, open_links
from bot.app.thinking import LOOK_EVERY_SECONDS, Models, Thinking
from bot.domain.ids import customer_id
from bot.domain.shop import Shop
from bot.engine.apply import apply
from bot.engine.departure import Departure
from bot.engine.understand import explain, stop_scope
from bot.errors import SettingsError
from bot.phone import to_e164
from bot.settings import Keys, Settings
from bot.settings import keys as read_keys
from bot.store.corrections import Corrections
from bot.store.health import ping, warnings
from bot.store.people import Audit, People, Sessions
from bot.store.simulator import Simulator
from bot.store.store import Store
from bot.transport import Transport
from bot.web.addresses import networks
from bot.web.deps import Probe, WebDeps
from bot.web.routes import make_app
from bot.workers.asker import Asker
from bot.workers.loop import Stop, keep_on
from bot.workers.mind import Mind as WorkerMind
from bot.workers.spool import Spool
from bot.workers.ways import Ways
from bot.workers.worker import Worker

Role = Literal["all", "web", "worker"]

_HERE: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 — names of every address, which no browser opens
_FINISH_SECONDS: Final = 20.0
"""Longer than a provider may take to answer."""
_PAUSE_SECONDS: Final = 1.0

log = structlog.get_logger("serve")


def serve(settings: Settings, role: Role) -> None:
    """Run until told to stop (SIGINT, SIGTERM), then finish what is under way.

    Raises SettingsError where a part of Huixin would have a Redis of its own, which the other parts cannot join.
    """
    if role != "all" and not settings.redis_url.get_secret_value():
        raise SettingsError(
            f"--role {role} shares its Redis with the other processes: set redis_url (or HUIXIN_REDIS_URL) to the same "
            "one for all of them, or leave --role away"
        )
    logs.configure(settings.log, settings.log_format)
    uvloop.run(Service(settings, role).run())


def shops_of(settings: Settings, keys: Keys) -> Mapping[str, Shop]:
    """Give the shops; the numbers of their allow-lists become customers."""
    shops: dict[str, Shop] = {}
    for name in settings.shops:
        shop = settings.shop(name)
        only = tuple(customer_id(keys.lookup, name, to_e164(number) or number) for number in shop.policy.only_to)
        shops[name] = replace(shop, policy=replace(shop.policy, only_to=only))
    return shops


def settle_memory() -> None:
    """Take what was loaded at the start out of the collector's rounds: dictionaries and models stay for good."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class Service:
    """One process of Huixin."""

    def __init__(self, settings: Settings, role: Role) -> None:
        self._settings = settings
        self._role = role
        self._keys = read_keys(settings.data)
        self._shops = shops_of(settings, self._keys)
        self._accounts: Accounts = build_accounts(settings, self._keys)
        self._worker: Worker | None = None

    async def run(self) -> None:
        """Start, say where, wait for the signal, stop."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        async with opened(self._settings, self._keys) as store, AsyncExitStack() as stack:
            for risk in await warnings(store.client):
                log.warning("redis_at_risk", reason=risk)
            corrections = Corrections(store.client, store.bell)
            await corrections.load()
            thinking = Thinking(
                self._shops,
                self._keys.codes,
                kept=self._settings.data / "plans",
                corrections=corrections.current,
            )
            thinking.read()
            self._in_background(stack, corrections.follow)
            # Each process its own: nobody may empty what another is writing.
            folder = self._settings.data / "spool" / f"{self._role}-{self._settings.port}"
            spool = Spool(folder, store.codec)
            self._in_background(stack, partial(spool.run, store.inbox, Stop()))
            deps = self._deps(store, corrections, thinking, spool)
            if self._role != "worker":
                await self._open_web(stack, deps)
            if self._role == "web":
                self._in_background(stack, store.bell.run)
            else:
                await self._start_worker(stack, deps, thinking, stop)
            self._in_background(stack, partial(self._watch_content, thinking))
            settle_memory()
            await stop.wait()
            log.info("stopping")

    def _deps(self, store: Store, corrections: Corrections, thinking: Thinking, spool: Spool) -> WebDeps:
        settings = self._settings

        async def redis_probe() -> Probe:
            await ping(store.client)
            return Probe(ready=True, state="ok")

        async def content_probe() -> Probe:
            faults = thinking.faults
            return Probe(ready=True, state=f"{len(faults)} faults, the older one is in force" if faults else "ok")

        async def worker_probe() -> Probe:
            worker = self._worker
            return Probe(ready=True, state=f"{len(worker.partitions)} partitions" if worker else "warming")

        probes = {"redis": redis_probe, "content": content_probe}
        if self._role == "all":
            probes["worker"] = worker_probe
        gauges = Gauges(store)
        tokens = [token.get_secret_value() for token in settings.api_tokens] or [self._keys.api_token]
        return WebDeps(
            accounts=self._accounts.for_web(settings),
            shops=self._shops,
            lookup_key=self._keys.lookup,
            store=store,
            people=People(store.client),
            sessions=Sessions(store.client),
            audit=Audit(store.client),
            corrections=corrections,
            simulator=Simulator(store.client, sealing(self._keys), self._keys.lookup),
            clock=utc_now,
            content=thinking.content,
            spool=spool.put,
            public_url=settings.public_url,
            trusted_proxies=networks(settings.trusted_proxies),
            api_tokens=tuple(tokens),
            probes=probes,
            measures=gauges.measures,
            pressure=gauges.pressure,
            version=version("huixin"),
        )

    async def _open_web(self, stack: AsyncExitStack, deps: WebDeps) -> None:
        settings = self._settings
        runner = web.AppRunner(make_app(deps), access_log=None, handle_signals=False)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            raise SettingsError(
                f"nothing can listen on {settings.host}:{settings.port} ({error.strerror or error}): "
                "choose others with HUIXIN_HOST and HUIXIN_PORT"
            ) from error
        await self._welcome(deps.people, deps.sessions)

    async def _welcome(self, people: People, sessions: Sessions) -> None:
        host = _HERE.get(self._settings.host, self._settings.host)
        address = self._settings.public_url or f"http://{host}:{self._settings.port}"
        log.info("listening", url=address)
        password = await people.ensure_admin(utc_now())
        if password is None:
            return
        link = await sessions.make_link("admin")
        text = f"""
  Huixin 回信 · {address}

  第一次使用,请用这个链接登录(30 分钟内有效,只能用一次):
  First visit? Sign in with this link (good once, for 30 minutes):

    {address}/signin?once={link}

  之后 / later:  admin  {password}     (只显示这一次 · shown only now)
"""
        print(text, file=sys.stderr, flush=True)  # noqa: T201 — a person at a terminal reads this, no log keeps it

    async def _start_worker(
        self, stack: AsyncExitStack, deps: WebDeps, thinking: Thinking, stop: asyncio.Event
    ) -> None:
        settings, store = self._settings, deps.store
        cache = self._settings.data / "cache"
        # The models are built beside the loop: what comes in meanwhile is taken, and answered when they are there.
        models = await asyncio.to_thread(Models, cache)
        await asyncio.to_thread(thinking.warm_up, models)
        await asyncio.to_thread(models.words.cut, "预热")
        http = Transport()
        stack.push_async_callback(http.close)
        ways = Ways(store, self._accounts.limits(settings))
        transport = await open_links(stack, http, self._accounts, deps, ways)
        mind = WorkerMind(
            decide=thinking.decide,
            apply=apply,
            prepare=Departure(
                content=thinking.content,
                shops=self._shops,
                routes=self._accounts.routes(settings, ways.healthy),
                report_urls=self._accounts.report_urls(settings),
                tying=frozenset(name for name, told in settings.gateways.items() if told.tie_replies),
            ),
            gateways=self._accounts.gateways,
            transport=transport,
            clock=utc_now,
            ways=ways,
            stop_scope=stop_scope,
            explain=explain,
        )
        worker = Worker(store, mind)
        puller = build_puller(settings, self._accounts, deps, transport)
        asking = Stop()
        self._in_background(stack, partial(ways.run, Stop()))
        for work in (puller, Asker(store, mind, lambda: worker.partitions)):
            self._in_background(stack, partial(work.run, asking), asking)
        starting = asyncio.create_task(worker.start())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        self._worker = worker
        stack.push_async_callback(worker.drain)
        # Before the worker drains: both then finish at the same time.
        stack.callback(asking.tell)

    @staticmethod
    async def _watch_content(thinking: Thinking) -> None:
        async def turn() -> None:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            await asyncio.to_thread(thinking.renew)

        await keep_on("content", turn, Stop())

    @staticmethod
    def _in_background(stack: AsyncExitStack, work: Callable[[], Awaitable[None]], stop: Stop | None = None) -> None:
        """Work until the way out, through every fault; what has a `stop` may then finish what it cannot get twice."""
        task = asyncio.create_task(_begin_again(work))

        async def end() -> None:
            if stop is not None:
                stop.tell()
                await asyncio.wait([task], timeout=_FINISH_SECONDS)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

        stack.push_async_callback(end)


async def _begin_again(work: Callable[[], Awaitable[None]]) -> None:
    """Do work that ends by itself only when it was told to; after a fault it begins again."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("background_failed")
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return
