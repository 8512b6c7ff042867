"""Our own JSON, which the simulated phone and the generic gateway speak: replies, receipts, sends, HMAC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, get_args

from bot.domain.gateway import Callback, HttpReply, HttpRequest, Parsed, SendOutcome, SendResult, Submission
from bot.domain.messages import DeliveryReport, InboundMessage, Part, PartOf, ReportState
from bot.errors import CallbackRefused, CallbackUnreadable
from bot.gateways.wire import bodies, numbers, replies, requests, signing, times
from bot.gateways.wire.bodies import Fields

STATES: Final[tuple[ReportState, ...]] = get_args(ReportState)
OUTCOMES: Final[tuple[SendOutcome, ...]] = get_args(SendOutcome)
MAX_AGE: Final = 300.0
"""Seconds that a signature is good for, before and after its time."""


def is_receipt(item: Fields) -> bool:
    """Tell a receipt from a reply: only a receipt has a state."""
    return "state" in item.values and "text" not in item.values


def message(item: Fields, gateway: str, region: str | None = "CN") -> InboundMessage:
    """Read `{id?, from, to?, text, sent_at?, ext?, sign?, client_ref?, part?}`."""
    return InboundMessage(
        gateway=gateway,
        sender=numbers.caller(item.word("from"), region=region),
        text=item.text("text"),
        to=item.some("to"),
        message_id=item.some("id"),
        received_at=times.unix_or_written(item.word("sent_at")),
        ext=item.some("ext"),
        sign=item.some("sign"),
        client_ref=item.some("client_ref"),
        part=_part(item.under("part")) if item.has("part") else None,
        opt_out_type=item.some("opt_out_type"),
    )


def _part(item: Fields) -> Part | None:
    ref, total, number = item.some("ref"), item.number("total"), item.number("number")
    return Part(ref=ref, total=total, number=number) if ref and total and number else None


def report(item: Fields, gateway: str, region: str | None = "CN") -> DeliveryReport:
    """Read `{id?, state, code?, to?, at?, client_ref?, part?}`; one of id and client_ref must be there."""
    state = item.need("state").lower()
    if state not in STATES:
        raise CallbackUnreadable(f"state is none of {', '.join(STATES)}")
    part = item.under("part")
    number, total = part.number("number"), part.number("total")
    return DeliveryReport(
        gateway=gateway,
        state=next(known for known in STATES if known == state),
        code=item.word("code"),
        to=numbers.receiver(item.word("to"), region=region),
        message_id=item.some("id"),
        client_ref=item.some("client_ref"),
        done_at=times.unix_or_written(item.word("at")),
        part=PartOf(number=number, total=total) if number and total else None,
        opted_out=item.word("opted_out") == "true",
    )


def parse(items: list[Any], gateway: str, region: str | None = "CN") -> Parsed:
    """Read replies and receipts that may come mixed. Raises CallbackUnreadable or CallbackIgnored."""
    return bodies.mixed(
        items,
        is_receipt,
        lambda item: message(item, gateway, region),
        lambda item: report(item, gateway, region),
    )


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign as `sha256=` and the hex HMAC-SHA256 of timestamp, full stop and body."""
    return f"sha256={signing.mac('sha256', secret, timestamp.encode() + b'.' + body).hex()}"


def verify(secret: str, callback: Callback, now: datetime | None) -> None:
    """Check X-Huixin-Signature and its X-Huixin-Timestamp. Raises CallbackRefused."""
    timestamp = callback.headers.get("x-huixin-timestamp", "").strip()
    given = callback.headers.get("x-huixin-signature", "").strip().lower()
    if not timestamp.isascii() or not timestamp.isdigit():
        raise CallbackRefused("X-Huixin-Timestamp is not Unix seconds")
    signing.refuse_unless(good=signing.same(given, signature(secret, timestamp, bodies.body_of(callback))))
    signing.fresh(times.unix(timestamp), now, MAX_AGE)


def signed(request: HttpRequest, secret: str, now: datetime) -> HttpRequest:
    """Sign a request of ours the same way."""
    timestamp = str(int(now.timestamp()))
    headers = {
        **request.headers,
        "x-huixin-timestamp": timestamp,
        "x-huixin-signature": signature(secret, timestamp, request.body),
    }
    return HttpRequest(method=request.method, url=request.url, headers=headers, body=request.body)


def send(submission: Submission, url: str, now: datetime, gateway: str) -> HttpRequest:
    """Post `{id, to, text, sent_at, client_ref, ext?, sign?, report_url?, template_code?, …}`."""
    template: Mapping[str, object] = {}
    if submission.template_code:
        template = {
            "template_code": submission.template_code,
            "template_params": list(submission.template_params),
            "template_names": list(submission.template_names) or None,
        }
    text = submission.text if template else requests.the_text(submission, gateway)
    return requests.json_post(
        url,
        {
            "id": submission.client_ref,
            "to": submission.to,
            "text": text or None,
            "sent_at": now.isoformat(timespec="seconds"),
            "client_ref": submission.client_ref,
            "ext": submission.ext,
            "sign": submission.sign or None,
            "report_url": submission.report_url,
            **template,
        },
    )


def read(reply: HttpReply) -> SendResult:
    """Read `{id?, state?}` of a text that was taken, or `{error, detail?, retry_after?}` of one that was not.

    `error` is one of our outcomes (throttled, temporary, permanent, opted_out, account) or a word of
    the other side's own, which is judged by the HTTP status.
    """
    fields = replies.json_fields(reply)
    error, detail = fields.some("error"), fields.some("detail", "message")
    if error:
        for outcome in OUTCOMES:
            if error == outcome != "sent":
                wait = fields.number("retry_after")
                return replies.result(outcome, code=error, detail=detail, retry_after=wait)
        return replies.by_status(reply, detail, error)
    if 200 <= reply.status < 300 and (fields.has("id", "state") or not reply.body.strip()):
        state = fields.some("state") or "sent"
        if state in {"failed", "rejected", "expired"}:
            return replies.result("permanent", code=state, detail=detail)
        return replies.sent(fields.some("id"), state)
    return replies.by_status(reply, detail)
