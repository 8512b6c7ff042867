"""Phone numbers: to E.164, to what people may see, and to the carrier that a mainland number began with."""

from __future__ import annotations

import re
from typing import Final, Literal

import phonenumbers

Carrier = Literal["mobile", "unicom", "telecom", "broadnet", "unknown"]

# phonenumbers.carrier costs 35 MB resident; routing needs three digits of it.
_PREFIXES: Final[dict[Carrier, str]] = {
    "mobile": "134 135 136 137 138 139 147 148 150 151 152 157 158 159 172 178 182 183 184 187 188 195 197 198",
    "unicom": "130 131 132 145 146 155 156 166 167 171 175 176 185 186 196",
    "telecom": "133 141 149 153 173 174 177 180 181 189 190 191 193 199",
    "broadnet": "192",
}
_CARRIERS: Final[dict[str, Carrier]] = {
    prefix: carrier for carrier, prefixes in _PREFIXES.items() for prefix in prefixes.split()
}
_MAINLAND: Final = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})")
_MAX_DIGITS: Final = 32
_LONG: Final = re.compile(r"(?:\d[\s-]{0,2}){7}")
"""What every text with a number in it has; few others do."""


def to_e164(number: str, region: str = "CN") -> str | None:
    """Give a number in E.164 ("138…", "86138…", "0086138…" all become "+86138…"), or None if it is none."""
    number = number.strip()
    if len(number) > _MAX_DIGITS:
        return None
    # Nearly every call takes this way; the library costs 30 µs a number.
    if region == "CN" and (plain := _MAINLAND.fullmatch(number)):
        return f"+86{plain[1]}"
    if number.startswith("00"):
        number = f"+{number[2:]}"
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def mask(number: str) -> str:
    """Give what people may see of a number: 138****0000; a foreign one keeps its country and its end."""
    if number.startswith("+86") and len(number) == 14:
        return f"{number[3:6]}****{number[-4:]}"
    if len(number) > 7:
        return f"{number[:3]}****{number[-2:]}"
    return "****"


def mask_in(text: str, number: str) -> str:
    """Mask one E.164 number wherever it stands in a text, also in groups (138-0013 8000) and in full-width digits."""
    if not number or not _LONG.search(text):
        return text
    digits = number.removeprefix("+86").removeprefix("+")
    # Full-width digits follow each other as the plain ones do.
    either = (f"[{digit}{chr(ord(digit) + 0xFEE0)}]" for digit in digits)
    return re.sub(r"\+?" + r"[\s-]{0,2}".join(either), mask(number), text)


def carrier(number: str) -> Carrier:
    """Tell which carrier issued a mainland E.164 number; ported numbers have moved on, so it is a hint."""
    return _CARRIERS.get(number[3:6], "unknown") if number.startswith("+86") else "unknown"
