"""The settings that teach the generic gateway a provider nobody wrote an adapter for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Annotated, Any, Final, Literal

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot.domain.gateway import SendOutcome
from bot.domain.messages import ReportState
from bot.errors import CallbackUnreadable, GatewayError
from bot.gateways.wire import times
from bot.gateways.wire.alphabets import as_text, ucs2_text, unwrapped
from bot.gateways.wire.bodies import Fields

REPLY_WORDS: Final = ("id", "from", "to", "text", "sent_at", "ext", "sign", "client_ref", "opt_out_type")
RECEIPT_WORDS: Final = ("id", "state", "code", "to", "at", "client_ref")
TextCoding = Literal["plain", "url", "url-twice", "hex-ucs2", "hex-gbk", "base64"]
Scheme = Literal["huixin", "none", "secret", "hmac-sha256", "hmac-sha1", "hmac-md5", "md5-values", "md5-pairs"]


def _path(expression: str) -> str:
    try:
        jmespath.compile(expression)
    except JMESPathError:
        raise ValueError("not a JMESPath expression") from None
    return expression


def _field(expression: str) -> str:
    """Let a plain name with a hyphen in it stand for itself, which the expression language would not."""
    try:
        jmespath.compile(expression)
    except JMESPathError:
        return _path('"' + expression.replace('"', "") + '"')
    return expression


Path = Annotated[str, AfterValidator(_path)]
FieldPath = Annotated[str, AfterValidator(_field)]


class Success(BaseModel):
    """The answer that the provider counts as success."""

    model_config = ConfigDict(extra="forbid")

    status: int = Field(200, ge=100, le=599)
    content_type: str = "application/json"
    body: str = '{"ok":true}'


class Sending(BaseModel):
    """How a text is sent. Templates in braces: {to} {to_bare} {to_domestic} {text} {client_ref} {sign} {ext} …"""

    model_config = ConfigDict(extra="forbid")

    url: str = Field("", pattern=r"^(https?://.*)?$")
    method: Literal["POST", "GET"] = "POST"
    body: Literal["json", "form", "query"] = "json"
    encoding: Literal["utf-8", "gbk"] = "utf-8"
    headers: Mapping[str, str] = Field(default_factory=dict)
    fields: Mapping[str, str] = Field(default_factory=dict)
    values: Mapping[str, str] = Field(default_factory=dict)
    """Words of the account (user, key) that templates may name too; all are secret."""
    sent_when: Path = ""
    id: Path = ""
    code: Path = ""
    outcomes: Mapping[SendOutcome, tuple[str, ...]] = Field(default_factory=dict)


class Mapped(BaseModel):
    """All that can be declared of an unlisted provider. Without any of it the format is our own."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    secret: str = ""
    signature: Scheme = "huixin"
    signature_at: str = "header:x-signature"
    signature_joint: str = ""
    encoding: str | None = None
    json_field: str = ""
    items: Path = ""
    fields: Mapping[str, FieldPath] = Field(default_factory=dict)
    receipt: Mapping[str, FieldPath] = Field(default_factory=dict)
    states: Mapping[str, ReportState] = Field(default_factory=dict)
    time: str = "auto"
    time_zone: str = Field("+08:00", pattern=r"^([+-]\d{2}:\d{2}|UTC)$")
    text: TextCoding = "plain"
    region: str = Field("CN", pattern=r"^([A-Z]{2}|)$")
    success: Success = Success()
    send: Sending = Sending()
    can: Mapping[str, bool | int] = Field(default_factory=dict)


def settings(values: Mapping[str, Any], gateway: str) -> Mapped:
    """Read the settings. Raises GatewayError with the first fault."""
    try:
        return Mapped.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise GatewayError(f"gateway {gateway}: `{where}`: {first['msg']}") from None


class Reader:
    """Finds the fields of an item by their declared paths; where none is declared, by our own names."""

    def __init__(self, mapped: Mapped) -> None:
        self._mapped = mapped
        self._zone = _zone(mapped.time_zone)
        self._reply = _compiled(mapped.fields)
        self._receipt = _compiled(mapped.receipt)
        self._items = jmespath.compile(mapped.items) if mapped.items else None

    @property
    def is_ours(self) -> bool:
        """Tell whether nothing is declared: then items are our own JSON as they come."""
        return not (self._reply or self._receipt or self._mapped.states) and (
            self._mapped.time == "auto" and self._mapped.text == "plain" and self._mapped.time_zone == "+08:00"
        )

    def items(self, value: Any) -> Any:
        """Give the list of items (or the one item) of a body. Raises CallbackUnreadable."""
        if self._items is None:
            return value
        found = _search(self._items, value)
        return [] if found is None else found

    def reply(self, item: Mapping[str, Any]) -> Fields:
        """Give an item under our own names for a reply."""
        found = self._renamed(item, self._reply, REPLY_WORDS)
        if isinstance(found.get("text"), str):
            found["text"] = decoded(found["text"], self._mapped.text)
        found["sent_at"] = self._time(found.get("sent_at"))
        return Fields({name: value for name, value in found.items() if value is not None or name == "text"})

    def receipt(self, item: Mapping[str, Any]) -> Fields:
        """Give an item under our own names for a receipt; one without `state` is none."""
        found = self._renamed(item, self._receipt, RECEIPT_WORDS)
        state = Fields(found).word("state")
        if state is not None and self._mapped.states:
            found.setdefault("code", state)
            found["state"] = self._mapped.states.get(state, self._mapped.states.get("*", "unknown"))
        found["at"] = self._time(found.get("at"))
        return Fields({name: value for name, value in found.items() if value is not None})

    def _renamed(
        self, item: Mapping[str, Any], paths: Mapping[str, ParsedResult], words: tuple[str, ...]
    ) -> dict[str, Any]:
        if not paths:
            return dict(item)
        found = {word: _search(paths[word], item) for word in words if word in paths}
        return {word: value for word, value in found.items() if value is not None}

    def _time(self, value: Any) -> str | None:
        text = Fields({"at": value}).some("at")
        if text is None:
            return None
        read: datetime | None
        if self._mapped.time == "auto":
            read = times.unix_or_written(text, self._zone)
        elif self._mapped.time == "unix":
            read = times.unix(text)
        elif self._mapped.time == "compact":
            read = times.compact(text, self._zone)
        else:
            read = _by_form(text, self._mapped.time, self._zone)
        return read.isoformat() if read else None


def decoded(text: str, coding: TextCoding) -> str:
    """Undo what the provider does to a text. What cannot be undone stays as it came."""
    if coding in {"url", "url-twice"}:
        return unwrapped(text, 1 if coding == "url" else 2)
    if coding == "plain":
        return text
    try:
        raw = base64.b64decode(text, validate=True) if coding == "base64" else bytes.fromhex(text)
    except (ValueError, binascii.Error):
        return text
    if coding == "hex-ucs2":
        return ucs2_text(raw)
    return as_text(raw, "gbk" if coding == "hex-gbk" else None)


def found(expression: str, value: Any) -> Any:
    """Search by JMESPath; an expression that does not fit the value finds nothing."""
    if not expression:
        return None
    try:
        return jmespath.compile(expression).search(value)
    except (JMESPathError, ValueError, TypeError, RecursionError):
        return None


def _search(path: ParsedResult, value: Any) -> Any:
    try:
        return path.search(value)
    except (JMESPathError, ValueError, TypeError, RecursionError):
        raise CallbackUnreadable("the declared JMESPath does not fit the body") from None


def _compiled(paths: Mapping[str, str]) -> dict[str, ParsedResult]:
    return {word: jmespath.compile(path) for word, path in paths.items() if path}


def _zone(text: str) -> tzinfo:
    if text == "UTC":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]) % 24, minutes=int(text[4:]) % 60))


def _by_form(text: str, form: str, zone: tzinfo) -> datetime | None:
    try:
        read = datetime.strptime(text, form)  # noqa: DTZ007 - the form may hold a zone or not
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=zone)
