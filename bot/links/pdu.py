"""The PDUs of an SMPP 3.4 session itself: headers, binds, answers. Messages are smpp34's to write and to read."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

HEADER: Final = struct.Struct(">IIII")
MAX_LENGTH: Final = 70_000
"""Octets. A message_payload holds at most 65,535; a longer PDU is a stream that has lost its place."""

GENERIC_NACK: Final = 0x80000000
SUBMIT_SM: Final = 0x04
DELIVER_SM: Final = 0x05
UNBIND: Final = 0x06
BIND_TRANSCEIVER: Final = 0x09
OUTBIND: Final = 0x0B
ENQUIRE_LINK: Final = 0x15
ALERT_NOTIFICATION: Final = 0x102
RESPONSE: Final = 0x80000000

OK: Final = 0x00
BAD_LENGTH: Final = 0x02
BAD_COMMAND: Final = 0x03
QUEUE_FULL: Final = 0x14
THROTTLED: Final = 0x58
TRY_LATER: Final = 0x64
NEVER: Final = 0x65

_VERSION: Final = 0x34
_BIND_FAULTS: Final = {
    0x04: "the SMSC is not ready for a bind",
    0x05: "the SMSC takes us for bound already: another process has this account, or the old session is not over",
    0x08: "the SMSC has a fault of its own",
    0x0D: "the SMSC refuses the bind: ask the operator whether our IP address and a transceiver bind are allowed",
    0x0E: "the password is wrong",
    0x0F: "the system_id is unknown",
    0x53: "the system_type is wrong",
    0x58: "too many binds in a short time",
}


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU as it came, its body still octets."""

    command: int
    status: int
    sequence: int
    body: bytes

    def whole(self) -> bytes:
        """Give it back with its header."""
        return write(self.command, self.sequence, self.status, self.body)


def write(command: int, sequence: int, status: int = OK, body: bytes = b"") -> bytes:
    """Put the header before a body."""
    return HEADER.pack(HEADER.size + len(body), command, status, sequence) + body


def bind(system_id: str, password: str, system_type: str) -> bytes:
    """Write the body of a bind_transceiver of SMPP 3.4, with no address range of ours."""
    return _c_string(system_id) + _c_string(password) + _c_string(system_type) + bytes([_VERSION, 0, 0, 0])


def message_id(body: bytes) -> str:
    """Read the id out of a submit_sm_resp; an error's may have no body at all."""
    return body.partition(b"\0")[0][:65].decode("ascii", "replace")


def bind_fault(status: int) -> str:
    """Say why a bind was refused."""
    return f"{_BIND_FAULTS.get(status, 'the SMSC refuses the bind')} (command_status 0x{status:08X})"


def _c_string(text: str) -> bytes:
    return text.replace("\0", "").encode("ascii", "replace") + b"\0"
