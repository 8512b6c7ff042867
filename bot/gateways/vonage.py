"""Vonage: free text by the SMS API; callbacks of the SMS and Messages APIs, signed by `sig` or by JWT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

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
from bot.domain.messages import DeliveryReport, InboundMessage, Part, ReportState
from bot.errors import CallbackIgnored, CallbackRefused, CallbackUnreadable
from bot.gateways.wire import bodies, numbers, replies, requests, signing, times
from bot.gateways.wire.alphabets import fits_gsm, wide_or_utf8_text
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "vonage"
CAPABILITIES: Final = Capabilities(
    max_chars=3200,
    china_billing=False,
    splits_long_replies=True,
    required=("api_key", "api_secret", "sender"),
    secrets=("api_secret", "signature_secret"),
)

METHODS: Final = ("md5hash", "md5", "sha1", "sha256", "sha512")
_MAX_AGE: Final = 300.0
_STATES: Final[Mapping[str, ReportState]] = {
    "accepted": "sent",
    "buffered": "sent",
    "submitted": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "failed": "failed",
    "undeliverable": "failed",
    "expired": "expired",
    "rejected": "rejected",
}
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "throttled": "1",
    "temporary": "5 10",
    "account": "4 8 9 11 14 29 32",
    "permanent": "2 3 6 7 12 13 15 16 17 19 20 22 23",
}


def build(settings: Mapping[str, Any]) -> Vonage:
    """Build it from `api_key`, `api_secret` and `sender`; `signature_secret` and `method` prove callbacks."""
    given = Given(NAME, settings)
    return Vonage(
        api_key=given.need("api_key", "the API key of the dashboard"),
        api_secret=given.need("api_secret", "the API secret of the dashboard"),
        sender=given.need("sender", "your Vonage number, or a name where the country allows one"),
        signature_secret=given.text("signature_secret"),
        method=given.choice("method", METHODS, "md5hash"),
        ages=not given.flag("ignore_timestamp_age"),
        url=given.url("url", "https://rest.nexmo.com"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Vonage:
    """One Vonage account.

    Replies come by GET or POST, as a form or JSON, long ones in parts. A new callback address is tried
    with an empty request that must get 200. What failed is sent again for 24 hours; how often is not
    documented. Now and then a callback is sent unsigned: refused, it is repeated signed.
    """

    api_key: str
    api_secret: str
    sender: str
    signature_secret: str
    method: str
    ages: bool
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Check `sig` or the bearer token where `signature_secret` is set."""
        if not self.signature_secret:
            return False
        scheme, _, token = callback.headers.get("authorization", "").partition(" ")
        moment = now if self.ages else None
        if scheme.lower() == "bearer":
            self._verify_token(callback, token, moment)
            return True
        fields = _fields(callback)
        if not fields.values:
            return False  # the test of a new address; parse will ignore it
        given = (fields.word("sig") or "").lower()
        wanted = signature(fields.values, self.signature_secret, self.method)
        signing.refuse_unless(good=signing.same(given, wanted))
        signing.fresh(times.unix(fields.word("timestamp")), moment, _MAX_AGE)
        return True

    def parse(self, callback: Callback) -> Parsed:
        """Read one reply or receipt of either API."""
        fields = _fields(callback)
        if not fields.values:
            raise CallbackIgnored("empty")
        if fields.has("message_uuid"):
            return bodies.mixed([fields.values], _has_status, _messages_api, _messages_api_report)
        return bodies.mixed([fields.values], _has_status, _message, _report)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer 200."""
        return Ack()

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one text by the SMS API; `client-ref` comes back with its receipt."""
        text = requests.the_text(submission, NAME)
        return requests.form_post(
            f"{self.url}/sms/json",
            {
                "api_key": self.api_key,
                "api_secret": self.api_secret,
                "from": self.sender,
                "to": numbers.bare(submission.to),
                "text": text,
                "type": None if fits_gsm(text) else "unicode",
                "client-ref": submission.client_ref[:100],
                "callback": submission.report_url,
            },
        )

    def read(self, reply: HttpReply) -> SendResult:
        """Read `messages`: one entry a part; the first that was refused speaks for the text."""
        entries = replies.inner_list(replies.json_fields(reply), "messages")
        refused = [entry for entry in entries if entry.word("status") != "0"]
        if entries and not refused:
            ids = [entry.some("message-id", "messageId") or "" for entry in entries]
            return replies.sent(ids[0], "0", part_ids=tuple(filter(None, ids[1:])))
        if len(refused) < len(entries):
            # Some parts are on their way: a repeat would send them twice.
            return replies.result("unknown", code=refused[0].word("status"), detail="taken in part only")
        entry = refused[0] if refused else Fields({})
        code, detail = entry.some("status"), entry.some("error-text")
        return replies.by_code(code, _OUTCOMES, detail) or replies.by_status(reply, detail, code)

    def _verify_token(self, callback: Callback, token: str, now: datetime | None) -> None:
        claims = Fields(signing.jwt_claims(token, self.signature_secret, now))
        body = bodies.body_of(callback)
        hashed = claims.word("payload_hash")
        if hashed is not None and not signing.same(hashed.lower(), signing.digest("sha256", body)):
            raise CallbackRefused("the body is not the one that was signed")
        if hashed is None and body.strip():
            # Only the body's hash ties the token to what it proves.
            raise CallbackRefused("the token does not cover the body")
        if now is not None:
            signing.fresh(times.unix(claims.word("iat")), now, _MAX_AGE)


def signature(fields: Mapping[str, Any], secret: str, method: str) -> str:
    """Sign a call or callback of the SMS API: lower-case hex over the sorted fields but `sig`."""
    values = Fields(fields)
    joined = "".join(f"&{name}={_plain(values.values[name])}" for name in sorted(fields) if name != "sig")
    if method == "md5hash":
        return signing.digest("md5", joined + secret)
    return signing.mac(method, secret, joined).hex()


def _plain(value: Any) -> str:
    return str(value).replace("&", "_").replace("=", "_")


def _fields(callback: Callback) -> Fields:
    if bodies.opening(callback) == b"{":
        return bodies.as_fields(bodies.json_of(callback))
    return bodies.form(callback)


def _has_status(fields: Fields) -> bool:
    return fields.has("status") and not fields.has("text")


def _message(fields: Fields) -> InboundMessage:
    data = fields.some("data")
    text = fields.text("text", "data")
    if data and not fields.has("text"):
        text = _from_hex(data)
    ref = fields.some("concat-ref")
    total, number = fields.number("concat-total"), fields.number("concat-part")
    joined = fields.word("concat") == "true" and ref and total and number
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(fields.word("msisdn"), region=None),
        text=text,
        to=fields.some("to"),
        message_id=fields.some("messageId", "message-id"),
        received_at=times.moment(fields.word("message-timestamp"), zone=UTC),
        part=Part(ref=ref, total=total, number=number) if joined and ref and total and number else None,
        binary=data,
    )


def _from_hex(data: str) -> str:
    """Decode octets of which nobody says whether they are UCS-2 or UTF-8."""
    try:
        raw = bytes.fromhex(data)
    except ValueError:
        raise CallbackUnreadable("data is not hex") from None
    return wide_or_utf8_text(raw)


def _report(fields: Fields) -> DeliveryReport:
    status = fields.need("status").lower()
    return DeliveryReport(
        gateway=NAME,
        state=_STATES.get(status, "unknown"),
        code=fields.some("err-code") or status,
        to=numbers.receiver(fields.word("msisdn"), region=None),
        message_id=fields.need("messageId", "message-id"),
        client_ref=fields.some("client-ref"),
        done_at=times.moment(fields.word("message-timestamp"), zone=UTC)
        or times.compact(fields.word("scts"), zone=UTC),
    )


def _messages_api(fields: Fields) -> InboundMessage:
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(_party(fields, "from"), region=None),
        text=fields.text("text") if fields.has("text") else fields.under("message").under("content").text("text"),
        to=_party(fields, "to"),
        message_id=fields.some("message_uuid"),
        received_at=times.moment(fields.word("timestamp"), zone=UTC),
        client_ref=fields.some("client_ref"),
    )


def _messages_api_report(fields: Fields) -> DeliveryReport:
    status = fields.need("status").lower()
    error = fields.under("error")
    return DeliveryReport(
        gateway=NAME,
        state=_STATES.get(status, "unknown"),
        code=error.some("title", "code", "type") or status,
        to=numbers.receiver(_party(fields, "to"), region=None),
        message_id=fields.need("message_uuid"),
        client_ref=fields.some("client_ref"),
        done_at=times.moment(fields.word("timestamp"), zone=UTC),
    )


def _party(fields: Fields, name: str) -> str | None:
    return fields.some(name) or fields.under(name).some("number")
