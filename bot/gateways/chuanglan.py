"""Chuanglan 创蓝云智 (253): free text; callbacks are GET queries with credentials that the owner chose."""

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
from bot.domain.messages import DeliveryReport, InboundMessage, Part
from bot.errors import CallbackUnreadable
from bot.gateways.wire import bodies, numbers, replies, requests, signing, states, times
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "chuanglan"
CAPABILITIES: Final = Capabilities(
    emoji=False,
    extension=True,
    max_chars=536,
    batch_size=1000,
    one_id_per_batch=True,
    repeats_on_error=False,
    message_ids=False,
    splits_long_replies=True,
    required=("account", "password"),
    secrets=("password", "pswd"),
)

_BLACKLISTED: Final = frozenset(("DTBLACK", "MBBLACK"))
# The split into classes is our reading; the provider lists causes only.
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "throttled": "103 120 131 132 133",
    "temporary": "104 130",
    "account": "101 102 109 117 118 119 134",
    "permanent": "105 106 107 108 110 113 114 115 116 123 124 125 127 128 129 135",
}
_ABROAD_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "throttled": "103 125 131 132 133",
    "temporary": "104 130",
    "account": "101 102 110 114 134",
    "permanent": "106 107 108 123 135",
}


def build(settings: Mapping[str, Any]) -> Chuanglan:
    """Build it from `account` and `password`; `receiver` and `pswd` prove callbacks; `abroad` is intapi."""
    given = Given(NAME, settings)
    abroad = given.flag("abroad")
    return Chuanglan(
        account=given.need("account", "the API account (begins with N or I), not the sign-in name"),
        password=given.need("password", "the API password"),
        receiver=given.text("receiver"),
        pswd=given.text("pswd"),
        abroad=abroad,
        sender=given.text("sender"),
        answer=given.text("answer", "OK"),
        url=given.url("url", "https://intapi.253.com" if abroad else "https://smssh1.253.com"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chuanglan:
    """One API account of Chuanglan.

    Long replies may come in parts (`isems`, `emshead`), `destcode` twice in one query, receipts one by
    one or many in `report`. "OK" is the documented answer abroad; at home `clcode=000000` is quoted too,
    unconfirmed, so `answer` can change it. The signature abroad has no published worked example.
    """

    account: str
    password: str
    receiver: str
    pswd: str
    abroad: bool
    sender: str
    answer: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Compare `receiver` and `pswd` where they are set (the provider's default is empty)."""
        if not self.receiver and not self.pswd:
            return False
        fields = _fields(callback)
        good = (
            signing.same(fields.word("receiver"), self.receiver),
            signing.same(fields.word("pswd"), self.pswd),
        )
        signing.refuse_unless(good=all(good), reason="receiver and pswd are not ours")
        return True

    def parse(self, callback: Callback) -> Parsed:
        """Read one reply, one receipt, or the receipts of `report` divided by two bars."""
        fields = _fields(callback)
        if listed := fields.some("report"):
            items = [_listed(entry) for entry in listed.split("||") if entry.strip()]
            return bodies.reports(items, self._report)
        is_receipt = fields.has("status", "msgid") and not fields.has("msg")
        return bodies.mixed([fields.values], lambda _: is_receipt, self._message, self._report)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer OK; else a receipt is repeated 3 times, a minute apart."""
        return Ack(body=self.answer)

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one text."""
        text = requests.the_text(submission, NAME)
        if self.abroad:
            return self._send_abroad(submission, text, now)
        return self._send((submission,), text)

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{code, msgId, errorMsg}`; abroad `{code, msgid, error}`."""
        fields = replies.json_fields(reply)
        code, detail = fields.some("code"), fields.some("errorMsg", "error")
        if code == "0":
            return replies.sent(fields.some("msgId", "msgid"), code)
        outcomes = _ABROAD_OUTCOMES if self.abroad else _OUTCOMES
        return replies.by_code(code, outcomes, detail) or replies.by_status(reply, detail, code)

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send one text to many numbers under one msgId; receipts name the number. At home only."""
        first = requests.same_words(submissions, NAME, 1 if self.abroad else CAPABILITIES.batch_size)
        text = requests.the_text(first, NAME)
        return self._send_abroad(first, text, now) if self.abroad else self._send(submissions, text)

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read the one answer that speaks for all."""
        return (self.read(reply),) * len(submissions)

    def compose_pull(self, what: Literal["messages", "reports"], now: datetime, nonce: str) -> HttpRequest:
        """Fetch what was not pushed; what was fetched once is not given again."""
        path = "mo" if what == "messages" else "report"
        root = f"{self.url}/pull" if self.abroad else f"{self.url}/msg/pull"
        body = {"account": self.account, "password": self.password, "count": "100"}
        return requests.json_post(f"{root}/{path}", body)

    def read_pull(self, what: Literal["messages", "reports"], reply: HttpReply) -> Parsed:
        """Read `{ret|code: 0, result: [...]}`."""
        fields = replies.json_fields(reply)
        value = fields.values.get("result")
        if fields.some("ret", "code") != "0" or not isinstance(value, list):
            raise CallbackUnreadable(f"the pull was answered {reply.status} without a result")
        return bodies.pulled(what, value, self._message, self._report)

    def _send(self, submissions: tuple[Submission, ...], text: str) -> HttpRequest:
        first = submissions[0]
        return requests.json_post(
            f"{self.url}/msg/v1/send/json",
            {
                "account": self.account,
                "password": self.password,
                "msg": text,
                "phone": ",".join(numbers.domestic_or_bare(submission.to) for submission in submissions),
                "report": "true",
                "extend": first.ext,
                "uid": first.client_ref if len(submissions) == 1 else None,
            },
        )

    def _send_abroad(self, submission: Submission, text: str, now: datetime) -> HttpRequest:
        nonce = str(int(now.timestamp() * 1000))
        body = {
            "account": self.account,
            "mobile": numbers.bare(submission.to),
            "msg": text,
            "senderId": self.sender or None,
            "uid": submission.client_ref,
        }
        given = {name: value for name, value in body.items() if value is not None}
        headers = {"nonce": nonce, "sign": sign_abroad({**given, "nonce": nonce}, self.password)}
        return requests.json_post(f"{self.url}/send/sms", given, headers)

    def _message(self, fields: Fields) -> InboundMessage:
        return InboundMessage(
            gateway=NAME,
            sender=numbers.caller(fields.word("mobile"), region=self._region()),
            text=fields.text("msg", "messageContent"),
            to=fields.some("destcode", "destCode", "spCode"),
            received_at=_time(fields.word("moTime")),
            part=_part(fields),
        )

    def _report(self, fields: Fields) -> DeliveryReport:
        code = fields.need("status")
        return DeliveryReport(
            gateway=NAME,
            state=states.by_stat(code),
            code=code,
            to=numbers.receiver(fields.word("mobile"), region=self._region()),
            message_id=fields.need("msgid", "msgId"),
            client_ref=fields.some("uid"),
            done_at=_time(fields.word("reportTime")),
            batch=fields.some("batchSeq"),
        )

    def _region(self) -> str | None:
        return None if self.abroad else "CN"


def sign_abroad(fields: Mapping[str, str], password: str) -> str:
    """Sign for intapi: md5 of sorted names and values run together, and the password."""
    joined = "".join(f"{name}{value}" for name, value in sorted(fields.items()))
    return signing.digest("md5", joined + password)


def _fields(callback: Callback) -> Fields:
    if bodies.opening(callback) == b"{":
        return bodies.as_fields(bodies.json_of(callback))
    return bodies.form(callback)


def _listed(entry: str) -> Mapping[str, str]:
    values = [value.strip() for value in entry.split(",")]
    return dict(zip(("msgid", "reportTime", "mobile", "status"), values, strict=False))


def _time(value: str | None) -> datetime | None:
    text = (value or "").strip()
    return times.unix(text) if len(text) == 13 and text.isdigit() else times.moment(text)


def _part(fields: Fields) -> Part | None:
    """Read `emshead` (id,total,number) of a part of a long reply."""
    head = (fields.some("emshead") or "").split(",")
    if fields.word("isems") != "1" or len(head) != 3:
        return None
    read = Fields({"total": head[1], "number": head[2]})
    total, number = read.number("total"), read.number("number")
    return Part(ref=head[0].strip(), total=total, number=number) if total and number else None
