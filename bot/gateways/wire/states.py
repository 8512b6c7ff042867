"""The operators' words for what became of a text, and ours for them."""

from __future__ import annotations

from typing import Final

from bot.domain.messages import ReportState

_STATES: Final[dict[str, ReportState]] = {
    "DELIVRD": "delivered",
    "DELIVERED": "delivered",
    "ACCEPTD": "sent",
    "ACCEPTED": "sent",
    "ENROUTE": "sent",
    "EXPIRED": "expired",
    "REJECTD": "rejected",
    "REJECTED": "rejected",
    "REJECT": "rejected",
    "UNKNOWN": "unknown",
    "UNDELIV": "failed",
    "DELETED": "failed",
}


def by_stat(word: str | None) -> ReportState:
    """Give our word for an SMPP or CMPP `stat`; any other error word of an operator is `failed`."""
    stat = (word or "").strip().upper()
    return _STATES.get(stat, "failed") if stat else "unknown"
