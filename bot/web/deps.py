"""What the web room is handed by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from bot.domain.content import Content
from bot.domain.events import Event
from bot.domain.gateway import Gateway, ProvesWithoutBody
from bot.domain.shop import Shop
from bot.errors import StoreUnavailable
from bot.store.arrivals import Source
from bot.store.corrections import Corrections
from bot.store.people import Audit, People, Sessions
from bot.store.simulator import Simulator
from bot.store.store import Store
from bot.web.addresses import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account at a provider, as callbacks find it: by its name and its secret token."""

    name: str
    provider: str
    token: str
    gateway: Gateway
    shop: str
    allow: tuple[Network, ...] = ()
    """Addresses that may call; empty: all."""

    source: Source = field(init=False)
    """What its messages are told apart by."""
    prover: ProvesWithoutBody | None = field(init=False)
    """The gateway, where its proofs leave out the body and must be remembered."""

    def __post_init__(self) -> None:
        # Derived once: each callback asks for them, and asking a protocol is slow.
        shared = self.gateway.capabilities.one_id_per_batch
        source = Source(account=self.name, provider=self.provider, shop=self.shop, shared_ids=shared)
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "prover", self.gateway if isinstance(self.gateway, ProvesWithoutBody) else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What one part says of itself when asked whether it is ready."""

    ready: bool
    state: str
    """One word or a short sentence for people: ok, warming, 3 of 64 leases …"""


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


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
    content: Callable[[], Content]
    """The content that is in force now."""
    spool: Callable[[Event], Awaitable[None]] = no_spool
    """Keeps an event on disk while Redis is away. Raises StoreUnavailable where it cannot."""
    public_url: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    api_tokens: tuple[str, ...] = ()
    probes: Mapping[str, Callable[[], Awaitable[Probe]]] = field(default_factory=dict)
    measures: Callable[[], Awaitable[Mapping[str, float]]] | None = None
    """Gauges of the whole installation by name, for /metrics."""
    pressure: Callable[[], Awaitable[int]] = no_pressure
    """Seconds for which the events API shall turn callers away; 0 while the inbox keeps up."""
    clock: Callable[[], datetime] = utc_now
    version: str = ""


DEPS: web.AppKey[WebDeps] = web.AppKey("deps", WebDeps)
