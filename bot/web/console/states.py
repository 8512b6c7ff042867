"""How far each text of ours got, by what the sender and the receipts said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.domain.events import ReceiptReceived, SendFinished
from bot.domain.messages import STATE_RANK
from bot.web.console.because import hindrance
from bot.web.console.words import Translator

_OF_OUTCOME: Final[Mapping[str, str]] = {"expired": "dropped"}
"""What the sender calls its result, where that is no state by itself; other results are failures."""


def state_of(outcome: str) -> str:
    """Give the state that a sender's result or a receipt's word stands for."""
    return outcome if outcome in STATE_RANK else _OF_OUTCOME.get(outcome, "failed")


@dataclass(slots=True)
class States:
    """The states of many texts, by message. A state is only ever followed by one of higher rank."""

    _of: dict[str, tuple[str, str]] = field(default_factory=dict)

    def finished(self, what: SendFinished, t: Translator) -> None:
        """Take what the sender said."""
        state = "dropped" if what.outcome == "expired" else state_of(what.outcome)
        self.put(what.message_id, state, hindrance(what.reason, what.gate, t))

    def reported(self, what: ReceiptReceived, t: Translator) -> None:
        """Take what a receipt said."""
        self.put(what.message_id, what.report.state, hindrance(what.report.code or "", "", t))

    def of(self, message: str) -> tuple[str, str]:
        """Give state and reason; a text that nobody has spoken of yet waits."""
        return self._of.get(message, ("queued", ""))

    def put(self, message: str, state: str, reason: str) -> None:
        """Move a text on, never back."""
        if STATE_RANK[state] > STATE_RANK[self.of(message)[0]]:
            self._of[message] = (state, reason)
