"""Twilio Programmable Messaging: free text; callbacks are signed over the public URL and every field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

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
from bot.errors import CallbackRefused, CallbackUnreadable, GatewayError
from bot.gateways.wire import bodies, numbers, replies, requests, signing, times
from bot.gateways.wire.alphabets import as_text
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.given import Given

NAME: Final = "twilio"
CAPABILITIES: Final = Capabilities(
    max_chars=1600,
    repeats_on_error=False,
    handles_opt_out=True,
    confirms_opt_out=True,
    china_billing=False,
    required=("account_sid", "auth_token", "sender"),
    secrets=("auth_token", "api_secret"),
)

_STATES: Final[Mapping[str, ReportState]] = {
    "accepted": "sent",
    "scheduled": "sent",
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "rejected",
}
_OUTCOMES: Final[Mapping[SendOutcome, str]] = {
    "opted_out": "21610",
    "throttled": "20429 14107 63018",
    "account": "20003 20005 20006 21603 21606 21608 21609 30002 90010",
    "permanent": "21211 21214 21217 21401 21407 21408 21421 21602 21604 21612 21614 21617 21619 21620",
}
_STOP_WORDS: Final = frozenset(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"))


def build(settings: Mapping[str, Any]) -> Twilio:
    """Build it from `account_sid`, `auth_token` and `sender` (a number, or MG… for a Messaging Service)."""
    given = Given(NAME, settings)
    return Twilio(
        account_sid=given.need("account_sid", "the Account SID of the Twilio console"),
        auth_token=given.need("auth_token", "the Auth Token of the Twilio console; it signs the callbacks"),
        api_key=given.text("api_key"),
        api_secret=given.text("api_secret"),
        sender=given.need("sender", "your Twilio number in E.164, or the SID of a Messaging Service"),
        url=given.url("url", "https://api.twilio.com"),
        stops_itself=given.flag("stops_itself", default=True),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Twilio:
    """One Twilio account.

    By default Twilio itself blocks a number that texts a bare STOP word in English and confirms it; with
    Advanced Opt-Out it names the kind of word in `OptOutType`. Chinese words it does not know.
    """

    account_sid: str
    auth_token: str
    api_key: str
    api_secret: str
    sender: str
    url: str
    stops_itself: bool
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Check X-Twilio-Signature, with and without the default port as their own validator does."""
        given = callback.headers.get("x-twilio-signature")
        url = bodies.full_url(callback).partition("#")[0]
        signed = ""
        if wanted := dict(bodies.raw_pairs(Callback(method="GET", url="", query=_query(url)))).get("bodySHA256"):
            if not signing.same(as_text(wanted).lower(), signing.digest("sha256", bodies.body_of(callback))):
                raise CallbackRefused("the body is not the one that was signed")
        elif callback.method == "POST":
            signed = _signed_fields(callback)
        good = [signing.same(given, self._signature(form + signed)) for form in _ports(url)]
        signing.refuse_unless(good=any(good))
        return True

    def parse(self, callback: Callback) -> Parsed:
        """Read a reply (SmsStatus=received) or a status callback, from a POST or a GET."""
        fields = bodies.form(callback)
        status = fields.some("MessageStatus")
        if status is None and not fields.has("Body", "NumMedia"):
            status = fields.some("SmsStatus")
        if status and status != "received":
            return bodies.reports([fields.values], _report)
        return bodies.messages([fields.values], self._message)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer with empty TwiML: say nothing, our answer goes by the API."""
        return Ack(content_type="text/xml", body="<Response/>")

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Send one text."""
        text = requests.the_text(submission, NAME)
        if len(text) > CAPABILITIES.max_chars:
            raise GatewayError(f"gateway {NAME} takes at most {CAPABILITIES.max_chars} characters")
        by_service = self.sender.startswith("MG")
        return requests.form_post(
            f"{self._account()}/Messages.json",
            {
                "To": submission.to,
                "From": None if by_service else self.sender,
                "MessagingServiceSid": self.sender if by_service else None,
                "Body": text,
                "StatusCallback": submission.report_url,
            },
            self._authorization(),
        )

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{sid, status}` or `{code, message}`."""
        fields = replies.json_fields(reply)
        detail = fields.some("message", "error_message")
        code = fields.some("code", "error_code")
        if code and (known := replies.by_code(code, _OUTCOMES, detail)):
            return known
        if reply.status in {200, 201} and (sid := fields.some("sid")):
            return replies.sent(sid, fields.some("status"))
        return replies.by_status(reply, detail, code)

    def compose_query(self, message_id: str | None, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Ask for a message by its SID; without one for the newest to that number."""
        if message_id:
            url = f"{self._account()}/Messages/{quote(message_id, safe='')}.json"
            return HttpRequest(method="GET", url=url, headers=self._authorization())
        fields = {"To": submission.to, "PageSize": "1"}
        return requests.get(f"{self._account()}/Messages.json", fields, self._authorization())

    def read_query(self, reply: HttpReply) -> DeliveryReport | None:
        """Read one message resource, or the first of a list."""
        fields = replies.json_fields(reply)
        listed = replies.inner_list(fields, "messages")
        fields = listed[0] if listed else fields
        if reply.status != 200 or fields.some("sid") is None:
            return None
        return DeliveryReport(
            gateway=NAME,
            state=_STATES.get(fields.some("status") or "", "unknown"),
            code=fields.some("error_code", "status"),
            to=numbers.receiver(fields.word("to"), region=None),
            message_id=fields.some("sid"),
            done_at=times.moment(fields.word("date_updated")),
            opted_out=fields.word("error_code") == "21610",
        )

    def _message(self, fields: Fields) -> InboundMessage:
        text = fields.text("Body") if fields.has("Body") else ""
        kind = (fields.some("OptOutType") or "").lower() or None
        if kind is None and self.stops_itself and text.strip().upper() in _STOP_WORDS:
            kind = "stop"
        if not text and not fields.has("Body", "NumMedia"):
            raise CallbackUnreadable("no Body")
        return InboundMessage(
            gateway=NAME,
            sender=numbers.caller(fields.word("From"), region=None),
            text=text,
            to=fields.some("To"),
            message_id=fields.some("MessageSid", "SmsMessageSid", "SmsSid"),
            opt_out_type=kind,
        )

    def _signature(self, signed: str) -> str:
        return signing.b64(signing.mac("sha1", self.auth_token, signed))

    def _account(self) -> str:
        return f"{self.url}/2010-04-01/Accounts/{self.account_sid}"

    def _authorization(self) -> Mapping[str, str]:
        user, password = self.account_sid, self.auth_token
        if self.api_key and self.api_secret:
            user, password = self.api_key, self.api_secret
        return {"authorization": signing.basic(user, password)}


def _report(fields: Fields) -> DeliveryReport:
    status = fields.need("MessageStatus", "SmsStatus").lower()
    code = fields.some("ErrorCode")
    return DeliveryReport(
        gateway=NAME,
        state=_STATES.get(status, "unknown"),
        code=code or status,
        to=numbers.receiver(fields.word("To"), region=None),
        message_id=fields.need("MessageSid", "SmsMessageSid", "SmsSid"),
        done_at=times.compact(fields.word("RawDlrDoneDate"), zone=UTC),
        opted_out=code == "21610",
    )


def _query(url: str) -> str:
    return url.partition("?")[2]


def _signed_fields(callback: Callback) -> str:
    """Join the form's names and values: sorted by name, values of one name unique and sorted."""
    pairs = bodies.raw_pairs(Callback(method="POST", url="", headers=callback.headers, body=callback.body))
    unique = sorted({(name, as_text(value, "utf-8")) for name, value in pairs})
    return "".join(name + value for name, value in unique)


def _ports(url: str) -> tuple[str, ...]:
    """Give the URL as it is, without its port, and with the scheme's own port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return (url,)
    standard = {"https": 443, "http": 80}.get(parts.scheme)
    host, _, _ = parts.netloc.rpartition(":") if port else (parts.netloc, "", "")
    if standard is None or port not in {None, standard}:
        return (url,)
    return (
        url,
        parts._replace(netloc=host).geturl(),
        parts._replace(netloc=f"{host}:{standard}").geturl(),
    )
