"""Alibaba Cloud 阿里云短信: filed templates only; callbacks carry no proof, so their address must stay secret."""

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
from bot.domain.messages import DeliveryReport, InboundMessage, ReportState
from bot.errors import GatewayError
from bot.gateways.wire import bodies, numbers, replies, requests, signing, states, times
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "aliyun"
CAPABILITIES: Final = Capabilities(
    free_text=False,
    links=False,
    emoji=False,
    sign_in_text=False,
    batch_size=100,
    one_id_per_batch=True,
    required=("access_key_id", "access_key_secret"),
    secrets=("access_key_secret",),
)

_VERSION: Final = "2017-05-25"
_ABROAD: Final[Mapping[str, ReportState]] = {"1": "delivered", "2": "failed", "6": "expired"}
_DETAIL: Final[Mapping[str, ReportState]] = {"1": "sent", "2": "failed", "3": "delivered"}
# The split into classes is our reading; the provider lists causes only.
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "throttled": "isv.BUSINESS_LIMIT_CONTROL Throttling*",
    "temporary": "isp.SYSTEM_ERROR isp.GATEWAY_ERROR ServiceUnavailable",
    "account": (
        "isv.AMOUNT_NOT_ENOUGH isv.OUT_OF_SERVICE isv.DAY_LIMIT_CONTROL isv.MONTH_LIMIT_CONTROL "
        "isv.ACCOUNT_* isv.PRODUCT_UN_SUBSCRIPT isv.PRODUCT_UNSUBSCRIBE isp.RAM_PERMISSION_DENY isv.DENY_IP_RANGE "
        "InvalidAccessKeyId* SignatureDoesNotMatch* Forbidden* NoPermission*"
    ),
    "permanent": "isv.* InvalidParameter* MissingParameter*",
}
_FLOW_CONTROL_WAIT: Final = 3600.0
"""Seconds. Flow control is by number: by default once a minute, five an hour, ten a day."""


def build(settings: Mapping[str, Any]) -> Aliyun:
    """Build it from `access_key_id`, `access_key_secret` and mostly `sign_name`; `signature` may be v1."""
    given = Given(NAME, settings)
    return Aliyun(
        access_key_id=given.need("access_key_id", "an AccessKey with the right AliyunDysmsFullAccess"),
        access_key_secret=given.need("access_key_secret", "shown once when the AccessKey is made"),
        sign_name=requests.bare_sign(given.text("sign_name")),
        signature=given.choice("signature", ("v3", "v1"), "v3"),
        url=given.url("url", "https://dysmsapi.aliyuncs.com"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Aliyun:
    """One account of Alibaba Cloud.

    `dest_code` is made by the system whatever extension was sent, so no reply is tied by it. Ids come as
    numbers or texts, times in two shapes, and receipts from abroad under other names: all are read.
    """

    access_key_id: str
    access_key_secret: str
    sign_name: str
    signature: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Prove nothing: no signature is documented."""
        return False

    def parse(self, callback: Callback) -> Parsed:
        """Read an array of replies (SmsUp) or receipts (SmsReport, at home or from abroad)."""
        items = bodies.item_list(bodies.json_of(callback))
        return bodies.mixed(items, _is_receipt, _message, _report)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer a number for `code`; else the push is repeated after 1, 5 and 10 minutes."""
        return Ack(content_type=requests.JSON, body='{"code":0,"msg":"接收成功"}')

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one filed template (SendSms)."""
        code = requests.the_template(submission, NAME)
        params = requests.named_params(submission, NAME)
        return self._call(
            "SendSms",
            {
                "PhoneNumbers": numbers.domestic_or_bare(submission.to),
                "SignName": self._sign(submission),
                "TemplateCode": code,
                "TemplateParam": requests.compact(params) if params else None,
                "SmsUpExtendCode": submission.ext,
                "OutId": submission.client_ref,
            },
            now,
            nonce,
        )

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{Code, Message, BizId}`."""
        fields = replies.json_fields(reply)
        code, detail = fields.some("Code"), fields.some("Message")
        if code == "OK":
            return replies.sent(fields.some("BizId"), code)
        if code == "isv.BUSINESS_LIMIT_CONTROL":
            return replies.result("throttled", code=code, detail=detail, retry_after=_FLOW_CONTROL_WAIT)
        return replies.by_code(code, _OUTCOMES, detail) or replies.by_status(reply, detail, code)

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send one template with values of its own for each number (SendBatchSms)."""
        first = requests.in_batch(submissions, NAME, CAPABILITIES.batch_size)
        code = requests.the_template(first, NAME)
        if any(submission.template_code != code for submission in submissions):
            raise GatewayError(f"gateway {NAME} sends one template in a batch; these differ")
        params = [requests.named_params(submission, NAME) for submission in submissions]
        return self._call(
            "SendBatchSms",
            {
                "PhoneNumberJson": requests.compact([numbers.domestic_or_bare(s.to) for s in submissions]),
                "SignNameJson": requests.compact([self._sign(s) for s in submissions]),
                "TemplateCode": code,
                "TemplateParamJson": requests.compact(params) if any(params) else None,
                "OutId": first.client_ref,
            },
            now,
            nonce,
        )

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read the one answer that speaks for all; receipts name the same BizId and the number."""
        return (self.read(reply),) * len(submissions)

    def compose_query(self, message_id: str | None, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Ask for today's texts to that number (QuerySendDetails)."""
        fields = {
            "PhoneNumber": numbers.domestic_or_bare(submission.to),
            "BizId": message_id,
            "SendDate": times.beijing_stamp(now, "%Y%m%d"),
            "PageSize": "10",
            "CurrentPage": "1",
        }
        return self._call("QuerySendDetails", fields, now, nonce)

    def read_query(self, reply: HttpReply) -> DeliveryReport | None:
        """Read the newest detail; SendStatus 1 waits for its receipt, 2 failed, 3 arrived."""
        details = replies.inner_list(replies.json_fields(reply), "SmsSendDetailDTOs", "SmsSendDetailDTO")
        if not details:
            return None
        newest = details[0]
        return DeliveryReport(
            gateway=NAME,
            state=_DETAIL.get(newest.some("SendStatus") or "", "unknown"),
            code=newest.some("ErrCode"),
            to=numbers.receiver(newest.some("PhoneNum")),
            client_ref=newest.some("OutId"),
            done_at=times.moment(newest.some("ReceiveDate")),
        )

    def _sign(self, submission: Submission) -> str:
        if sign := requests.bare_sign(submission.sign) or self.sign_name:
            return sign
        raise GatewayError(f"gateway {NAME}: set `sign_name` (the filed signature, without 【】)")

    def _call(self, action: str, fields: Mapping[str, str | None], now: datetime, nonce: str) -> HttpRequest:
        given = {name: value for name, value in fields.items() if value is not None}
        if self.signature == "v1":
            return self._call_v1(action, given, now, nonce)
        headers = {
            "host": urlsplit(self.url).netloc,
            "x-acs-action": action,
            "x-acs-content-sha256": signing.digest("sha256", b""),
            "x-acs-date": times.utc_stamp(now),
            "x-acs-signature-nonce": nonce,
            "x-acs-version": _VERSION,
        }
        proof = acs3("POST", "/", given, headers, b"", self.access_key_id, self.access_key_secret)
        url = f"{self.url}/?{signing.query(given)}"
        return HttpRequest(method="POST", url=url, headers={**headers, "authorization": proof})

    def _call_v1(self, action: str, fields: Mapping[str, str], now: datetime, nonce: str) -> HttpRequest:
        signed = {
            **fields,
            "AccessKeyId": self.access_key_id,
            "Action": action,
            "Format": "JSON",
            "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": nonce,
            "SignatureVersion": "1.0",
            "Timestamp": times.utc_stamp(now),
            "Version": _VERSION,
        }
        proof = rpc_v1("GET", signed, self.access_key_secret)
        return requests.get(f"{self.url}/", {**signed, "Signature": proof})


def acs3(
    method: str,
    uri: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    key: str,
    secret: str,
) -> str:
    """Sign as ACS3-HMAC-SHA256: the value of the Authorization header. Header names are lower case."""
    names = sorted(headers)
    head = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    listed = ";".join(names)
    canonical = "\n".join((method, uri, signing.query(query), head, listed, signing.digest("sha256", body)))
    to_sign = f"ACS3-HMAC-SHA256\n{signing.digest('sha256', canonical)}"
    proof = signing.mac("sha256", secret, to_sign).hex()
    return f"ACS3-HMAC-SHA256 Credential={key},SignedHeaders={listed},Signature={proof}"


def rpc_v1(method: str, fields: Mapping[str, str], secret: str) -> str:
    """Sign as the older RPC style does (HMAC-SHA1, base64)."""
    to_sign = f"{method}&%2F&{signing.percent(signing.query(fields))}"
    return signing.b64(signing.mac("sha1", f"{secret}&", to_sign))


def _is_receipt(item: Fields) -> bool:
    return item.has("success", "err_code", "report_time", "Status") and not item.has("content")


def _message(item: Fields) -> InboundMessage:
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(item.word("phone_number")),
        text=item.text("content"),
        to=item.some("dest_code"),
        message_id=item.some("sequence_id"),
        received_at=times.moment(item.word("send_time")),
        sign=item.some("sign_name"),
    )


def _report(item: Fields) -> DeliveryReport:
    if item.has("Status"):
        return DeliveryReport(
            gateway=NAME,
            state=_ABROAD.get(item.need("Status"), "unknown"),
            code=item.word("ErrorCode"),
            to=numbers.receiver(item.word("To"), region=None),
            message_id=item.some("MessageId"),
            client_ref=item.some("TaskId"),
            done_at=times.moment(item.word("ReceiveDate")),
        )
    code = item.word("err_code")
    arrived = item.word("success")
    state = states.by_stat(code)
    if arrived is not None:
        failed: ReportState = state if state in {"expired", "rejected"} else "failed"
        state = "delivered" if arrived.lower() in {"true", "1"} else failed
    return DeliveryReport(
        gateway=NAME,
        state=state,
        code=code,
        to=numbers.receiver(item.need("phone_number")),
        message_id=item.some("biz_id", "message_id"),
        client_ref=item.some("out_id"),
        done_at=times.moment(item.word("report_time")),
    )
