"""Phone numbers as providers write them, to E.164 and back to what they want to be given."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from bot.errors import CallbackIgnored, CallbackUnreadable
from bot.phone import to_e164

_CHANNEL: Final = re.compile(r"(?:whatsapp|sms|tel|rcs):", re.IGNORECASE)
_FILLING: Final = re.compile(r"[\s\-().]+")
_MAINLAND: Final = re.compile(r"(?:\+?86|0086)?0?(1[3-9]\d{9})", re.ASCII)
_SERVICE: Final = re.compile(r"(?:\+?86|0086)?(?:1[02]\d{3,19}|9[56]\d{3,10}|\d{3,7})", re.ASCII)
_MAX_LENGTH: Final = 40
_MOBILE: Final = frozenset((PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE))


def e164(raw: str | None, *, region: str | None = "CN", country: str | None = None) -> str | None:
    """Give a number in E.164, or None if it is none.

    With a `region`, a number without a country code belongs there, and 11 digits from 13 to 19 are a
    mainland mobile; with None every number is taken to carry its country code, plus sign or not.
    `country` is the code that a provider gives in a field of its own.
    """
    # Nearly every reply comes this way, and all of them pass here before they are safe.
    if region == "CN" and not country and raw and (plain := _MAINLAND.fullmatch(raw)) and raw[0] != "+":
        return f"+86{plain[1]}"
    text = unicodedata.normalize("NFKC", (raw or "")[:_MAX_LENGTH]).strip()
    text = _FILLING.sub("", _CHANNEL.sub("", text, count=1))
    if not text.lstrip("+").isascii() or not text.lstrip("+").isdigit():
        return None
    code = (country or "").lstrip("+0")
    if code.isdigit() and code.isascii() and not text.startswith(("+", "00")) and code != "86":
        return _under(code, text)
    if region == "CN" and not text.startswith("+") and (mainland := _MAINLAND.fullmatch(text)):
        return f"+86{mainland[1]}"
    if text.startswith(("+", "00")):
        return to_e164("+" + text.lstrip("+").removeprefix("00"))
    if region is None:
        return to_e164(f"+{text}")
    if region == "CN" and not text.startswith("0"):
        # No mainland mobile and no area code: what is left can only carry a country code of its own.
        return None if _SERVICE.fullmatch(text) else to_e164(f"+{text}")
    return to_e164(text, region)


def _under(code: str, text: str) -> str | None:
    """Give a number under a country code of its own field, which some providers put before the number as well.

    Indian mobiles may begin with 91 and Italian ones with 39 without it, so what is a mobile counts first.
    """
    national = to_e164(f"+{code}{text}")
    whole = to_e164(f"+{text}") if text.startswith(code) else None
    for number in (national, whole):
        if number and _is_mobile(number):
            return number
    return whole if whole and len(text) >= len(code) + 8 else national


def _is_mobile(number: str) -> bool:
    parsed = phonenumbers.parse(number)
    return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in _MOBILE


def caller(raw: str | None, *, region: str | None = "CN", country: str | None = None) -> str:
    """Give the number of one who wrote to us, in E.164.

    Raises CallbackIgnored for a service number or a name (10086, 95588, VODAFONE: nobody to answer) and
    CallbackUnreadable for what is no sender at all.
    """
    if number := e164(raw, region=region, country=country):
        return number
    text = (raw or "").strip()
    if not text:
        raise CallbackUnreadable("no sender")
    if _SERVICE.fullmatch(text) or (len(text) <= 11 and text.isascii() and text.isalpha()):
        raise CallbackIgnored("sender is a service, not a person")
    raise CallbackUnreadable("the sender is not a phone number")


def receiver(raw: str | None, *, region: str | None = "CN", country: str | None = None) -> str | None:
    """Give the number that a receipt speaks of: E.164 where it is one, else as given."""
    return e164(raw, region=region, country=country) or ((raw or "").strip() or None)


def bare(number: str) -> str:
    """Write E.164 without its plus sign."""
    return number.removeprefix("+")


def domestic(number: str) -> str:
    """Write a mainland number without its country code; a foreign one keeps its plus sign."""
    return number.removeprefix("+86")


def domestic_or_00(number: str) -> str:
    """Write a mainland number without its country code, a foreign one with 00 for the plus sign."""
    return number[3:] if number.startswith("+86") else f"00{bare(number)}"


def domestic_or_bare(number: str) -> str:
    """Write a mainland number without its country code, a foreign one without its plus sign."""
    return number[3:] if number.startswith("+86") else bare(number)


def written(number: str, form: str) -> str:
    """Write E.164 as an owner's setting says: `bare`, `plus`, or `domestic` (mainland without 86)."""
    return {"plus": number, "domestic": domestic_or_bare(number)}.get(form, bare(number))
