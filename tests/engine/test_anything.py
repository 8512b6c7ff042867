"""Whatever happens in whatever order: no fault, one answer at most, and the log gives the customer back."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from bot.engine.apply import apply
from bot.engine.simulate import Simulation
from bot.engine.wording import ANSWER_AT_MOST
from tests.engine.minds import packaged_mind, saved_and_loaded

START = datetime.fromisoformat("2025-07-02T10:00:00+08:00")
KINDS = ("rating", "quiz", "appointment", "survey", "promo", "preference", "order", "text", "choice")
STAFF = ("take_over", "hand_back", "reply", "note", "resolve_ticket", "undo", "opt_out", "opt_in", "tag")


def something(phone: Simulation, dice: random.Random, texts: list[str], events: list[str]) -> None:
    match dice.choices(("say", "ask", "tell", "wait", "staff"), (55, 15, 15, 10, 5))[0]:
        case "say":
            late = timedelta(minutes=dice.choice((0, 5, 90)))
            heard = phone.say(dice.choice(texts), sent_at=phone.now - late if dice.random() < 0.3 else None)
            answers = [text.text for text in heard.outbox if text.message_class == "conversation"]
            assert len(answers) <= 1
            assert all(0 < len(text) <= ANSWER_AT_MOST for text in answers)
        case "ask":
            kind = dice.choice(KINDS)
            options = ("甲", "乙", "丙") if kind in {"quiz", "choice"} else ()
            phone.ask(kind, kind, options=options, appointment="a1" if kind == "appointment" else None)  # type: ignore[arg-type]
        case "tell":
            data = {
                "appointment_id": dice.choice(("a1", "a2")),
                "start": (phone.now + timedelta(days=dice.randint(0, 5))).isoformat(),
                "slots": [(phone.now + timedelta(days=3)).isoformat()],
                "order_id": f"o{dice.randint(1, 3)}",
                "quiz": dice.choice(sorted(phone.mind.content.quizzes)),
                "fields": {"birthday": "1990-07-05"},
            }
            phone.tell(dice.choice(events), data)
        case "wait":
            phone.wait(timedelta(hours=dice.choice((0.1, 1, 5, 30, 80))))
        case "staff":
            phone.staff(dice.choice(STAFF), "您好")  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(25))
def test_anything_goes(seed: int) -> None:
    dice = random.Random(seed)
    content = packaged_mind().content
    texts = [example for intent in content.intents.values() for example in (*intent.examples, *intent.near_misses)]
    texts += ["1", "2", "3", "5", "TD", "好的", "打错了,是5分", "【自动回复】开车中", "👍", ""]
    events = sorted({plan.trigger.event for plan in content.journeys.values() if plan.trigger.event})
    events += ["appointment.full", "appointment.cancelled", "customer.updated"]
    phone = Simulation(packaged_mind(), START, between=saved_and_loaded)
    for _ in range(40):
        something(phone, dice, texts, events)
    effects = [effect for decision in phone.decisions for effect in decision.entry.effects]
    assert not [one for one in effects if one.kind == "alert_staff" and one.reason in {"text_fault", "journey_fault"}]
    customer = phone.begun_with
    for decision in phone.decisions:
        customer = apply(customer, decision.entry)
    assert customer == phone.customer
