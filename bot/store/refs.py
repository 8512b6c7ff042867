"""From a provider's id to our message: written with the send's result; receipts that come too early wait here."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from bot.domain.events import Event, ReceiptReceived
from bot.domain.ids import client_ref, customer_id, read_client_ref
from bot.domain.messages import STATE_RANK, DeliveryReport, MessageClass, OutboundMessage, PartOf, ReportState
from bot.domain.parts import combined
from bot.store import keys
from bot.store.client import Client, script
from bot.store.codec import adapter, written
from bot.store.inbox import Inbox
from bot.store.outbox import Outbox

_KEPT_SECONDS: Final = 8 * 86_400
"""Providers report for at most some days; what comes later changes nothing any more."""
_MOST_PARKED: Final = 20

Reported = Literal["accepted", "duplicate", "limited", "parked", "nameless", "part"]
"""`part`: kept, and the whole is not known yet."""

__all__ = ["Refs", "Reported", "Target", "client_ref", "read_client_ref", "receipt_event", "target_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whose message a provider's id is."""

    message: str
    shop: str
    customer: str
    message_class: MessageClass
    number: int = 1
    """Which part of the text, from 1 ..."""
    total: int = 1
    """... of so many that have ids of their own."""


class Refs:
    """Ties receipts to texts."""

    def __init__(self, client: Client, inbox: Inbox, outbox: Outbox, key: bytes = b"") -> None:
        """Take `key`, under which a number stands in names where one id is many texts'."""
        self._client = client
        self._inbox = inbox
        self._outbox = outbox
        self._key = key

    async def report(
        self, account: str, report: DeliveryReport, now: datetime, *, shared_ids: bool = False
    ) -> Reported:
        """Bring a receipt to its customer's inbox, or park it until its text is known. Raises StoreUnavailable.

        `shared_ids`: the gateway has one id for a whole batch, so that only id and number name a text.
        """
        name = report.message_id or report.client_ref
        if report.message_id and shared_ids and report.to:
            name = self._of_batch(report.message_id, report.to)
        target = await self._target(account, name, report)
        if target is None:
            if not name:
                return "nameless"
            parked = written(replace(report, to=None))
            found = await self._client.run(
                script("find"), [keys.ref(account, name)], parked, _MOST_PARKED, _KEPT_SECONDS
            )
            if found is None:
                return "parked"
            target = Target(**json.loads(found))
        whole = await self._whole(target, report)
        return "part" if whole is None else await self._inbox.add(receipt_event(target, whole, now))

    async def link(
        self, account: str, name: str, text: OutboundMessage, now: datetime, part: PartOf | None = None
    ) -> list[Event]:
        """Tie a provider's id to a text or to one part of it, and give the receipts that came before as events."""
        target = target_of(text)
        if part is not None:
            target = replace(target, number=part.number, total=part.total)
        tied = json.dumps({slot: getattr(target, slot) for slot in Target.__slots__})
        parked = await self._client.run(script("link"), [keys.ref(account, name)], tied, _KEPT_SECONDS)
        reports = [adapter(DeliveryReport).validate_json(report) for report in parked if report]
        wholes = [await self._whole(target, report) for report in reports]
        return [receipt_event(target, whole, now) for whole in wholes if whole is not None]

    async def link_all(self, account: str, names: Sequence[str], text: OutboundMessage, now: datetime) -> list[Event]:
        """Tie the ids of a text's parts, in their order; an empty one is a part whose id nobody knows."""
        if len(names) == 1:
            return await self.link(account, names[0], text, now) if names[0] else []
        events: list[Event] = []
        for number, name in enumerate(names, 1):
            if name:
                events += await self.link(account, name, text, now, PartOf(number=number, total=len(names)))
        return events

    async def link_shared(
        self, account: str, name: str, text: OutboundMessage, to: str, now: datetime, *, alone: bool
    ) -> list[Event]:
        """Tie an id that may be a whole batch's: with the number (E.164), and by itself where the text went alone."""
        events = await self.link(account, self._of_batch(name, to), text, now)
        return [*events, *(await self.link(account, name, text, now))] if alone else events

    def _of_batch(self, name: str, to: str) -> str:
        """Name one number's text of a batch; the number itself stands nowhere."""
        return f"{name}#{hmac.new(self._key, to.encode(), hashlib.sha256).hexdigest()[:16]}"

    async def _target(self, account: str, name: str | None, report: DeliveryReport) -> Target | None:
        """Look a text up by its id, then by our own reference, which names no part."""
        partition, message = read_client_ref(report.client_ref or "")
        if partition is None:
            return None
        if name and name != report.client_ref:
            key = keys.ref(account, name)
            found = await self._client.call(key, "HGET", key, "to")
            if found is not None:
                return Target(**json.loads(found))
        text = await self._outbox.body(partition, message)
        if text is None or (report.to and customer_id(self._key, text.shop, report.to) != text.customer):
            # A batch echoes the reference of its first text with the receipts of all.
            return None
        return target_of(text)

    async def _whole(self, target: Target, report: DeliveryReport) -> DeliveryReport | None:
        """Put the receipts of a text's parts together; None as long as they do not say what became of it."""
        part = PartOf(number=target.number, total=target.total) if target.total > 1 else report.part
        if part is None or part.total < 2:
            return report
        told = f"{STATE_RANK[report.state]}{report.state}"
        known = await self._client.run(script("part"), [keys.parts(target.message)], part.number, told, _KEPT_SECONDS)
        states: dict[int, ReportState] = {
            int(number): state.decode()[1:] for number, state in zip(known[::2], known[1::2], strict=True)
        }
        state = combined(states, part.total)
        return replace(report, state=state, part=None) if state else None


def target_of(text: OutboundMessage) -> Target:
    """Say what a receipt must know of a text."""
    return Target(message=text.id, shop=text.shop, customer=text.customer, message_class=text.message_class)


def receipt_event(target: Target, report: DeliveryReport, now: datetime) -> Event:
    """Make the event of a receipt; a repeated one has the same id."""
    return Event(
        id=f"receipt:{target.message}:{report.state}:{report.code or ''}",
        shop=target.shop,
        customer=target.customer,
        # The state knows the number; a receipt need not.
        phone="",
        at=min(report.done_at, now) if report.done_at else now,
        received_at=now,
        what=ReceiptReceived(message_id=target.message, report=report, message_class=target.message_class),
        lane="bulk" if target.message_class == "marketing" else "live",
    )
