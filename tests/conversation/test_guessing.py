"""The model behind the rules: packing, guessing, and when it may speak."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.conversation import guessing, second
from bot.conversation.guessing import Guess
from bot.domain.intent import Reading
from bot.domain.understanding import INTENTS, Candidate, IntentName, PromptView, ReplyContext

NOW = datetime(2025, 7, 2, 2, tzinfo=UTC)
READING = Reading(raw="走不开", text="走不开", whole="走不开", script="simplified")
BARE = ReplyContext(now=NOW)
BOOKED = ReplyContext(now=NOW, prompts=(PromptView(id="p", kind="appointment"),))


@pytest.fixture(scope="module")
def guesser() -> guessing.Guesser:
    return guessing.load()


def test_a_packed_model_is_the_same_model() -> None:
    weights = {"好": [at - 9 for at in range(len(INTENTS))], "不": [-127] * len(INTENTS)}
    asked = {"promo|好": [127] * len(INTENTS)}
    data = guessing.dumps(weights, asked, {"promo": [0.5] * len(INTENTS)}, [0.0] * len(INTENTS), 0.01, {"n": 1})
    model = guessing.loads(data)
    assert model.guess("好", "promo").intent == INTENTS[-1]
    assert data == guessing.dumps(weights, asked, {"promo": [0.5] * len(INTENTS)}, [0.0] * len(INTENTS), 0.01, {"n": 1})


@pytest.mark.parametrize("junk", [b"", b"x", guessing.gzip.compress(b"{}\0"), guessing.gzip.compress(b"nothing")])
def test_what_is_no_model_is_refused(junk: bytes) -> None:
    with pytest.raises(ValueError, match="intent model"):
        guessing.loads(junk)


def test_probabilities_are_such_for_any_text(guesser: guessing.Guesser) -> None:
    for text in ("", "好", "家里走不开,改天吧", "字" * 2000, "\x00👍a1"):
        assert 1 / len(INTENTS) <= guesser.guess(text, "none").p <= 1.0


def test_what_was_asked_counts(guesser: guessing.Guesser) -> None:
    assert guesser.guess("来不了啦", "appointment").intent == "appointment_cancel"


def _claim(intent: IntentName, layer: str, score: float = 0.8) -> Candidate:
    return Candidate(intent=intent, score=score, layer=layer, reason="r")


@pytest.mark.parametrize(
    ("layer", "p", "context", "intent", "taken"),
    [
        (None, 0.5, BARE, "human_handoff", True),
        (None, 0.4, BARE, "human_handoff", False),
        (None, 0.75, BARE, "unsubscribe", False),
        (None, 0.9, BARE, "unsubscribe", True),
        (None, 0.9, BARE, "rating", False),
        (None, 0.9, BARE, "appointment_cancel", False),
        (None, 0.9, BOOKED, "appointment_cancel", True),
        ("mood", 0.5, BARE, "human_handoff", True),
        ("pattern", 0.8, BARE, "human_handoff", False),
        ("pattern", 0.9, BARE, "human_handoff", True),
        ("prompt", 0.99, BARE, "human_handoff", False),
    ],
)
def test_it_speaks_where_the_rules_are_weak(layer, p, context, intent, taken) -> None:
    rules = () if layer is None else (_claim("complaint", layer),)
    guess = Guess(intent, p, {"complaint": 0.2}, words=lambda: ("词",))
    heard = second.second_opinion(rules, READING, context, guess)
    assert (bool(heard) and heard[0].intent == intent) is taken
    if taken:
        assert "词" in heard[0].reason


@pytest.mark.parametrize(
    ("rules", "believed", "guess", "p", "chosen"),
    [
        (_claim("unsubscribe", "stop"), 0.001, "deny", 0.8, ["deny"]),
        (_claim("unsubscribe", "stop"), 0.2, "deny", 0.7, ["unsubscribe"]),
        (_claim("unsubscribe", "stop", 0.97), 0.0, "deny", 0.99, ["unsubscribe"]),
        (_claim("unsubscribe", "stop"), 0.001, "deny", 0.3, []),
        (_claim("unsubscribe", "stop"), 0.001, "other", 0.9, []),
        (_claim("complaint", "phrase"), 0.01, "praise", 0.75, ["praise"]),
        (_claim("complaint", "phrase"), 0.3, "praise", 0.75, ["complaint"]),
        (_claim("complaint", "phrase"), 0.01, "praise", 0.6, ["complaint"]),
        (_claim("affirm", "exact"), 0.01, "deny", 0.95, ["deny"]),
        (_claim("affirm", "exact"), 0.01, "deny", 0.8, ["affirm"]),
        (_claim("appointment_reschedule", "prompt"), 0.01, "question", 0.95, ["question"]),
        (_claim("appointment_reschedule", "prompt"), 0.03, "question", 0.95, ["appointment_reschedule"]),
        (_claim("rating", "prompt"), 0.0, "complaint", 0.99, ["rating"]),
    ],
)
def test_it_doubts_what_is_out_of_place(rules, believed, guess, p, chosen) -> None:
    told = Guess(guess, p, {rules.intent: believed})
    assert [one.intent for one in second.second_opinion((rules,), READING, BARE, told)] == chosen
