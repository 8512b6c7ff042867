"""What a provider's answer to a send means where its body does not say. Nothing here raises."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from bot.domain.gateway import HttpReply, SendOutcome, SendResult, Submission
from bot.errors import CallbackUnreadable
from bot.gateways.wire.alphabets import as_text
from bot.gateways.wire.bodies import Fields, read_json

_MAX_BODY: Final = 1024 * 1024
_MAX_DETAIL: Final = 200
_MAX_WAIT: Final = 86400.0
_DIGITS: Final = re.compile(r"\d{7,}")


def text_of(reply: HttpReply) -> str:
    """Give the answer's text, trimmed."""
    return as_text(reply.body[:_MAX_BODY]).strip()


def json_value(reply: HttpReply) -> Any:
    """Give the answer's JSON value, or None where it is none."""
    try:
        return read_json(as_text(reply.body[:_MAX_BODY]))
    except CallbackUnreadable:
        return None


def json_fields(reply: HttpReply) -> Fields:
    """Give the answer's JSON object; empty where it is none."""
    value = json_value(reply)
    return Fields(value) if isinstance(value, Mapping) else Fields({})


def inner_list(fields: Fields, *path: str) -> list[Fields]:
    """Give the objects of a list that stands under the given names; empty where there is none."""
    *outer, last = path
    for name in outer:
        fields = fields.under(name)
    value = fields.values.get(last)
    return [Fields(item) for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def result(
    outcome: SendOutcome,
    *,
    message_id: str | None = None,
    code: str | None = None,
    detail: str | None = None,
    retry_after: float | None = None,
) -> SendResult:
    """Make a send's result; the provider's sentence is cut and long numbers in it are masked."""
    words = _DIGITS.sub(lambda digits: f"{digits[0][:3]}****{digits[0][-2:]}", (detail or "")[:_MAX_DETAIL])
    return SendResult(
        outcome=outcome,
        message_id=message_id or None,
        code=code or None,
        detail=words,
        retry_after=retry_after,
    )


def sent(message_id: str | None, code: str | None = None, part_ids: tuple[str, ...] = ()) -> SendResult:
    """Give the result of a text that the provider took."""
    return SendResult(outcome="sent", message_id=message_id or None, code=code or None, part_ids=part_ids)


def by_code(code: str | None, outcomes: Mapping[SendOutcome, str], detail: str | None = None) -> SendResult | None:
    """Find a provider's code in a table of outcome → codes divided by blanks; None if it stands nowhere.

    A code in the table that ends in `*` stands for all that begin so.
    """
    if not code:
        return None
    for outcome, codes in outcomes.items():
        for known in codes.split():
            if code == known or (known.endswith("*") and code.startswith(known[:-1])):
                return result(outcome, code=code, detail=detail)
    return None


def by_status(reply: HttpReply, detail: str | None = None, code: str | None = None) -> SendResult:
    """Judge by the HTTP status alone.

    429 and 503 state that nothing was taken; 401, 402 and 403 are our account; other 4xx are final. A 5xx
    or a success without sense may have been taken: `unknown`.
    """
    code = code or str(reply.status)
    if reply.status in {429, 503}:
        outcome: SendOutcome = "throttled" if reply.status == 429 else "temporary"
        return result(outcome, code=code, detail=detail, retry_after=retry_after(reply))
    if reply.status in {401, 402, 403}:
        return result("account", code=code, detail=detail)
    if 400 <= reply.status < 500 and reply.status != 408:
        return result("permanent", code=code, detail=detail)
    return result("unknown", code=code, detail=detail or "an answer that says nothing")


def per_number(
    entries: Iterable[tuple[str | None, SendResult]],
    whole: SendResult,
    submissions: tuple[Submission, ...],
) -> tuple[SendResult, ...]:
    """Deal a batch's results out by number; a number that a telling answer leaves out is `unknown`."""
    by_number = {number: entry for number, entry in entries if number}
    missing = result("unknown", detail="not named in the answer") if by_number else whole
    return tuple(by_number.get(submission.to, missing) for submission in submissions)


def retry_after(reply: HttpReply) -> float | None:
    """Give the seconds of a Retry-After header, at most a day."""
    value = reply.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) <= 9:
        return min(float(value), _MAX_WAIT)
    return None
