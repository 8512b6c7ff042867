"""SMPP 3.4: an SMSC spoken to directly; what goes over the connection, without the connection."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Final, cast

from smpp34 import DeliverSm, SmppError, Tlv, decode

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
from bot.domain.link import Smsc
from bot.domain.messages import DeliveryReport, InboundMessage, Part
from bot.errors import CallbackUnreadable, GatewayError
from bot.gateways.wire import numbers, replies, requests, short_messages, states, times
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given
from bot.gateways.wire.short_messages import Alphabet

NAME: Final = "smpp"
CAPABILITIES: Final = Capabilities(
    extension=True,
    message_ids=False,
    china_billing=False,
    splits_long_replies=True,
    required=("host", "system_id", "password", "source"),
    secrets=("password",),
)

_UDHI: Final = 0x40
_KIND: Final = 0x3C
_RECEIPTS: Final = frozenset({0x04, 0x20})
_MAX_SOURCE: Final = 20
_NAME: Final = re.compile(r"[A-Za-z0-9 ._+-]{1,20}", re.ASCII)
_FIELD: Final = re.compile(r"\b(id|stat|err|done date):\s*([^\s:]{1,65})", re.IGNORECASE)
_RECEIPTED_ID, _MESSAGE_STATE, _PAYLOAD = 0x001E, 0x0427, 0x0424
_ANSWER_BASES: Final[Mapping[str, int]] = {"decimal": 16, "hex": 10}
_RECEIPT_BASES: Final[Mapping[str, int]] = {"decimal": 10, "hex": 16}
_SAR_REF, _SAR_TOTAL, _SAR_NUMBER = 0x020C, 0x020E, 0x020F
_STATES: Final[Mapping[int | None, str]] = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}

_STATUS: Final[Mapping[int, tuple[str, SendOutcome]]] = {
    0x04: ("ESME_RINVBNDSTS", "temporary"),
    0x08: ("ESME_RSYSERR", "temporary"),
    0x0A: ("ESME_RINVSRCADR", "account"),
    0x0B: ("ESME_RINVDSTADR", "permanent"),
    0x0D: ("ESME_RBINDFAIL", "account"),
    0x14: ("ESME_RMSGQFUL", "throttled"),
    0x45: ("ESME_RSUBMITFAIL", "permanent"),
    0x48: ("ESME_RINVSRCTON", "account"),
    0x49: ("ESME_RINVSRCNPI", "account"),
    0x50: ("ESME_RINVDSTTON", "permanent"),
    0x51: ("ESME_RINVDSTNPI", "permanent"),
    0x58: ("ESME_RTHROTTLED", "throttled"),
    0x64: ("ESME_RX_T_APPN", "temporary"),
    0x65: ("ESME_RX_P_APPN", "permanent"),
    0x66: ("ESME_RX_R_APPN", "permanent"),
    0xFE: ("ESME_RDELIVERYFAILURE", "permanent"),
    0xFF: ("ESME_RUNKNOWNERR", "unknown"),
}
"""What a status means for a send; every other one says that the message was refused for good."""


def build(settings: Mapping[str, Any]) -> Smpp:
    """Build it from `host`, `system_id`, `password` and `source` (our number or name at the SMSC)."""
    given = Given(NAME, settings)
    source = given.need("source", "the number or name that texts come from, as the operator assigned it")
    if not _NAME.fullmatch(source):
        raise GatewayError(f"gateway {NAME}: `source` must be at most {_MAX_SOURCE} letters or digits")
    return Smpp(
        smsc=_smsc(given),
        source=source.removeprefix("+"),
        source_ton=int(given.number("source_ton", _ton(source), most=6)),
        source_npi=int(given.number("source_npi", 0 if _ton(source) == 5 else 1, most=18)),
        domestic=given.flag("domestic"),
        alphabet=cast("Alphabet", given.choice("alphabet", ("gsm-7", "latin-1", "ascii"), "gsm-7")),
        unmarked_receipts=given.flag("unmarked_receipts"),
        receipt_ids=given.choice("receipt_ids", ("same", "decimal", "hex"), "same"),
        ignore_ton=given.flag("ignore_ton"),
        region=given.text("region", "CN") if settings.get("region") != "" else None,
        zone=timezone(timedelta(hours=given.number("utc_offset", 8, least=-12, most=14))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Smpp:
    """One account at an SMSC. What it composes a link carries, and what a link hears it parses.

    A send is `SUBMIT_SM` with the fields of each part as JSON; the answer is `{"of", "parts": [{"status",
    "message_id"}]}`, a null status standing for no answer. A callback's body is one deliver_sm, header included.
    """

    smsc: Smsc
    source: str
    source_ton: int
    source_npi: int
    domestic: bool
    alphabet: Alphabet
    unmarked_receipts: bool
    """Receipts come as plain messages and are told by their text alone; a customer could write such a one."""
    receipt_ids: str
    """`decimal` or `hex`: how receipts write the id that came in the other way when the text was taken."""
    ignore_ton: bool
    """The SMSC calls a number international and leaves its country out."""
    region: str | None
    zone: tzinfo
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Nothing proves a PDU but the bound connection that it came by."""
        return False

    def parse(self, callback: Callback) -> Parsed:
        """Read one deliver_sm: a reply or a receipt."""
        try:
            pdu = decode(callback.body)
        except SmppError:
            raise CallbackUnreadable("not a PDU of SMPP 3.4") from None
        if not isinstance(pdu, DeliverSm):
            raise CallbackUnreadable("not a deliver_sm")
        tlvs = {tlv.tag: tlv for tlv in pdu.tlvs}
        octets = pdu.short_message or (tlvs[_PAYLOAD].value if _PAYLOAD in tlvs else b"")
        part = None
        if pdu.esm_class & _UDHI:
            part, octets = short_messages.header(octets)
        text = short_messages.text_of(octets, pdu.data_coding, self.alphabet)
        if self._is_receipt(pdu, tlvs, text or ""):
            return Parsed(reports=(self._report(pdu, tlvs, octets),))
        return Parsed(messages=(self._message(pdu, part or _sar(tlvs), text, octets),))

    def acknowledge(self, callback: Callback) -> Ack:
        """Let the link answer ESME_ROK."""
        return Ack()

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Submit one text, a submit_sm a part, each asking for its receipt."""
        coded = short_messages.coded(requests.the_text(submission, NAME), self.alphabet, _ref(submission))
        to = numbers.domestic(submission.to) if self.domestic else numbers.bare(submission.to)
        common = {
            "source_addr": self._source(submission.ext),
            "source_addr_ton": self.source_ton,
            "source_addr_npi": self.source_npi,
            "destination_addr": to,
            "dest_addr_ton": 0 if self.domestic else 1,
            "dest_addr_npi": 1,
            "esm_class": _UDHI if len(coded.parts) > 1 else 0,
            "registered_delivery": 1,
            "data_coding": coded.data_coding,
        }
        body = {"parts": [{**common, "short_message": octets.hex()} for octets in coded.parts]}
        return HttpRequest(method="SUBMIT_SM", url=self.smsc.url, body=requests.compact(body).encode())

    def read(self, reply: HttpReply) -> SendResult:
        """Read one status a part. A text that left in part only is `unknown`: it must not leave again."""
        fields = replies.json_fields(reply)
        parts = replies.inner_list(fields, "parts")
        taken = [part for part in parts if part.values.get("status") == 0]
        ids = [self._known_as(part.some("message_id") or "", _ANSWER_BASES) for part in taken]
        if parts and len(taken) == len(parts) == fields.number("of"):
            return replace(replies.sent(ids[0], "ESME_ROK"), part_ids=tuple(ids[1:]))
        refused = next((part for part in parts if part not in taken), Fields({}))
        status = refused.number("status")
        if status is None:
            outcome: SendOutcome = "unknown"
            code, detail = None, refused.some("reason") or "an answer that says nothing"
        else:
            code, outcome = _STATUS.get(status, (f"0x{status:08X}", "permanent"))
            detail = f"command_status {status:#x}"
        if not taken:
            return replies.result(outcome, code=code, detail=detail)
        detail = f"{len(taken)} of {fields.some('of')} parts were taken, then: {detail}"
        return replace(replies.result("unknown", message_id=ids[0], code=code, detail=detail), part_ids=tuple(ids[1:]))

    def _source(self, ext: str | None) -> str:
        source = self.source + (ext or "")
        if ext and not (ext.isascii() and ext.isdigit() and self.source.isdigit()):
            raise GatewayError(f"gateway {NAME}: an extension code needs digits after a `source` of digits")
        if len(source) > _MAX_SOURCE:
            raise GatewayError(f"gateway {NAME}: `source` and extension are longer than {_MAX_SOURCE} digits")
        return source

    def _is_receipt(self, pdu: DeliverSm, tlvs: Mapping[int, Tlv], text: str) -> bool:
        if pdu.esm_class & _KIND in _RECEIPTS or _RECEIPTED_ID in tlvs:
            return True
        return self.unmarked_receipts and {"id", "stat", "done date"} <= _written(text).keys()

    def _report(self, pdu: DeliverSm, tlvs: Mapping[int, Tlv], octets: bytes) -> DeliveryReport:
        written = _written(octets.decode("latin-1"))
        tlv = tlvs.get(_RECEIPTED_ID)
        message_id = (tlv.as_string() if tlv else None) or written.get("id")
        if not message_id:
            raise CallbackUnreadable("a receipt without the id of its message")
        state = tlvs.get(_MESSAGE_STATE)
        stat = written.get("stat") or _STATES.get(state.as_int() if state else None)
        err = written.get("err", "").strip("0")
        return DeliveryReport(
            gateway=NAME,
            state=states.by_stat(stat),
            code=f"{stat} err:{written['err']}" if err else stat,
            to=numbers.receiver(self._number(pdu), region=self.region),
            message_id=self._known_as(message_id.strip("\0"), _RECEIPT_BASES),
            done_at=times.compact(written.get("done date"), self.zone),
        )

    def _message(self, pdu: DeliverSm, part: Part | None, text: str | None, octets: bytes) -> InboundMessage:
        to = pdu.destination_addr
        return InboundMessage(
            gateway=NAME,
            sender=numbers.caller(self._number(pdu), region=self.region),
            text=text or "",
            to=to or None,
            ext=to.removeprefix(self.source) or None if to.startswith(self.source) else None,
            part=part,
            binary=octets.hex() if text is None else None,
        )

    def _number(self, pdu: DeliverSm) -> str:
        bare = pdu.source_addr.strip()
        international = pdu.source_addr_ton == 1 and bare.isascii() and bare.isdigit()
        return f"+{bare}" if international and not self.ignore_ton else bare

    def _known_as(self, message_id: str, bases: Mapping[str, int]) -> str:
        base = bases.get(self.receipt_ids)
        try:
            return str(int(message_id, base)) if base else message_id
        except ValueError:
            return message_id


def _smsc(given: Given) -> Smsc:
    return Smsc(
        host=given.need("host", "the address of the SMSC"),
        port=int(given.number("port", 2775, least=1, most=65535)),
        tls=given.flag("tls"),
        system_id=given.need("system_id", "the user name that the operator gave you"),
        password=given.need("password", "the password that the operator gave you"),
        system_type=given.text("system_type"),
        window=int(given.number("window", 10, least=1, most=1000)),
        enquire_every=given.number("enquire_every", 30, least=1, most=3600),
        answer_within=given.number("answer_within", 10, least=1, most=300),
    )


def _ton(source: str) -> int:
    if not source.lstrip("+").isdigit():
        return 5
    return 1 if source.startswith("+") else 0


def _ref(submission: Submission) -> int:
    """Derive the parts' reference, so that a repeat has the same and a phone shows it once."""
    seed = f"{submission.client_ref}|{submission.to}".encode()
    return hashlib.blake2b(seed, digest_size=1).digest()[0]


def _written(text: str) -> dict[str, str]:
    """Read `id:… submit date:… done date:… stat:… err:…` up to the text that a receipt may quote."""
    head = re.split(r"\btext:", text[:1000], maxsplit=1, flags=re.IGNORECASE)[0]
    return {name.lower(): value for name, value in reversed(_FIELD.findall(head))}


def _sar(tlvs: Mapping[int, Tlv]) -> Part | None:
    given = [tlvs[tag].as_int() for tag in (_SAR_REF, _SAR_TOTAL, _SAR_NUMBER) if tag in tlvs]
    ref, total, number = given if len(given) == 3 else (None, None, None)
    return None if ref is None or total is None or number is None else short_messages.piece(ref, total, number)
