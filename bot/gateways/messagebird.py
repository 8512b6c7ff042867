"""MessageBird (Bird): free text; callbacks are signed by JWT, or by the older HMAC of the query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from bot.domain.gateway import (
    Ack,
    Callback,
    Capabilities,
    HttpReply,
    HttpRequest,
    Parsed,
    SendOutcome,
    SendResult,
    Submission,
)
from bot.domain.messages import DeliveryReport, InboundMessage, ReportState
from bot.errors import CallbackIgnored, CallbackRefused, CallbackUnreadable
from bot.gateways.wire import bodies, numbers, replies, requests, signing, times
from bot.gateways.wire.alphabets import fits_gsm
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "messagebird"
CAPABILITIES: Final = Capabilities(
    max_chars=1377,
    batch_size=50,
    one_id_per_batch=True,
    repeats_on_error=False,
    handles_opt_out=True,
    china_billing=False,
    required=("access_key", "sender"),
    secrets=("access_key", "signing_key"),
)

_MAX_AGE: Final = 300.0
_STATES: Final[Mapping[str, ReportState]] = {
    "scheduled": "sent",
    "sent": "sent",
    "buffered": "sent",
    "delivered": "delivered",
    "expired": "expired",
    "delivery_failed": "failed",
}
_STOPPED: Final = "103"
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "account": "2 25 98",
    "permanent": "9 10 20 21",
    "temporary": "99",
}


def build(settings: Mapping[str, Any]) -> MessageBird:
    """Build it from `access_key` and `sender`; `signing_key` proves the callbacks."""
    given = Given(NAME, settings)
    secret = given.text("secret")
    return MessageBird(
        access_key=given.need("access_key", "dashboard → Developers → API access"),
        sender=given.need("sender", "your number or name at MessageBird"),
        signing_key=given.text("signing_key") or secret,
        url=given.url("url", "https://rest.messagebird.com"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageBird:
    """One MessageBird account.

    Replies to numbers and to short codes name their fields differently and may give a field twice.
    Whether a failed callback is repeated is not documented.
    """

    access_key: str
    sender: str
    signing_key: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Check MessageBird-Signature-JWT, else MessageBird-Signature, where `signing_key` is set."""
        if not self.signing_key:
            return False
        token = callback.headers.get("messagebird-signature-jwt")
        if token:
            self._verify_token(callback, token, now)
            return True
        stamp = callback.headers.get("messagebird-request-timestamp", "")
        body = bodies.body_of(callback)
        parts = bodies.url_parts(callback)
        wanted = legacy(self.signing_key, stamp, bodies.query_pairs(parts.query), body)
        given = callback.headers.get("messagebird-signature")
        signing.refuse_unless(good=signing.same(given, wanted))
        signing.fresh(times.unix(stamp), now, _MAX_AGE)
        return True

    def parse(self, callback: Callback) -> Parsed:
        """Read one reply, or one receipt (which has a status)."""
        fields = bodies.form(callback)
        if not fields.values:
            raise CallbackIgnored("empty")
        return bodies.mixed([fields.values], lambda f: f.has("status"), _message, _report)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer OK."""
        return Ack(body="OK")

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one text; `reference` comes back with its receipt."""
        return self._send((submission,))

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{id}` of a 201, or `errors`."""
        fields = replies.json_fields(reply)
        if reply.status in {200, 201} and (message_id := fields.some("id")):
            return replies.sent(message_id)
        errors = replies.inner_list(fields, "errors")
        code = errors[0].some("code") if errors else None
        detail = errors[0].some("description") if errors else None
        return replies.by_code(code, _OUTCOMES, detail) or replies.by_status(reply, detail, code)

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send one text to up to 50 numbers; here no message can carry a reference of its own."""
        requests.same_words(submissions, NAME, CAPABILITIES.batch_size)
        return self._send(submissions)

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read the one id that speaks for all; receipts name it and the number."""
        return (self.read(reply),) * len(submissions)

    def compose_query(self, message_id: str | None, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Ask for a message by its id; without one for the newest with our reference."""
        if message_id:
            url = f"{self.url}/messages/{quote(message_id, safe='')}"
            return HttpRequest(method="GET", url=url, headers=self._headers())
        fields = {"reference": submission.client_ref, "limit": "1"}
        return requests.get(f"{self.url}/messages", fields, self._headers())

    def read_query(self, reply: HttpReply) -> DeliveryReport | None:
        """Read the first recipient of the message."""
        fields = replies.json_fields(reply)
        listed = replies.inner_list(fields, "items")
        fields = listed[0] if listed else fields
        items = replies.inner_list(fields, "recipients", "items")
        if reply.status != 200 or not items:
            return None
        return DeliveryReport(
            gateway=NAME,
            state=_STATES.get(items[0].some("status") or "", "unknown"),
            code=items[0].some("statusErrorCode", "status"),
            to=numbers.receiver(items[0].some("recipient"), region=None),
            message_id=fields.some("id"),
            client_ref=fields.some("reference"),
            done_at=times.moment(items[0].some("statusDatetime"), zone=UTC),
        )

    def _verify_token(self, callback: Callback, token: str, now: datetime | None) -> None:
        claims = Fields(signing.jwt_claims(token, self.signing_key, now))
        address = signing.digest("sha256", bodies.full_url(callback))
        body = bodies.body_of(callback)
        hashed = claims.word("payload_hash")
        if claims.word("iss") != "MessageBird":
            raise CallbackRefused("the token is not MessageBird's")
        if not signing.same(claims.word("url_hash"), address):
            raise CallbackRefused("the token is for another address")
        if bool(hashed) != bool(body):
            raise CallbackRefused("the token and the body do not belong together")
        if hashed and not signing.same(hashed, signing.digest("sha256", body)):
            raise CallbackRefused("the body is not the one that was signed")

    def _send(self, submissions: tuple[Submission, ...]) -> HttpRequest:
        first = submissions[0]
        text = requests.the_text(first, NAME)
        body = {
            "originator": self.sender,
            "recipients": [numbers.bare(submission.to) for submission in submissions],
            "body": text,
            "datacoding": "plain" if fits_gsm(text) else "unicode",
            "reference": first.client_ref if len(submissions) == 1 else None,
            "reportUrl": first.report_url,
        }
        return requests.json_post(f"{self.url}/messages", body, self._headers())

    def _headers(self) -> Mapping[str, str]:
        return {"authorization": f"AccessKey {self.access_key}", "accept": "application/json"}


def legacy(key: str, timestamp: str, pairs: list[tuple[str, str]], body: bytes) -> str:
    """Sign as the older scheme does: timestamp, sorted query and the raw digest of the body."""
    query = urlencode(sorted(pairs))
    signed = f"{timestamp}\n{query}\n".encode("utf-8", "replace") + bytes.fromhex(signing.digest("sha256", body))
    return signing.b64(signing.mac("sha256", key, signed))


def _message(fields: Fields) -> InboundMessage:
    short = fields.has("shortcode")
    if not fields.has("message", "body", "mediaURLs"):
        raise CallbackUnreadable("no text")
    text = ""
    if fields.has("message", "body"):
        text = fields.text("message", "body") if short else fields.text("body", "message")
    written = times.moment(fields.some("receive_datetime", "createdDatetime", "CreatedDatetime"), zone=UTC)
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(fields.some("originator", "sender"), region=None),
        text=text,
        to=fields.some("shortcode", "receiver", "recipient"),
        message_id=fields.some("message_id", "mid", "id"),
        received_at=written or times.unix(fields.some("date_utc", "date")),
    )


def _report(fields: Fields) -> DeliveryReport:
    status = fields.need("status").lower()
    code = fields.some("statusErrorCode")
    return DeliveryReport(
        gateway=NAME,
        state=_STATES.get(status, "unknown"),
        code=code or status,
        to=numbers.receiver(fields.word("recipient"), region=None),
        message_id=fields.need("id"),
        client_ref=fields.some("reference"),
        done_at=times.moment(fields.word("statusDatetime"), zone=UTC),
        opted_out=code == _STOPPED,
    )
