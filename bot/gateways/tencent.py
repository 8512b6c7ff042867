"""Tencent Cloud 腾讯云短信: filed templates only; callbacks carry no proof; stop words are taken by Tencent itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
from bot.domain.messages import DeliveryReport, InboundMessage, ReportState
from bot.errors import CallbackUnreadable, GatewayError
from bot.gateways.wire import bodies, numbers, replies, requests, signing, states, times
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "tencent"
CAPABILITIES: Final = Capabilities(
    free_text=False,
    links=False,
    emoji=False,
    extension=True,
    sign_in_text=False,
    max_chars=450,
    batch_size=200,
    repeats_on_error=False,
    handles_opt_out=True,
    message_ids=False,
    required=("secret_id", "secret_key", "app_id"),
    secrets=("secret_key",),
)

_VERSION: Final = "2021-01-11"
_JSON: Final = "application/json; charset=utf-8"
_STOP_WORDS: Final = frozenset(("T", "N", "TD", "退订", "T退订", "QX", "0000"))
# The split into classes is our reading; the provider lists causes only. A time-out of theirs may have sent.
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "opted_out": "FailedOperation.PhoneNumberInBlacklist",
    "unknown": "InternalError.Timeout",
    "throttled": "RequestLimitExceeded* LimitExceeded.*",
    "account": (
        "AuthFailure* UnauthorizedOperation* FailedOperation.InsufficientBalanceInSmsPackage "
        "InternalError.Sig* InvalidParameterValue.SdkAppIdNotExist FailedOperation.ForbidAddMarketingTemplates"
    ),
    "temporary": "InternalError* ResourceUnavailable*",
    "permanent": "FailedOperation* InvalidParameter* MissingParameter* UnsupportedOperation*",
}


def build(settings: Mapping[str, Any]) -> Tencent:
    """Build it from `secret_id`, `secret_key`, `app_id` (SmsSdkAppId) and mostly `sign_name`."""
    given = Given(NAME, settings)
    return Tencent(
        secret_id=given.need("secret_id", "访问管理 → API 密钥"),
        secret_key=given.need("secret_key", "访问管理 → API 密钥"),
        app_id=given.need("app_id", "短信控制台 → 应用管理, the SDK AppID that begins with 1400"),
        sign_name=requests.bare_sign(given.text("sign_name")),
        region=given.text("region", "ap-guangzhou"),
        url=given.url("url", "https://sms.tencentcloudapi.com"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tencent:
    """One SMS application of Tencent Cloud.

    A reply of T, N, TD, 退订, T退订, QX or 0000 puts the number on the application's own block list; the
    callback does not say so, but we know the words. Whether a failed push of a reply is repeated is not
    documented (of a receipt, twice).
    """

    secret_id: str
    secret_key: str
    app_id: str
    sign_name: str
    region: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Prove nothing: no signature is documented."""
        return False

    def parse(self, callback: Callback) -> Parsed:
        """Read one reply, or an array of receipts."""
        items = bodies.item_list(bodies.json_of(callback))
        return bodies.mixed(items, lambda item: item.has("report_status"), _message, _report)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer `result` 0."""
        return Ack(content_type=requests.JSON, body='{"result":0,"errmsg":"OK"}')

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one filed template; its values go by their order."""
        return self._send((submission,), now)

    def read(self, reply: HttpReply) -> SendResult:
        """Read the one SendStatus, or the Error."""
        statuses = _statuses(reply)
        return _result(statuses[0], reply) if statuses else _whole(reply)

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send one template with the same values to many numbers."""
        requests.same_words(submissions, NAME, CAPABILITIES.batch_size)
        return self._send(submissions, now)

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read one SendStatus a number."""
        named = ((numbers.e164(s.word("PhoneNumber")), _result(s, reply)) for s in _statuses(reply))
        return replies.per_number(named, _whole(reply), submissions)

    def compose_query(self, message_id: str | None, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Ask for the newest receipt of that number within a day."""
        body = {
            "SmsSdkAppId": self.app_id,
            "PhoneNumber": submission.to,
            "BeginTime": int((now - timedelta(days=1)).timestamp()),
            "EndTime": int(now.timestamp()),
            "Offset": 0,
            "Limit": 1,
        }
        return self._call("PullSmsSendStatusByPhoneNumber", body, now)

    def read_query(self, reply: HttpReply) -> DeliveryReport | None:
        """Read the first of the set."""
        found = replies.inner_list(replies.json_fields(reply), "Response", "PullSmsSendStatusSet")
        try:
            return _pulled_report(found[0]) if found else None
        except CallbackUnreadable:
            return None

    def compose_pull(self, what: Literal["messages", "reports"], now: datetime, nonce: str) -> HttpRequest:
        """Fetch what was not pushed; must be opened by support."""
        action = "PullSmsReplyStatus" if what == "messages" else "PullSmsSendStatus"
        return self._call(action, {"SmsSdkAppId": self.app_id, "Limit": 100}, now)

    def read_pull(self, what: Literal["messages", "reports"], reply: HttpReply) -> Parsed:
        """Read the set of replies or receipts."""
        response = replies.json_fields(reply).under("Response")
        name = "PullSmsReplyStatusSet" if what == "messages" else "PullSmsSendStatusSet"
        value = response.values.get(name)
        if reply.status != 200 or not isinstance(value, list):
            raise CallbackUnreadable(f"the pull was answered {reply.status} without {name}")
        return bodies.pulled(what, value, _pulled_message, _pulled_report)

    def _send(self, submissions: tuple[Submission, ...], now: datetime) -> HttpRequest:
        first = submissions[0]
        code = requests.the_template(first, NAME)
        sign = requests.bare_sign(first.sign) or self.sign_name
        if not sign and any(s.to.startswith("+86") for s in submissions):
            raise GatewayError(f"gateway {NAME}: set `sign_name` (the filed signature, without 【】)")
        body = {
            "PhoneNumberSet": [submission.to for submission in submissions],
            "SmsSdkAppId": self.app_id,
            "TemplateId": code,
            "SignName": sign or None,
            "TemplateParamSet": list(first.template_params) or None,
            "ExtendCode": first.ext,
            "SessionContext": first.client_ref if len(submissions) == 1 else None,
        }
        return self._call("SendSms", body, now)

    def _call(self, action: str, body: Mapping[str, Any], now: datetime) -> HttpRequest:
        host = urlsplit(self.url).netloc
        payload = requests.compact({name: value for name, value in body.items() if value is not None})
        headers = {"content-type": _JSON, "host": host, "x-tc-action": action}
        proof = tc3(headers, payload.encode(), int(now.timestamp()), "sms", self.secret_id, self.secret_key)
        more = {
            "x-tc-version": _VERSION,
            "x-tc-region": self.region,
            "x-tc-timestamp": str(int(now.timestamp())),
            "authorization": proof,
        }
        return HttpRequest(method="POST", url=f"{self.url}/", headers=headers | more, body=payload.encode())


def tc3(headers: Mapping[str, str], body: bytes, timestamp: int, service: str, secret_id: str, key: str) -> str:
    """Sign a POST to / as TC3-HMAC-SHA256: the value of the Authorization header. The date is UTC."""
    names = sorted(headers)
    head = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in names)
    listed = ";".join(names)
    canonical = "\n".join(("POST", "/", "", head, listed, signing.digest("sha256", body)))
    date = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    scope = f"{date}/{service}/tc3_request"
    to_sign = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{signing.digest('sha256', canonical)}"
    by_date = signing.mac("sha256", f"TC3{key}", date)
    by_service = signing.mac("sha256", by_date, service)
    proof = signing.mac("sha256", signing.mac("sha256", by_service, "tc3_request"), to_sign).hex()
    return f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders={listed}, Signature={proof}"


def _stopped(text: str) -> str | None:
    return "stop" if text.strip().upper() in _STOP_WORDS else None


def _message(item: Fields) -> InboundMessage:
    text = item.text("text")
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(item.word("mobile"), country=item.word("nationcode")),
        text=text,
        to=item.some("port"),
        received_at=times.unix(item.word("time")),
        ext=item.some("extend"),
        sign=item.some("sign"),
        opt_out_type=_stopped(text),
    )


def _report(item: Fields) -> DeliveryReport:
    return DeliveryReport(
        gateway=NAME,
        state=_state(item.need("report_status"), item.word("errmsg")),
        code=item.word("errmsg"),
        to=numbers.receiver(item.word("mobile"), country=item.word("nationcode")),
        message_id=item.some("sid"),
        client_ref=item.some("ext"),
        done_at=times.moment(item.word("user_receive_time")),
    )


def _pulled_message(item: Fields) -> InboundMessage:
    text = item.text("ReplyContent")
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(item.some("PhoneNumber", "SubscriberNumber")),
        text=text,
        received_at=times.unix(item.word("ReplyTime")),
        ext=item.some("ExtendCode"),
        sign=item.some("SignName"),
        opt_out_type=_stopped(text),
    )


def _pulled_report(item: Fields) -> DeliveryReport:
    return DeliveryReport(
        gateway=NAME,
        state=_state(item.need("ReportStatus"), item.word("Description")),
        code=item.word("Description"),
        to=numbers.receiver(item.some("PhoneNumber", "SubscriberNumber")),
        message_id=item.some("SerialNo"),
        client_ref=item.some("SessionContext"),
        done_at=times.unix(item.word("UserReceiveTime")),
    )


def _state(status: str, stat: str | None) -> ReportState:
    if status.upper() == "SUCCESS":
        return "delivered"
    state = states.by_stat(stat)
    return state if state in {"expired", "rejected"} else "failed"


def _statuses(reply: HttpReply) -> list[Fields]:
    return replies.inner_list(replies.json_fields(reply), "Response", "SendStatusSet")


def _result(status: Fields, reply: HttpReply) -> SendResult:
    code, detail = status.some("Code"), status.some("Message")
    if code == "Ok":
        return replies.sent(status.some("SerialNo"), code)
    return replies.by_code(code, _OUTCOMES, detail) or replies.by_status(reply, detail, code)


def _whole(reply: HttpReply) -> SendResult:
    return _result(replies.json_fields(reply).under("Response").under("Error"), reply)
