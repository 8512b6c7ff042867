"""Infobip: free text, replies and receipts in batches; callbacks carry no proof by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
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
from bot.errors import CallbackUnreadable
from bot.gateways.wire import bodies, numbers, replies, requests, signing, times
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "infobip"
CAPABILITIES: Final = Capabilities(
    batch_size=100,
    repeats_on_error=True,
    china_billing=False,
    required=("api_key", "url", "sender"),
    secrets=("api_key", "callback_password"),
)

_STATES: Final[Mapping[str, ReportState]] = {
    "ACCEPTED": "sent",
    "PENDING": "sent",
    "DELIVERED": "delivered",
    "UNDELIVERABLE": "failed",
    "EXPIRED": "expired",
    "REJECTED": "rejected",
}
_GROUPS: Final[Mapping[str, str]] = {
    "0": "ACCEPTED",
    "1": "PENDING",
    "2": "UNDELIVERABLE",
    "3": "DELIVERED",
    "4": "EXPIRED",
    "5": "REJECTED",
}
_AT_OPERATOR: Final = "DELIVERED_TO_OPERATOR"
# By the name of the status where a send is refused; the split into classes is our reading.
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "account": "REJECTED_NOT_ENOUGH_CREDITS REJECTED_SENDER REJECTED_ROUTE_NOT_AVAILABLE UNAUTHORIZED",
    "throttled": "REJECTED_FLOODING_FILTER TOO_MANY_REQUESTS",
    "temporary": "REJECTED_SYSTEM_ERROR",
    "permanent": "REJECTED*",
}


def build(settings: Mapping[str, Any]) -> Infobip:
    """Build it from `api_key`, `url` (the account's own base URL) and `sender`."""
    given = Given(NAME, settings)
    return Infobip(
        api_key=given.need("api_key", "portal → Developers → API keys, with the right sms:message:send"),
        sender=given.need("sender", "your number or name at Infobip"),
        callback_user=given.text("callback_user"),
        callback_password=given.text("callback_password"),
        url=given.url("url"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Infobip:
    """One Infobip account.

    Long replies are joined by Infobip. Callbacks may be given Basic credentials in the portal, which is
    unconfirmed, so they are compared only where they are set. What is refused is sent again; how often
    is not documented.
    """

    api_key: str
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
        """Read `results`: replies, or receipts (which have a status)."""
        results = bodies.as_fields(bodies.json_of(callback)).values.get("results")
        return bodies.mixed(bodies.item_list(results), _is_receipt, _message, _report)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer 200."""
        return Ack()

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one text; `callbackData` comes back with its receipt."""
        return self._post((submission,))

    def read(self, reply: HttpReply) -> SendResult:
        """Read the first of `messages`, or `requestError`."""
        fields = replies.json_fields(reply)
        entries = replies.inner_list(fields, "messages")
        return _result(entries[0], reply) if entries and reply.status == 200 else _refused(fields, reply)

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send a text each to many numbers."""
        requests.in_batch(submissions, NAME, CAPABILITIES.batch_size)
        return self._post(submissions)

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read one of `messages` a text, in order."""
        fields = replies.json_fields(reply)
        entries = replies.inner_list(fields, "messages")
        if reply.status != 200 or len(entries) != len(submissions):
            return (_refused(fields, reply),) * len(submissions)
        return tuple(_result(entry, reply) for entry in entries)

    def compose_query(self, message_id: str | None, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Ask the log for the message, or for the newest to that number."""
        fields = {"messageId": message_id} if message_id else {"to": numbers.bare(submission.to), "limit": "1"}
        return requests.get(f"{self.url}/sms/3/logs", fields, self._headers())

    def read_query(self, reply: HttpReply) -> DeliveryReport | None:
        """Read the first of `results`."""
        results = replies.inner_list(replies.json_fields(reply), "results")
        try:
            return _report(results[0]) if reply.status == 200 and results else None
        except CallbackUnreadable:
            return None

    def compose_pull(self, what: Literal["messages", "reports"], now: datetime, nonce: str) -> HttpRequest:
        """Fetch what was not pushed; what was fetched once is not given again."""
        path = "/sms/1/inbox/reports" if what == "messages" else "/sms/3/reports"
        return requests.get(f"{self.url}{path}", {"limit": "100"}, self._headers())

    def read_pull(self, what: Literal["messages", "reports"], reply: HttpReply) -> Parsed:
        """Read `results`."""
        value = replies.json_fields(reply).values.get("results")
        if reply.status != 200 or not isinstance(value, list):
            raise CallbackUnreadable(f"the pull was answered {reply.status} without results")
        return bodies.pulled(what, value, _message, _report)

    def _post(self, submissions: tuple[Submission, ...]) -> HttpRequest:
        messages = [self._message(submission) for submission in submissions]
        return requests.json_post(f"{self.url}/sms/3/messages", {"messages": messages}, self._headers())

    def _message(self, submission: Submission) -> Mapping[str, Any]:
        webhooks: dict[str, Any] = {"callbackData": submission.client_ref}
        if submission.report_url:
            webhooks["delivery"] = {"url": submission.report_url, "contentType": "application/json"}
        return {
            "sender": self.sender,
            "destinations": [{"to": numbers.bare(submission.to)}],
            "content": {"text": requests.the_text(submission, NAME)},
            "webhooks": webhooks,
        }

    def _headers(self) -> Mapping[str, str]:
        return {"authorization": f"App {self.api_key}", "accept": "application/json"}


def _is_receipt(item: Fields) -> bool:
    return item.has("status", "error", "doneAt") and not item.has("text", "message", "cleanText")


def _message(item: Fields) -> InboundMessage:
    text = item.text("text", "cleanText") if item.has("text", "cleanText") else _from_parts(item)
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(item.word("from", "sender"), region=None),
        text=text,
        to=item.some("to", "destination"),
        message_id=item.some("messageId"),
        received_at=times.moment(item.word("receivedAt"), zone=UTC),
        client_ref=item.some("callbackData"),
    )


def _from_parts(item: Fields) -> str:
    """Join the written parts of a picture message."""
    parts = replies.inner_list(item, "message")
    if not parts:
        raise CallbackUnreadable("no text")
    return "\n".join(
        part.text("value")
        for part in parts
        if (part.word("contentType") or "").startswith("text/") and part.has("value")
    )


def _report(item: Fields) -> DeliveryReport:
    status, error = item.under("status"), item.under("error")
    group = (status.some("groupName") or _GROUPS.get(status.some("groupId") or "", "")).upper()
    if not group:
        raise CallbackUnreadable("no status")
    # Grouped with what was delivered, but documented as intermediate: the handset has not got it yet.
    on_its_way = status.some("name") == _AT_OPERATOR or (group == "DELIVERED" and status.some("id") == "2")
    return DeliveryReport(
        gateway=NAME,
        state="sent" if on_its_way else _STATES.get(group, "unknown"),
        code=group,
        to=numbers.receiver(item.some("to", "destination"), region=None),
        message_id=item.need("messageId"),
        client_ref=item.some("callbackData"),
        done_at=times.moment(item.some("doneAt"), zone=UTC),
        batch=item.some("bulkId"),
        opted_out="BLACKLIST" in (error.some("name") or status.some("name") or "").upper(),
    )


def _result(entry: Fields, reply: HttpReply) -> SendResult:
    status = entry.under("status")
    name, detail = status.some("name"), status.some("description")
    group = status.some("groupId") or ""
    if _GROUPS.get(group) in {"ACCEPTED", "PENDING", "DELIVERED"}:
        return replies.sent(entry.some("messageId"), name)
    if "BLACKLIST" in (name or ""):
        return replies.result("opted_out", code=name, detail=detail)
    known = replies.by_code(name, _OUTCOMES, detail)
    if known is None and group in {"2", "4", "5"}:
        return replies.result("permanent", code=name, detail=detail)
    return known or replies.by_status(reply, detail, name)


def _refused(fields: Fields, reply: HttpReply) -> SendResult:
    exception = fields.under("requestError").under("serviceException")
    detail = exception.some("text") or fields.some("description")
    return replies.by_status(reply, detail, exception.some("messageId") or fields.some("errorCode"))
