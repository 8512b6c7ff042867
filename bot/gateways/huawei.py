"""Huawei Cloud 华为云 MSGSMS: filed templates only; a push may be signed with AK/SK; R is taken by Huawei itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

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
from bot.domain.messages import DeliveryReport, InboundMessage, PartOf
from bot.errors import CallbackRefused
from bot.gateways.wire import bodies, numbers, replies, requests, signing, states, times
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "huawei"
CAPABILITIES: Final = Capabilities(
    free_text=False,
    emoji=False,
    sign_in_text=False,
    batch_size=500,
    repeats_on_error=False,
    handles_opt_out=True,
    required=("app_key", "app_secret", "sender"),
    secrets=("app_secret", "push_secret"),
)

_OPTED_OUT: Final = "SC:0016"
_MAX_AGE: Final = 900.0
# Few of these codes are published; the split into classes is our reading.
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "throttled": "E000623 E200015 MILIMIT LIMIT BEY*",
    "opted_out": "SC:0016",
    "account": "E0001* E000620 E000622 E000001 E000002 E000003 E000004 E000005",
    "permanent": "E000027 E000405 E000503 E000510 E0005* E2000*",
    "temporary": "E000000 E000625",
}


def build(settings: Mapping[str, Any]) -> Huawei:
    """Build it from `app_key`, `app_secret` and `sender`; `push_key` and `push_secret` prove the pushes."""
    given = Given(NAME, settings)
    return Huawei(
        app_key=given.need("app_key", "短信控制台 → 应用管理, APP_Key"),
        app_secret=given.need("app_secret", "短信控制台 → 应用管理, APP_Secret"),
        sender=given.need("sender", "the signature's channel number (签名通道号)"),
        sign_name=requests.bare_sign(given.text("sign_name")),
        push_key=given.text("push_key"),
        push_secret=given.text("push_secret"),
        url=given.url("url", "https://smsapi.cn-north-4.myhuaweicloud.com"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Huawei:
    """One SMS application of Huawei Cloud.

    Reply and text are tied by the customer's number and the channel number. The answer to a push is not
    looked at and whether a failed one is repeated is not documented, so a lost push may be lost for good.
    A reply of R puts the number on the block list of that channel number; the callback does not say so.
    """

    app_key: str
    app_secret: str
    sender: str
    sign_name: str
    push_key: str
    push_secret: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Check SDK-HMAC-SHA256 where `push_secret` is set (it is off by default at the provider)."""
        if not self.push_secret:
            return False
        parts = _authorization(callback.headers.get("authorization", ""))
        signed = tuple(name for name in parts.get("SignedHeaders", "").lower().split(";") if name)
        if "x-sdk-date" not in signed:
            raise CallbackRefused("the push is not signed with its date")
        if self.push_key and not signing.same(parts.get("Access"), self.push_key):
            raise CallbackRefused("the push is signed with another key")
        wanted = sdk_hmac(callback, signed, self.push_secret)
        signing.refuse_unless(good=signing.same(parts.get("Signature"), wanted))
        signing.fresh(_sdk_date(callback.headers.get("x-sdk-date", "")), now, _MAX_AGE)
        return True

    def parse(self, callback: Callback) -> Parsed:
        """Read one reply or receipt from a form, or the JSON list of the batch variant."""
        if bodies.opening(callback) in {b"{", b"["}:
            listed = bodies.as_fields(bodies.json_of(callback)).values.get("statusReportList")
            return bodies.reports(bodies.item_list(listed), _report)
        # Many servers name ISO-8859-1 and send UTF-8; nothing of what the header says is believed.
        fields = bodies.form(callback, "utf-8")
        return bodies.mixed([fields.values], lambda item: item.has("status"), _message, _report)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer anything; it is not looked at."""
        return Ack(content_type="application/json", body='{"returnCode":0,"returnCodeDesc":"Success"}')

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one filed template; its values go by their order."""
        return self._send((submission,), now, nonce)

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{code, description, result: [{smsMsgId, status}]}`."""
        fields = replies.json_fields(reply)
        results = replies.inner_list(fields, "result")
        whole = _result(fields, "code", reply)
        return _result(results[0], "status", reply) if results and whole.code != "E000623" else whole

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send one template with the same values to many numbers."""
        requests.same_words(submissions, NAME, CAPABILITIES.batch_size)
        return self._send(submissions, now, nonce)

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read one item of `result` a number."""
        fields = replies.json_fields(reply)
        named = (
            (numbers.e164(item.some("originTo", "to")), _result(item, "status", reply))
            for item in replies.inner_list(fields, "result")
        )
        return replies.per_number(named, _result(fields, "code", reply), submissions)

    def _send(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        first = submissions[0]
        code = requests.the_template(first, NAME)
        created = times.utc_stamp(now)
        token = (
            f'UsernameToken Username="{self.app_key}",'
            f'PasswordDigest="{password_digest(nonce, created, self.app_secret)}",'
            f'Nonce="{nonce}",Created="{created}"'
        )
        headers = {
            "authorization": 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"',
            "x-wsse": token,
        }
        fields = {
            "from": self.sender,
            "to": ",".join(submission.to for submission in submissions),
            "templateId": code,
            "templateParas": requests.compact(first.template_params) if first.template_params else None,
            "statusCallback": first.report_url,
            "extend": first.client_ref if len(submissions) == 1 else None,
            "signature": requests.bare_sign(first.sign) or self.sign_name or None,
        }
        return requests.form_post(f"{self.url}/sms/batchSendSms/v1", fields, headers)


def password_digest(nonce: str, created: str, secret: str) -> str:
    """Make the X-WSSE digest: base64 of the hex text of SHA-256, as the published header shows."""
    return signing.b64(signing.digest("sha256", f"{nonce}{created}{secret}"))


def sdk_hmac(callback: Callback, signed: tuple[str, ...], secret: str) -> str:
    """Sign a request as Huawei's API gateway does (SDK-HMAC-SHA256, hex)."""
    parts = bodies.url_parts(callback)
    path = "/".join(signing.percent(unquote(step)) for step in parts.path.split("/"))
    pairs = sorted(bodies.query_pairs(parts.query))
    query = "&".join(f"{signing.percent(name)}={signing.percent(value)}" for name, value in pairs)
    head = "".join(f"{name}:{callback.headers.get(name, '').strip()}\n" for name in sorted(signed))
    canonical = "\n".join(
        (
            callback.method,
            path if path.endswith("/") else f"{path}/",
            query,
            head,
            ";".join(sorted(signed)),
            signing.digest("sha256", bodies.body_of(callback)),
        )
    )
    date = callback.headers.get("x-sdk-date", "")
    to_sign = f"SDK-HMAC-SHA256\n{date}\n{signing.digest('sha256', canonical)}"
    return signing.mac("sha256", secret, to_sign).hex()


def _authorization(value: str) -> Mapping[str, str]:
    _, _, rest = value.partition("SDK-HMAC-SHA256")
    pairs = (part.strip().partition("=") for part in rest.split(","))
    return {name: given for name, _, given in pairs}


def _sdk_date(value: str) -> datetime | None:
    return times.compact(value.replace("T", "").replace("Z", ""), zone=UTC)


def _message(fields: Fields) -> InboundMessage:
    text = fields.text("body")
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(fields.word("from")),
        text=text,
        to=fields.some("to"),
        message_id=fields.some("smsMsgId"),
        received_at=times.moment(fields.word("createTime"), zone=UTC),
        opt_out_type="stop" if text.strip().upper() == "R" else None,
    )


def _report(fields: Fields) -> DeliveryReport:
    code = fields.need("status")
    number, total = fields.number("sequence"), fields.number("total")
    return DeliveryReport(
        gateway=NAME,
        state=states.by_stat(code),
        code=code,
        to=numbers.receiver(fields.word("to")),
        message_id=fields.need("smsMsgId"),
        client_ref=fields.some("extend"),
        done_at=times.moment(fields.word("updateTime"), zone=UTC),
        part=PartOf(number=number, total=total) if number and total else None,
        opted_out=code == _OPTED_OUT,
    )


def _result(fields: Fields, name: str, reply: HttpReply) -> SendResult:
    code, detail = fields.some(name), fields.some("description")
    if code == "000000":
        return replies.sent(fields.some("smsMsgId"), code)
    return replies.by_code(code, _OUTCOMES, detail) or replies.by_status(reply, detail, code)
