"""SUBMAIL 赛邮: free text that is filed as it is sent; one hook for all events, signed without its body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

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
from bot.errors import CallbackIgnored, CallbackUnreadable
from bot.gateways.wire import bodies, numbers, replies, requests, signing, states, times
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "submail"
CAPABILITIES: Final = Capabilities(
    emoji=False,
    repeats_on_error=False,
    handles_opt_out=True,
    required=("appid", "appkey"),
    secrets=("appkey", "subhook_key"),
)

_EVENTS: Final[Mapping[str, ReportState]] = {
    "request": "sent",
    "sending": "sent",
    "delivered": "delivered",
    "dropped": "failed",
    "unkown": "unknown",
    "unknown": "unknown",
}
_OPTED_OUT: Final = frozenset(("UNSUBSCRIBE", "UNSUBED"))
_UNSIGNED: Final = frozenset(("tag", "signature"))
# The split into classes is our reading; the provider lists causes only.
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "opted_out": "253",
    "throttled": "115 408 901",
    "temporary": "409",
    "account": "101 102 103 104 105 106 107 108 109 110 111 112 113 903 904 905",
    "permanent": "114 116 117 118 119 120 251 252 4*",
}


def build(settings: Mapping[str, Any]) -> Submail:
    """Build it from `appid` and `appkey`; `subhook_key` proves the hook; `sign_type` normal, md5 or sha1."""
    given = Given(NAME, settings)
    return Submail(
        appid=given.need("appid", "应用集成 → 应用, APP ID"),
        appkey=given.need("appkey", "应用集成 → 应用, APP KEY"),
        subhook_key=given.text("subhook_key"),
        sign_type=given.choice("sign_type", ("normal", "md5", "sha1"), "normal"),
        url=given.url("url", "https://api-v4.mysubmail.com"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Submail:
    """One SMS application of SUBMAIL.

    The console chooses POST or GET and form, JSON or multipart: all are read. A reply has no id of its
    own and no tag; its `token` is unique and stands for one. The hook's signature covers the token alone,
    so used tokens must be remembered. Which answer it wants and whether it repeats is not documented.
    With md5 or sha1 the call's time may be at most 6 seconds old by their clock.
    """

    appid: str
    appkey: str
    subhook_key: str
    sign_type: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Check md5 of token and key, where `subhook_key` is set; the time is not signed."""
        if not self.subhook_key:
            return False
        fields = _fields(callback)
        token = fields.word("token")
        wanted = signing.digest("md5", f"{token or ''}{self.subhook_key}")
        given = (fields.word("signature") or "").lower()
        signing.refuse_unless(good=bool(token) and signing.same(given, wanted))
        return True

    def parse(self, callback: Callback) -> Parsed:
        """Read one event: a reply or a receipt; news of templates are none of ours."""
        fields = _fields(callback)
        event = fields.need("events").lower()
        if event == "mo":
            return bodies.messages([fields.values], _message)
        if event in _EVENTS:
            return bodies.reports([fields.values], _report)
        raise CallbackIgnored("event")

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer 200; no more is documented."""
        return Ack(body="SUCCESS")

    def proof(self, callback: Callback) -> str | None:
        """Give the token, which is all that the signature covers."""
        return _fields(callback).some("token")

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one text; `tag` comes back with its receipts."""
        return self._call(
            "send",
            {
                "to": numbers.domestic_or_bare(submission.to),
                "content": requests.the_text(submission, NAME),
                "tag": submission.client_ref[:32],
            },
            now,
        )

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{status, send_id}` or `{status: error, code, msg}`."""
        fields = replies.json_fields(reply)
        code, detail = fields.some("code"), fields.some("msg")
        if fields.word("status") == "success":
            return replies.sent(fields.some("send_id"))
        return replies.by_code(code, _OUTCOMES, detail) or replies.by_status(reply, detail, code)

    def compose_pull(self, what: Literal["messages", "reports"], now: datetime, nonce: str) -> HttpRequest:
        """Fetch the replies (sms/mo) or the log (sms/log) of a day; at most once a minute."""
        end = int(now.timestamp())
        fields = {"start_date": str(end - 86400), "end_date": str(end), "rows": "1000"}
        return self._call("mo" if what == "messages" else "log", fields, now)

    def read_pull(self, what: Literal["messages", "reports"], reply: HttpReply) -> Parsed:
        """Read `mo` or `data`; a pulled reply has no id at all."""
        fields = replies.json_fields(reply)
        value = fields.values.get("mo" if what == "messages" else "data")
        if fields.word("status") != "success" or not isinstance(value, list):
            raise CallbackUnreadable(f"the pull was answered {reply.status} without a list")
        return bodies.pulled(what, value, _pulled_message, _pulled_report)

    def _call(self, path: str, fields: Mapping[str, str], now: datetime) -> HttpRequest:
        signed = {"appid": self.appid, **fields}
        if self.sign_type != "normal":
            signed |= {"timestamp": str(int(now.timestamp())), "sign_type": self.sign_type}
        proof = signature(signed, self.sign_type, self.appid, self.appkey)
        return requests.form_post(f"{self.url}/sms/{path}.json", {**signed, "signature": proof})


def signature(fields: Mapping[str, str], sign_type: str, appid: str, appkey: str) -> str:
    """Sign a call: the key itself (normal), or md5 or sha1 of the sorted fields between appid and appkey."""
    if sign_type == "normal":
        return appkey
    joined = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if name not in _UNSIGNED)
    return signing.digest(sign_type, f"{appid}{appkey}{joined}{appid}{appkey}")


def _fields(callback: Callback) -> Fields:
    if bodies.opening(callback) == b"{":
        return bodies.as_fields(bodies.json_of(callback))
    return bodies.form(callback)


def _message(fields: Fields) -> InboundMessage:
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(fields.word("address")),
        text=fields.text("content"),
        message_id=fields.some("token"),
        received_at=times.unix(fields.word("timestamp")),
    )


def _report(fields: Fields) -> DeliveryReport:
    event, code = fields.need("events").lower(), fields.some("report")
    state = _EVENTS[event]
    if event == "dropped" and code:
        dropped = states.by_stat(code)
        state = dropped if dropped in {"expired", "rejected"} else "failed"
    return DeliveryReport(
        gateway=NAME,
        state=state,
        code=code,
        to=numbers.receiver(fields.word("address")),
        message_id=fields.need("send_id"),
        client_ref=fields.some("tag"),
        done_at=times.unix(fields.word("timestamp")),
        opted_out=(code or "").upper() in _OPTED_OUT,
    )


def _pulled_message(item: Fields) -> InboundMessage:
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(item.word("from")),
        text=item.text("content"),
        received_at=times.unix(item.word("reply_at")),
    )


def _pulled_report(item: Fields) -> DeliveryReport:
    code = item.some("report_state")
    status = (item.word("status") or "").lower()
    return DeliveryReport(
        gateway=NAME,
        state=_EVENTS.get(status, "sent" if status == "pending" else states.by_stat(code)),
        code=code,
        to=numbers.receiver(item.word("to")),
        message_id=item.need("sendID"),
        done_at=times.unix(item.word("report_at")),
        opted_out=(code or "").upper() in _OPTED_OUT,
    )
