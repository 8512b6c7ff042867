"""From octets to text: the charsets of callbacks, GSM 03.38, UCS-2, and texts percent-encoded once too often."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

_ALIASES: Final = {
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "cp936": "gb18030",
    "gb18030": "gb18030",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "ucs-2": "utf-16-be",
    "ucs2": "utf-16-be",
    "utf-16": "utf-16-be",
    "utf16": "utf-16-be",
    "utf-16be": "utf-16-be",
    "utf16-be": "utf-16-be",
    "utf-16-be": "utf-16-be",
    "utf-16le": "utf-16-le",
    "utf-16-le": "utf-16-le",
    "big5": "big5",
}
"""Charset names that are believed; every other one (many name ISO-8859-1 and send UTF-8) is tried as none."""

_LIKELY: Final = re.compile(
    "[ -~\n\u00a0-\u04ff\u2010-\u203a\u2460-\u24ff\u2600-\u27bf\u2b00-\u2bff\u3000-\u30ff\u4e00-\u9fff"
    "\ufe0f\uff00-\uffef\U0001f000-\U0001faff]"
)
"""What people write in a reply, and what octets read in the wrong charset seldom come to."""
_PICTURES: Final = re.compile("[\u2460-\u24ff\u2600-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]")
_KANA: Final = re.compile("[\u3040-\u30ff]")
SURROGATE: Final = re.compile("[\ud800-\udfff]")
_WIDE: Final = re.compile(r"[^\x00-\x7f]")
_UNPRINTABLE: Final = re.compile(r"[^!-~]")
_BROKEN_PERCENT: Final = re.compile(r"%(?![0-9a-fA-F]{2})")

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_GSM: Final = frozenset(_BASIC.replace("\x1b", "")) | frozenset(_EXTENDED.values())


def as_text(raw: bytes, charset: str | None = None) -> str:
    """Decode what a provider sent: by its charset if that holds, else UTF-8, else GBK. Never raises.

    A UTF-8 text cut in the middle of a character (a provider that counts octets) stays UTF-8.
    """
    named = _ALIASES.get((charset or "").lower())
    if named:
        if named.startswith("utf-16") and raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            named = "utf-16"
        try:
            return raw.decode(named)
        except UnicodeDecodeError:
            pass
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    lenient = raw.decode("utf-8", "replace")
    broken = lenient.count("\ufffd")
    if broken == 1 and len(_WIDE.findall(lenient)) > 1:
        return lenient
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return lenient


def wide_or_utf8_text(raw: bytes) -> str:
    r"""Decode octets that are UTF-16 (big endian) or UTF-8, whichever reads better.

    Most short Chinese replies are sound UTF-8 too (停止 is `P\kb`), and short English ones sound UTF-16 (`TD` is 呄).
    """
    wide = ucs2_text(raw)
    try:
        written = raw.decode()
    except UnicodeDecodeError:
        return wide
    if len(raw) % 2:
        return written
    better = _likelihood(written) - _likelihood(wide)
    return written if better > 0 or (better == 0 and not _is_ordinary(wide, written)) else wide


def _likelihood(text: str) -> float:
    return len(_LIKELY.findall(text)) / max(1, len(text))


def _is_ordinary(wide: str, written: str) -> bool:
    """Tell whether a text keeps to everyday Chinese: GB 2312, or the first level of Big5 where no word is written."""
    if _KANA.search(wide):
        return False
    text = _PICTURES.sub("", wide)
    codecs = (("gb2312", 0xF7),) if written.isalnum() else (("gb2312", 0xF7), ("big5", 0xC6))
    return any(all(_lead(char, codec) <= last for char in text) for codec, last in codecs)


def _lead(char: str, codec: str) -> int:
    try:
        return char.encode(codec)[0]
    except UnicodeEncodeError:
        return 0xFF


def sound(text: str) -> str:
    """Mend surrogates that JSON escapes leave behind: pairs become characters, lone ones U+FFFD."""
    if text.isascii() or not SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def unwrapped(text: str, times: int = 2) -> str:
    """Undo percent-encoding that was put around a whole text, as long as it plainly is.

    Plainly means: nothing but printable ASCII, no percent sign that is not an escape, and octets that
    come out as UTF-8 or GBK. "100%" and "9%20折" stay as they are.
    """
    for _ in range(times):
        if "%" not in text:
            return text
        text = form_value(text)
    return text


def form_value(text: str) -> str:
    """Undo the form-encoding that a provider puts around every text: plus signs are blanks here even without escapes.

    A text that cannot be form-encoded (blanks, Chinese, a percent sign that is no escape) stays as it is.
    """
    if _UNPRINTABLE.search(text) or _BROKEN_PERCENT.search(text):
        return text
    return as_text(unquote_to_bytes(text.replace("+", " ")))


def gsm_text(raw: bytes) -> str:
    """Decode GSM 03.38 octets, one septet an octet; what the alphabet does not know is U+FFFD."""
    out: list[str] = []
    escaped = False
    for octet in raw:
        if escaped:
            out.append(_EXTENDED.get(octet, _BASIC[octet] if octet < 0x80 else "\ufffd"))
            escaped = False
        elif octet == 0x1B:
            escaped = True
        else:
            out.append(_BASIC[octet] if octet < 0x80 else "\ufffd")
    return "".join(out)


def ucs2_text(raw: bytes) -> str:
    """Decode UCS-2 octets (big-endian; a mark may say otherwise), surrogate pairs included. Never raises."""
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return raw.decode("utf-16", "replace")
    return raw.decode("utf-16-be", "replace")


def by_coding(raw: bytes, coding: int | None) -> str:
    """Decode octets by the data coding that SMPP, CMPP, Jasmin and Kannel name.

    0 is GSM 03.38 (or ASCII, which it nearly contains), 1 ASCII, 3 Latin-1, 8 UCS-2, 15 GBK.
    """
    if coding == 8:
        return ucs2_text(raw)
    if coding == 15:
        return as_text(raw, "gb18030")
    if coding == 3:
        return raw.decode("latin-1")
    if coding in {None, 0}:
        return gsm_text(raw)
    return as_text(raw)


def fits_gsm(text: str) -> bool:
    """Tell whether a text can go in the GSM 03.38 alphabet."""
    return _GSM.issuperset(text)
