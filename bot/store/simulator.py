"""What lies on the simulated phones: their numbers, sealed like any other, and the texts of both sides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from bot.domain.ids import customer_id
from bot.errors import KeyMissing
from bot.store import keys
from bot.store.client import Client
from bot.store.journal import START, Journal
from bot.store.vault import Vault

BELL_NAME: Final = "simulator"
_NUMBERS: Final = "huixin:{simulator}:numbers"
_ORDER: Final = "huixin:{simulator}:order"
_HABITS: Final = "huixin:{simulator}:habits"
_TEXTS: Final = "huixin:{simulator}:texts:"
_KEPT_TEXTS: Final = 500
_MOST_PHONES: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Handset:
    """One simulated phone. Its id is that of the customer who holds it."""

    id: str
    account: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneText:
    """One text on a phone: `in` was sent to it by the shop, `out` was written on it."""

    way: Literal["in", "out"]
    text: str
    at: str
    """ISO 8601."""
    id: str = ""
    """Where it stands, by which a viewer resumes."""


class Simulator:
    """All simulated phones of the installation."""

    def __init__(self, client: Client, vault: Vault, lookup_key: bytes) -> None:
        self._client = client
        self._vault = vault
        self._lookup_key = lookup_key

    async def take_up(self, account: str, shop: str, number: str, now: datetime) -> Handset:
        """Give the phone with this number (E.164), a new one where there was none."""
        handset = Handset(id=customer_id(self._lookup_key, shop, number), account=account, number=number)
        line = json.dumps({"account": account, "number": self._vault.seal(number)})
        await self._client.call(_NUMBERS, "HSETNX", _NUMBERS, handset.id, line)
        await self._client.call(_ORDER, "ZADD", _ORDER, "NX", now.timestamp(), handset.id)
        return handset

    async def find(self, handset: str) -> Handset | None:
        """Give one phone."""
        line = await self._client.call(_NUMBERS, "HGET", _NUMBERS, handset)
        return self._open(handset, line) if line else None

    async def all(self) -> tuple[Handset, ...]:
        """Give the phones, oldest first."""
        ids = await self._client.call(_ORDER, "ZRANGE", _ORDER, -_MOST_PHONES, -1)
        if not ids:
            return ()
        lines = await self._client.call(_NUMBERS, "HMGET", _NUMBERS, *ids)
        phones = (self._open(each.decode(), line) for each, line in zip(ids, lines, strict=True) if line)
        return tuple(phone for phone in phones if phone)

    async def put(self, handset: str, text: PhoneText) -> None:
        """Keep one text and wake who looks at a phone."""
        await self._journal(handset).add(asdict(text))
        await self._client.call(keys.BELL, "PUBLISH", keys.BELL, BELL_NAME)

    async def texts(self, handset: str, after: str = START, limit: int = 200) -> tuple[PhoneText, ...]:
        """Give the newest texts after one, oldest first."""
        lines = await self._journal(handset).newest(limit, after)
        return tuple(PhoneText(**{**told, "id": place}) for place, told in reversed(lines))

    async def habits(self) -> Mapping[str, Any]:
        """Give how the phones are asked to treat texts and receipts."""
        line = await self._client.call(_HABITS, "GET", _HABITS)
        habits: dict[str, Any] = json.loads(line) if line else {}
        return habits

    async def set_habits(self, habits: Mapping[str, Any]) -> None:
        """Ask the phones to behave otherwise from now on."""
        await self._client.call(_HABITS, "SET", _HABITS, json.dumps(dict(habits)))

    def _journal(self, handset: str) -> Journal:
        return Journal(self._client, _TEXTS + handset, _KEPT_TEXTS)

    def _open(self, handset: str, line: bytes) -> Handset | None:
        """Give a phone; None where the key of its number is gone."""
        told = json.loads(line)
        try:
            number = self._vault.open(told["number"])
        except KeyMissing:
            return None
        return Handset(id=handset, account=told["account"], number=number)
