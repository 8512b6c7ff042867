"""The measures that labelled data is judged by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bot.conversation.mood_metrics import calibration_gap


class Confusion:
    """How often which label was taken for which."""

    def __init__(self, pairs: Iterable[tuple[str, str | None]]) -> None:
        self.pairs = Counter(pairs)

    @property
    def accuracy(self) -> float:
        """The share of right ones."""
        right = sum(count for (label, found), count in self.pairs.items() if label == found)
        total = sum(self.pairs.values())
        return round(right / total, 4) if total else 0.0

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the labels that occur in the data."""
        labels = sorted({label for label, _ in self.pairs})
        return round(sum(map(self._f1, labels)) / len(labels), 4) if labels else 0.0

    def _f1(self, label: str) -> float:
        hit = self.pairs[label, label]
        told = sum(count for (_, found), count in self.pairs.items() if found == label)
        there = sum(count for (known, _), count in self.pairs.items() if known == label)
        return 2 * hit / (told + there) if told + there else 0.0


def calibration_error(winning: Sequence[tuple[float, bool]]) -> float:
    """Give the expected calibration error of (probability of the winning class, whether it was right)."""
    return round(calibration_gap(winning), 4)
