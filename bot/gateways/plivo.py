"""Plivo: free text; callbacks are forms signed with the auth token over the address (V2) or all of it (V3)."""

from __future__ import annotations

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
    SendResult,
    Submission,
)
from bot.domain.messages import DeliveryReport, InboundMessage, ReportState
from bot.errors import CallbackRefused
from bot.gateways.wire import bodies, numbers, replies, requests, signing, times
from bot.gateways.wire.alphabets import as_text
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "plivo"
CAPABILITIES: Final = Capabilities(
    max_chars=1600,
    batch_size=1000,
    repeats_on_error=False,
    handles_opt_out=True,
    china_billing=False,
    required=("auth_id", "auth_token", "sender"),
    secrets=("auth_token",),
)

_STATES: Final[Mapping[str, ReportState]] = {
    "queued": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "rejected": "rejected",
}
_OPTED_OUT: Final = "200"


def build(settings: Mapping[str, Any]) -> Plivo:
    """Build it from `auth_id`, `auth_token` and `sender`."""
    given = Given(NAME, settings)
    return Plivo(
        auth_id=given.need("auth_id", "the Auth ID of the Plivo console"),
        auth_token=given.need("auth_token", "the Auth Token of the Plivo console; it signs the callbacks"),
        sender=given.need("sender", "your Plivo number"),
        url=given.url("url", "https://api.plivo.com"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plivo:
    """One Plivo account.

    Which signature messages carry is unconfirmed, so either will do and, where both are there, V3 counts:
    V2 covers the address and a nonce alone, so used nonces must be remembered. Whether a failed callback
    is repeated is not documented.
    """

    auth_id: str
    auth_token: str
    sender: str
    url: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Check X-Plivo-Signature-V3 (or -Ma-V3), else X-Plivo-Signature-V2, each with its nonce."""
        head = callback.headers
        nonce = head.get("x-plivo-signature-v3-nonce", "")
        given = head.get("x-plivo-signature-v3") or head.get("x-plivo-signature-ma-v3")
        if given and nonce:
            wanted = signature_v3(self.auth_token, callback, nonce)
        else:
            nonce = head.get("x-plivo-signature-v2-nonce", "")
            given = head.get("x-plivo-signature-v2") or head.get("x-plivo-signature-ma-v2")
            wanted = signature_v2(self.auth_token, callback, nonce)
        if not given or not nonce:
            raise CallbackRefused("no signature")
        good = [signing.same(one.strip(), wanted) for one in given.split(",")]
        signing.refuse_unless(good=any(good))
        return True

    def parse(self, callback: Callback) -> Parsed:
        """Read one reply or receipt; the case of names is not to be relied on."""
        fields = bodies.form(callback).lowered()
        return bodies.mixed([fields.values], lambda f: f.has("status") and not f.has("text"), _message, _report)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer 200 and nothing; XML would be a reply."""
        return Ack()

    def proof(self, callback: Callback) -> str | None:
        """Give the nonce of a V2 signature, which covers no field; V3 covers all of them."""
        if callback.headers.get("x-plivo-signature-v3") or callback.headers.get("x-plivo-signature-ma-v3"):
            return None
        return callback.headers.get("x-plivo-signature-v2-nonce")

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one text."""
        return self._send((submission,))

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{message_uuid: [...]}` of a 202, or `{error}`."""
        return self.read_batch(reply, (Submission(to="", text="", client_ref=""),))[0]

    def compose_batch(self, submissions: tuple[Submission, ...], now: datetime, nonce: str) -> HttpRequest:
        """Send one text to many numbers."""
        requests.same_words(submissions, NAME, CAPABILITIES.batch_size)
        return self._send(submissions)

    def read_batch(self, reply: HttpReply, submissions: tuple[Submission, ...]) -> tuple[SendResult, ...]:
        """Read one id a number, in order; `invalid_number` names those that were not taken."""
        fields = replies.json_fields(reply)
        ids = fields.values.get("message_uuid")
        if reply.status not in {200, 202} or not isinstance(ids, list) or not ids:
            whole = replies.by_status(reply, fields.some("error"))
            return (whole,) * len(submissions)
        bad = fields.values.get("invalid_number")
        invalid = {numbers.e164(str(one), region=None) for one in bad} if isinstance(bad, list) else set()
        taken = iter(str(one) for one in ids)
        return tuple(
            replies.result("permanent", code="invalid_number")
            if submission.to in invalid
            else _taken(next(taken, None))
            for submission in submissions
        )

    def compose_query(self, message_id: str | None, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Ask for a message by its id; without one for the newest outbound ones."""
        if message_id:
            url = f"{self._account()}/Message/{quote(message_id, safe='')}/"
            return HttpRequest(method="GET", url=url, headers=self._headers())
        fields = {"message_direction": "outbound", "limit": "20"}
        return requests.get(f"{self._account()}/Message/", fields, self._headers())

    def read_query(self, reply: HttpReply) -> DeliveryReport | None:
        """Read one message; of a list nothing can be told apart, so it tells nothing."""
        fields = replies.json_fields(reply)
        state = fields.some("message_state")
        if reply.status != 200 or state is None:
            return None
        return DeliveryReport(
            gateway=NAME,
            state=_STATES.get(state.lower(), "unknown"),
            code=fields.some("error_code") or state,
            to=numbers.receiver(fields.some("to_number"), region=None),
            message_id=fields.some("message_uuid"),
            done_at=times.moment(fields.some("message_time"), zone=UTC),
        )

    def _send(self, submissions: tuple[Submission, ...]) -> HttpRequest:
        first = submissions[0]
        body = {
            "src": numbers.bare(self.sender),
            "dst": "<".join(numbers.bare(submission.to) for submission in submissions),
            "text": requests.the_text(first, NAME),
            "url": first.report_url,
            "method": "POST" if first.report_url else None,
        }
        return requests.json_post(f"{self._account()}/Message/", body, self._headers())

    def _account(self) -> str:
        return f"{self.url}/v1/Account/{self.auth_id}"

    def _headers(self) -> Mapping[str, str]:
        return {"authorization": signing.basic(self.auth_id, self.auth_token)}


def signature_v2(token: str, callback: Callback, nonce: str) -> str:
    """Sign the address without its query and the nonce."""
    parts = bodies.url_parts(callback)
    address = f"{parts.scheme}://{parts.netloc}{parts.path}"
    return signing.b64(signing.mac("sha256", token, address + nonce))


def signature_v3(token: str, callback: Callback, nonce: str) -> str:
    """Sign the address with its sorted query, the sorted form and the nonce."""
    parts = bodies.url_parts(callback)
    text = f"{parts.scheme}://{parts.netloc}{parts.path}"
    query = "&".join(f"{name}={value}" for name, value in sorted(bodies.query_pairs(parts.query)))
    body = Callback(method="POST", url="", headers=callback.headers, body=callback.body)
    pairs = sorted((name, as_text(value)) for name, value in bodies.raw_pairs(body))
    form = "".join(f"{name}{value}" for name, value in pairs) if callback.method == "POST" else ""
    if query or form:
        text += f"?{query}"
    if query and form:
        text += "."
    return signing.b64(signing.mac("sha256", token, f"{text}{form}.{nonce}"))


def _taken(message_id: str | None) -> SendResult:
    return replies.sent(message_id) if message_id else replies.result("unknown", detail="not named in the answer")


def _message(fields: Fields) -> InboundMessage:
    return InboundMessage(
        gateway=NAME,
        sender=numbers.caller(fields.word("from"), region=None),
        text=fields.text("text") if fields.word("type") != "mms" or fields.has("text") else "",
        to=fields.some("to"),
        message_id=fields.some("messageuuid"),
    )


def _report(fields: Fields) -> DeliveryReport:
    status = fields.need("status").lower()
    code = fields.some("errorcode")
    error = code if code and code != "000" else None
    own = fields.need("messageuuid", "parentmessageuuid")
    parent = fields.some("parentmessageuuid") or own
    return DeliveryReport(
        gateway=NAME,
        state=_STATES.get(status, "unknown"),
        code=error or status,
        to=numbers.receiver(fields.word("to"), region=None),
        message_id=parent,
        part_id=own if own != parent else None,
        opted_out=error == _OPTED_OUT,
    )
