"""Callback bodies as fields: forms, query strings, multipart and JSON, in whatever encoding they come."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar
from urllib.parse import SplitResult, parse_qsl, urlsplit

from bot.domain.gateway import Callback, Parsed
from bot.domain.messages import DeliveryReport, InboundMessage
from bot.errors import CallbackIgnored, CallbackRefused, CallbackUnreadable
from bot.gateways.wire.alphabets import SURROGATE, as_text, sound

MAX_BODY: Final = 1024 * 1024
"""Bytes. The largest documented push (500 receipts of 梦网, percent-encoded) is below."""

MAX_FIELDS: Final = 1000
MAX_NAMED_FAULTS: Final = 20
MAX_PART_HEAD: Final = 1024

_BOUNDARY: Final = re.compile(r'boundary="?([^";,\s]{1,70})')
_PART_NAME: Final = re.compile(rb'\bname="([^"]{0,200})"')

_JSON: Final = json.JSONDecoder(parse_float=str, parse_constant=str)
_JSON_BLANKS: Final = " \t\r\n"
_BEFORE: Final = b"\xef\xbb\xbf \t\r\n"
_SCALARS: Final = (int, float)

Item = TypeVar("Item", bound=InboundMessage | DeliveryReport)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one item. A field may be missing, null, a number or a text: readers give texts."""

    values: Mapping[str, Any]

    def has(self, *names: str) -> bool:
        """Tell whether any of the names is there, be it null."""
        return not self.values.keys().isdisjoint(names)

    def word(self, *names: str) -> str | None:
        """Give the first of the names that is there and not null, trimmed; "" stays ""."""
        values = self.values
        for name in names:
            if name not in values:
                continue
            value = values[name]
            if isinstance(value, str):
                return sound(value).strip()
            if isinstance(value, _SCALARS):
                return str(value).lower() if isinstance(value, bool) else str(value)
        return None

    def some(self, *names: str) -> str | None:
        """Give the first of the names that is not blank."""
        for name in names:
            if name in self.values and (word := self.word(name)):
                return word
        return None

    def need(self, *names: str) -> str:
        """Give the first of the names that is not blank. Raises CallbackUnreadable."""
        if word := self.some(*names):
            return word
        raise CallbackUnreadable(f"no {names[0]}")

    def text(self, *names: str) -> str:
        """Give what a customer wrote, untrimmed; null is an empty text. Raises CallbackUnreadable if missing."""
        for name in names:
            value = self.values.get(name, self)
            if isinstance(value, str):
                return sound(value)
            if isinstance(value, _SCALARS) and not isinstance(value, bool):
                return str(value)
            if value is not None and value is not self:
                raise CallbackUnreadable(f"{name} is not a text")
        if self.has(*names):
            return ""
        raise CallbackUnreadable(f"no {names[0]}")

    def number(self, *names: str) -> int | None:
        """Give a whole number, or None where there is none to read."""
        word = self.some(*names)
        return int(word) if word and len(word) <= 18 and word.isascii() and word.isdigit() else None

    def under(self, name: str) -> Fields:
        """Give the fields of an inner object; empty where there is none."""
        value = self.values.get(name)
        return Fields(value) if isinstance(value, Mapping) else Fields({})

    def lowered(self) -> Fields:
        """Give the same fields with names in lower case, for providers that cannot decide."""
        return Fields({name.lower(): value for name, value in self.values.items()})


def full_url(callback: Callback) -> str:
    """Give the public address with its query."""
    if callback.query and "?" not in callback.url:
        return f"{callback.url}?{callback.query}"
    return callback.url


def url_parts(callback: Callback) -> SplitResult:
    """Take the public address apart. Raises CallbackUnreadable."""
    try:
        return urlsplit(full_url(callback))
    except ValueError:
        raise CallbackUnreadable("the address cannot be read") from None


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Give the names and values of a query in their order, as a signer read them.

    Raises CallbackUnreadable where there are too many, CallbackRefused for octets that are no text and so were
    never signed: a server hands them on as lone surrogates.
    """
    if not query.isascii() and SURROGATE.search(query):
        raise CallbackRefused("the query holds octets that nobody signs")
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise CallbackUnreadable("more fields than any provider sends") from None


def body_of(callback: Callback) -> bytes:
    """Give the body. Raises CallbackUnreadable where it is too large."""
    if len(callback.body) > MAX_BODY or len(callback.query) > MAX_BODY:
        raise CallbackUnreadable(f"larger than {MAX_BODY} bytes")
    return callback.body


def content_type(callback: Callback) -> str:
    """Give the media type in lower case, without its parameters."""
    return callback.headers.get("content-type", "").partition(";")[0].strip().lower()


def charset(callback: Callback) -> str | None:
    """Give the charset that the content type names, if any."""
    for parameter in callback.headers.get("content-type", "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(" \"'").lower() or None
    return None


def raw_pairs(callback: Callback) -> list[tuple[str, bytes]]:
    """Give names and undecoded values of the query and then of a form body, in their order.

    A GET has no form: signatures over an address do not cover a body, which would overrule what they do cover.
    """
    body = body_of(callback)
    pairs = _split(callback.query.encode("utf-8", "replace"))
    if callback.method == "GET":
        return pairs
    if content_type(callback) == "multipart/form-data":
        return pairs + _multipart(body, callback.headers.get("content-type", ""))
    return pairs + _split(body)


def form(callback: Callback, encoding: str | None = None) -> Fields:
    """Give the fields of query and form together; of one given twice the last that is not empty."""
    encoding = encoding or charset(callback)
    values: dict[str, str] = {}
    for name, raw in raw_pairs(callback):
        if raw or name not in values:
            values[name] = as_text(raw, encoding)
    return Fields(values)


def opening(callback: Callback) -> bytes:
    """Give the first octet of a body behind blanks and the mark that some servers put before UTF-8."""
    return callback.body.lstrip(_BEFORE)[:1]


def json_of(callback: Callback, encoding: str | None = None) -> Any:
    """Give the JSON value of a body. Raises CallbackUnreadable."""
    return read_json(as_text(body_of(callback), encoding or charset(callback)))


def read_json(text: str) -> Any:
    """Give a JSON value; fractions stay texts, so that no id loses its digits. Raises CallbackUnreadable."""
    text = text.lstrip("\ufeff").strip(_JSON_BLANKS)
    try:
        # Not `decode`, which looks for blanks by two more patterns.
        value, end = _JSON.raw_decode(text)
    except (ValueError, RecursionError):
        raise CallbackUnreadable("not JSON") from None
    if end < len(text):
        raise CallbackUnreadable("not JSON")
    return value


def item_list(value: Any) -> list[Any]:
    """Give a list of items where one object may stand for itself. Raises CallbackUnreadable."""
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping):
        return [value]
    raise CallbackUnreadable("neither an object nor a list")


def as_fields(value: Any) -> Fields:
    """Take a JSON value for an object's fields. Raises CallbackUnreadable where it is none."""
    if isinstance(value, Mapping):
        return Fields(value)
    raise CallbackUnreadable("not an object")


def messages(items: Iterable[Any], read: Callable[[Fields], InboundMessage]) -> Parsed:
    """Read replies. Raises CallbackIgnored where there are none, CallbackUnreadable where all are bad."""
    good, faults, ignored = _each(items, read)
    return sure(Parsed(messages=good, faults=faults), ignored)


def reports(items: Iterable[Any], read: Callable[[Fields], DeliveryReport]) -> Parsed:
    """Read receipts. Raises CallbackIgnored where there are none, CallbackUnreadable where all are bad."""
    good, faults, ignored = _each(items, read)
    return sure(Parsed(reports=good, faults=faults), ignored)


def mixed(
    items: Iterable[Any],
    is_receipt: Callable[[Fields], bool],
    message: Callable[[Fields], InboundMessage],
    report: Callable[[Fields], DeliveryReport],
) -> Parsed:
    """Read replies and receipts that may come in one list. Raises as `sure` does."""

    def read(item: Fields) -> InboundMessage | DeliveryReport:
        return report(item) if is_receipt(item) else message(item)

    found, faults, ignored = _each(items, read)
    replies = tuple([one for one in found if isinstance(one, InboundMessage)])
    receipts = tuple([one for one in found if isinstance(one, DeliveryReport)])
    return sure(Parsed(messages=replies, reports=receipts, faults=faults), ignored)


def pulled(
    what: Literal["messages", "reports"],
    items: Iterable[Any],
    message: Callable[[Fields], InboundMessage],
    report: Callable[[Fields], DeliveryReport],
) -> Parsed:
    """Read a page of replies or of receipts that was fetched; one without any is no fault."""
    if what == "messages":
        replies, faults, _ = _each(items, message)
        return Parsed(messages=replies, faults=faults)
    receipts, faults, _ = _each(items, report)
    return Parsed(reports=receipts, faults=faults)


def sure(parsed: Parsed, ignored: int = 0) -> Parsed:
    """Give back what holds anything. Raises CallbackUnreadable with the faults, or CallbackIgnored.

    `ignored` of the faults are of no concern to us (a carrier's own notice): a callback that holds only
    such, or nothing at all, is ignored.
    """
    if parsed.messages or parsed.reports:
        return parsed
    if len(parsed.faults) > ignored:
        raise CallbackUnreadable("; ".join(parsed.faults[:MAX_NAMED_FAULTS]))
    raise CallbackIgnored("sender" if ignored else "empty")


def _each(items: Iterable[Any], read: Callable[[Fields], Item]) -> tuple[tuple[Item, ...], tuple[str, ...], int]:
    """Read every item; one that cannot be read is named among the faults and takes no other with it.

    Gives also how many of the faults are of no concern to us.
    """
    good: list[Item] = []
    faults: list[str] = []
    ignored = 0
    for number, item in enumerate(items, start=1):
        try:
            good.append(_told(read(as_fields(item))))
        except CallbackIgnored as fault:
            ignored += 1
            faults.append(f"item {number}: {fault}")
        except CallbackUnreadable as fault:
            faults.append(f"item {number}: {fault}")
    return tuple(good), tuple(faults), ignored


def _told(found: Item) -> Item:
    """Give back what says enough. Raises CallbackUnreadable for a receipt that could belong to any text."""
    if isinstance(found, DeliveryReport) and not (found.message_id or found.client_ref):
        raise CallbackUnreadable("neither an id nor a reference")
    return found


def _split(raw: bytes) -> list[tuple[str, bytes]]:
    # Latin-1 carries every byte through the splitting unharmed; the real decoding comes later, value by value.
    try:
        pairs = parse_qsl(
            raw.decode("latin-1").strip(),
            keep_blank_values=True,
            encoding="latin-1",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise CallbackUnreadable("more fields than any provider sends") from None
    return [(name, value.encode("latin-1")) for name, value in pairs]


def _multipart(body: bytes, kind: str) -> list[tuple[str, bytes]]:
    # By hand: the email package follows nested parts, as deep as a stranger likes.
    boundary = _BOUNDARY.search(kind)
    if not boundary:
        raise CallbackUnreadable("a multipart form without its boundary")
    line = b"\r\n--" + boundary[1].encode("latin-1", "replace")
    parts = (b"\r\n" + body).split(line, MAX_FIELDS)[1:]
    if not parts or not parts[-1].startswith(b"--"):
        # Cut off on its way: what is there of the last field would be taken for all that a customer wrote.
        raise CallbackUnreadable("a multipart form without its end")
    pairs = []
    for part in parts:
        head, _, value = part.partition(b"\r\n\r\n")
        if name := _PART_NAME.search(head[:MAX_PART_HEAD]):
            pairs.append((as_text(name[1]), value))
    return pairs
