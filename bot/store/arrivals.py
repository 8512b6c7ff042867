"""What came from a gateway, by push or by pull, made into events and kept; both ways give the same ids."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from bot.domain.copying import changed
from bot.domain.events import Event, ReplyReceived
from bot.domain.gateway import Parsed
from bot.domain.ids import customer_id
from bot.domain.messages import DeliveryReport, InboundMessage
from bot.errors import StoreUnavailable
from bot.store.inbox import Added, Inbox
from bot.store.refs import Refs
from bot.store.vitals import Vitals

Spools = Callable[[Event], Awaitable[None]]
"""Keeps an event elsewhere while Redis is away. Raises StoreUnavailable where it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The account that something came by."""

    account: str
    provider: str
    shop: str
    shared_ids: bool = False
    """One id stands for a whole batch there."""


class Arrived(NamedTuple):
    """What one callback or one pulled page held."""

    source: Source
    replies: Sequence[Event]
    reports: Sequence[DeliveryReport]
    spool: Spools | None = None
    """Takes replies while Redis is away; without one they are not kept then."""


class Arrivals:
    """The one way in for replies and receipts."""

    def __init__(self, inbox: Inbox, refs: Refs, vitals: Vitals, lookup_key: bytes) -> None:
        self._inbox = inbox
        self._refs = refs
        self._vitals = vitals
        self._lookup_key = lookup_key

    def arrived(
        self, source: Source, parsed: Parsed, now: datetime, spool: Spools | None = None, *, pulled: bool = False
    ) -> Arrived:
        """Make the events of what was read; nothing is kept yet."""
        replies = [reply_event(message, source, self._lookup_key, now, pulled=pulled) for message in parsed.messages]
        return Arrived(source, replies, parsed.reports, spool)

    async def keep(self, arrived: Arrived, now: datetime) -> Counter[str]:
        """Make everything durable; gives how many were accepted, duplicates, limited, parked, spooled.

        Raises StoreUnavailable.
        """
        (kept,) = await self.keep_all([arrived], now)
        if isinstance(kept, Exception):
            raise kept
        return Counter(kept)

    async def keep_all(self, arrived: Sequence[Arrived], now: datetime) -> list[Sequence[str] | Exception]:
        """Make durable what came together, in one round trip; gives what became of each, or why it is not kept.

        Of one that is not kept, something may be: what comes again is told apart by decide.
        """
        added = iter(await self._inbox.add_all([event for one in arrived for event in one.replies]))
        kept: list[Sequence[str] | Exception] = []
        unsettled: dict[int, Awaitable[Sequence[str] | Exception]] = {}
        for nth, one in enumerate(arrived):
            said = list(islice(added, len(one.replies)))
            words = [word for word in said if isinstance(word, str)]
            if one.reports or len(words) < len(said):
                unsettled[nth] = self._settled(one, said, now)
            kept.append(words)
        for nth, whole in zip(unsettled, await asyncio.gather(*unsettled.values()), strict=True):
            kept[nth] = whole
        return kept

    async def _settled(
        self, one: Arrived, added: Sequence[Added | Exception], now: datetime
    ) -> Sequence[str] | Exception:
        try:
            outcomes = [await _or_spooled(*pair, one.spool) for pair in zip(one.replies, added, strict=True)]
            return outcomes + await self._reported(one.source, one.reports, now) if one.reports else outcomes
        except Exception as reason:  # noqa: BLE001 — of those that came together, only this one is not kept
            return reason

    async def _reported(self, source: Source, reports: Sequence[DeliveryReport], now: datetime) -> list[str]:
        report, account, shared = self._refs.report, source.account, source.shared_ids
        told = await _all([report(account, one, now, shared_ids=shared) for one in reports])
        with contextlib.suppress(StoreUnavailable):
            fresh = (one.state for one, said in zip(reports, told, strict=True) if said != "duplicate")
            await self._vitals.reported(account, Counter(fresh))
        return told


async def _or_spooled(event: Event, said: Added | Exception, spool: Spools | None) -> str:
    if isinstance(said, str):
        return said
    if spool is None or not isinstance(said, StoreUnavailable):
        raise said
    await spool(event)
    return "spooled"


def reply_event(
    message: InboundMessage, source: Source, lookup_key: bytes, now: datetime, *, pulled: bool = False
) -> Event:
    """Make the event of one reply.

    Its id derives from the gateway's message id, so that a repeat has the same, also when it comes by another way.
    Without one it is unique: two honest "1" must both arrive, and telling them from a repeat is decide's business.
    A pull gives the same reply again and again: there, what it says and when stands for an id.
    """
    if message.message_id:
        part = f"/{message.part.number}" if message.part else ""
        named = f"{source.account}|{message.message_id}{part}"
        event_id = "in:" + hashlib.blake2b(named.encode(), digest_size=12).hexdigest()
    elif pulled and message.received_at is not None:
        said = f"{source.account}|{message.sender}|{message.text}|{message.received_at.timestamp()}|{message.part}"
        event_id = "in:" + hashlib.blake2b(said.encode(errors="surrogatepass"), digest_size=12).hexdigest()
    else:
        event_id = "in:" + secrets.token_hex(12)
    written = message.received_at
    return Event(
        id=event_id,
        shop=source.shop,
        customer=customer_id(lookup_key, source.shop, message.sender),
        phone=message.sender,
        # A vendor's clock that runs ahead must not make a reply younger than our own texts.
        at=written if written is not None and written < now else now,
        received_at=now,
        what=ReplyReceived(message=_signed(message, source)),
    )


def _signed(message: InboundMessage, source: Source) -> InboundMessage:
    if message.account == source.account and message.gateway:
        return message
    return changed(message, account=source.account, gateway=source.provider)


async def _all(calls: Sequence[Awaitable[str]]) -> list[str]:
    """Wait for all, and only then raise what one of them raised."""
    if len(calls) == 1:
        return [await calls[0]]
    results = await asyncio.gather(*calls, return_exceptions=True)
    done: list[str] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done
