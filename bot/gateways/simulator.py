"""The simulated phone of the console: it speaks our own JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

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
from bot.domain.messages import ReportState
from bot.gateways.wire import bodies, plain, requests
from bot.gateways.wire.given import Given

NAME: Final = "simulator"
CAPABILITIES: Final = Capabilities(extension=True, repeats_on_error=False, secrets=("secret",))
MAX_REPEAT: Final = 10


def build(settings: Mapping[str, Any]) -> Simulator:
    """Build it from `url`, where the phone takes texts; with `secret` both ways are signed."""
    given = Given(NAME, settings)
    return Simulator(url=given.url("url", "http://127.0.0.1:8080/simulator/texts"), secret=given.text("secret"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """A phone that nobody holds. Replies and receipts are those of the generic gateway, one or an array."""

    url: str
    secret: str
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Check our HMAC where a secret is set."""
        if not self.secret:
            return False
        plain.verify(self.secret, callback, now)
        return True

    def parse(self, callback: Callback) -> Parsed:
        """Read replies and receipts, mixed as they come."""
        items = bodies.item_list(bodies.json_of(callback))
        return plain.parse(items, NAME)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer `{"ok":true}`."""
        return Ack(content_type="application/json", body='{"ok":true}')

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Put one text on the phone."""
        request = plain.send(submission, self.url, now, NAME)
        return plain.signed(request, self.secret, now) if self.secret else request

    def read(self, reply: HttpReply) -> SendResult:
        """Read `{id, state}` or `{error}`."""
        return plain.read(reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the phone is asked to behave for one text; the default is to take it and report at once."""

    refuse: SendOutcome | None = None
    """Answer the send with this error instead of taking the text."""
    end: ReportState = "delivered"
    """What the last receipt says."""
    delay: float = 0.0
    """Seconds until the first receipt; the others follow a second apart."""
    repeat: int = 1
    """How often every receipt comes."""
    reorder: bool = False
    """The last receipt comes first."""
    lose: bool = False
    """No receipt ever comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A callback that the phone owes: after so many seconds, this JSON."""

    after: float
    body: bytes


def habits(wish: Mapping[str, Any]) -> Habits:
    """Read habits as the phone's page or a test asks for them. Raises GatewayError."""
    given = Given(NAME, wish)
    refuse = given.choice("refuse", ("", *plain.OUTCOMES), "")
    end = given.choice("end", plain.STATES, "delivered")
    return Habits(
        refuse=next((outcome for outcome in plain.OUTCOMES if outcome == refuse), None),
        end=next(state for state in plain.STATES if state == end),
        delay=given.number("delay", 0, most=3600),
        repeat=int(given.number("repeat", 1, least=1, most=MAX_REPEAT)),
        reorder=given.flag("reorder"),
        lose=given.flag("lose"),
    )


def answer(message_id: str, wish: Habits) -> HttpReply:
    """Give what the phone answers to a send."""
    if wish.refuse and wish.refuse != "sent":
        status = {"throttled": 429, "temporary": 503, "account": 403, "unknown": 504}.get(wish.refuse, 422)
        body = requests.compact({"error": wish.refuse, "detail": "the simulated phone was asked to"})
        return HttpReply(status=status, headers={"content-type": requests.JSON}, body=body.encode())
    body = requests.compact({"id": message_id, "state": "sent"})
    return HttpReply(status=200, headers={"content-type": requests.JSON}, body=body.encode())


def receipts(message_id: str, to: str, client_ref: str | None, wish: Habits, now: datetime) -> tuple[Due, ...]:
    """Give the receipts that a text taken now leads to, in the order in which they are to be posted."""
    if wish.lose or wish.refuse:
        return ()
    states: tuple[ReportState, ...] = ("sent",) if wish.end == "sent" else ("sent", wish.end)
    dues = []
    for place, state in enumerate(reversed(states) if wish.reorder else states):
        after = wish.delay + place
        item = {
            "id": message_id,
            "state": state,
            "to": to,
            "client_ref": client_ref,
            "at": (now + timedelta(seconds=after)).isoformat(timespec="seconds"),
        }
        dues += [Due(after=after, body=requests.compact(item).encode())] * wish.repeat
    return tuple(dues)


def signed_headers(body: bytes, secret: str, now: datetime) -> Mapping[str, str]:
    """Give the headers with which the phone posts a reply or receipt of its own."""
    headers = {"content-type": requests.JSON}
    if secret:
        timestamp = str(int(now.timestamp()))
        headers["x-huixin-timestamp"] = timestamp
        headers["x-huixin-signature"] = plain.signature(secret, timestamp, body)
    return headers
