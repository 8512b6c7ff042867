"""Montnets 梦网 (API V5.7): free text, the cleanest extension code of all; pushes carry a password digest."""

from __future__ import annotations

import json
import re
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
from bot.domain.messages import DeliveryReport, InboundMessage, Part, PartOf
from bot.errors import CallbackIgnored, CallbackRefused, CallbackUnreadable, GatewayError
from bot.gateways.wire import bodies, numbers, replies, requests, signing, states, times
from bot.gateways.wire.alphabets import as_text, form_value, unwrapped
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "montnets"
CAPABILITIES: Final = Capabilities(
    emoji=False,
    extension=True,
    batch_size=500,
    repeats_on_error=False,
    splits_long_replies=True,
    required=("userid", "password", "url"),
    secrets=("password",),
)

_MAX_EXNO: Final = 6
_MAX_AGE: Final = 3600.0
_WHOLE: Final = re.compile(r'"(result|msgid)"\s*:\s*"?(-?\d{1,20})')
# The split into classes is our reading; codes come with and without a minus sign.
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "account": "100001 100002 100003 100056 100057 100126",
    "temporary": "100999",
    "throttled": "100014 100252 100253",
    "permanent": "100*",
}


def build(settings: Mapping[str, Any]) -> Montnets:
    """Build it from `userid`, `password` and `url` (http://ip:port given with the account)."""
    given = Given(NAME, settings)
    return Montnets(
        userid=given.need("userid", "the account, six characters such as J10003").upper(),
        password=given.need("password", "given with the account"),
        digest=given.choice("digest", ("md5", "sha256", "plain"), "md5"),
        svrtype=given.text("svrtype"),
        url=given.url("url"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Montnets:
    """One account of Montnets.

    Ids are 64 bits, negative or beyond them, and stay texts. Texts are form-encoded within the JSON.
    Long replies come in parts of at most 70 characters without a common id, so a part is tied by number,
    channel and total. The password digest does not cover the body. SM4 encryption is not taken.
    """

    userid: str
    password: str
    digest: str
    svrtype: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Check `userid`, `pwd` and, where now is known, that `timestamp` is within an hour."""
        fields = _fields(callback)
        stamp = fields.word("timestamp") or ""
        wanted = pwd(self.userid, self.password, stamp, self.digest)
        good = (
            signing.same((fields.word("userid") or "").upper(), self.userid),
            signing.same((fields.word("pwd") or "").strip(), wanted),
        )
        signing.refuse_unless(good=all(good))
        if self.digest != "plain" and now is not None:
            _check_age(stamp, now)
        return True

    def parse(self, callback: Callback) -> Parsed:
        """Read `mos` of MO_REQ or `rpts` of RPT_REQ."""
        fields = _fields(callback)
        command = fields.need("cmd").upper()
        if command == "MO_REQ":
            return bodies.messages(_items(fields, "mos"), _message)
        if command == "RPT_REQ":
            return bodies.reports(_items(fields, "rpts"), _report)
        raise CallbackIgnored("command")

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer MO_RESP or RPT_RESP with the push's own seqid, as a number where it was one."""
        try:
            fields = _fields(callback)
        except CallbackUnreadable:
            fields = Fields({})
        seqid = fields.some("seqid") or "0"
        answer = {
            "cmd": "RPT_RESP" if (fields.word("cmd") or "").upper().startswith("RPT") else "MO_RESP",
            "seqid": int(seqid) if re.fullmatch(r"-?[0-9]{1,18}", seqid) else seqid,
            "result": 0,
        }
        return Ack(content_type=requests.JSON, body=requests.compact(answer))

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one text (send_single)."""
        fields = {
            "mobile": numbers.domestic_or_00(submission.to),
            "content": requests.the_text(submission, NAME),
            "svrtype": self.svrtype or None,
            "exno": _exno(submission),
            "custid": submission.client_ref[:64],
        }
        return self._call("send_single", fields, now)

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{result, desc, msgid}`; the published samples leave `desc` unquoted, which is no JSON."""
        fields = replies.json_fields(reply)
        if not fields.values:
            fields = Fields(dict(_WHOLE.findall(replies.text_of(reply)[:2000])))
        code, detail = fields.some("result"), unwrapped(fields.some("desc") or "")
        if code == "0":
            return replies.sent(fields.some("msgid"), code)
        known = replies.by_code((code or "").lstrip("-"), _OUTCOMES, detail)
        return known or replies.by_status(reply, detail, code)

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send a text each to up to 500 numbers (send_multi)."""
        requests.in_batch(submissions, NAME, CAPABILITIES.batch_size)
        many = [
            {
                "mobile": numbers.domestic_or_00(submission.to),
                "content": signing.percent(requests.the_text(submission, NAME)),
                "exno": _exno(submission) or "",
                "custid": submission.client_ref[:64],
            }
            for submission in submissions
        ]
        return self._call("send_multi", {"multimt": requests.compact(many)}, now)

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read the first id; the others follow it one by one, as the documents say."""
        whole = self.read(reply)
        if whole.outcome != "sent" or not whole.message_id:
            return (whole,) * len(submissions)
        first = int(whole.message_id) if re.fullmatch(r"-?[0-9]{1,20}", whole.message_id) else None
        ids = (str(first + place) if first is not None else None for place in range(len(submissions)))
        return tuple(replies.sent(message_id, whole.code) for message_id in ids)

    def compose_pull(self, what: Literal["messages", "reports"], now: datetime, nonce: str) -> HttpRequest:
        """Fetch replies (get_mo, 200 at most) or receipts (get_rpt, 500 at most)."""
        if what == "messages":
            return self._call("get_mo", {"retsize": "200"}, now)
        return self._call("get_rpt", {"retsize": "500"}, now)

    def read_pull(self, what: Literal["messages", "reports"], reply: HttpReply) -> Parsed:
        """Read `mos` or `rpts`."""
        # The samples leave `desc` unquoted; it is nothing we need.
        text = re.sub(r'("desc"\s*:\s*)(%[^",]*)', r'\1"\2"', replies.text_of(reply))
        fields = bodies.as_fields(bodies.read_json(text))
        value = fields.values.get("mos" if what == "messages" else "rpts")
        if fields.word("result") != "0":
            raise CallbackUnreadable(f"the pull was answered {fields.word('result')}")
        items = value if isinstance(value, list) else []
        return bodies.pulled(what, items, _message, _report)

    def _call(self, path: str, fields: Mapping[str, str | None], now: datetime) -> HttpRequest:
        stamp = times.beijing_stamp(now, "%m%d%H%M%S")
        proof = {
            "userid": self.userid,
            "pwd": pwd(self.userid, self.password, stamp, self.digest),
            "timestamp": stamp,
        }
        return requests.form_post(f"{self.url}/sms/v2/std/{path}", {**proof, **fields})


def pwd(userid: str, password: str, timestamp: str, kind: str = "md5") -> str:
    """Make the password digest: hex of USERID, eight zeros, password and MMDDHHMMSS."""
    return password if kind == "plain" else signing.digest(kind, f"{userid.upper()}00000000{password}{timestamp}")


def _fields(callback: Callback) -> Fields:
    if bodies.opening(callback) == b"{":
        return bodies.as_fields(bodies.json_of(callback))
    raw = bodies.body_of(callback)
    fields = bodies.form(callback)
    # The published sample is not percent-encoded around its JSON: decoding it would eat a "+" of the text.
    plain = re.search(rb"(?:^|&)(mos|rpts)=(\[.*)", raw, re.DOTALL)
    if plain and b"%5b" not in plain[2][:8].lower():
        listed = as_text(plain[2], bodies.charset(callback))
        end = listed.rfind("]")
        return Fields({**fields.values, plain[1].decode(): listed[: end + 1]})
    return fields


def _items(fields: Fields, name: str) -> list[Any]:
    value = fields.values.get(name)
    return bodies.item_list(bodies.read_json(value) if isinstance(value, str) else value)


def _check_age(stamp: str, now: datetime) -> None:
    """Check MMDDHHMMSS, which names no year, against the nearest of this year and its neighbours."""
    year = now.astimezone(times.BEIJING).year
    read = (times.compact(f"{near}{stamp}") for near in (year - 1, year, year + 1))
    ages = [abs((now - moment).total_seconds()) for moment in read if moment]
    if not ages or min(ages) > _MAX_AGE:
        raise CallbackRefused("the push's timestamp is more than an hour away")


def _exno(submission: Submission) -> str | None:
    if submission.ext and (len(submission.ext) > _MAX_EXNO or not submission.ext.isdigit()):
        raise GatewayError(f"gateway {NAME}: an extension code has at most {_MAX_EXNO} digits")
    return submission.ext


def _country(item: Fields) -> str | None:
    code = item.some("countrycode")
    return None if code == "-1" else code


def _message(item: Fields) -> InboundMessage:
    number, total = item.number("pknum"), item.number("pktotal")
    sender = numbers.caller(item.word("mobile"), country=_country(item))
    part = None
    if number and total and total > 1:
        ref = signing.digest("md5", json.dumps([sender, item.word("spno"), total]))[:12]
        part = Part(ref=ref, total=total, number=number)
    return InboundMessage(
        gateway=NAME,
        sender=sender,
        text=form_value(item.text("content")),
        to=item.some("spno"),
        message_id=item.some("msgid"),
        received_at=times.moment(item.word("rtime")),
        ext=item.some("exno"),
        part=part,
    )


def _report(item: Fields) -> DeliveryReport:
    status, code = item.need("status"), item.word("errcode")
    number, total = item.number("pknum"), item.number("pktotal")
    state = states.by_stat(code)
    return DeliveryReport(
        gateway=NAME,
        state="delivered" if status == "0" else state if state in {"expired", "rejected"} else "failed",
        code=code or status,
        to=numbers.receiver(item.word("mobile"), country=_country(item)),
        message_id=item.some("msgid"),
        client_ref=item.some("custid"),
        done_at=times.moment(item.word("rtime")),
        ext=item.some("exno"),
        part=PartOf(number=number, total=total) if number and total else None,
    )
