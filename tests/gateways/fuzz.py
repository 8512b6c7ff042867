"""Generated callbacks and answers through every gateway; only the declared errors may come out.

    python -m tests.gateways.fuzz --count 200000 --seed 7

Each case begins as a callback of a fixture or of the recorded file and is then broken: fields lost, null, of another
type, nested, doubled, far too long or in another encoding, bodies cut, headers swapped. A case is found again by its
seed and number alone.
"""

import argparse
import base64
import json
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from bot.domain.gateway import (
    AnswersQueries,
    Callback,
    CanBePulled,
    Gateway,
    HttpReply,
    ProvesWithoutBody,
    SendsBatches,
    Submission,
)
from bot.domain.messages import DeliveryReport, InboundMessage
from bot.errors import CallbackIgnored, CallbackRefused, CallbackUnreadable
from bot.gateways import available, capabilities, load
from tests.gateways.recorded import as_line, fixture, lines

NOW = datetime(2025, 7, 2, 2, 0, tzinfo=UTC)
DECLARED = (CallbackRefused, CallbackUnreadable, CallbackIgnored)
PAIR = tuple(Submission(to=to, text="您好", client_ref=to) for to in ("+8613800138000", "+8613800138001"))

WORDS = (
    "", " ", "null", "0", "-1", "1e999", "NaN", "9" * 400, "９", "退订", "\ud83d", "\x00", "\u202e好",
    "%", "%zz", "%E9%80", "%25%45", "<x>", "{}", "[]", '{"a":', "+8613800138000", "13800138000", "0000000000",
    "2025-02-30 25:61:61", "99999999999999", "Thu, 99 Nov 2021", "DELIVRD", "true", "a" * 5000, "\r\n\r\n",
    "--xx", "é", "0x41", "1_000", "²", "٣", "-9223372036854775809",
)  # fmt: skip
TYPES = (
    "application/json", "application/json;charset=gbk", "application/json; charset=utf-16", "text/xml",
    "application/xml;charset=gb2312", "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded;charset=big5", "multipart/form-data; boundary=xx", "multipart/form-data",
    'multipart/mixed; boundary="', 'text/plain; charset="', "\x00", "",
)  # fmt: skip
URLS = (
    "https://sms.example.com/cb", "https://sms.example.com:443/cb?a=1", "http://[::1]/cb", "http://[bad/cb",
    "//x", "", "https://a:99999/", "https://a:x/", "https://é.example/好?q=好#f",
)  # fmt: skip


def seeds() -> dict[str, list[Mapping[str, Any]]]:
    """The callbacks that every gateway's cases begin with."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name in available():
        sheet = fixture(name)
        found[name] = [as_line(callback, {}) for callback in sheet["callbacks"]]
    for line in lines("callbacks.jsonl"):
        found[line["gateway"]].append(line)
    return found


def built(name: str) -> Gateway:
    """A gateway with every secret set, so that every proof is asked for."""
    sheet = fixture(name)
    hidden = {secret: "hush" for secret in capabilities(name).secrets if "." not in secret}
    return load(name, {"receiver": "admin", "callback_user": "u", **hidden, **sheet["settings"]})


class Breaker:
    """Makes one case after another, each from its own seed."""

    def __init__(self, seed: int, starts: Mapping[str, list[Mapping[str, Any]]]) -> None:
        self.seed = seed
        self.starts = starts
        self.dice = random.Random()

    def case(self, name: str, number: int) -> Callback:
        self.dice.seed(f"{self.seed}/{name}/{number}")
        line = self.dice.choice(self.starts[name])
        body = self._octets(line)
        headers = {header.lower(): str(value) for header, value in (line.get("headers") or {}).items()}
        query = str(line.get("query") or "")
        for _ in range(self.dice.randrange(4)):
            body = self._broken_body(body)
        if self.dice.random() < 0.3:
            query = self._broken_form(query)
        if self.dice.random() < 0.3:
            headers["content-type"] = self.dice.choice(TYPES)
        if self.dice.random() < 0.2 and headers:
            headers[self.dice.choice(sorted(headers))] = self.dice.choice(WORDS)
        if self.dice.random() < 0.1:
            headers["authorization"] = self.dice.choice(
                ("Bearer a.b.c", "Bearer e30.e30.", "SDK-HMAC-SHA256 x", "Basic é")
            )
        method = self.dice.choice(("POST", "POST", "POST", "GET", "PUT", ""))
        if self.dice.random() < 0.1:
            body, query = b"", (body.decode("latin-1") if self.dice.random() < 0.5 else query)
        return Callback(method=method, url=self.dice.choice(URLS), query=query, headers=headers, body=body)

    def reply(self, name: str, number: int) -> HttpReply:
        self.dice.seed(f"{self.seed}/{name}/reply/{number}")
        replies = fixture_replies(name)
        body = self.dice.choice(replies) if replies else b""
        for _ in range(self.dice.randrange(3)):
            body = self._broken_body(body)
        status = self.dice.choice((200, 200, 200, 201, 202, 204, 302, 400, 401, 404, 429, 500, 503, 504, 0))
        return HttpReply(status=status, headers={"retry-after": self.dice.choice(WORDS)}, body=body)

    def _octets(self, line: Mapping[str, Any]) -> bytes:
        body = line.get("body") or ""
        return base64.b64decode(body) if line.get("body_encoding") == "base64" else body.encode()

    def _broken_body(self, body: bytes) -> bytes:
        kind = self.dice.randrange(8)
        if kind == 0:
            return body[: self.dice.randrange(len(body) + 1)]
        if kind == 1:
            return self.dice.randbytes(self.dice.randrange(60))
        if kind == 2:
            at = self.dice.randrange(len(body) + 1)
            return body[:at] + self.dice.choice(WORDS).encode("utf-8", "replace") + body[at:]
        if kind == 3:
            try:
                return body.decode().encode(self.dice.choice(("gbk", "utf-16", "utf-16-be", "big5")), "replace")
            except UnicodeDecodeError:
                return body[::-1]
        if body.lstrip()[:1] in {b"{", b"["}:
            try:
                value = self._broken(json.loads(body), 0)
            except (ValueError, RecursionError):
                return body + b"]"
            return json.dumps(value, ensure_ascii=self.dice.random() < 0.5).encode("utf-8", "surrogatepass")
        return self._broken_form(body.decode("utf-8", "replace")).encode("utf-8", "replace")

    def _broken_form(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        if not pairs:
            return urlencode({self.dice.choice(WORDS).encode("utf-8", "replace"): "x"})
        at = self.dice.randrange(len(pairs))
        name, value = pairs[at]
        kind = self.dice.randrange(5)
        if kind == 0:
            del pairs[at]
        elif kind == 1:
            pairs.append((name, self.dice.choice(WORDS)))
        elif kind == 2 and value[:1] in {"{", "["}:
            try:
                pairs[at] = (name, json.dumps(self._broken(json.loads(value), 0)))
            except (ValueError, RecursionError):
                pairs[at] = (name, value[:-1])
        elif kind == 3:
            pairs[at] = (name.upper() if self.dice.random() < 0.5 else self.dice.choice(WORDS), value)
        else:
            pairs[at] = (name, self.dice.choice(WORDS))
        return urlencode([(n.encode("utf-8", "replace"), v.encode("utf-8", "replace")) for n, v in pairs])

    def _broken(self, value: Any, depth: int) -> Any:
        if depth > 6 or self.dice.random() < 0.15:
            return self._odd()
        if isinstance(value, dict) and value:
            key = self.dice.choice(list(value))
            kind = self.dice.randrange(4)
            if kind == 0:
                return {name: inner for name, inner in value.items() if name != key}
            if kind == 1:
                return {**value, key: self._odd()}
            if kind == 2:
                return {**value, self.dice.choice(WORDS): self._odd()}
            return {**value, key: self._broken(value[key], depth + 1)}
        if isinstance(value, list) and value:
            at = self.dice.randrange(len(value))
            broken = [*value[:at], self._broken(value[at], depth + 1), *value[at + 1 :]]
            return broken * self.dice.choice((1, 1, 1, 2, 30))
        return self._odd()

    def _odd(self) -> Any:
        return self.dice.choice(
            (None, True, 0, -1, 2**70, 1.5, 1e300, [], {}, [[]], {"a": {}}, [None], self.dice.choice(WORDS))
        )


_REPLIES: dict[str, list[bytes]] = {}


def fixture_replies(name: str) -> list[bytes]:
    """The answers of a provider that its cases begin with."""
    if name not in _REPLIES:
        sheet = fixture(name)
        shown = list(sheet.get("replies") or [])
        for part in ("sends", "queries", "pulls"):
            shown += [reply for entry in sheet.get(part) or [] for reply in entry.get("replies", [])]
        _REPLIES[name] = [
            (json.dumps(reply["json"]) if "json" in reply else reply.get("body", "")).encode() for reply in shown
        ]
    return _REPLIES[name]


def run_callback(gateway: Gateway, callback: Callback) -> str:
    """Put one callback through; gives what became of it. Raises AssertionError, or what the gateway raised."""
    outcome = "unproved"
    if isinstance(gateway, ProvesWithoutBody):
        with suppress(CallbackUnreadable):
            gateway.proof(callback)
    for now in (NOW, None):
        try:
            outcome = "proved" if gateway.verify(callback, now) else outcome
        except DECLARED as refused:
            outcome = type(refused).__name__
    fault = ""
    try:
        parsed = gateway.parse(callback)
    except DECLARED as error:
        fault = str(error) or "an error without a word"
        outcome = f"{outcome}, {type(error).__name__}"
    else:
        assert parsed.messages or parsed.reports, "parsed, but nothing in it"
        for message in parsed.messages:
            check_message(message)
        for report in parsed.reports:
            check_report(report)
        outcome += ", read"
    assert fault != "an error without a word"
    ack = gateway.acknowledge(callback)
    assert 200 <= ack.status < 300
    ack.body.encode()
    return outcome


def check_message(message: InboundMessage) -> None:
    assert message.sender.startswith("+")
    message.text.encode()
    assert message.received_at is None or message.received_at.tzinfo is not None
    assert message.message_id is None or isinstance(message.message_id, str)


def check_report(report: DeliveryReport) -> None:
    assert report.done_at is None or report.done_at.tzinfo is not None
    assert report.state in {"sent", "delivered", "failed", "expired", "rejected", "unknown"}
    assert report.message_id or report.client_ref or report.to, "a receipt that speaks of nothing"
    for word in (report.code, report.to, report.message_id, report.client_ref):
        assert word is None or word.encode() is not None


def run_reply(gateway: Gateway, reply: HttpReply) -> None:
    """Put one answer through every reader of a gateway; none of them may raise but a pull's."""
    gateway.read(reply).detail.encode()
    if isinstance(gateway, SendsBatches):
        assert len(gateway.read_batch(reply, PAIR)) == len(PAIR)
    if isinstance(gateway, AnswersQueries):
        gateway.read_query(reply)
    if isinstance(gateway, CanBePulled):
        for what in ("messages", "reports"):
            try:
                gateway.read_pull(what, reply)
            except CallbackUnreadable:
                continue


def run(count: int, seed: int) -> Counter[str]:
    """Put so many generated callbacks (and a third as many answers) through, dealt over all gateways."""
    breaker = Breaker(seed, seeds())
    gateways = {name: built(name) for name in available()}
    names = sorted(gateways)
    outcomes: Counter[str] = Counter()
    for number in range(count):
        name = names[number % len(names)]
        callback = breaker.case(name, number)
        try:
            outcomes[run_callback(gateways[name], callback)] += 1
            if number % 3 == 0:
                run_reply(gateways[name], breaker.reply(name, number))
        except Exception as error:
            shown = replace(callback, body=callback.body[:2000])
            raise AssertionError(f"seed {seed}, case {number}, gateway {name}: {error!r}\n{shown!r}") from error
    return outcomes


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000_000))
    options = parser.parse_args()
    say(f"seed {options.seed}, {options.count} callbacks over {len(available())} gateways")
    began = time.monotonic()
    try:
        outcomes = run(options.count, options.seed)
    except AssertionError as error:
        say(str(error))
        return 1
    for outcome, often in outcomes.most_common():
        say(f"{often:>9}  {outcome}")
    say(f"{options.count} callbacks in {time.monotonic() - began:.0f} s, no error but the declared ones")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
