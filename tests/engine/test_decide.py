"""Decisions: pure, deduplicated, and written so that the log gives the customer back."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import get_args

import pytest

from bot.domain.customer import Customer
from bot.domain.decision import LogEntry
from bot.domain.effects import EFFECTS, AlertStaff, Count, Effect, IssueReward, OpenPrompt, RecordRating, Reply, Tag
from bot.domain.events import BusinessEvent, Event, ReplyReceived, StaffActed
from bot.domain.messages import InboundMessage
from bot.engine.apply import SEEN_FOR, apply
from bot.engine.decide import decide
from bot.engine.simulate import CUSTOMER, PHONE, Simulation
from tests.engine.minds import packaged_mind

NOW = datetime.fromisoformat("2025-07-02T10:00:00+08:00")


def replied(text: str, name: str = "e1", at: datetime = NOW, **message: object) -> Event:
    heard = InboundMessage(sender=PHONE, text=text, gateway="g", account="g", received_at=at, **message)  # type: ignore[arg-type]
    what = ReplyReceived(message=heard)
    return Event(id=name, shop="default", customer=CUSTOMER, phone=PHONE, at=at, received_at=NOW, what=what)


def entry(effects: tuple[Effect, ...], number: int = 1, now: datetime = NOW) -> LogEntry:
    what = StaffActed(actor="小王", action="tag")
    event = Event(id=f"e{number}", shop="default", customer=CUSTOMER, phone=PHONE, at=now, received_at=now, what=what)
    return LogEntry(event=event, decided_at=now, content_version="", effects=effects, dedupe_key=f"event:e{number}")


def kinds(effects: tuple[Effect, ...]) -> list[str]:
    return [effect.kind for effect in effects]


def test_the_same_arguments_give_the_same_decision_to_the_last_id() -> None:
    simulation = Simulation(packaged_mind(), NOW)
    simulation.ask("rating", "请打分")
    event = replied("2")
    once = decide(simulation.customer, event, packaged_mind(), NOW)
    assert decide(simulation.customer, event, packaged_mind(), NOW) == once
    assert [text.id for text in once.outbox] == [text.id for text in once.outbox if text.cause == "e1"]


def test_a_newcomer_is_made_by_the_first_event() -> None:
    decision = decide(None, replied("你好"), packaged_mind(), NOW)
    assert (decision.customer.id, decision.customer.phone, decision.customer.version) == (CUSTOMER, PHONE, 1)
    assert apply(None, decision.entry) == decision.customer


def test_every_word_of_the_union_is_folded() -> None:
    assert len(EFFECTS) == len(get_args(Effect))
    simple = (Tag(add=("vip",)), Count(name="visits"), AlertStaff(alert="a", reason="test"))
    customer = apply(None, entry(simple))
    assert (customer.tags, customer.counts, customer.alerts) == (("vip",), {"visits": 1}, ("a",))


def test_histories_are_bounded() -> None:
    customer: Customer | None = None
    for number in range(600):
        effects = (
            RecordRating(prompt=f"p{number}", rating=4),
            AlertStaff(alert=f"a{number}", reason="test"),
            Tag(add=(f"t{number}",)),
            Count(name=f"c{number}"),
            IssueReward(reward="tea", code=f"r{number}"),
        )
        customer = apply(customer, entry(effects, number))
    assert customer is not None
    assert len(customer.ratings) <= 50
    assert len(customer.alerts) <= 20
    assert len(customer.tags) <= 200
    assert len(customer.counts) <= 200
    assert list(customer.rewards) == [f"r{number}" for number in range(500, 600)]
    assert len(customer.seen) <= 400


def test_what_was_seen_is_remembered_for_two_days_at_least() -> None:
    assert timedelta(hours=48) <= SEEN_FOR
    simulation = Simulation(packaged_mind(), NOW)
    simulation.ask("rating", "请打分")
    simulation.say("4", message_id="up-1")
    simulation.wait(timedelta(hours=47))
    assert kinds(simulation.say("4", message_id="up-1").entry.effects) == ["ignore_duplicate"]


def test_what_a_shop_tells_does_not_push_out_what_a_customer_said() -> None:
    simulation = Simulation(packaged_mind(), NOW)
    simulation.say("在吗", sent_at=NOW)
    for number in range(500):
        simulation.customer = apply(simulation.customer, entry((), number, simulation.now))
    assert len(simulation.customer.seen) == 400
    simulation.wait(timedelta(hours=47))
    assert kinds(simulation.say("在吗", sent_at=NOW).entry.effects) == ["ignore_duplicate"]


@pytest.mark.parametrize(
    ("first", "second", "gap", "repeat"),
    [
        ("10:01:07", "10:01:07", 600, True),  # the same second: a repeat, ten minutes later
        ("10:01:07", "10:01:20", 20, False),  # another second
        ("10:01:00", "10:01:00", 700, True),  # whole minutes, and the minute is over
    ],
)
def test_gateways_without_ids(first: str, second: str, gap: int, repeat: bool) -> None:
    simulation = Simulation(packaged_mind(), NOW)
    simulation.ask("rating", "请打分")
    simulation.ask("promo", "回复1领取")
    simulation.wait_until(datetime.fromisoformat(f"2025-07-02T{first}+08:00") + timedelta(seconds=2))
    simulation.say("1", sent_at=datetime.fromisoformat(f"2025-07-02T{first}+08:00"))
    simulation.wait(timedelta(seconds=gap))
    again = simulation.say("1", sent_at=datetime.fromisoformat(f"2025-07-02T{second}+08:00"))
    assert (kinds(again.entry.effects) == ["ignore_duplicate"]) is repeat


def test_two_honest_answers_within_a_whole_minute_both_count() -> None:
    simulation = Simulation(packaged_mind(), NOW)
    minute = NOW + timedelta(minutes=1)
    simulation.ask("rating", "请打分")
    simulation.wait_until(minute + timedelta(seconds=10))
    simulation.say("4", sent_at=minute)
    simulation.wait(timedelta(seconds=10))
    simulation.ask("rating", "再请为配送打分")
    simulation.wait(timedelta(seconds=10))
    assert "record_rating" in kinds(simulation.say("4", sent_at=minute).entry.effects)


def test_the_same_business_event_counts_once() -> None:
    simulation = Simulation(packaged_mind(), NOW)
    data = {"appointment_id": "b1", "start": "2025-07-05T14:00:00+08:00"}
    simulation.tell("appointment.booked", data, event_id="crm-1")
    assert kinds(simulation.tell("appointment.booked", data, event_id="crm-1").entry.effects) == ["ignore_duplicate"]
    assert len(simulation.customer.appointments) == 1


def test_a_gateway_that_took_the_stop_itself_is_believed_and_not_repeated() -> None:
    decision = decide(None, replied("STOP", opt_out_type="STOP"), packaged_mind(), NOW)
    assert "opt_out" in kinds(decision.entry.effects)
    assert not decision.outbox
    back = decide(decision.customer, replied("START", "e2", opt_out_type="start"), packaged_mind(), NOW)
    assert back.customer.consent["marketing"].state == "in"
    assert not back.outbox


def test_a_stop_that_the_gateway_does_not_speak_of_is_confirmed_by_us() -> None:
    # Whatever its habit: "退订" may be a word that it does not know.
    for words in ("TD", "STOP", "请以后不要再给我发短信了"):
        decision = decide(None, replied(words), packaged_mind(), NOW)
        assert decision.customer.stopped("marketing")
        assert [text.opt_out_confirmation for text in decision.outbox] == [True]


def test_no_answer_names_a_rendered_template_that_is_missing() -> None:
    broken = replace(packaged_mind(), content=replace(packaged_mind().content, texts={}))
    decision = decide(None, replied("你好"), broken, NOW)
    assert kinds(decision.entry.effects) == ["alert_staff"]
    assert not decision.outbox


def test_an_answer_is_never_said_twice_in_a_row() -> None:
    simulation = Simulation(packaged_mind(), NOW)
    said = []
    for word in ("你好", "您好", "在吗"):
        said += [effect.text for effect in simulation.say(word).entry.effects if isinstance(effect, Reply)]
    assert all(one != other for one, other in itertools.pairwise(said))


def test_unknown_business_events_are_kept_and_do_nothing() -> None:
    what = BusinessEvent(type="moon.landed", data={"x": 1})
    event = Event(id="m1", shop="default", customer=CUSTOMER, phone=PHONE, at=NOW, received_at=NOW, what=what)
    assert decide(None, event, packaged_mind(), NOW).entry.effects == ()


@pytest.mark.parametrize("text", ["", "   ", "\x00\x07", "👍", "a" * 2000, "{{ 7*7 }}", "\ud83d"])
def test_any_text_is_taken(text: str) -> None:
    decision = decide(None, replied(text), packaged_mind(), NOW)
    assert decision.customer.version == 1
    assert "49" not in "".join(message.text for message in decision.outbox)


def test_a_prompt_expires_by_its_plan() -> None:
    simulation = Simulation(packaged_mind(), NOW)
    decision = simulation.ask("rating", "请打分")
    opened = next(effect.prompt for effect in decision.entry.effects if isinstance(effect, OpenPrompt))
    assert opened.expires_at == NOW + packaged_mind().content.prompts["rating"].expires_in
    simulation.wait(timedelta(days=4))
    assert simulation.open_prompts == ()
    assert simulation.customer.closed[-1].reason == "expired"


def test_a_forwarded_code_is_kept_nowhere() -> None:
    decision = decide(None, replied("【招商银行】您的验证码是 739201,5分钟内有效"), packaged_mind(), NOW)
    assert "739201" not in str(decision)
    assert decision.entry.event.what.message.text == "【招商银行】您的验证码是 ******,5分钟内有效"  # type: ignore[union-attr]
    assert apply(None, decision.entry) == decision.customer


@pytest.mark.parametrize("kind", ["appointment.booked", "appointment.full"])
def test_a_booking_at_the_end_of_the_calendar_stops_no_reply(kind: str) -> None:
    customer: Customer | None = None
    ends = ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00"]
    for nth, (name, start) in enumerate([("appointment.booked", "2025-07-03T14:00:00+08:00"), (kind, ends[0])]):
        what = BusinessEvent(type=name, data={"appointment_id": "a", "start": start, "slots": ends})
        event = Event(id=f"b{nth}", shop="default", customer=CUSTOMER, phone=PHONE, at=NOW, received_at=NOW, what=what)
        customer = decide(customer, event, packaged_mind(), NOW).customer
    assert decide(customer, replied("好的"), packaged_mind(), NOW).outbox


def test_a_number_in_groups_is_kept_in_one_piece_or_not_at_all() -> None:
    """What is stored seals it where it stands whole; a clause may begin in its middle."""
    decision = decide(None, replied("打138-0060-0077或138 0060 0077,找人工"), packaged_mind(), NOW)
    kept = re.sub("138[- ]?0060[- ]?0077", "", str(decision))
    assert "0060" not in kept
    assert "0077" not in kept
