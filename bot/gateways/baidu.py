"""Baidu Cloud 百度智能云: filed templates only, sends that may be repeated safely; pushes signed by md5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

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
from bot.gateways.wire import bodies, numbers, replies, requests, signing, times
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "baidu"
CAPABILITIES: Final = Capabilities(
    free_text=False,
    emoji=False,
    extension=True,
    sign_in_text=False,
    batch_size=200,
    repeats_on_error=False,
    message_ids=False,
    required=("access_key_id", "secret_access_key", "signature_id"),
    secrets=("secret_access_key", "push_token", "token"),
)

_PATH: Final = "/api/v3/sendSms"
_LIFETIME: Final = 1800
_MAX_AGE: Final = 3600.0
_JSON: Final = "application/json"
_STATES: Final[Mapping[str, ReportState]] = {"0": "delivered", "2": "failed"}
# Our reading: few of these codes are published.
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "throttled": "1011 1012 1013 1014 1015 1016 1017",
    "account": "AccessDenied InvalidAccessKeyId SignatureDoesNotMatch RequestExpired 1005 1006 1007",
    "temporary": "InternalError ServiceUnavailable",
    "permanent": "1001 1002 1003 1004 1008 1009 1010 1018 InvalidParameter* MalformedJSON",
}


def build(settings: Mapping[str, Any]) -> Baidu:
    """Build it from `access_key_id`, `secret_access_key` and `signature_id`; `push_token` proves the pushes."""
    given = Given(NAME, settings)
    token = given.text("token")
    return Baidu(
        access_key_id=given.need("access_key_id", "安全认证 → Access Key"),
        secret_access_key=given.need("secret_access_key", "安全认证 → Access Key"),
        signature_id=given.need("signature_id", "签名管理, begins with sms-sign-"),
        token=given.text("push_token") or token,
        url=given.url("url", "https://smsv3.bj.baidubce.com"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Baidu:
    """One account of Baidu Cloud.

    The header `signature` is documented for receipts: md5 of token, timestamp and body. That replies
    carry it too is unconfirmed, so a reply without one is taken unproved, a wrong one is refused. A
    push that failed is repeated three times. `clientToken` keeps a repeated send from sending twice.
    """

    access_key_id: str
    secret_access_key: str
    signature_id: str
    token: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Check md5(token + timestamp + body) where `push_token` is set."""
        if not self.token:
            return False
        given = callback.headers.get("signature", "").strip().lower()
        if not given and bodies.as_fields(bodies.json_of(callback)).has("content"):
            return False
        timestamp = callback.headers.get("timestamp", "").strip()
        body = bodies.body_of(callback)
        wanted = signing.digest("md5", self.token.encode() + timestamp.encode("utf-8", "replace") + body)
        signing.refuse_unless(good=signing.same(given, wanted))
        signing.fresh(times.unix(timestamp), now, _MAX_AGE)
        return True

    def parse(self, callback: Callback) -> Parsed:
        """Read one reply or one receipt."""
        items = bodies.item_list(bodies.json_of(callback))
        return bodies.mixed(items, lambda item: not item.has("content"), _message, _report)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer 200; the body is not looked at."""
        return Ack(content_type=requests.JSON, body="{}")

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one filed template; `custom` comes back with its receipt, `userExtId` with a reply."""
        return self._send((submission,), now, nonce)

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{code, message, data: [{code, mobile, messageId}]}`; 1000 is taken."""
        fields = replies.json_fields(reply)
        entries = replies.inner_list(fields, "data")
        return _result(entries[0] if entries else fields, reply)

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send one template with the same values to many numbers."""
        requests.same_words(submissions, NAME, CAPABILITIES.batch_size)
        return self._send(submissions, now, nonce)

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read one entry of `data` a number."""
        fields = replies.json_fields(reply)
        entries = replies.inner_list(fields, "data")
        named = ((numbers.e164(entry.word("mobile")), _result(entry, reply)) for entry in entries)
        return replies.per_number(named, _result(fields, reply), submissions)

    def _send(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        first = submissions[0]
        params = requests.named_params(first, NAME)
        body = {
            "mobile": ",".join(numbers.domestic(submission.to) for submission in submissions),
            "template": requests.the_template(first, NAME),
            "signatureId": self.signature_id,
            "contentVar": params or None,
            "custom": first.client_ref if len(submissions) == 1 else None,
            "userExtId": first.ext,
        }
        payload = requests.compact({name: value for name, value in body.items() if value is not None})
        query = {"clientToken": nonce}
        headers = {"host": urlsplit(self.url).netloc, "x-bce-date": times.utc_stamp(now)}
        proof = bce_v1("POST", _PATH, query, headers, self.access_key_id, self.secret_access_key)
        url = f"{self.url}{_PATH}?{signing.query(query)}"
        more = {"content-type": _JSON, "authorization": proof}
        return HttpRequest(method="POST", url=url, headers=headers | more, body=payload.encode())


def bce_v1(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], key: str, secret: str) -> str:
    """Sign as bce-auth-v1 over the given headers; the body is not covered."""
    prefix = f"bce-auth-v1/{key}/{headers['x-bce-date']}/{_LIFETIME}"
    names = sorted(headers)
    head = "\n".join(f"{name}:{signing.percent(headers[name].strip())}" for name in names)
    canonical = "\n".join((method, path, signing.query(query), head))
    proof = signing.mac("sha256", signing.mac("sha256", secret, prefix).hex(), canonical).hex()
    return f"{prefix}/{';'.join(names)}/{proof}"


def _message(item: Fields) -> InboundMessage:
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(item.word("mobile")),
        text=item.text("content"),
        received_at=times.moment(item.word("receiveTime"), zone=UTC),
        ext=item.some("userExtId", "extCode"),
        sign=item.some("sign"),
    )


def _report(item: Fields) -> DeliveryReport:
    code = item.need("code")
    return DeliveryReport(
        gateway=NAME,
        state=_STATES.get(code, "unknown"),
        code=item.some("carrierCode") or code,
        to=numbers.receiver(item.word("mobile")),
        message_id=item.need("messageId", "requestId"),
        client_ref=item.some("custom"),
        done_at=times.moment(item.some("deliverTime"), zone=UTC),
    )


def _result(fields: Fields, reply: HttpReply) -> SendResult:
    code, detail = fields.some("code"), fields.some("message")
    if code == "1000":
        return replies.sent(fields.some("messageId"), code)
    return replies.by_code(code, _OUTCOMES, detail) or replies.by_status(reply, detail, code)
