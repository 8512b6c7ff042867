"""How many pieces a text is sent and paid as, and where the pieces are cut."""

from __future__ import annotations

from typing import Final

# GSM 03.38: the default alphabet, one septet each, and the extension table, an escape and a septet.
_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION: Final = frozenset("^{}\\[~]|€\f")
GSM_SINGLE, GSM_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67


def segments(text: str, *, china_billing: bool = True) -> int:
    """Count the pieces that a text is paid as; the whole text counts, signature and opt-out words included.

    Mainland carriers count every character alike: 70 in one piece, else 67 each. Others count GSM-7 septets
    (160, else 153 each) or, where one character is not in that alphabet, UTF-16 units (70, else 67 each).
    """
    return len(split(text, china_billing=china_billing))


def split(text: str, *, china_billing: bool = True) -> tuple[str, ...]:
    """Cut a text where a gateway cuts it; the pieces joined give the text, and an empty text has none.

    Neither an escape pair of GSM-7 nor a surrogate pair of UTF-16 is cut in two.
    """
    if not china_billing and is_gsm(text):
        return _cut(text, [2 if letter in _GSM_EXTENSION else 1 for letter in text], GSM_SINGLE, GSM_PART)
    return _cut(text, [2 if letter > "\uffff" else 1 for letter in text], UCS2_SINGLE, UCS2_PART)


def is_gsm(text: str) -> bool:
    """Tell whether every character is in the GSM-7 alphabet or its extension table."""
    return all(letter in _GSM or letter in _GSM_EXTENSION for letter in text)


def _cut(text: str, sizes: list[int], single: int, part: int) -> tuple[str, ...]:
    if sum(sizes) <= single:
        return (text,) if text else ()
    pieces, start, used = [], 0, 0
    for place, size in enumerate(sizes):
        if used + size > part:
            pieces.append(text[start:place])
            start, used = place, 0
        used += size
    return (*pieces, text[start:])
