"""Sinch SMS REST: free text; callbacks are JSON with Basic credentials where they were asked for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

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
from bot.gateways.wire import bodies, numbers, replies, requests, signing, times
from bot.gateways.wire.alphabets import as_text
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "sinch"
CAPABILITIES: Final = Capabilities(
    max_chars=2000,
    batch_size=1000,
    one_id_per_batch=True,
    china_billing=False,
    required=("plan_id", "api_token", "sender"),
    secrets=("api_token", "callback_password"),
)

_STATES: Final[Mapping[str, ReportState]] = {
    "queued": "sent",
    "dispatched": "sent",
    "delivered": "delivered",
    "failed": "failed",
    "expired": "expired",
    "rejected": "rejected",
    "aborted": "rejected",
    "cancelled": "rejected",
    "deleted": "failed",
    "unknown": "unknown",
}
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "account": "unauthorized missing_permissions insufficient_funds",
    "throttled": "too_many_requests",
    "permanent": "syntax_* unknown_* duplicate_* invalid_* missing_*",
}


def build(settings: Mapping[str, Any]) -> Sinch:
    """Build it from `plan_id`, `api_token` and `sender`; `region` us, eu, br, ca or au."""
    given = Given(NAME, settings)
    region = given.choice("region", ("us", "eu", "br", "ca", "au"), "us")
    return Sinch(
        plan_id=given.need("plan_id", "dashboard → SMS → APIs, the service plan ID"),
        api_token=given.need("api_token", "dashboard → SMS → APIs, beside the plan"),
        sender=given.need("sender", "your Sinch number"),
        callback_user=given.text("callback_user"),
        callback_password=given.text("callback_password"),
        url=given.url("url", f"https://{region}.sms.api.sinch.com"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sinch:
    """One service plan of Sinch.

    A callback answered with 4xx is never sent again (429 is), one with 5xx for almost a day. No body
    signature is documented for SMS; Basic credentials are set up by support.
    """

    plan_id: str
    api_token: str
    sender: str
    callback_user: str
    callback_password: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Compare Basic credentials where `callback_user` and `callback_password` are set."""
        return signing.basic_holds(callback, self.callback_user, self.callback_password)

    def parse(self, callback: Callback) -> Parsed:
        """Read one reply, the receipt of one number, or the summary of a batch."""
        fields = bodies.as_fields(bodies.json_of(callback))
        kind = fields.need("type")
        if kind in {"mo_text", "mo_binary", "mo_media"}:
            return bodies.messages([fields.values], _message)
        if kind.startswith("recipient_delivery_report"):
            return bodies.reports([fields.values], _report)
        if kind.startswith("delivery_report"):
            return bodies.reports(_summary(fields), _report)
        raise CallbackIgnored("event")

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer 200."""
        return Ack()

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one text; `client_reference` comes back with its receipt."""
        return self._send((submission,))

    def read(self, reply: HttpReply) -> SendResult:
        """Read the batch's `id` of a 201, or `{code, text}`."""
        fields = replies.json_fields(reply)
        if reply.status in {200, 201} and (batch := fields.some("id")):
            return replies.sent(batch)
        code, detail = fields.some("code"), fields.some("text")
        return replies.by_code(code, _OUTCOMES, detail) or replies.by_status(reply, detail, code)

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send one text to many numbers."""
        requests.same_words(submissions, NAME, CAPABILITIES.batch_size)
        return self._send(submissions)

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read the one batch id that speaks for all; receipts name it and the number."""
        return (self.read(reply),) * len(submissions)

    def compose_query(self, message_id: str | None, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Ask for the number's receipt in its batch; without an id for the newest with our reference."""
        if message_id:
            batch, number = quote(message_id, safe=""), numbers.bare(submission.to)
            url = f"{self._plan()}/batches/{batch}/delivery_report/{number}"
            return HttpRequest(method="GET", url=url, headers=self._headers())
        fields = {"client_reference": submission.client_ref, "page_size": "1"}
        return requests.get(f"{self._plan()}/delivery_reports", fields, self._headers())

    def read_query(self, reply: HttpReply) -> DeliveryReport | None:
        """Read one receipt, or the first of a list."""
        fields = replies.json_fields(reply)
        listed = replies.inner_list(fields, "delivery_reports")
        fields = listed[0] if listed else fields
        try:
            return _report(fields) if reply.status == 200 and fields.values else None
        except CallbackUnreadable:
            return None

    def _send(self, submissions: tuple[Submission, ...]) -> HttpRequest:
        first = submissions[0]
        body = {
            "from": numbers.bare(self.sender),
            "to": [numbers.bare(submission.to) for submission in submissions],
            "body": requests.the_text(first, NAME),
            "delivery_report": "per_recipient",
            "callback_url": first.report_url,
            "client_reference": first.client_ref if len(submissions) == 1 else None,
        }
        return requests.json_post(f"{self._plan()}/batches", body, self._headers())

    def _plan(self) -> str:
        return f"{self.url}/xms/v1/{self.plan_id}"

    def _headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.api_token}"}


def _message(fields: Fields) -> InboundMessage:
    text, binary = "", None
    if fields.word("type") == "mo_binary":
        binary = fields.text("body")
        text = _binary_text(binary)
    elif fields.word("type") == "mo_media":
        text = fields.under("body").some("message") or ""
    else:
        text = fields.text("body")
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(fields.word("from"), region=None),
        text=text,
        to=fields.some("to"),
        message_id=fields.some("id"),
        received_at=times.moment(fields.some("received_at", "sent_at"), zone=UTC),
        client_ref=fields.some("client_reference"),
        binary=binary,
    )


def _binary_text(body: str) -> str:
    try:
        return as_text(base64.b64decode(body, validate=True))
    except (ValueError, binascii.Error):
        raise CallbackUnreadable("the binary body is not base64") from None


def _summary(fields: Fields) -> list[Mapping[str, Any]]:
    """Deal a batch's summary out by number; without numbers only one that speaks of one text tells anything."""
    entries = replies.inner_list(fields, "statuses")
    shared = {name: fields.values.get(name) for name in ("batch_id", "client_reference")}
    named: list[Mapping[str, Any]] = [
        {**shared, **entry.values, "recipient": number}
        for entry in entries
        if isinstance(recipients := entry.values.get("recipients"), list)
        for number in recipients
    ]
    if named:
        return named
    if len(entries) == 1 and entries[0].word("count") == "1":
        return [{**shared, **entries[0].values}]
    raise CallbackIgnored("summary")


def _report(fields: Fields) -> DeliveryReport:
    status = fields.need("status")
    return DeliveryReport(
        gateway=NAME,
        state=_STATES.get(status.lower(), "unknown"),
        code=fields.some("code") or status,
        to=numbers.receiver(fields.word("recipient"), region=None),
        message_id=fields.need("batch_id"),
        client_ref=fields.some("client_reference"),
        done_at=times.moment(fields.some("operator_status_at", "at"), zone=UTC),
        batch=fields.some("batch_id"),
    )
