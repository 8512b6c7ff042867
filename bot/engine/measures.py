"""The measures that labelled data is judged by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from bot.conversation.mood_metrics import ALERT, calibration_gap, winners
from bot.domain.decision import Decision
from bot.domain.effects import (
    CancelAppointment,
    ConfirmAppointment,
    Effect,
    RecordQuizAnswer,
    RecordRating,
    RecordSurveyAnswer,
    ReplaceAnswer,
    ReplaceRating,
    RescheduleAppointment,
)
from bot.domain.understanding import Mood

Line = Mapping[str, Any]
"""What somebody labelled."""
Row = dict[str, Any]
"""What came of it."""

AS_SETS: Final = frozenset({"also", "only", "on", "off"})
UNASKED: Final = ("rating", "option", "date", "time", "phone")
"""Slots that may not be found where none is given."""


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


def slots_hold(given: Line, found: Line) -> bool:
    """Tell whether each given slot was found equal, and none of the dear ones was found unasked."""
    for name, value in given.items():
        got = found.get(name)
        if (set(got or ()) != set(value)) if name in AS_SETS else (got != value):
            return False
    return not any(name in found and name not in given for name in UNASKED)


def score_singles(singles: Sequence[tuple[Line, Row, Decision]]) -> dict[str, Any]:
    """Judge replies: intents, slots, moods, and what was stopped or recorded that should not have been."""
    intents = Confusion((line["intent"], row["intent"]) for line, row, _ in singles)
    moods = Confusion((line["sentiment"], row["sentiment"]) for line, row, _ in singles if "sentiment" in line)
    stops = [(line["intent"] == "unsubscribe", "opt_out" in row["effects"]) for line, row, _ in singles]
    return {
        "n": len(singles),
        "intent_accuracy": intents.accuracy,
        "intent_macro_f1": intents.macro_f1,
        "slots_exact": _share(slots_hold(line.get("slots", {}), row["slots"]) for line, row, _ in singles),
        "sentiment_macro_f1": moods.macro_f1,
        "false_optouts": sum(done and not asked for asked, done in stops),
        "missed_optouts": sum(asked and not done for asked, done in stops),
        "false_records": sum(_records_falsely(line, decision) for line, _, decision in singles),
    }


def score_dialogues(dialogues: Sequence[Sequence[Row]]) -> dict[str, Any]:
    """Judge dialogues: one passes when everything that is given of all its turns holds."""
    return {
        "n": len(dialogues),
        "passed": sum(all(row["passed"] for row in rows) for rows in dialogues),
        "turns": sum(len(rows) for rows in dialogues),
        "turns_passed": sum(row["passed"] for rows in dialogues for row in rows),
    }


def score_moods(moods: Sequence[tuple[str, Mood]]) -> dict[str, Any]:
    """Judge moods, and the alerts that they would raise."""
    confusion = Confusion((label, mood.label) for label, mood in moods)
    alerts = [(label == "neg", mood.p[0] >= ALERT) for label, mood in moods]
    right_alerts = sum(bad and alert for bad, alert in alerts)
    winning = winners([mood for _, mood in moods], [label for label, _ in moods])
    return {
        "n": len(moods),
        "accuracy": confusion.accuracy,
        "macro_f1": confusion.macro_f1,
        "reversed": sum({label, mood.label} == {"neg", "pos"} for label, mood in moods),
        "ece": calibration_error(winning),
        "alert_precision": _ratio(right_alerts, sum(alert for _, alert in alerts)),
        "alert_recall": _ratio(right_alerts, sum(bad for bad, _ in alerts)),
    }


def _records_falsely(line: Line, decision: Decision) -> bool:
    """Tell whether a score, an answer or a booking was recorded or changed that the line does not have."""
    slots = line.get("slots", {})
    meant = {line["intent"], *slots.get("also", ())}
    return any(_is_false(effect, slots, meant) for effect in decision.entry.effects)


def _is_false(effect: Effect, slots: Line, meant: set[str]) -> bool:
    match effect:
        case RecordRating() | ReplaceRating():
            return slots.get("rating") != effect.rating
        case RecordQuizAnswer():
            return slots.get("option") != effect.option
        case ReplaceAnswer():
            return not {"quiz_answer", "affirm", "deny"} & meant
        case RecordSurveyAnswer():
            return not {"affirm", "deny", "quiz_answer", "praise"} & meant
        case ConfirmAppointment():
            return not {"appointment_confirm", "affirm"} & meant
        case CancelAppointment():
            return "appointment_cancel" not in meant
        case RescheduleAppointment():
            return "appointment_reschedule" not in meant
        case _:
            return False


def _share(held: Iterable[bool]) -> float:
    results = list(held)
    return _ratio(sum(results), len(results))


def _ratio(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
