"""Recorded callbacks and sends as JSON lines, in and out, for `huixin gateway parse` and `compose`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, quote_plus

from pydantic import TypeAdapter, ValidationError

from bot.domain.gateway import Ack, Callback, HttpRequest, Submission
from bot.domain.messages import DeliveryReport, InboundMessage
from bot.errors import CallbackIgnored, CallbackRefused, CallbackUnreadable, RequestRefused
from bot.gateways import capabilities, load
from bot.gateways.wire import times
from bot.gateways.wire.signing import b64

PLACEHOLDER: Final = "not-given"
MASK: Final = "***"
_NAMES: Final = {"sender": "from"}
_SUBMISSION: Final = TypeAdapter(Submission)
_OURS: Final = frozenset({"gateway", "account"})


def parse_line(name: str, line: Mapping[str, Any]) -> dict[str, Any]:
    """Turn one recorded callback into our words.

    The line has `method headers query body body_encoding` and perhaps `url auth now settings`. Gives
    `{verified, messages, reports, ack}` (and `faults` where items could not be read), `{ignored, ack}`,
    or `{rejected, detail}`: "signature" for a false proof, "unreadable" for a body that says nothing.
    Raises RequestRefused for a line that is no callback, GatewayError for wrong settings.
    """
    auth = _table(line, "auth")
    # The `url` among the secrets is our own public address, not where a provider takes sends.
    secrets = {word: value for word, value in auth.items() if word != "url"}
    # Without the account's secrets a callback can still be read; it is only not verified.
    gateway = load(name, {**placeholders(name), **_table(line, "settings"), **secrets})
    callback = _callback(line, auth)
    try:
        verified = gateway.verify(callback, _now(line)) if auth else False
        parsed = gateway.parse(callback)
    except CallbackRefused as refused:
        return {"rejected": "signature", "detail": str(refused)}
    except CallbackUnreadable as unreadable:
        return {"rejected": "unreadable", "detail": str(unreadable)}
    except CallbackIgnored as ignored:
        return {"ignored": str(ignored), "ack": _ack(gateway.acknowledge(callback))}
    result: dict[str, Any] = {
        "verified": verified,
        "messages": [_shown(message) for message in parsed.messages],
        "reports": [_shown(report) for report in parsed.reports],
        "ack": _ack(gateway.acknowledge(callback)),
    }
    if parsed.faults:
        result["faults"] = list(parsed.faults)
    return result


def compose_line(
    name: str, line: Mapping[str, Any], now: datetime, nonce: str, *, mask: bool = False
) -> dict[str, Any]:
    """Show the exact HTTP request that a send makes.

    The line has `settings` (of the account), `submission` (`to text client_ref sign ext template_code
    template_params template_names report_url`) and perhaps `now` and `nonce`. With `mask` no secret is
    left in it. Raises RequestRefused for a line that is no send, GatewayError where the route cannot carry it.
    """
    settings = _table(line, "settings") | _table(line, "auth")
    gateway = load(name, settings)
    request = gateway.compose(_submission(line), _now(line) or now, str(line.get("nonce") or nonce))
    return masked(shown_request(request), name, settings) if mask else shown_request(request)


def shown_request(request: HttpRequest) -> dict[str, Any]:
    """Give a request as JSON values; a body that is not UTF-8 goes as base64 and says so."""
    shown = {"method": request.method, "url": request.url, "headers": dict(request.headers)}
    try:
        return {**shown, "body": request.body.decode()}
    except UnicodeDecodeError:
        return {**shown, "body": b64(request.body), "body_encoding": "base64"}


def masked(shown: Mapping[str, Any], name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Cover the account's secrets wherever they stand, in every coding, and all that proves who we are."""
    secrets = sorted(_secrets(capabilities(name).secrets, settings), key=len, reverse=True)
    codings = [coded for secret in secrets for coded in (secret, quote(secret, safe=""), quote_plus(secret))]

    def cover(text: str) -> str:
        for coded in codings:
            text = text.replace(coded, MASK)
        return text

    headers = {
        header: MASK if header.lower() in {"authorization", "x-wsse"} else cover(value)
        for header, value in shown["headers"].items()
    }
    return {**shown, "url": cover(shown["url"]), "headers": headers, "body": cover(shown["body"])}


def placeholders(name: str) -> dict[str, str]:
    """Give settings that let a gateway be built to read with, though its account is not known."""
    required = capabilities(name).required
    return {setting: f"https://{PLACEHOLDER}.invalid" if setting == "url" else PLACEHOLDER for setting in required}


def _callback(line: Mapping[str, Any], auth: Mapping[str, Any]) -> Callback:
    body = line.get("body") or ""
    if not isinstance(body, str):
        raise RequestRefused("`body` must be a text (base64 where `body_encoding` says so)")
    encoding = str(line.get("body_encoding") or "utf-8")
    try:
        raw = base64.b64decode(body, validate=True) if encoding == "base64" else body.encode(encoding)
    except (LookupError, ValueError, binascii.Error):
        raise RequestRefused(f"`body` is not {encoding}") from None
    headers = {str(header).lower(): str(value) for header, value in _table(line, "headers").items()}
    url = str(auth.get("url") or line.get("url") or "")
    return Callback(
        method=str(line.get("method") or "POST").upper(),
        url=url,
        query=str(line.get("query") or ""),
        headers=headers,
        body=raw,
    )


def _submission(line: Mapping[str, Any]) -> Submission:
    given = dict(_table(line, "submission"))
    known = {field.name for field in fields(Submission)}
    if unknown := sorted(set(given) - known):
        raise RequestRefused(f"`submission.{unknown[0]}` is none of {', '.join(sorted(known))}")
    if not given.get("to"):
        raise RequestRefused("`submission.to` is missing: the number in E.164")
    given = {name: value for name, value in given.items() if value is not None}
    for name in ("template_params", "template_names"):
        if isinstance(given.get(name), list):
            given[name] = tuple(str(value) for value in given[name])
    try:
        return _SUBMISSION.validate_python({"text": "", "client_ref": "", **given})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise RequestRefused(f"`submission.{where}`: {first['msg']}") from None


def _now(line: Mapping[str, Any]) -> datetime | None:
    given = line.get("now")
    if given is None:
        return None
    if read := times.unix_or_written(str(given)):
        return read
    raise RequestRefused("`now` is not a time (ISO 8601 or Unix seconds)")


def _table(line: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = line.get(name) or {}
    if not isinstance(value, Mapping):
        raise RequestRefused(f"`{name}` must be an object")
    return dict(value)


def _shown(value: InboundMessage | DeliveryReport) -> dict[str, Any]:
    shown = {
        _NAMES.get(name, name): inner.isoformat() if isinstance(inner, datetime) else inner
        for name, inner in asdict(value).items()
        if inner not in (None, ()) and name not in _OURS
    }
    return {name: inner for name, inner in shown.items() if inner is not False}


def _ack(ack: Ack) -> dict[str, Any]:
    return {"status": ack.status, "content_type": ack.content_type, "body": ack.body}


def _secrets(names: tuple[str, ...], settings: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for name in names:
        value: Any = settings
        for step in name.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        values = value.values() if isinstance(value, Mapping) else (value,)
        found |= {str(inner) for inner in values if inner}
    return found
