"""Jasmin, the SMPP gateway, over its HTTP API: a bridge to operators; texts come as octets of the operator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bot.domain.gateway import (
    Ack,
    Callback,
    Capabilities,
    HttpReply,
    HttpRequest,
    Parsed,
    SendResult,
    Submission,
)
from bot.domain.messages import DeliveryReport, InboundMessage, ReportState
from bot.errors import CallbackUnreadable
from bot.gateways.wire import bodies, numbers, replies, requests, states, times
from bot.gateways.wire.alphabets import as_text, by_coding, fits_gsm
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "jasmin"
CAPABILITIES: Final = Capabilities(
    extension=True,
    max_chars=335,
    required=("url", "username", "password"),
    secrets=("password",),
)

_ANSWER: Final = re.compile(r'(Success|Error) "([^"]{0,500})"')
_FORMS: Final = ("bare", "plus", "domestic")


def build(settings: Mapping[str, Any]) -> Jasmin:
    """Build it from `url` (http://host:1401), `username`, `password`; `sender`, `region`, `numbers` as needed."""
    given = Given(NAME, settings)
    return Jasmin(
        username=given.need("username", "a user of Jasmin's jCli"),
        password=given.need("password", "that user's password"),
        sender=given.text("sender"),
        region=given.text("region", "CN").upper(),
        form=given.choice("numbers", _FORMS, "bare"),
        alphabet=given.choice("alphabet", ("gsm", "latin1", "utf-8"), "gsm"),
        url=given.url("url"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Jasmin:
    """One user of a Jasmin.

    `content` holds the operator's own octets: coding 0 is GSM 03.38 unless `alphabet` says otherwise, 8
    is UTF-16BE. Long replies are joined by Jasmin. The names of fields come in either case. A number
    without a country code belongs to `region`.
    """

    username: str
    password: str
    sender: str
    region: str
    form: str
    alphabet: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Prove nothing: Jasmin signs nothing."""
        return False

    def parse(self, callback: Callback) -> Parsed:
        """Read one reply, or one receipt: it has a message_status, or from some builds but `dlvrd` or `err`."""
        raw = {name.lower(): value for name, value in bodies.raw_pairs(callback)}
        fields = Fields({name: as_text(value) for name, value in raw.items()})
        bare = fields.has("dlvrd", "err") and not fields.has("content", "binary")
        if bare or fields.has("message_status"):
            return bodies.reports([fields.values], self._report)
        return bodies.messages([fields.values], lambda item: self._message(item, raw))

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer ACK/Jasmin to the letter; else it comes again 3 times, half a minute apart."""
        return Ack(body="ACK/Jasmin")

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one text, Chinese as UCS-2 in hex."""
        text = requests.the_text(submission, NAME)
        plain = fits_gsm(text)
        sender = f"{self.sender}{submission.ext or ''}"
        asked = submission.report_url is not None
        return requests.form_post(
            f"{self.url}/send",
            {
                "username": self.username,
                "password": self.password,
                "to": numbers.written(submission.to, self.form),
                "from": sender or None,
                "coding": "0" if plain else "8",
                "content": text if plain else None,
                "hex-content": None if plain else text.encode("utf-16-be", "replace").hex(),
                "dlr": "yes" if asked else None,
                "dlr-level": "3" if asked else None,
                "dlr-method": "POST" if asked else None,
                "dlr-url": submission.report_url,
            },
        )

    def read(self, reply: HttpReply) -> SendResult:
        """Read `Success "id"` or `Error "reason"`."""
        found = _ANSWER.match(replies.text_of(reply)[:600])
        if found and found[1] == "Success" and reply.status == 200:
            return replies.sent(found[2])
        if found is None or found[1] == "Success":
            return replies.by_status(reply)
        reason = found[2]
        if "throughput" in reason.lower():
            return replies.result("throttled", code=str(reply.status), detail=reason)
        if reply.status == 412:
            return replies.result("account", code="412", detail=reason)
        if reply.status == 500:
            return replies.result("temporary", code="500", detail=reason)
        return replies.by_status(reply, reason)

    def _message(self, fields: Fields, raw: Mapping[str, bytes]) -> InboundMessage:
        if not fields.has("content", "binary"):
            raise CallbackUnreadable("no content")
        octets, binary = raw.get("content", b""), fields.some("binary")
        if binary:
            try:
                octets = bytes.fromhex(binary)
            except ValueError:
                if not octets:
                    raise CallbackUnreadable("binary is not hex") from None
                binary = None
        return InboundMessage(
            gateway=NAME,
            sender=numbers.caller(fields.word("from"), region=self.region),
            text=self._text(octets, fields.number("coding")),
            to=fields.some("to"),
            message_id=fields.some("id"),
            binary=binary,
        )

    def _text(self, octets: bytes, coding: int | None) -> str:
        if coding in {None, 0} and (self.alphabet == "utf-8" or max(octets, default=0) >= 0x80):
            return as_text(octets)
        return by_coding(octets, 3 if coding in {None, 0} and self.alphabet == "latin1" else coding)

    def _report(self, fields: Fields) -> DeliveryReport:
        state, code = _state(fields)
        return DeliveryReport(
            gateway=NAME,
            state=state,
            code=code,
            message_id=fields.need("id"),
            done_at=times.moment(fields.some("donedate")),
        )


def _state(fields: Fields) -> tuple[ReportState, str]:
    """Tell what became of a text, and the word that says so. Raises CallbackUnreadable."""
    code, error = fields.some("message_status"), fields.some("err") or ""
    if code is None and fields.number("dlvrd"):
        return "delivered", error or "dlvrd"
    if code is None and error.strip("0"):
        return "failed", error
    if code is None:
        raise CallbackUnreadable("no message_status")
    if code == "ESME_ROK":
        return "sent", code
    return ("rejected" if code.startswith("ESME_R") else states.by_stat(code)), code
