"""From a provider's id to our message: written with the send's result; receipts that come too early wait here."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from bot.domain.events import Event, ReceiptReceived
from bot.domain.messages import DeliveryReport, MessageClass, OutboundMessage
from bot.store import keys
from bot.store.client import Client, script
from bot.store.codec import adapter
from bot.store.inbox import Inbox
from bot.store.outbox import Outbox

_KEPT_SECONDS: Final = 8 * 86_400
"""Providers report for at most some days; what comes later changes nothing any more."""
_MOST_PARKED: Final = 20

Reported = Literal["accepted", "duplicate", "limited", "parked", "nameless"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whose message a provider's id is."""

    message: str
    shop: str
    customer: str
    message_class: MessageClass


class Refs:
    """Ties receipts to texts."""

    def __init__(self, client: Client, inbox: Inbox, outbox: Outbox) -> None:
        self._client = client
        self._inbox = inbox
        self._outbox = outbox

    async def report(self, account: str, report: DeliveryReport, now: datetime) -> Reported:
        """Bring a receipt to its customer's inbox, or park it until its text is known. Raises StoreUnavailable."""
        target = await self._by_client_ref(report.client_ref)
        name = report.message_id or report.client_ref
        if target is None:
            if not name:
                return "nameless"
            parked = adapter(DeliveryReport).dump_json(replace(report, to=None))
            found = await self._client.run(
                script("find"), [keys.ref(account, name)], parked, _MOST_PARKED, _KEPT_SECONDS
            )
            if found is None:
                return "parked"
            target = Target(**json.loads(found))
        return await self._inbox.add(receipt_event(target, report, now))

    async def link(self, account: str, name: str, text: OutboundMessage, now: datetime) -> list[Event]:
        """Tie a provider's id to a text, and give the receipts that came before as events."""
        target = target_of(text)
        written = json.dumps({slot: getattr(target, slot) for slot in Target.__slots__})
        parked = await self._client.run(script("link"), [keys.ref(account, name)], written, _KEPT_SECONDS)
        return [
            receipt_event(target, adapter(DeliveryReport).validate_json(report), now) for report in parked if report
        ]

    async def _by_client_ref(self, client_ref: str | None) -> Target | None:
        partition, message = read_client_ref(client_ref or "")
        if partition is None:
            return None
        text = await self._outbox.body(partition, message)
        return target_of(text) if text else None


def client_ref(partition: int, message: str) -> str:
    """Give our reference of a text, which carries its partition and survives where an id does not."""
    return f"{partition:04x}{message}"


def read_client_ref(ref: str) -> tuple[int | None, str]:
    """Take a client reference apart; (None, "") for one that is none of ours."""
    try:
        return int(ref[:4], 16), ref[4:]
    except ValueError:
        return None, ""


def target_of(text: OutboundMessage) -> Target:
    """Say what a receipt must know of a text."""
    return Target(message=text.id, shop=text.shop, customer=text.customer, message_class=text.message_class)


def receipt_event(target: Target, report: DeliveryReport, now: datetime) -> Event:
    """Make the event of a receipt; a repeated one has the same id."""
    part = f".{report.part.number}" if report.part else ""
    return Event(
        id=f"receipt:{target.message}{part}:{report.state}:{report.code or ''}",
        shop=target.shop,
        customer=target.customer,
        # The state knows the number; a receipt need not.
        phone="",
        at=min(report.done_at, now) if report.done_at else now,
        received_at=now,
        what=ReceiptReceived(message_id=target.message, report=report, message_class=target.message_class),
        lane="bulk" if target.message_class == "marketing" else "live",
    )
