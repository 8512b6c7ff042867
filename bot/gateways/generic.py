"""Any gateway: our documented JSON with an HMAC, or a provider without an adapter, declared in settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
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
from bot.errors import CallbackIgnored, CallbackUnreadable, GatewayError
from bot.gateways.wire import bodies, mapping, numbers, plain, replies, requests, signing, times
from bot.gateways.wire.bodies import Fields

NAME: Final = "generic"
CAPABILITIES: Final = Capabilities(
    extension=True, repeats_on_error=False, required=("secret",), secrets=("secret", "send.values")
)

_WORD: Final = re.compile(r"\{(\w{1,40})\}")
_SETTLED: Final = ("required", "secrets", "sends", "receives")


def build(settings: Mapping[str, Any]) -> Generic:
    """Build it from `secret` (unless `signature = "none"`) and `send.url`; all else is optional."""
    mapped = mapping.settings(_unflattened(settings), NAME)
    if mapped.signature != "none" and not mapped.secret:
        raise GatewayError(
            f'gateway {NAME}: set `secret` (the callbacks are signed with it), or `signature = "none"` '
            "where the other side cannot sign"
        )
    known = {field.name for field in fields(Capabilities)} - set(_SETTLED)
    if unknown := sorted(set(mapped.can) - known):
        raise GatewayError(f"gateway {NAME}: `can.{unknown[0]}` is none of {', '.join(sorted(known))}")
    can: dict[str, Any] = dict(mapped.can)
    return Generic(
        mapped=mapped,
        reader=mapping.Reader(mapped),
        capabilities=replace(CAPABILITIES, sends=bool(mapped.send.url), **can),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Generic:
    """Our own JSON unless the settings declare another body, other fields, another signature or answer."""

    mapped: mapping.Mapped
    reader: mapping.Reader
    name: str = NAME
    capabilities: Capabilities = CAPABILITIES

    def verify(self, callback: Callback, now: datetime | None) -> bool:
        """Check the declared signature; ours holds for 300 seconds."""
        scheme, secret = self.mapped.signature, self.mapped.secret
        if scheme == "none":
            return False
        if scheme == "huixin":
            plain.verify(secret, callback, now)
            return True
        given = (self._signature_given(callback) or "").strip()
        if scheme == "secret":
            signing.refuse_unless(good=signing.same(given, secret))
        elif scheme.startswith("md5"):
            signing.refuse_unless(good=signing.same(given.lower(), self._md5(callback)))
        else:
            kind = scheme.removeprefix("hmac-")
            raw = signing.mac(kind, secret, bodies.body_of(callback))
            given = given.removeprefix(f"{kind}=")
            forms = (signing.same(given.lower(), raw.hex()), signing.same(given, signing.b64(raw)))
            signing.refuse_unless(good=any(forms))
        return True

    def parse(self, callback: Callback) -> Parsed:
        """Read replies and receipts, mixed as they come, one or an array."""
        items = bodies.item_list(self.reader.items(self._body(callback)))
        named = items if self.reader.is_ours else [self._named(item) for item in items]
        return plain.parse(named, NAME, self.mapped.region or None)

    def acknowledge(self, callback: Callback) -> Ack:
        """Answer as declared; by default `{"ok":true}`."""
        success = self.mapped.success
        return Ack(status=success.status, content_type=success.content_type, body=success.body)

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        """Post our JSON to `send.url`, or what `send.fields` declares."""
        send = self.mapped.send
        if not send.url:
            raise GatewayError(f"gateway {NAME}: set `send.url` to send; so far this account receives only")
        if not send.fields:
            request = plain.send(submission, send.url, now, NAME)
            if self.mapped.signature == "huixin":
                return plain.signed(request, self.mapped.secret, now)
            return request
        words = self._words(submission, now, nonce)
        filled = {name: _filled(form, words) for name, form in send.fields.items()}
        headers = {name.lower(): _filled(form, words) for name, form in send.headers.items()}
        url = _filled(send.url, words)
        if send.body == "json":
            body = requests.compact(filled).encode(send.encoding, "replace")
            kind = {"content-type": f"application/json;charset={send.encoding}"}
            return HttpRequest(method=send.method, url=url, headers=kind | headers, body=body)
        query = requests.encoded(filled, send.encoding)
        if send.body == "query":
            joint = "&" if "?" in url else "?"
            return HttpRequest(method=send.method, url=f"{url}{joint}{query}", headers=headers)
        kind = {"content-type": f"application/x-www-form-urlencoded;charset={send.encoding}"}
        return HttpRequest(method=send.method, url=url, headers=kind | headers, body=query.encode())

    def read(self, reply: HttpReply) -> SendResult:
        """Read our own answer, or judge by the declared `sent_when`, `id`, `code` and `outcomes`."""
        send = self.mapped.send
        if not (send.sent_when or send.id or send.outcomes):
            return plain.read(reply)
        value = replies.json_value(reply)
        if value is None:
            value = {"body": replies.text_of(reply)}
        found = Fields({name: mapping.found(getattr(send, name), value) for name in ("id", "code")})
        for outcome, codes in send.outcomes.items():
            if found.word("code") in codes:
                return replies.result(outcome, message_id=found.some("id"), code=found.word("code"))
        taken = mapping.found(send.sent_when, value) if send.sent_when else found.some("id")
        if taken and 200 <= reply.status < 300:
            return replies.sent(found.some("id"), found.word("code"))
        return replies.by_status(reply, code=found.word("code"))

    def _named(self, item: Any) -> Any:
        if not isinstance(item, Mapping):
            return item
        if self.mapped.receipt or not self.mapped.fields:
            receipt = self.reader.receipt(item)
            if plain.is_receipt(receipt):
                return receipt.values
        return self.reader.reply(item).values

    def _body(self, callback: Callback) -> Any:
        encoding = self.mapped.encoding
        if self.mapped.json_field:
            return bodies.read_json(bodies.form(callback, encoding).text(self.mapped.json_field))
        body = callback.body.strip()
        if not body and not callback.query:
            raise CallbackIgnored("empty")
        kind = bodies.content_type(callback)
        if body and (not kind or kind.endswith("json") or body[:1] in {b"{", b"["}):
            return bodies.json_of(callback, encoding)
        values = bodies.form(callback, encoding).values
        if not values:
            raise CallbackUnreadable("neither JSON nor a form")
        return values

    def _signature_given(self, callback: Callback) -> str | None:
        place, _, name = self.mapped.signature_at.partition(":")
        if place == "header":
            return callback.headers.get(name.lower())
        value = self._body(callback)
        return Fields(value).word(name) if isinstance(value, Mapping) else None

    def _md5(self, callback: Callback) -> str:
        value, own = self._body(callback), self.mapped.signature_at.partition(":")[2]
        signed = Fields(value if isinstance(value, Mapping) else {})
        pairs = [(name, signed.word(name) or "") for name in sorted(signed.values) if name != own]
        joint = self.mapped.signature_joint
        if self.mapped.signature == "md5-values":
            return signing.digest("md5", joint.join([*(text for _, text in pairs), self.mapped.secret]))
        text = (joint or "&").join(f"{name}={text}" for name, text in pairs)
        return signing.digest("md5", text + joint + self.mapped.secret)

    def _words(self, submission: Submission, now: datetime, nonce: str) -> Mapping[str, str]:
        params = {f"param{n}": text for n, text in enumerate(submission.template_params, start=1)}
        return {
            **self.mapped.send.values,
            **params,
            "to": submission.to,
            "to_bare": numbers.bare(submission.to),
            "to_domestic": numbers.domestic_or_bare(submission.to),
            "text": submission.text,
            "client_ref": submission.client_ref,
            "sign": submission.sign,
            "ext": submission.ext or "",
            "template_code": submission.template_code or "",
            "report_url": submission.report_url or "",
            "nonce": nonce,
            "unix": str(int(now.timestamp())),
            "unix_ms": str(int(now.timestamp() * 1000)),
            "stamp": times.beijing_stamp(now, "%Y%m%d%H%M%S"),
        }


def _filled(form: str, words: Mapping[str, str]) -> str:
    return _WORD.sub(lambda word: words.get(word[1], word[0]), form)


def _unflattened(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take `from = "mobile"` at the top as a mapped field, and `url` for `send.url`."""
    flat = {
        word: settings[word]
        for word in ("id", "from", "to", "sent_at", "ext", "sign", "client_ref")
        if isinstance(settings.get(word), str)
    }
    # By name, never all at once: who builds accounts sees which settings nobody reads.
    values = {name: settings[name] for name in mapping.Mapped.model_fields if name in settings}
    if flat and not settings.get("fields"):
        flat["text"] = settings["text"] if isinstance(settings.get("text"), str) else "text"
        values = {name: value for name, value in values.items() if name not in flat} | {"fields": flat}
    if "url" in settings and not settings.get("send"):
        values["send"] = {"url": settings["url"]}
    return values
