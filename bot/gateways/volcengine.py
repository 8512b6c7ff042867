"""Volcengine 火山引擎: filed templates only; the tag of a text comes back with its replies; no proof on callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
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
from bot.errors import CallbackUnreadable, GatewayError
from bot.gateways.wire import bodies, numbers, replies, requests, signing, states, times
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "volcengine"
CAPABILITIES: Final = Capabilities(
    free_text=False,
    emoji=False,
    sign_in_text=False,
    batch_size=100,
    message_ids=False,
    required=("access_key_id", "secret_access_key", "sms_account"),
    secrets=("secret_access_key", "pull_password"),
)

_SERVICE: Final = "volcSMS"
_OPTED_OUT: Final = "CR:0201"
# The split into classes is our reading; the provider lists causes only.
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "throttled": "RE:0013 FlowLimitExceeded AccountFlowLimitExceeded",
    "account": (
        "RE:0000 RE:0001 RE:0002 RE:0003 RE:0007 RE:0010 InvalidAccessKey InvalidCredential "
        "SignatureDoesNotMatch AccessDenied MissingAuthenticationToken InvalidTimestamp"
    ),
    "temporary": "RE:0500 InternalServiceError ServiceUnavailable",
    "permanent": "RE:* VE:*",
}


def build(settings: Mapping[str, Any]) -> Volcengine:
    """Build it from `access_key_id`, `secret_access_key`, `sms_account` (消息组) and mostly `sign_name`."""
    given = Given(NAME, settings)
    return Volcengine(
        access_key_id=given.need("access_key_id", "访问控制 → 密钥管理"),
        secret_access_key=given.need("secret_access_key", "访问控制 → 密钥管理"),
        sms_account=given.need("sms_account", "短信控制台 → 消息组, the ID in brackets"),
        sign_name=requests.bare_sign(given.text("sign_name")),
        pull_password=given.text("pull_password"),
        region=given.text("region", "cn-north-1"),
        url=given.url("url", "https://sms.volcengineapi.com"),
        pull_url=given.url("pull_url", "https://sms.volcpartner.com/generic"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Volcengine:
    """One message group (消息组) of Volcengine.

    A reply has no id of its own, but `ext` is the Tag given at the send, so both its `ext` and its
    `client_ref` are that. Whether receipts are repeated is not documented (replies ten times in 31 hours).
    """

    access_key_id: str
    secret_access_key: str
    sms_account: str
    sign_name: str
    pull_password: str
    region: str
    url: str
    pull_url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Prove nothing: no signature is documented."""
        return False

    def parse(self, callback: Callback) -> Parsed:
        """Read an array of replies or receipts."""
        items = bodies.item_list(bodies.json_of(callback))
        return bodies.mixed(items, _is_receipt, _message, _report)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer 200; the body is not looked at."""
        return Ack(content_type=requests.JSON, body='{"code":0}')

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one filed template (SendSms); the reference goes as Tag."""
        body = {
            "SmsAccount": self.sms_account,
            "Sign": self._sign(submission),
            "TemplateID": requests.the_template(submission, NAME),
            "TemplateParam": requests.compact(requests.named_params(submission, NAME)),
            "PhoneNumbers": numbers.domestic_or_bare(submission.to),
            "Tag": submission.client_ref,
        }
        return self._call("SendSms", body, now)

    def read(self, reply: HttpReply) -> SendResult:
        """Read `Result.MessageID`, or `ResponseMetadata.Error`."""
        fields = replies.json_fields(reply)
        error = fields.under("ResponseMetadata").under("Error")
        code, detail = error.some("Code"), error.some("Message")
        if code:
            return replies.by_code(code, _OUTCOMES, detail) or replies.by_status(reply, detail, code)
        ids = fields.under("Result").values.get("MessageID")
        if isinstance(ids, list) and ids and isinstance(ids[0], str | int):
            return replies.sent(str(ids[0]))
        return replies.by_status(reply)

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send one template with values of its own for each number (SendBatchSms)."""
        first = requests.in_batch(submissions, NAME, CAPABILITIES.batch_size)
        code = requests.the_template(first, NAME)
        if any(submission.template_code != code for submission in submissions):
            raise GatewayError(f"gateway {NAME} sends one template in a batch; these differ")
        messages = [
            {
                "TemplateParam": requests.compact(requests.named_params(submission, NAME)),
                "PhoneNumber": numbers.domestic_or_bare(submission.to),
            }
            for submission in submissions
        ]
        body = {
            "SmsAccount": self.sms_account,
            "Sign": self._sign(first),
            "TemplateID": code,
            "Messages": messages,
            "Tag": first.client_ref,
        }
        return self._call("SendBatchSms", body, now)

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read one MessageID a number, in order."""
        whole = self.read(reply)
        ids = replies.json_fields(reply).under("Result").values.get("MessageID")
        if whole.outcome != "sent" or not isinstance(ids, list) or len(ids) != len(submissions):
            return (whole,) * len(submissions)
        return tuple(replies.sent(str(one)) for one in ids)

    def compose_pull(self, what: Literal["messages", "reports"], now: datetime, nonce: str) -> HttpRequest:
        """Fetch what was not pushed; wants the message group's own password."""
        if not self.pull_password:
            raise GatewayError(f"gateway {NAME}: set `pull_password` (the message group's password) to pull")
        path = "mo" if what == "messages" else "receipt"
        body = {"sub_account": self.sms_account, "password": self.pull_password, "count": 200}
        return requests.json_post(f"{self.pull_url}/{path}", body)

    def read_pull(self, what: Literal["messages", "reports"], reply: HttpReply) -> Parsed:
        """Read the array of replies or receipts; a failure is an object."""
        value = replies.json_value(reply)
        if reply.status != 200 or not isinstance(value, list):
            raise CallbackUnreadable(f"the pull was answered {reply.status} without a list")
        return bodies.pulled(what, value, _message, _report)

    def _sign(self, submission: Submission) -> str:
        if sign := requests.bare_sign(submission.sign) or self.sign_name:
            return sign
        raise GatewayError(f"gateway {NAME}: set `sign_name` (the filed signature, without 【】)")

    def _call(self, action: str, body: Mapping[str, Any], now: datetime) -> HttpRequest:
        payload = requests.compact(body).encode()
        query = {"Action": action, "Version": "2020-01-01" if action == "SendSms" else "2021-01-01"}
        headers = {
            "content-type": requests.JSON,
            "host": urlsplit(self.url).netloc,
            "x-content-sha256": signing.digest("sha256", payload),
            "x-date": now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"),
        }
        proof = sign_v4(query, headers, self.region, self.access_key_id, self.secret_access_key)
        url = f"{self.url}/?{signing.query(query)}"
        return HttpRequest(method="POST", url=url, headers={**headers, "authorization": proof}, body=payload)


def sign_v4(query: Mapping[str, str], headers: Mapping[str, str], region: str, key: str, secret: str) -> str:
    """Sign a POST to / as HMAC-SHA256 over all headers: the value of the Authorization header."""
    date = headers["x-date"]
    scope = f"{date[:8]}/{region}/{_SERVICE}/request"
    names = sorted(headers)
    head = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    listed = ";".join(names)
    canonical = "\n".join(("POST", "/", signing.query(query), head, listed, headers["x-content-sha256"]))
    to_sign = f"HMAC-SHA256\n{date}\n{scope}\n{signing.digest('sha256', canonical)}"
    chain: bytes = secret.encode()
    for step in (date[:8], region, _SERVICE, "request"):
        chain = signing.mac("sha256", chain, step)
    proof = signing.mac("sha256", chain, to_sign).hex()
    return f"HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={listed}, Signature={proof}"


def _is_receipt(item: Fields) -> bool:
    return item.has("status_code", "message_id") and not item.has("content")


def _message(item: Fields) -> InboundMessage:
    tag = item.some("ext")
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(item.word("mobile")),
        text=item.text("content"),
        to=item.some("service_id"),
        received_at=times.unix(item.word("recv_time")),
        ext=tag,
        sign=item.some("signature"),
        client_ref=tag,
    )


def _report(item: Fields) -> DeliveryReport:
    status, code = item.need("status_code"), item.some("description")
    tag = item.some("ext")
    return DeliveryReport(
        gateway=NAME,
        state="delivered" if status == "0" else _failed(code or status),
        code=status,
        to=numbers.receiver(item.word("mobile")),
        message_id=item.some("message_id"),
        client_ref=tag,
        done_at=times.unix(item.some("recv_time", "send_time")),
        ext=tag,
        opted_out=_OPTED_OUT in {status, code},
    )


def _failed(code: str) -> Literal["failed", "expired", "rejected"]:
    state = states.by_stat(code)
    return state if state in ("expired", "rejected") else "failed"
