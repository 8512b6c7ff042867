"""Texts on their way out: queued by the commit, claimed at the last moment, settled by what became of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from bot.domain.events import Event
from bot.domain.messages import MessageClass, OutboundMessage
from bot.errors import LeaseLost
from bot.store import keys
from bot.store.client import Client, script
from bot.store.codec import Codec, micros
from bot.store.inbox import Inbox
from bot.store.leases import Lease

_SLACK_MICROS: Final = 1_000

CLASSES: Final[tuple[MessageClass, ...]] = ("conversation", "service", "marketing")

Claim = Literal["go", "gone", "paused", "changed", "unread", "held"]
"""What the claim says: `go` it is ours to send; `gone` it was settled meanwhile; `paused` the switch is off;
`changed` the customer is not as the gates saw it; `unread` a reply waits to be handled; `held` a stop word lies
among the dead letters."""

Settled = Literal["done", "again", "later", "unknown"]


@dataclass(frozen=True, slots=True)
class Broken:
    """A text that cannot be read, and why."""

    id: str
    message_class: MessageClass
    why: str
    text: OutboundMessage | None = None
    """What can be read of it: all but the number that its words hold."""


@dataclass(frozen=True, slots=True)
class Due:
    """What may be sent now, in the order of classes, and in how many seconds there may be more."""

    texts: tuple[OutboundMessage, ...]
    next_in: float | None
    broken: tuple[Broken, ...] = ()


class Outbox:
    """One partition's texts, by its owner."""

    def __init__(self, client: Client, codec: Codec, inbox: Inbox, partitions: int) -> None:
        self._client = client
        self._inbox = inbox
        self._codec = codec
        self._partitions = partitions

    async def due(self, partition: int, now: datetime, limit: int) -> Due:
        """Show what may be sent, at most `limit` of each class."""
        key = keys.of(partition)
        first, *found = await self._client.run(
            script("due"),
            [key.conversation, key.service, key.marketing, key.bodies],
            # Texts of one batch are a microsecond apart, to keep their order; that is no reason to wait.
            micros(now) + _SLACK_MICROS,
            limit,
        )
        texts: list[OutboundMessage] = []
        broken: list[Broken] = []
        for place, name, packed in zip(found[::3], found[1::3], found[2::3], strict=True):
            try:
                texts.append(self._codec.unpack(OutboundMessage, packed))
            except ValueError as reason:
                legible = self._codec.legible(OutboundMessage, packed)
                broken.append(Broken(name.decode(), CLASSES[place - 1], str(reason), legible))
        next_in = max(0.0, (float(first) - micros(now)) / 1e6) if first else None
        return Due(tuple(texts), next_in, tuple(broken))

    async def put_off(self, partition: int, broken: Broken, when: datetime) -> None:
        """Look again then at a text that cannot be read, so that those behind it have their turn."""
        queue = _queue(keys.of(partition), broken.message_class)
        await self._client.call(queue, "ZADD", queue, "XX", micros(when), broken.id)

    async def claim(self, lease: Lease, text: OutboundMessage, token: str, now: datetime) -> Claim:
        """Mark a text as about to leave, if nothing has changed since the gates looked. Raises LeaseLost."""
        key = keys.of(lease.partition)
        answer = await self._client.run(
            script("claim"),
            [key.lease, _queue(key, text.message_class), key.sending, key.customers, key.unread, key.held, key.paused],
            lease.fence,
            lease.owner,
            text.id,
            text.customer,
            token,
            text.shop,
            micros(now),
            int(text.message_class == "conversation"),
        )
        if answer == b"lost":
            raise LeaseLost(f"partition {lease.partition} belongs to another worker now")
        claim: Claim = answer.decode()
        return claim

    async def claimed(self, lease: Lease) -> dict[str, str]:
        """Give the claims that stand under this lease, by text."""
        key = keys.of(lease.partition).sending
        found = await self._client.call(key, "HGETALL", key)
        pairs = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        claims = {name.decode(): claim.decode() for name, claim in pairs}
        return {name: claim for name, claim in claims.items() if claim.startswith(f"{lease.fence}/")}

    async def unclaim(self, partition: int, message: str, claim: str, when: datetime) -> None:
        """Queue a text again whose claimer never learned that it had it; only the claim named is taken back."""
        text = await self.body(partition, message)
        if text is not None:
            key = keys.of(partition)
            places = [_queue(key, text.message_class), key.sending]
            await self._client.run(script("unclaim"), places, message, claim, micros(when))

    async def settle(
        self,
        partition: int,
        text: OutboundMessage,
        what: Settled,
        when: datetime | None = None,
        events: Sequence[Event] = (),
    ) -> int | None:
        """Write down what became of a text, together with the events that say so.

        `again` and `later` queue it anew for `when` (the first counts as an attempt), `unknown` waits for a receipt
        until `when`, unless one came while the text was leaving. A worker that lost its lease may still settle: it
        alone knows. Gives the attempts so far, or None where there was nothing to settle.
        """
        key = keys.of(partition)
        rows: list[str | bytes | int] = []
        for event in events:
            rows += [7 if event.lane == "bulk" else 6, self._codec.pack(event, event.phone)]
        attempts, *entries = await self._client.run(
            script("settle"),
            [_queue(key, text.message_class), key.sending, key.unknown, key.bodies, key.attempts, key.live, key.bulk],
            text.id,
            what,
            micros(when) if when else 0,
            *rows,
        )
        for event, entry in zip(events, entries, strict=False):
            self._inbox.remember(partition, event.lane, entry, event)
        return None if attempts < 0 else int(attempts)

    async def attempts(self, partition: int, text: str) -> int:
        """Tell how often a text was tried and certainly not taken."""
        key = keys.of(partition).attempts
        return int(await self._client.call(key, "HGET", key, text) or 0)

    async def left_behind(self, partition: int) -> tuple[OutboundMessage, ...]:
        """Give the texts that a former owner had marked as about to leave: nobody knows whether they did."""
        key = keys.of(partition).sending
        return await self._bodies(partition, await self._client.call(key, "HKEYS", key))

    async def overdue(self, partition: int, now: datetime) -> tuple[OutboundMessage, ...]:
        """Give the texts of unknown fate whose deadline has passed."""
        key = keys.of(partition).unknown
        found = await self._client.call(key, "ZRANGEBYSCORE", key, "-inf", micros(now), "LIMIT", 0, 100)
        return await self._bodies(partition, found)

    async def body(self, partition: int, message: str) -> OutboundMessage | None:
        """Give a text that is not final yet."""
        found = await self._bodies(partition, [message.encode()])
        return found[0] if found else None

    async def pause(self, shop: str = "*", reason: str = "staff") -> None:
        """Switch sending off for one shop, or for all; what is queued waits."""
        await self._everywhere("HSET", shop, reason)

    async def unpause(self, shop: str = "*") -> None:
        """Switch sending on again."""
        await self._everywhere("HDEL", shop)

    async def depth(self) -> dict[MessageClass, int]:
        """Tell how much is queued, over all partitions."""
        depth: dict[MessageClass, int] = {}
        for name in CLASSES:
            queues = [_queue(keys.of(partition), name) for partition in range(self._partitions)]
            depth[name] = sum(await asyncio.gather(*(self._client.call(queue, "ZCARD", queue) for queue in queues)))
        return depth

    async def _everywhere(self, command: str, *arguments: str) -> None:
        paused = [keys.of(partition).paused for partition in range(self._partitions)]
        await asyncio.gather(*(self._client.call(key, command, key, *arguments) for key in paused))

    async def _bodies(self, partition: int, messages: Sequence[bytes]) -> tuple[OutboundMessage, ...]:
        if not messages:
            return ()
        key = keys.of(partition).bodies
        packed = await self._client.call(key, "HMGET", key, *messages)
        # Of a text that is past sending only its names are wanted.
        legible = (self._codec.legible(OutboundMessage, body) for body in packed if body is not None)
        return tuple(text for text in legible if text)


def _queue(key: keys.Keys, message_class: MessageClass) -> str:
    return {"conversation": key.conversation, "service": key.service, "marketing": key.marketing}[message_class]
