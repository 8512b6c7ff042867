"""What is fixed at the first start and checked at each later one: the partitions and the key behind customers' ids."""

import hashlib

from bot.domain.ids import DEFAULT_PARTITIONS, MOST_PARTITIONS
from bot.errors import SettingsError
from bot.store import keys
from bot.store.client import Client


def fingerprint(key: bytes) -> str:
    """Give what may be kept of a key to know it again."""
    return hashlib.blake2b(key, digest_size=8, person=b"huixin-key").hexdigest()


async def agree(client: Client, customer_key: bytes, partitions: int | None = None) -> int:
    """Record the number of partitions and the customer key at the first start; check them at each later one.

    Gives the number of partitions. Raises SettingsError where this installation was begun otherwise.
    """
    if partitions is not None and not 1 <= partitions <= MOST_PARTITIONS:
        raise SettingsError(f"partitions must be 1 to {MOST_PARTITIONS}")
    print_of_key = fingerprint(customer_key)
    await client.call(keys.META, "HSETNX", keys.META, "partitions", partitions or DEFAULT_PARTITIONS)
    await client.call(keys.META, "HSETNX", keys.META, "customer_key", print_of_key)
    number, known_key = await client.call(keys.META, "HMGET", keys.META, "partitions", "customer_key")
    if partitions is not None and int(number) != partitions:
        raise SettingsError(
            f"this installation was begun with {int(number)} partitions, which never changes: "
            f"set partitions = {int(number)} (the settings say {partitions})"
        )
    if known_key.decode() != print_of_key:
        raise SettingsError(
            "the customer key is not the one that this installation was begun with: with another key no "
            "customer would be found again; put the old key back, or use an empty Redis"
        )
    return int(number)
