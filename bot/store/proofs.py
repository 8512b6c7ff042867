"""Which body each proof came with, for gateways whose proof does not cover the body."""

from __future__ import annotations

import hashlib
from typing import Final

from bot.domain.gateway import Callback
from bot.store import keys
from bot.store.client import Client

KEPT_SECONDS: Final = 3 * 86_400
"""Gateways repeat a callback for up to a day."""


class Proofs:
    """Remembers proofs."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def holds(self, account: str, proof: str, callback: Callback) -> bool:
        """Tell whether a proof is new or came with the same content before. Raises StoreUnavailable."""
        told = callback.query.encode(errors="surrogatepass") + b"\0" + callback.body
        content = hashlib.blake2b(told, digest_size=16).hexdigest()
        named = hashlib.blake2b(proof.encode(errors="surrogatepass"), digest_size=16).hexdigest()
        key = keys.proof(account, named)
        if await self._client.call(key, "SET", key, content, "NX", "EX", KEPT_SECONDS) is not None:
            return True
        was = await self._client.call(key, "GET", key)
        return was is None or was.decode() == content
