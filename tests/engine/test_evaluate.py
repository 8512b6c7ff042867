"""The measures of `huixin eval`, on lines made for it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.understanding import Mood
from bot.engine.evaluate import UnfitLine, evaluate, passes
from bot.engine.measures import Confusion, calibration_error, slots_hold
from tests.engine.minds import packaged_mind


def unfeeling(_text: str) -> Mood:
    return Mood()


def test_a_report_has_the_parts_that_the_lines_had() -> None:
    lines = [
        {"id": "s1", "context": "rating", "text": "5", "intent": "rating", "slots": {"rating": 5}, "sentiment": "pos"},
        {
            "id": "d1",
            "turns": [{"bot": "请打分", "expect": {"opens": "rating"}}, {"user": "4", "expect": {"intent": "rating"}}],
        },
        {"text": "很好", "label": "pos"},
    ]
    result = evaluate(lines, packaged_mind(), unfeeling)
    assert set(result.report) == {"singles", "dialogues", "sentiment"}
    assert result.report["dialogues"] == {"n": 1, "passed": 1, "turns": 1, "turns_passed": 1}
    assert result.report["sentiment"]["n"] == 1
    assert set(result.rows[0]) == {
        *("id", "turn", "text", "intent", "intents", "slots", "sentiment", "score"),
        *("effects", "open_prompts", "reply", "passed"),
    }


def test_a_line_of_no_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="neither reply, dialogue nor mood"):
        evaluate([{"words": "?"}], packaged_mind(), unfeeling)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"turns": [{"usr": "4"}]}, "'user' is missing"),
        ({"turns": [{"user": 4}]}, "`user` must be a text"),
        ({"turns": [4]}, "attribute"),
        ({"turns": [{"user": "4", "expect": {"intent": "ratng"}}]}, "'ratng' is none of .*rating"),
        ({"turns": [{"bot": "?", "expect": {"opens": "ratng"}}]}, "no prompt called ratng"),
        ({"text": "4", "intent": "ratng"}, "'ratng' is none of .*rating"),
        ({"text": "4", "intent": "rating", "sentiment": "good"}, "'good' is none of .*pos"),
        ({"text": "4", "intent": "rating", "slots": {"also": ["prais"]}}, "'prais' is none of .*praise"),
        ({"text": 4, "intent": "rating"}, "`text` must be a text"),
        ({"text": "很好", "label": "good"}, "'good' is none of .*pos"),
        ({"label": "pos"}, "'text' is missing"),
    ],
)
def test_a_line_that_cannot_be_scored_is_told_by_its_number(line: dict[str, Any], says: str) -> None:
    with pytest.raises(UnfitLine, match=says) as told:
        evaluate([{"text": "很好", "label": "pos"}, line], packaged_mind(), unfeeling)
    assert told.value.number == 1


@pytest.mark.parametrize(
    ("given", "found", "holds"),
    [
        ({}, {}, True),
        ({}, {"rating": 4}, False),
        ({}, {"scope": "marketing"}, True),
        ({"rating": 4}, {"rating": 4}, True),
        ({"only": ["promo", "knowledge"]}, {"only": ["knowledge", "promo"]}, True),
        ({"also": ["rating"]}, {}, False),
        ({"date": "2025-07-04"}, {"date": "2025-07-04", "time": "10:00"}, False),
    ],
)
def test_slots(given: dict[str, object], found: dict[str, object], holds: bool) -> None:
    assert slots_hold(given, found) is holds


def test_a_turn_passes_if_everything_given_holds() -> None:
    row = {"intent": "rating", "slots": {}, "sentiment": "neu", "effects": ["reply"], "open_prompts": []}
    assert passes({"intent": "rating", "actions": ["reply"], "context_after": "none"}, row)
    assert not passes({"not_actions": ["reply"]}, row)
    assert not passes({"context_after": "rating"}, row)


def test_turns_are_handled_in_order_of_arrival_and_judged_by_their_writing() -> None:
    line = {
        "id": "d",
        "turns": [
            {"bot": "请打分", "expect": {"opens": "rating"}},
            {"user": "5", "after": "PT10M", "expect": {"actions": ["record_rating"]}},
            {
                "user": "1",
                "after": "PT5M",
                "sent_at": "2025-07-02T10:05:00+08:00",
                "expect": {"not_actions": ["replace_rating"]},
            },
            {"user": "5", "at": "2025-07-02T11:00:00", "expect": {"not_actions": ["record_rating"]}},
        ],
    }
    report = evaluate([line], packaged_mind(), unfeeling).report
    assert report["dialogues"]["passed"] == 1


def test_measures() -> None:
    confusion = Confusion([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")])
    assert confusion.accuracy == 0.75
    assert confusion.macro_f1 == pytest.approx((2 / 3 + 0.8) / 2, abs=1e-4)
    assert calibration_error([(0.9, True), (0.9, True), (0.9, False), (0.9, True)]) == pytest.approx(0.15)
