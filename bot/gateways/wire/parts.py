"""The header that ties the parts of a long text together (UDH, GSM 03.40)."""

from __future__ import annotations

from bot.domain.messages import Part


def from_udh(raw: bytes) -> Part | None:
    """Read the concatenation element of a header (8- or 16-bit reference); None where there is none."""
    if not raw or len(raw) < raw[0] + 1:
        return None
    rest = raw[1 : raw[0] + 1]
    while len(rest) >= 2:
        kind, length, data = rest[0], rest[1], rest[2 : 2 + rest[1]]
        if (kind, length, len(data)) == (0, 3, 3):
            return _part(data[0], data[1], data[2])
        if (kind, length, len(data)) == (8, 4, 4):
            return _part(data[0] << 8 | data[1], data[2], data[3])
        rest = rest[2 + length :]
    return None


def _part(ref: int, total: int, number: int) -> Part | None:
    return Part(ref=str(ref), total=total, number=number) if 0 < number <= total else None
