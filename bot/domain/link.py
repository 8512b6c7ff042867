"""What a standing connection to an SMSC is: where it goes, what state it is in, how a gateway speaks through it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable
from urllib.parse import quote

from bot.domain.gateway import HttpReply, HttpRequest

LinkCondition = Literal["connecting", "bound", "refused", "down", "stopped"]
"""`refused`: the SMSC did not let us bind; `down`: there is no connection. Both are tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smsc:
    """One account at an SMSC: where it is, who we are there, and how patient we are. Times in seconds."""

    host: str
    port: int = 2775
    tls: bool = False
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    window: int = 10
    """Submits that may be unanswered at once."""
    enquire_every: float = 30.0
    """So long may the SMSC be silent before it is asked whether it is there."""
    answer_within: float = 10.0
    first_wait: float = 1.0
    """Before the first new try; it doubles up to `longest_wait`."""
    longest_wait: float = 60.0

    @property
    def url(self) -> str:
        """Give the address that a request for this account carries."""
        scheme = "smpps" if self.tls else "smpp"
        return f"{scheme}://{quote(self.system_id, safe='')}@{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class LinkState:
    """What a connection is at, and why, in words fit for staff."""

    condition: LinkCondition
    reason: str = ""


class Sends(Protocol):
    """Whatever carries a composed request to where its URL points."""

    async def send(self, request: HttpRequest, timeout: float) -> HttpReply:
        """Carry it and give the answer. Raises NotTaken or Unanswered; `timeout` in seconds."""


class Link(Sends, Protocol):
    """A standing connection: what is sent to its URL goes through it."""

    @property
    def url(self) -> str:
        """Give the URL of the requests that it carries."""

    async def start(self) -> None:
        """Begin to connect and return at once: an SMSC that is away keeps no service from starting."""

    async def stop(self) -> None:
        """Take nothing new, wait shortly for what is under way, and say goodbye."""


@runtime_checkable
class NeedsLink(Protocol):
    """A gateway whose requests are carried by a standing connection."""

    @property
    def smsc(self) -> Smsc:
        """Tell where to connect."""
