"""Every key of the spine in Redis, in one table; a partition's keys share its hash tag and so its slot."""

from functools import lru_cache
from typing import Final, NamedTuple

META: Final = "huixin:meta"
"""Hash: what was fixed at the first start (number of partitions, fingerprint of the customer key)."""
WORKERS: Final = "huixin:workers"
"""Sorted set: live workers by their last heartbeat."""
BELL: Final = "huixin:bell"
"""Channel: the name of what just got something new (`feed`)."""
WORK_BELL: Final = "huixin:bell:work"
"""Channel: likewise of inbox lanes (`p07.live`, several parted by blanks); only workers listen."""
FEED: Final = "huixin:{feed}:items"
"""Stream: the live feed."""
CURSORS: Final = "huixin:{feed}:cursors"
"""Hash: how far each partition's log is projected."""
TOTALS: Final = "huixin:{feed}:totals"
"""Hash: counters since the first start."""


class Keys(NamedTuple):
    """The keys of one partition; each field's name is the end of its key."""

    lease: str
    """Hash: fence, owner, until (ms)."""
    live: str
    """Stream: events to handle first."""
    bulk: str
    """Stream: events that may wait."""
    unread: str
    """Hash: customer → replies not handled yet; `customer/bulk` → those of them in the bulk lane."""
    customers: str
    """Hash: customer → version token, sealed number, state."""
    conversation: str
    """Sorted set: texts to send by due time (µs); likewise the next two."""
    service: str
    marketing: str
    bodies: str
    """Hash: message → the text, until it is final."""
    sending: str
    """Hash: message → who marked it as about to leave, or `known` once its receipt has come."""
    unknown: str
    """Sorted set: messages nobody knows the fate of, by deadline (µs)."""
    attempts: str
    """Hash: message → sends that were certainly not taken."""
    timers: str
    """Sorted set: timers by due time (µs)."""
    plans: str
    """Hash: timer → the event that it becomes."""
    log: str
    """Stream: everything that was decided."""
    held: str
    """Hash: customer → a stop word that could not be handled the full way."""
    paused: str
    """Hash: shop or `*` → why nothing is sent."""
    dead: str
    """Stream: events that could not be handled."""
    tries: str
    """Hash: inbox entry → failed tries."""


@lru_cache(maxsize=4096)
def of(partition: int) -> Keys:
    """Give a partition's keys."""
    return Keys(*(f"huixin:{tag(partition)}:{name}" for name in Keys._fields))


def tag(partition: int) -> str:
    """Give a partition's hash tag."""
    return f"{{p{partition:02d}}}"


@lru_cache(maxsize=8192)
def bell(partition: int, lane: str) -> str:
    """Give the name by which a lane of a partition's inbox rings."""
    return f"{name(partition)}.{lane}"


def name(partition: int) -> str:
    """Give a partition's short name: the field of its cursor, the first half of its bells."""
    return f"p{partition:02d}"


def seen(partition: int, day: int) -> str:
    """Set of the events taken on a day (since 1970), by digest."""
    return f"huixin:{tag(partition)}:seen:{day}"


def timeline(partition: int, customer: str) -> str:
    """List of the log ids of one customer, oldest first."""
    return f"huixin:{tag(partition)}:timeline:{customer}"


def ref(account: str, message_id: str) -> str:
    """Hash that ties a provider's id to our message, or parks the receipts that came before it."""
    return f"huixin:ref:{{{account}:{message_id}}}"


def parts(message: str) -> str:
    """Hash of the receipts of a long text's parts: number → rank and state."""
    return f"huixin:parts:{{{message}}}"


def way(account: str) -> str:
    """Hash of one account's next free place (ms) and its circuit."""
    return f"huixin:way:{{{account}}}"


def vitals(account: str) -> str:
    """Hash of one account's sends and receipts by ten seconds."""
    return f"huixin:vitals:{{{account}}}"


def texts_to(account: str, customer: str) -> str:
    """Sorted set of what one account lately sent to one number, by time (ms)."""
    return f"huixin:to:{{{account}:{customer}}}"


def proof(account: str, proof: str) -> str:
    """The digest of what a proof came with."""
    return f"huixin:proof:{{{account}:{proof}}}"


def pull(account: str) -> str:
    """Lease of who pulls from an account."""
    return f"huixin:pull:{{{account}}}"


def asking(partition: int) -> str:
    """Sorted set: texts to ask the gateway after, by time (µs)."""
    return f"huixin:{tag(partition)}:asking"


def asked(partition: int) -> str:
    """Hash: text → what to ask."""
    return f"huixin:{tag(partition)}:asked"


def counts(month: str) -> str:
    """Hash of a month's mood and topic counts (`2025-07`)."""
    return f"huixin:{{feed}}:counts:{month}"
