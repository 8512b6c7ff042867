"""The providers' ways of writing a time, to aware datetimes; one that cannot be read is None, and loses no reply."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Final

from bot.domain.events import YEARS

BEIJING: Final = timezone(timedelta(hours=8))
"""Times without a zone of mainland gateways; none of their documents says so, all of them mean it."""

_MAX_LENGTH: Final = 40
_SEPARATED: Final = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*"
    r"(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\d{1,16}(?:\.\d{1,9})?", re.ASCII)
_DIGITS: Final = re.compile(r"\d{10,17}", re.ASCII)


def moment(value: str | None, zone: tzinfo = BEIJING) -> datetime | None:
    """Read a written time: `2017-01-01 00:00:00`, ISO 8601 with any offset, RFC 2822, or digits as `compact`.

    `zone` holds where the text names none.
    """
    text = (value or "").strip()
    if not text or len(text) > _MAX_LENGTH:
        return None
    if text.isdigit():
        return compact(text, zone)
    if found := _SEPARATED.fullmatch(text):
        return _separated(found, zone)
    try:
        read = parsedate_to_datetime(text)
        return _in_our_time(read if read.tzinfo else read.replace(tzinfo=zone))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def compact(value: str | None, zone: tzinfo = BEIJING) -> datetime | None:
    """Read `yyyyMMddHHmmss`, `YYMMDDhhmmss` or `YYMMDDhhmm`, told apart by their length."""
    text = (value or "").strip()
    if not _DIGITS.fullmatch(text):
        return None
    form = {14: "%Y%m%d%H%M%S", 12: "%y%m%d%H%M%S", 10: "%y%m%d%H%M"}.get(len(text))
    if not form:
        return None
    try:
        return _in_our_time(datetime.strptime(text, form).replace(tzinfo=zone))
    except ValueError:
        return None


def unix(value: str | None) -> datetime | None:
    """Read Unix seconds or, where they would lie beyond the year 2286, milliseconds."""
    text = (value or "").strip()
    if not _NUMBER.fullmatch(text):
        return None
    try:
        seconds = float(text)
        if seconds >= 1e10:
            seconds /= 1000
        return _in_our_time(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def unix_or_written(value: str | None, zone: tzinfo = BEIJING) -> datetime | None:
    """Read a time of no declared shape.

    13 digits are Unix milliseconds; 10 digits Unix seconds up to the year 2033, from 20… on `YYMMDDhhmm`.
    """
    if not value:
        return None
    text = value.strip()
    if text.isdigit() and (len(text) == 13 or (len(text) == 10 and text < "2000000000")):
        return unix(text)
    return moment(text, zone)


def utc_stamp(now: datetime) -> str:
    """Write `2017-07-12T02:42:19Z`."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def beijing_stamp(now: datetime, form: str) -> str:
    """Write Beijing time in a given form."""
    return now.astimezone(BEIJING).strftime(form)


def _in_our_time(read: datetime) -> datetime | None:
    """Give a time that can be meant, and None for one that only stands where none was set."""
    return read if read.year in YEARS else None


def _separated(found: re.Match[str], zone: tzinfo) -> datetime | None:
    year, month, day, hour, minute, second = (int(group or 0) for group in found.groups()[:6])
    micro = int((found[7] or "").ljust(6, "0")[:6] or 0)
    offset = (found[8] or "").upper()
    if offset == "Z":
        zone = UTC
    elif offset:
        sign = -1 if offset[0] == "-" else 1
        zone = timezone(sign * timedelta(hours=int(offset[1:3]) % 24, minutes=int(offset[-2:]) % 60))
    try:
        return _in_our_time(datetime(year, month, day, hour, minute, second, micro, tzinfo=zone))
    except ValueError:
        return None
