"""Texts as the network carries them: octets by alphabet, the parts of a long one, and headers before the text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from bot.domain.messages import Part
from bot.errors import GatewayError
from bot.gateways.wire.alphabets import as_text, gsm_text, ucs2_text
from bot.gateways.wire.parts import from_udh

Alphabet = Literal["gsm-7", "latin-1", "ascii"]
"""What an SMSC takes data coding 0 for; GSM-7 goes unpacked, one septet an octet."""

MAX_PARTS: Final = 255
_ESCAPE: Final = 0x1B
_UCS2: Final = 8
_CHARSETS: Final = {3: "latin-1", 5: "shift_jis", 6: "iso8859-5", 7: "iso8859-8", 10: "iso2022_jp", 14: "euc_kr"}
_BINARY: Final = frozenset({2, 4})


def _septets() -> dict[str, bytes]:
    plain = {gsm_text(bytes([n])): bytes([n]) for n in range(0x80) if n != _ESCAPE}
    pairs = (bytes([_ESCAPE, n]) for n in range(0x80) if n != _ESCAPE)
    return {gsm_text(pair): pair for pair in pairs if gsm_text(pair) not in plain} | plain


_SEPTETS: Final = _septets()


@dataclass(frozen=True, slots=True)
class Coded:
    """A text ready to go: each part's octets, with its header where there are several."""

    data_coding: int
    parts: tuple[bytes, ...]


def coded(text: str, alphabet: Alphabet, ref: int) -> Coded:
    """Encode a text as GSM-7 where it fits, else as UCS-2, and split it where it is too long for one part.

    GSM-7: 160 septets, or 153 a part; UCS-2: 70 units of 16 bits, or 67. An escaped character or a surrogate
    pair is never torn. `ref` (0 to 255) ties the parts together. Raises GatewayError above 255 parts.
    """
    if all(char in _SEPTETS for char in text) and (alphabet == "gsm-7" or _fits(text, alphabet)):
        units = ((_octets(char, alphabet), len(_SEPTETS[char])) for char in text)
        pieces = _split(units, 160, 153)
        data_coding = 0
    else:
        wide = (char.encode("utf-16-be", "replace") for char in text)
        pieces = _split(((octets, len(octets) // 2) for octets in wide), 70, 67)
        data_coding = _UCS2
    if len(pieces) > MAX_PARTS:
        raise GatewayError(f"the text needs {len(pieces)} parts; a phone joins at most {MAX_PARTS}")
    if len(pieces) == 1:
        return Coded(data_coding, tuple(pieces))
    total = len(pieces)
    headed = (bytes([5, 0, 3, ref & 0xFF, total, number]) + piece for number, piece in enumerate(pieces, start=1))
    return Coded(data_coding, tuple(headed))


def header(octets: bytes) -> tuple[Part | None, bytes]:
    """Take a user data header off: which part it names (8-bit or 16-bit reference), and the text's octets.

    A header that does not hold is none: then all octets are the text, and nothing is lost.
    """
    if not octets or octets[0] >= len(octets):
        return None, octets
    return from_udh(octets), octets[octets[0] + 1 :]


def piece(ref: int, total: int, number: int) -> Part | None:
    """Name a part; None where the numbers make no sense or there is only one."""
    if total < 2 or not 1 <= number <= total:
        return None
    return Part(ref=str(ref), total=total, number=number)


def text_of(octets: bytes, data_coding: int, alphabet: Alphabet) -> str | None:
    """Decode what a phone wrote, by SMPP's data coding or GSM 03.38's; None where it is binary. Never raises.

    Octets that the alphabet cannot hold are taken for UTF-8 or GBK: some SMSCs declare no coding at all.
    """
    coding = _smpp_coding(data_coding)
    if coding in _BINARY:
        return None
    if coding == _UCS2:
        return ucs2_text(octets)
    if coding == 0 and alphabet == "latin-1":
        return octets.decode("latin-1")
    if coding == 0 and alphabet == "gsm-7" and octets.isascii():
        return gsm_text(octets)
    if charset := _CHARSETS.get(coding):
        return octets.decode(charset, "replace")
    return as_text(octets)


def _smpp_coding(data_coding: int) -> int:
    if data_coding >= 0xF0:  # GSM 03.38, message class: bit 2 tells 8-bit data from the default alphabet
        return 4 if data_coding & 0x04 else 0
    if 0x10 <= data_coding < 0x40:  # GSM 03.38, general group: bits 3 and 2 are the alphabet
        return (0, 4, _UCS2, 0)[data_coding >> 2 & 3]
    return data_coding


def _octets(char: str, alphabet: Alphabet) -> bytes:
    return _SEPTETS[char] if alphabet == "gsm-7" else char.encode(alphabet)


def _fits(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _split(units: Iterable[tuple[bytes, int]], single: int, each: int) -> list[bytes]:
    known = tuple(units)
    if sum(size for _, size in known) <= single:
        return [b"".join(octets for octets, _ in known)]
    pieces, piece_now, room = [], bytearray(), each
    for octets, size in known:
        if size > room:
            pieces.append(bytes(piece_now))
            piece_now, room = bytearray(), each
        piece_now += octets
        room -= size
    return [*pieces, bytes(piece_now)]
