"""Everything that is kept in Redis, opened once and handed around."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.store import meta
from bot.store.arrivals import Arrivals
from bot.store.bell import Bell
from bot.store.client import Client, connect
from bot.store.codec import Codec
from bot.store.commit import Commit
from bot.store.customers import Customers
from bot.store.dead import DeadLetters
from bot.store.feed import Feed
from bot.store.inbox import REPLIES_PER_MINUTE, Inbox
from bot.store.log import Log
from bot.store.outbox import Outbox
from bot.store.proofs import Proofs
from bot.store.questions import Questions
from bot.store.rates import Rates
from bot.store.refs import Refs
from bot.store.timers import Timers
from bot.store.vault import Vault
from bot.store.vitals import Vitals


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The rooms of the store, one of each."""

    client: Client
    partitions: int
    codec: Codec
    bell: Bell
    inbox: Inbox
    customers: Customers
    log: Log
    commit: Commit
    outbox: Outbox
    timers: Timers
    refs: Refs
    feed: Feed
    dead: DeadLetters
    arrivals: Arrivals
    rates: Rates
    vitals: Vitals
    proofs: Proofs
    questions: Questions

    async def close(self) -> None:
        """Close every connection."""
        await self.client.close()


async def open_store(
    url: str,
    vault: Vault,
    customer_key: bytes,
    clock: Callable[[], datetime],
    *,
    partitions: int | None = None,
    replicas: int = 0,
    replies_per_minute: int = REPLIES_PER_MINUTE,
) -> Store:
    """Connect and check that this is the installation we think it is. Raises SettingsError and StoreUnavailable.

    `replicas`: how many replicas must have a write before it counts.
    """
    client = await connect(url, replicas=replicas)
    try:
        number = await meta.agree(client, customer_key, partitions)
    except BaseException:
        await client.close()
        raise
    codec, bell = Codec(vault), Bell(client)
    customers, log = Customers(client, codec, number), Log(client, codec)
    inbox = Inbox(client, codec, number, bell, clock, replies_per_minute)
    outbox = Outbox(client, codec, inbox, number)
    refs, vitals = Refs(client, inbox, outbox, customer_key), Vitals(client)
    return Store(
        client=client,
        partitions=number,
        codec=codec,
        bell=bell,
        inbox=inbox,
        customers=customers,
        log=log,
        commit=Commit(client, codec, customers, log),
        outbox=outbox,
        timers=Timers(client),
        refs=refs,
        feed=Feed(client, bell),
        dead=DeadLetters(client, codec, number),
        arrivals=Arrivals(inbox, refs, vitals, customer_key),
        rates=Rates(client),
        vitals=vitals,
        proofs=Proofs(client),
        questions=Questions(client),
    )
