"""The accounts at providers, as their callbacks find them."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.gateway import Gateway, ProvesWithoutBody
from bot.store.arrivals import Source
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
