"""Yuntongxun 容联云: filed templates only; one callback for replies and receipts, in XML or JSON, without proof."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

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
from bot.errors import CallbackIgnored, CallbackUnreadable
from bot.gateways.wire import bodies, numbers, replies, requests, signing, states, times
from bot.gateways.wire.alphabets import as_text
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "yuntongxun"
CAPABILITIES: Final = Capabilities(
    free_text=False,
    emoji=False,
    extension=True,
    sign_in_text=False,
    batch_size=200,
    one_id_per_batch=True,
    repeats_on_error=False,
    message_ids=False,
    required=("account_sid", "auth_token", "app_id"),
    secrets=("auth_token",),
)

_DECLARED: Final = re.compile(r"<\?xml[^>]{0,200}encoding=[\"']([\w.-]{1,40})[\"'][^>]{0,200}\?>", re.IGNORECASE)
_ACTION: Final = "smsarrived"
_SID: Final = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
# Our reading: the vendor's own pages were not to be had.
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "throttled": "160039 160040 160041 160043 112310 112311",
    "account": "160011 160012 160013 160014 160015 160016 160031 160032 160042 111* 172001",
    "temporary": "160050 172003 172004",
    "permanent": "160000 160017 160018 160019 160020 160021 160022 160033 160034 160035 160036 160037 160038 112*",
}


def build(settings: Mapping[str, Any]) -> Yuntongxun:
    """Build it from `account_sid`, `auth_token` and `app_id`."""
    given = Given(NAME, settings)
    return Yuntongxun(
        account_sid=given.need("account_sid", "控制台首页, ACCOUNT SID"),
        auth_token=given.need("auth_token", "控制台首页, AUTH TOKEN"),
        app_id=given.need("app_id", "应用列表, APP ID"),
        url=given.url("url", "https://app.cloopen.com:8883"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Yuntongxun:
    """One application of Yuntongxun.

    All samples found are receipts (`smsType` 1); that 0 is a reply is unconfirmed. So an item is a
    receipt if it says 1, if it says neither and has a status, or if it says 0 but has a status and its
    content is an id; all else is a reply. Actions other than SMSArrived are no texts. The answer demanded
    is unconfirmed too: `statusCode` 000000 in the language of the callback.
    """

    account_sid: str
    auth_token: str
    app_id: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Prove nothing: no signature is documented."""
        return False

    def parse(self, callback: Callback) -> Parsed:
        """Read one reply or receipt."""
        if _is_xml(callback):
            fields = _xml(callback)
        else:
            value = bodies.as_fields(bodies.json_of(callback))
            fields = value.under("Request") if value.has("Request") else value
        if (fields.some("action") or _ACTION).lower() != _ACTION:
            # Calls and conferences of the same application may have the same address.
            raise CallbackIgnored("event")
        return bodies.mixed([fields.values], _is_receipt, _message, _report)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer statusCode 000000 in XML or JSON, as the callback came."""
        if _is_xml(callback):
            body = '<?xml version="1.0" encoding="UTF-8"?><Response><statusCode>000000</statusCode></Response>'
            return Ack(content_type="application/xml;charset=utf-8", body=body)
        return Ack(content_type=requests.JSON, body='{"statusCode":"000000"}')

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one filed template; its values go by their order."""
        return self._send((submission,), now)

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{statusCode, statusMsg, templateSMS: {smsMessageSid}}`."""
        fields = replies.json_fields(reply)
        code, detail = fields.some("statusCode"), fields.some("statusMsg")
        if code == "000000":
            inner = fields.under("templateSMS" if fields.has("templateSMS") else "TemplateSMS")
            return replies.sent(inner.some("smsMessageSid"), code)
        return replies.by_code(code, _OUTCOMES, detail) or replies.by_status(reply, detail, code)

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send one template with the same values to many numbers."""
        requests.same_words(submissions, NAME, CAPABILITIES.batch_size)
        return self._send(submissions, now)

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read the one answer that speaks for all."""
        return (self.read(reply),) * len(submissions)

    def _send(self, submissions: tuple[Submission, ...], now: datetime) -> HttpRequest:
        first = submissions[0]
        stamp = times.beijing_stamp(now, "%Y%m%d%H%M%S")
        url = (
            f"{self.url}/2013-12-26/Accounts/{self.account_sid}/SMS/TemplateSMS"
            f"?sig={sig(self.account_sid, self.auth_token, stamp)}"
        )
        body = {
            "to": ",".join(numbers.domestic_or_00(submission.to) for submission in submissions),
            "appId": self.app_id,
            "templateId": requests.the_template(first, NAME),
            "datas": list(first.template_params),
            "subAppend": first.ext,
            "reqId": first.client_ref if len(submissions) == 1 else None,
        }
        headers = {
            "accept": "application/json",
            "authorization": signing.b64(f"{self.account_sid}:{stamp}"),
        }
        return requests.json_post(url, body, headers)


def sig(account_sid: str, auth_token: str, stamp: str) -> str:
    """Sign a call: upper-case md5 of SID, token and time (no worked example is published)."""
    return signing.digest("md5", f"{account_sid}{auth_token}{stamp}").upper()


def _is_xml(callback: Callback) -> bool:
    return "xml" in bodies.content_type(callback) or bodies.opening(callback) == b"<"


def _xml(callback: Callback) -> Fields:
    raw = bodies.body_of(callback)
    declared = _DECLARED.search(raw[:400].decode("latin-1"))
    text = as_text(raw, declared[1] if declared else bodies.charset(callback)).lstrip("\ufeff \r\n\t")
    try:
        root = fromstring(_DECLARED.sub("", text, count=1), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise CallbackUnreadable("not XML") from None
    # An empty element is an empty text, not a missing one.
    return Fields({child.tag: child.text or "" for child in root})


def _is_receipt(item: Fields) -> bool:
    kind = item.word("smsType")
    if kind != "0":
        return kind == "1" or item.some("status", "deliverCode") is not None
    return item.has("status", "deliverCode") and bool(_SID.fullmatch(item.word("content") or ""))


def _message(item: Fields) -> InboundMessage:
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(item.word("fromNum")),
        text=item.text("content"),
        received_at=times.compact(item.some("recvTime", "dateSent")),
        ext=item.some("appendCode"),
    )


def _report(item: Fields) -> DeliveryReport:
    code = item.some("deliverCode")
    status = item.some("status") if code else item.need("status")
    state = states.by_stat(code)
    if status:
        state = "delivered" if status == "0" else state if state in {"expired", "rejected"} else "failed"
    return DeliveryReport(
        gateway=NAME,
        state=state,
        code=code or status,
        to=numbers.receiver(item.word("fromNum")),
        message_id=item.need("content"),
        client_ref=item.some("reqId"),
        done_at=times.compact(item.some("recvTime", "dateSent")),
        ext=item.some("appendCode"),
    )
