"""Kannel, the WAP and SMS gateway, over HTTP: a bridge to operators whose callback the owner words himself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from bot.domain.gateway import (
    Ack,
    Callback,
    Capabilities,
    HttpReply,
    HttpRequest,
    Parsed,
    SendResult,
    Submission,
)
from bot.domain.messages import DeliveryReport, InboundMessage, ReportState
from bot.errors import CallbackUnreadable
from bot.gateways.wire import bodies, numbers, replies, requests, times
from bot.gateways.wire.alphabets import as_text, fits_gsm, wide_or_utf8_text
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given
from bot.gateways.wire.parts import from_udh

NAME: Final = "kannel"
CAPABILITIES: Final = Capabilities(
    extension=True,
    max_chars=670,
    repeats_on_error=False,
    splits_long_replies=True,
    required=("url", "username", "password"),
    secrets=("password",),
)

_STATES: Final[Mapping[str, ReportState]] = {
    "1": "delivered",
    "2": "failed",
    "4": "sent",
    "8": "sent",
    "16": "rejected",
}
_TEXTS: Final = ("text", "message", "content")
_FORMS: Final = ("bare", "plus", "domestic")
_WESTERN: Final[Mapping[str, str]] = {
    "WINDOWS-1252": "cp1252",
    "CP1252": "cp1252",
    "ISO-8859-1": "latin-1",
    "LATIN1": "latin-1",
}
"""Other providers name these and send UTF-8 or GBK; Kannel means them (`mo-recode` makes Windows-1252)."""


def build(settings: Mapping[str, Any]) -> Kannel:
    """Build it from `url` (http://host:13013), `username`, `password`; `sender`, `region`, `numbers` as needed."""
    given = Given(NAME, settings)
    return Kannel(
        username=given.need("username", "a sendsms-user of kannel.conf"),
        password=given.need("password", "that user's password"),
        sender=given.text("sender"),
        smsc=given.text("smsc"),
        region=given.text("region", "CN").upper(),
        form=given.choice("numbers", _FORMS, "bare"),
        url=given.url("url"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kannel:
    """One sendsms-user of a Kannel.

    Its answer to a callback is texted to the customer, so ours is empty. The owner's `get-url` may name
    the fields `sender` or `from`, `message` or `text`, `ts`, `id`, `to`, `coding`, `charset`, `udh`. Kannel gives
    no id for a send: a receipt finds its text by the reference that we put into its address. A failed
    callback is not sent again. A number without a country code belongs to `region`.
    """

    username: str
    password: str
    sender: str
    smsc: str
    region: str
    form: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Prove nothing: Kannel signs nothing."""
        return False

    def parse(self, callback: Callback) -> Parsed:
        """Read one reply, or one receipt (which has a status)."""
        raw = dict(bodies.raw_pairs(callback))
        fields = Fields({name: as_text(value) for name, value in raw.items()})
        if fields.has("status", "dlr") and not fields.has(*_TEXTS):
            return bodies.reports([fields.values], _report)
        return bodies.messages([fields.values], lambda item: self._message(item, raw))

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer nothing; every word would go to the customer."""
        return Ack()

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one text; all five kinds of receipts are asked for."""
        text = requests.the_text(submission, NAME)
        sender = f"{self.sender}{submission.ext or ''}"
        return requests.get(
            f"{self.url}/cgi-bin/sendsms",
            {
                "username": self.username,
                "password": self.password,
                "from": sender or None,
                "to": numbers.written(submission.to, self.form),
                "text": text,
                "coding": "0" if fits_gsm(text) else "2",
                "charset": "UTF-8",
                "smsc": self.smsc or None,
                "dlr-mask": "31" if submission.report_url else None,
                "dlr-url": _receipt_url(submission),
            },
        )

    def read(self, reply: HttpReply) -> SendResult:
        """Read `0: Accepted for delivery` or `3: Queued for later delivery` of a 202."""
        text = replies.text_of(reply)[:200]
        if reply.status in {200, 202} and text[:2] in {"0:", "3:"}:
            return replies.sent(None, text[:1])
        return replies.by_status(reply, text)

    def _message(self, fields: Fields, raw: Mapping[str, bytes]) -> InboundMessage:
        name = next((name for name in _TEXTS if name in raw), None)
        if name is None:
            raise CallbackUnreadable("no text")
        return InboundMessage(
            gateway=NAME,
            sender=numbers.caller(fields.some("sender", "from"), region=self.region),
            text=_text(raw[name], (fields.some("charset") or "").upper(), fields.some("coding")),
            to=fields.some("to", "receiver"),
            message_id=fields.some("id"),
            received_at=_time(fields.some("ts", "time")),
            part=from_udh(raw.get("udh", b"")),
        )


def _text(octets: bytes, charset: str, coding: str | None) -> str:
    """Decode a text: UTF-16 where the charset, or without one the coding, says so; else UTF-8, else its charset."""
    if _is_wide(charset, coding) and len(octets) % 2 == 0:
        # Some services recode to UTF-8 and leave the name.
        return wide_or_utf8_text(octets)
    if western := _WESTERN.get(charset):
        try:
            return octets.decode()
        except UnicodeDecodeError:
            return octets.decode(western, "replace")
    return as_text(octets, charset or None)


def _is_wide(charset: str, coding: str | None) -> bool:
    if not charset:
        return coding == "2"
    return (charset.startswith("UTF") and "16" in charset) or charset.startswith("UCS")


def _time(value: str | None) -> datetime | None:
    """Read Unix seconds (%T), or %t, which Kannel gives in UTC."""
    return times.unix_or_written(value, UTC)


def _receipt_url(submission: Submission) -> str | None:
    if submission.report_url is None:
        return None
    joint = "&" if "?" in submission.report_url else "?"
    return f"{submission.report_url}{joint}status=%d&uuid={quote(submission.client_ref, safe='')}"


def _report(fields: Fields) -> DeliveryReport:
    status = fields.need("status", "dlr")
    return DeliveryReport(
        gateway=NAME,
        state=_STATES.get(status, "unknown"),
        code=status,
        message_id=fields.some("id"),
        client_ref=fields.some("uuid", "client_ref", "ref"),
        done_at=_time(fields.some("ts", "time")),
    )
