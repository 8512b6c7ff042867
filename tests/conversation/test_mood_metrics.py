"""The figures for mood scorers, on cases worked out by hand."""

import pytest

from bot.conversation.mood_metrics import calibration_error, macro_f1, measure
from bot.domain.understanding import Mood

NEG = Mood(label="neg", score=-0.9, p=(0.9, 0.1, 0.0))
NEU = Mood(label="neu", score=0.0, p=(0.1, 0.8, 0.1))
POS = Mood(label="pos", score=0.7, p=(0.0, 0.3, 0.7))


def test_all_right():
    figures = measure([NEG, NEU, POS], ["neg", "neu", "pos"])
    assert (figures.n, figures.accuracy, figures.macro_f1, figures.reversed) == (3, 1.0, 1.0, 0.0)
    assert (figures.alert_precision, figures.alert_recall) == (1.0, 1.0)
    assert figures.ece == pytest.approx((0.1 + 0.2 + 0.3) / 3)


def test_reversed_counts_only_swapped_polar_ones():
    figures = measure([POS, NEU, NEG, NEG], ["neg", "neg", "pos", "neu"])
    assert figures.reversed == pytest.approx(2 / 3)
    assert figures.accuracy == 0.0
    assert figures.alert_precision == 0.0


def test_macro_f1_by_hand():
    assert macro_f1([("neg", "neg"), ("neg", "neu"), ("pos", "pos")]) == pytest.approx((2 / 3 + 0 + 1) / 3)


def test_calibration_by_hand():
    assert calibration_error([NEG] * 10, ["neg"] * 9 + ["pos"]) == pytest.approx(0.0)
    assert calibration_error([NEG] * 10, ["pos"] * 10) == pytest.approx(0.9)


def test_nothing_to_measure():
    figures = measure([], [])
    assert (figures.n, figures.accuracy, figures.ece, figures.alert_precision) == (0, 0.0, 0.0, 1.0)
