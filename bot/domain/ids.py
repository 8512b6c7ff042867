"""Ids that derive from the event that caused them, so that deciding twice names everything alike."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

DEFAULT_PARTITIONS: Final = 64
MOST_PARTITIONS: Final = 1024


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids, arms and nonces of one event."""

    event: str

    def make(self, what: str, nth: int | str = 0) -> str:
        """Name the nth `what` of this event: 16 hex characters, the same each time."""
        return hashlib.blake2b(f"{self.event}/{what}/{nth}".encode(), digest_size=8).hexdigest()


def customer_id(key: bytes, shop: str, phone: str) -> str:
    """Give a customer's id: a keyed hash of shop and E.164 number, 24 hex characters.

    The key is never rotated: it is what ties a number to its history.
    """
    return hmac.digest(key, f"{shop}|{phone}".encode(), "sha256").hex()[:24]


def partition_of(customer: str, partitions: int) -> int:
    """Tell which partition a customer lives on; the id is a keyed hash already."""
    return int(customer[:8], 16) % partitions


def client_ref(partition: int, message: str) -> str:
    """Give our reference of a text, which carries its partition and survives where a provider's id does not."""
    return f"{partition:04x}{message}"


def read_client_ref(ref: str) -> tuple[int | None, str]:
    """Take a client reference apart; (None, "") for one that is none of ours."""
    try:
        return int(ref[:4], 16), ref[4:]
    except ValueError:
        return None, ""


def extension_of(prompt: str) -> str:
    """Give the extension code that tells the answers to a prompt: three digits."""
    return f"{int.from_bytes(hashlib.blake2b(prompt.encode(), digest_size=4).digest()) % 900 + 100}"


def claim_code(key: bytes, *parts: str) -> str:
    """Derive a unique reward code from its parts by HMAC: 8 characters without look-alikes."""
    alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
    number = int.from_bytes(hmac.new(key, "|".join(parts).encode(), hashlib.sha256).digest()[:8])
    code = ""
    for _ in range(8):
        number, rest = divmod(number, len(alphabet))
        code += alphabet[rest]
    return code
