"""What the web room is handed by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from bot.domain.content import Content
from bot.domain.events import Event
from bot.domain.shop import Shop
from bot.errors import StoreUnavailable
from bot.store.arrivals import Spools
from bot.store.corrections import Corrections
from bot.store.people import Audit, People, Sessions
from bot.store.simulator import Simulator
from bot.store.store import Store
from bot.web.accounts import Account
from bot.web.addresses import Network
from bot.web.intake import Intake


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What one part says of itself when asked whether it is ready."""

    ready: bool
    state: str
    """One word or a short sentence for people: ok, warming, 3 of 64 leases …"""


async def no_pressure() -> int:
    """Say that work can be taken at once."""
    return 0


async def no_spool(event: Event) -> None:
    """Keep nothing."""
    raise StoreUnavailable(f"there is no spool for {event.id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebDeps:
    """Everything that answering HTTP needs."""

    accounts: Mapping[str, Account]
    shops: Mapping[str, Shop]
    lookup_key: bytes
    store: Store
    people: People
    sessions: Sessions
    audit: Audit
    corrections: Corrections
    simulator: Simulator
    clock: Callable[[], datetime]
    content: Callable[[], Content]
    """The content that is in force now."""
    spool: Spools = no_spool
    public_url: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    api_tokens: tuple[str, ...] = ()
    probes: Mapping[str, Callable[[], Awaitable[Probe]]] = field(default_factory=dict)
    measures: Callable[[], Awaitable[Mapping[str, float]]] | None = None
    """Gauges of the whole installation by name, for /metrics."""
    pressure: Callable[[], Awaitable[int]] = no_pressure
    """Seconds for which the events API shall turn callers away; 0 while the inbox keeps up."""
    version: str = ""
    intake: Intake = field(init=False)
    """The door for whatever gateways bring."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "intake", Intake(self.store, self.clock, self.spool))


DEPS: web.AppKey[WebDeps] = web.AppKey("deps", WebDeps)
