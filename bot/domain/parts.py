"""The receipts of a long text's parts, put together into what became of the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.domain.messages import STATE_RANK, ReportState

_FAILED: Final[tuple[ReportState, ...]] = ("failed", "rejected", "expired")


def moved(parts: Mapping[int, ReportState], number: int, state: ReportState) -> dict[int, ReportState]:
    """Note one part's receipt; a part's state only moves forward."""
    known = parts.get(number)
    if known is not None and STATE_RANK[known] >= STATE_RANK[state]:
        return dict(parts)
    return {**parts, number: state}


def combined(parts: Mapping[int, ReportState], total: int) -> ReportState | None:
    """Tell what the parts (numbered from 1) say of the whole; None as long as they do not say.

    One failed part fails the text; it is delivered when all are.
    """
    states = [parts.get(number) for number in range(1, total + 1)]
    for bad in _FAILED:
        if bad in states:
            return bad
    if None in states:
        return None
    if all(state == "delivered" for state in states):
        return "delivered"
    return "unknown" if "unknown" in states else "sent"
