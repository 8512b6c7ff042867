"""What holds for every intent's `respond`, whatever is open: it answers with words that exist, and never guesses."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import get_args

import pytest

import intents
from bot.domain.content import Faq
from bot.domain.customer import Appointment, Customer, Prompt, PromptKind
from bot.domain.effects import Effect, Reply
from bot.domain.events import Event, ReplyReceived
from bot.domain.ids import Ids
from bot.domain.messages import InboundMessage
from bot.domain.shop import Shop
from bot.domain.turn import Turn, answer_due, is_open, next_opening
from bot.domain.understanding import INTENTS, Candidate, IntentName, Mood, Slots, Understanding
from tests.engine.minds import packaged_mind

NOW = datetime.fromisoformat("2025-07-02T10:00:00+08:00")
KINDS: tuple[PromptKind | None, ...] = (None, *get_args(PromptKind))
RECORDS = {
    *("record_rating", "record_quiz_answer", "record_survey_answer", "replace_rating", "replace_answer"),
    *("confirm_appointment", "cancel_appointment", "reschedule_appointment"),
}
SHOP = Shop()


def turn(intent: IntentName, kind: PromptKind | None = None, slots: Slots | None = None, text: str = "嗯嗯") -> Turn:
    message = InboundMessage(sender="+8613800000000", text=text)
    prompt = (
        Prompt(id="p1", kind=kind, opened_at=NOW, appointment="a1" if kind == "appointment" else None) if kind else None
    )
    candidate = Candidate(intent=intent, score=1.0, layer="test", reason="", prompt="p1" if kind else None)
    return Turn(
        event=Event(
            id="e1",
            shop="default",
            customer="c1",
            phone="+8613800000000",
            at=NOW,
            received_at=NOW,
            what=ReplyReceived(message=message),
        ),
        at=NOW,
        now=NOW,
        customer=Customer(
            id="c1",
            shop="default",
            phone="+8613800000000",
            created_at=NOW,
            prompts=(prompt,) if prompt else (),
            appointments=(Appointment(id="a1", start=datetime.fromisoformat("2025-07-03T14:00:00+08:00")),),
        ),
        shop=SHOP,
        content=packaged_mind().content,
        understanding=Understanding(
            text=text,
            normalized=text,
            script="simplified",
            chosen=(candidate,),
            slots=slots or Slots(),
            mood=Mood(),
        ),
        candidate=candidate,
        ids=Ids("e1"),
        answer_for=no_answer,
    )


def no_answer(_question: str) -> Faq | None:
    return None


def respond(made: Turn) -> list[Effect]:
    asked = packaged_mind().intents[made.candidate.intent].respond
    assert asked is not None
    return list(asked(made))


def kinds(effects: list[Effect]) -> list[str]:
    return [effect.kind for effect in effects]


@pytest.mark.parametrize("intent", INTENTS)
def test_every_intent_responds_to_anything_open(intent: IntentName) -> None:
    for kind in KINDS:
        effects = respond(turn(intent, kind))
        for reply in (effect for effect in effects if isinstance(effect, Reply)):
            assert reply.template in packaged_mind().content.texts


@pytest.mark.parametrize(
    "intent", ["rating", "quiz_answer", "question", "other", "greeting", "help", "praise", "complaint"]
)
def test_nothing_is_recorded_without_a_value(intent: IntentName) -> None:
    for kind in KINDS:
        assert not RECORDS & set(kinds(respond(turn(intent, kind))))


def test_every_text_that_an_intent_names_is_there() -> None:
    named = set()
    for file in Path(intents.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say":
                named |= {part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)}
    texts = packaged_mind().content.texts
    assert {name for name in named if isinstance(name, str) and "/" not in name} <= set(texts) | {"marketing", "all"}


def test_no_answer_of_the_bot_is_longer_than_two_texts() -> None:
    for name, text in packaged_mind().content.texts.items():
        if "{%" not in text.text:
            assert len(text.text) <= 134, name


def test_a_stop_is_scoped_by_what_was_said() -> None:
    assert respond(turn("unsubscribe"))[0].scope == "marketing"  # type: ignore[union-attr]
    assert respond(turn("unsubscribe", slots=Slots(scope="all")))[0].scope == "all"  # type: ignore[union-attr]


def test_a_score_needs_its_question() -> None:
    assert kinds(respond(turn("rating", "rating", Slots(rating=4)))) == ["record_rating", "close_prompt"]
    assert respond(turn("rating", None, Slots(rating=4))) == []


def test_a_cancellation_tells_the_shop_and_stops_nothing() -> None:
    assert kinds(respond(turn("appointment_cancel", "appointment")))[:2] == ["cancel_appointment", "notify_shop"]


def test_a_no_that_speaks_of_our_texts_answers_nothing() -> None:
    made = turn("deny", "promo", text="不退订")
    unbound = Candidate(intent="deny", score=1.0, layer="test", reason="")
    assert kinds(respond(replace(made, candidate=unbound))) == ["reply"]


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2025-07-02T10:00:00+08:00", "2025-07-02T10:00:00+08:00"),
        ("2025-07-02T07:00:00+08:00", "2025-07-02T09:00:00+08:00"),
        ("2025-07-02T22:00:00+08:00", "2025-07-03T09:00:00+08:00"),
        ("2025-07-02T13:30:00+00:00", "2025-07-03T09:00:00+08:00"),
    ],
)
def test_waiting_goes_by_the_opening_hours(now: str, opens: str) -> None:
    moment = datetime.fromisoformat(now)
    assert next_opening(SHOP, moment) == datetime.fromisoformat(opens)
    assert answer_due(SHOP, moment) > moment
    assert is_open(SHOP, next_opening(SHOP, moment))
