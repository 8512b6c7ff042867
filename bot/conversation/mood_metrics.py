"""How good a mood scorer is: the figures that `huixin eval` and `huixin train mood` show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

from bot.domain.understanding import Mood, MoodLabel

ALERT: Final = 0.8
"""At this probability of "neg" staff are alerted."""
BINS: Final = 10
_LABELS: Final[tuple[MoodLabel, ...]] = get_args(MoodLabel)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodFigures:
    """The figures of one run over labelled replies; all but `n` are shares in [0, 1]."""

    n: int
    accuracy: float
    macro_f1: float
    reversed: float
    """Of the replies that are neg or pos, those told as the other."""
    ece: float
    """Expected calibration error over ten equal bins of the winning class."""
    alert_precision: float
    """Of the alerts, those that were neg; 1 without alerts."""
    alert_recall: float
    """Of the neg replies, those that raised an alert."""


def measure(moods: Sequence[Mood], labels: Sequence[MoodLabel]) -> MoodFigures:
    """Compare moods with the labels that people gave."""
    pairs = list(zip([mood.label for mood in moods], labels, strict=True))
    polar = [(told, true) for told, true in pairs if true != "neu"]
    alerts = [true == "neg" for mood, true in zip(moods, labels, strict=True) if mood.p[0] >= ALERT]
    return MoodFigures(
        n=len(pairs),
        accuracy=_share(sum(told == true for told, true in pairs), len(pairs)),
        macro_f1=macro_f1(pairs),
        reversed=_share(sum(told not in (true, "neu") for told, true in polar), len(polar)),
        ece=calibration_error(moods, labels),
        alert_precision=_share(sum(alerts), len(alerts), empty=1.0),
        alert_recall=_share(sum(alerts), sum(true == "neg" for true in labels)),
    )


def macro_f1(pairs: Sequence[tuple[MoodLabel, MoodLabel]]) -> float:
    """Give the mean F1 of the classes that occur, told or true."""
    scores: list[float] = []
    for label in _LABELS:
        told = sum(one == label for one, _ in pairs)
        true = sum(other == label for _, other in pairs)
        if told or true:
            scores.append(2 * sum(one == label == other for one, other in pairs) / (told + true))
    return _share(sum(scores), len(scores))


def calibration_error(moods: Sequence[Mood], labels: Sequence[MoodLabel]) -> float:
    """Give the mean gap between how sure the scorer was and how often it was right."""
    return calibration_gap(winners(moods, labels))


def winners(moods: Sequence[Mood], labels: Sequence[str]) -> list[tuple[float, bool]]:
    """Give the probability of each winning class, and whether it was right."""
    found: list[tuple[float, bool]] = []
    for mood, true in zip(moods, labels, strict=True):
        winner = max(range(3), key=mood.p.__getitem__)
        found.append((mood.p[winner], _LABELS[winner] == true))
    return found


def calibration_gap(winning: Sequence[tuple[float, bool]]) -> float:
    """Give the expected calibration error of (probability of the winning class, whether it was right)."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for sure, right in winning:
        bins[min(int(sure * BINS), BINS - 1)].append((sure, right))
    gaps = (abs(sum(sure - right for sure, right in found)) for found in bins if found)
    return _share(sum(gaps), len(winning))


def _share(part: float, whole: float, empty: float = 0.0) -> float:
    return part / whole if whole else empty
