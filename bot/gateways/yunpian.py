"""Yunpian 云片: free text that matches a filed template; replies are signed with the API key, receipts are not."""

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
from bot.domain.messages import DeliveryReport, InboundMessage
from bot.errors import CallbackUnreadable
from bot.gateways.wire import bodies, numbers, replies, requests, signing, times
from bot.gateways.wire.alphabets import unwrapped
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "yunpian"
CAPABILITIES: Final = Capabilities(
    emoji=False,
    extension=True,
    batch_size=1000,
    required=("apikey",),
    secrets=("apikey",),
)

# The split into classes is our reading; the provider lists causes only.
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "opted_out": "10",
    "throttled": "8 9 17 22 33 -4 -5",
    "account": "3 13 -1 -2 -3",
    "temporary": "-50 -51 -52 -53 -54 -55 -56 -57",
    "permanent": "1 2 4 5 6 7 11 12 14 15 16 18 19 20 21 23 24 25 26 27 28",
}


def build(settings: Mapping[str, Any]) -> Yunpian:
    """Build it from `apikey`; `url` changes the host."""
    given = Given(NAME, settings)
    return Yunpian(
        apikey=given.need("apikey", "the APIKEY of 云片控制台 → 账户设置"),
        url=given.url("url", "https://sms.yunpian.com"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Yunpian:
    """One account of Yunpian.

    The documents show a pushed reply as one object and a pulled one in an array: both are read. They
    warn that some bodies must be decoded twice: done where it plainly is so.
    """

    apikey: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Check `_sign` of every reply; receipts carry none."""
        fields = bodies.form(callback)
        if not fields.has("sms_reply"):
            return False
        for item in bodies.item_list(_json(fields.text("sms_reply"))):
            reply = bodies.as_fields(item)
            # What a null counts as is not documented.
            wanted = (self._signature(reply, null) for null in ("", "null", None))
            given = (reply.word("_sign") or "").lower()
            signing.refuse_unless(good=any(signing.same(given, sign) for sign in wanted))
        return True

    def parse(self, callback: Callback) -> Parsed:
        """Read `sms_reply` or `sms_status`."""
        fields = bodies.form(callback)
        if fields.has("sms_reply"):
            return bodies.messages(bodies.item_list(_json(fields.text("sms_reply"))), _message)
        if fields.has("sms_status"):
            return bodies.reports(bodies.item_list(_json(fields.text("sms_status"))), _report)
        raise CallbackUnreadable("neither sms_reply nor sms_status")

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer SUCCESS; anything else is sent again, replies 5 times a minute apart."""
        return Ack(body="SUCCESS")

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one text."""
        return requests.form_post(
            f"{self.url}/v2/sms/single_send.json",
            {
                "apikey": self.apikey,
                "mobile": numbers.domestic(submission.to),
                "text": requests.the_text(submission, NAME),
                "extend": submission.ext,
                "uid": submission.client_ref,
                "callback_url": submission.report_url,
            },
        )

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{code, msg, sid}`; a positive code is ours to mend, one below -50 theirs."""
        return _result(replies.json_fields(reply), reply)

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send one text to many numbers; here no message can carry a reference of its own."""
        first = requests.same_words(submissions, NAME, CAPABILITIES.batch_size)
        return requests.form_post(
            f"{self.url}/v2/sms/batch_send.json",
            {
                "apikey": self.apikey,
                "mobile": ",".join(numbers.domestic(submission.to) for submission in submissions),
                "text": requests.the_text(first, NAME),
                "extend": first.ext,
                "callback_url": first.report_url,
            },
        )

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read `data`, one entry a number; without it the whole answer speaks for all."""
        fields = replies.json_fields(reply)
        entries = replies.inner_list(fields, "data")
        named = ((numbers.e164(entry.word("mobile")), _result(entry, reply)) for entry in entries)
        return replies.per_number(named, _result(fields, reply), submissions)

    def compose_pull(self, what: Literal["messages", "reports"], now: datetime, nonce: str) -> HttpRequest:
        """Fetch what was not pushed; must be opened by support."""
        path = "pull_reply" if what == "messages" else "pull_status"
        fields = {"apikey": self.apikey, "page_size": "100"}
        return requests.form_post(f"{self.url}/v2/sms/{path}.json", fields)

    def read_pull(self, what: Literal["messages", "reports"], reply: HttpReply) -> Parsed:
        """Read the array of replies or receipts."""
        value = replies.json_value(reply)
        if reply.status != 200 or not isinstance(value, list):
            raise CallbackUnreadable(f"the pull was answered {reply.status} without a list")
        return bodies.pulled(what, value, _message, _report)

    def _signature(self, reply: Fields, null: str | None) -> str:
        signed = ((name, reply.values[name]) for name in sorted(reply.values) if name != "_sign")
        values = (null if value is None else str(value) for _, value in signed)
        return signing.digest("md5", ",".join([*(v for v in values if v is not None), self.apikey]))


def _json(text: str) -> Any:
    return bodies.read_json(unwrapped(text))


def _message(reply: Fields) -> InboundMessage:
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(reply.word("mobile")),
        text=unwrapped(reply.text("text")),
        message_id=reply.some("id"),
        received_at=times.moment(reply.word("reply_time")),
        ext=reply.some("extend"),
        base_ext=reply.some("base_extend"),
    )


def _report(status: Fields) -> DeliveryReport:
    good = status.need("report_status").upper() == "SUCCESS"
    return DeliveryReport(
        gateway=NAME,
        state="delivered" if good else "failed",
        code=status.word("error_msg"),
        to=numbers.receiver(status.word("mobile")),
        message_id=status.some("sid"),
        client_ref=status.some("uid"),
        done_at=times.moment(status.word("user_receive_time")),
    )


def _result(fields: Fields, reply: HttpReply) -> SendResult:
    code, detail = fields.word("code"), fields.word("msg")
    if code == "0":
        return replies.sent(fields.some("sid"), code)
    return replies.by_code(code, _OUTCOMES, detail) or replies.by_status(reply, detail, code)
