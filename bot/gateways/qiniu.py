"""Qiniu 七牛云: filed templates only; callbacks carry no proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
from bot.domain.messages import DeliveryReport, InboundMessage
from bot.gateways.wire import bodies, numbers, replies, requests, signing, states, times
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "qiniu"
CAPABILITIES: Final = Capabilities(
    free_text=False,
    emoji=False,
    sign_in_text=False,
    batch_size=100,
    one_id_per_batch=True,
    message_ids=False,
    required=("access_key", "secret_key"),
    secrets=("secret_key",),
)

_JSON: Final = "application/json"
# The split into classes is our reading; the provider lists causes only.
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "account": (
        "FreezedUserError InactivatedUseError AccountNeedCertified AccountBalanceNotEnough BadToken Unauthorized"
    ),
    "temporary": "ServerInternalError",
    "permanent": "InvalidQueryValue MalformedJSON NotFoundError NoSuchObject",
}


def build(settings: Mapping[str, Any]) -> Qiniu:
    """Build it from `access_key` and `secret_key`."""
    given = Given(NAME, settings)
    return Qiniu(
        access_key=given.need("access_key", "个人中心 → 密钥管理, AccessKey"),
        secret_key=given.need("secret_key", "个人中心 → 密钥管理, SecretKey"),
        url=given.url("url", "https://sms.qiniuapi.com"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Qiniu:
    """One account of Qiniu.

    The push of receipts and replies is documented; of the send's request and signature the published
    clients are our source. A failed push is repeated within ten minutes.
    """

    access_key: str
    secret_key: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Prove nothing: no signature is documented."""
        return False

    def parse(self, callback: Callback) -> Parsed:
        """Read `items`: replies, or receipts (which have a status)."""
        fields = bodies.as_fields(bodies.json_of(callback))
        items = bodies.item_list(fields.values.get("items"))
        return bodies.mixed(items, lambda item: item.has("status") and not item.has("content"), _message, _report)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer 200; the body is not looked at."""
        return Ack(content_type=requests.JSON, body="{}")

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one filed template; `seq` comes back with its receipt."""
        body = {
            "template_id": requests.the_template(submission, NAME),
            "mobile": numbers.domestic_or_bare(submission.to),
            "parameters": requests.named_params(submission, NAME),
            "seq": submission.client_ref,
        }
        return self._call("/v1/message/single", body)

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{message_id}` or `{job_id}`, or `{error, message}`."""
        fields = replies.json_fields(reply)
        code, detail = fields.some("error"), fields.some("message")
        if code:
            return replies.by_code(code, _OUTCOMES, detail) or replies.by_status(reply, detail, code)
        if reply.status == 200 and (message_id := fields.some("message_id", "job_id")):
            return replies.sent(message_id)
        return replies.by_status(reply, detail)

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send one template with the same values to many numbers."""
        first = requests.same_words(submissions, NAME, CAPABILITIES.batch_size)
        body = {
            "template_id": requests.the_template(first, NAME),
            "mobiles": [numbers.domestic_or_bare(submission.to) for submission in submissions],
            "parameters": requests.named_params(first, NAME),
        }
        return self._call("/v1/message", body)

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read the one job that speaks for all; receipts name it and the number."""
        return (self.read(reply),) * len(submissions)

    def _call(self, path: str, body: Mapping[str, Any]) -> HttpRequest:
        payload = requests.compact(body)
        proof = sign("POST", path, urlsplit(self.url).netloc, payload, self.secret_key)
        headers = {"content-type": _JSON, "authorization": f"Qiniu {self.access_key}:{proof}"}
        return HttpRequest(method="POST", url=f"{self.url}{path}", headers=headers, body=payload.encode())


def sign(method: str, path: str, host: str, body: str, secret: str) -> str:
    """Sign a JSON call: URL-safe base64 of HMAC-SHA1."""
    to_sign = f"{method} {path}\nHost: {host}\nContent-Type: {_JSON}\n\n{body}"
    return signing.b64(signing.mac("sha1", secret, to_sign)).replace("+", "-").replace("/", "_")


def _message(item: Fields) -> InboundMessage:
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(item.word("mobile")),
        text=item.text("content"),
        to=item.some("dest_code"),
        received_at=times.unix(item.word("time")),
    )


def _report(item: Fields) -> DeliveryReport:
    status = item.need("status")
    error = item.some("error")
    return DeliveryReport(
        gateway=NAME,
        state=states.by_stat(status),
        code=error or status,
        to=numbers.receiver(item.word("mobile")),
        message_id=item.some("message_id", "job_id"),
        client_ref=item.some("seq"),
        done_at=times.unix(item.word("delivrd_at")),
        batch=item.some("job_id"),
    )
