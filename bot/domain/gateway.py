"""What a gateway is: five pure methods over plain HTTP values, and what it says it can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from bot.domain.messages import DeliveryReport, InboundMessage

SendOutcome = Literal["sent", "throttled", "temporary", "permanent", "opted_out", "account", "unknown"]
"""What became of a send.

`sent` taken by the provider; `throttled` and `temporary` certainly not taken, try later; `permanent`
never will be (number, content, template); `opted_out` the provider's own stop list; `account` our
account cannot send (money, key, IP): fail over and tell staff; `unknown` nobody can tell.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One HTTP request of a provider, raw. Headers are found by their names in lower case; `url` is the public one."""

    method: str
    url: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    remote: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """The answer a provider wants to see, so that it neither repeats nor texts it to the customer."""

    status: int = 200
    content_type: str = "text/plain"
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a callback held; `faults` are items that could not be read beside good ones."""

    messages: tuple[InboundMessage, ...] = ()
    reports: tuple[DeliveryReport, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request to make; nothing in it is masked."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """What came back. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One text for one number, rendered for this route. `to` is E.164; `text` carries its signature.

    On routes for filed templates `template_code` and `template_params` (in the filed order) go
    instead of `text`; `template_names` are their names where the provider wants names.
    """

    to: str
    text: str
    client_ref: str
    sign: str = ""
    ext: str | None = None
    template_code: str | None = None
    template_params: tuple[str, ...] = ()
    template_names: tuple[str, ...] = ()
    report_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What a provider's answer to a send means."""

    outcome: SendOutcome
    message_id: str | None = None
    code: str | None = None
    detail: str = ""
    retry_after: float | None = None
    """Seconds, where the provider says."""
    part_ids: tuple[str, ...] = ()
    """Ids of the second and further parts of a long text, where each has its own and its own receipts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a gateway can do and what its habits are; routing, content check and webhooks read this."""

    sends: bool = True
    receives: bool = True
    free_text: bool = True
    links: bool = True
    emoji: bool = True
    extension: bool = False
    sign_in_text: bool = True
    """We put 【】 in front; False where the provider adds the filed signature itself."""
    max_chars: int = 1000
    batch_size: int = 1
    one_id_per_batch: bool = False
    """Texts sent in one request have one id together: receipts are told apart by the number."""
    reports: bool = True
    repeats_on_error: bool = True
    """The provider sends a callback again after a 5xx; False makes the spool take it when Redis is away."""
    handles_opt_out: bool = False
    """The provider keeps a stop list of its own and may answer stop words itself."""
    confirms_opt_out: bool = False
    """The provider itself texts the confirmation of a stop: ours would be the second."""
    message_ids: bool = True
    """Replies carry an id of their own; else duplicates are told by number, text and time."""
    china_billing: bool = True
    """70 characters, then 67 each; else GSM-7 160/153 and UCS-2 70/67."""
    splits_long_replies: bool = False
    required: tuple[str, ...] = ()
    """Names of the settings without which the gateway does not start."""
    secrets: tuple[str, ...] = ()
    """Names of the settings that are never shown."""


class Gateway(Protocol):
    """A provider, sans-IO: bytes in, values out; it opens no socket and reads no clock."""

    @property
    def name(self) -> str:
        """Give the name that settings know the provider by."""

    @property
    def capabilities(self) -> Capabilities:
        """Tell what it can do with the settings it was built from."""

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Tell whether the callback proved itself (False: nothing to prove it by).

        With `now` None the age of a signature is not checked. Raises CallbackRefused on a false proof.
        """

    def parse(self, callback: Callback) -> Parsed:
        """Turn a callback into our words. Raises CallbackUnreadable or CallbackIgnored."""

    def acknowledge(self, callback: Callback) -> Ack:
        """Give the answer that the provider wants for this callback, whether or not it is a repeat."""

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Make the request of one send. Raises GatewayError where the route cannot carry it."""

    def read(self, reply: HttpReply) -> SendResult:
        """Tell what the provider's answer to a send means. Never raises: nonsense is `unknown`."""


@runtime_checkable
class ProvesWithoutBody(Protocol):
    """A gateway whose proof does not cover the body: with one that was seen, anyone could prove another."""

    def proof(self, callback: Callback) -> str | None:
        """Give what was proved with, once `verify` has held; None where the body is covered.

        The same proof with the same body is a repeat; with another body it is a forgery. Raises CallbackUnreadable.
        """


@runtime_checkable
class SendsBatches(Protocol):
    """A gateway that takes many numbers in one request."""

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Make one request for all submissions (same text or a text each, as the provider has it)."""

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Give one result per submission, in order."""


@runtime_checkable
class AnswersQueries(Protocol):
    """A gateway that can be asked what became of one message."""

    def compose_query(self, message_id: str | None, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Make the request that asks for one message's state."""

    def read_query(self, reply: HttpReply) -> DeliveryReport | None:
        """Give the state, or None where the provider knows nothing of it."""


@runtime_checkable
class CanBePulled(Protocol):
    """A gateway whose missed replies and receipts can be fetched."""

    def compose_pull(self, what: Literal["messages", "reports"], now: datetime, nonce: str) -> HttpRequest:
        """Make the request that fetches the next page."""

    def read_pull(self, what: Literal["messages", "reports"], reply: HttpReply) -> Parsed:
        """Turn the page into our words; empty when there is no more. Raises CallbackUnreadable."""
