"""Timers, receipts, send results, staff and business events, as decisions."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.effects import AlertStaff, OptOut
from bot.domain.events import Event, ReceiptReceived, SendFinished, TimerDue
from bot.domain.messages import DeliveryReport
from bot.engine.decide import decide
from bot.engine.simulate import CUSTOMER, PHONE, Simulation
from tests.engine.minds import packaged_mind

NOW = datetime.fromisoformat("2025-07-02T10:00:00+08:00")


def began() -> Simulation:
    return Simulation(packaged_mind(), NOW)


def event(what: object, name: str = "x1") -> Event:
    return Event(id=name, shop="default", customer=CUSTOMER, phone=PHONE, at=NOW, received_at=NOW, what=what)  # type: ignore[arg-type]


def test_a_timer_that_was_moved_does_nothing() -> None:
    simulation = began()
    simulation.ask("rating", "请打分")
    prompt = simulation.customer.prompts[0].id
    stale = TimerDue(timer=f"prompt_expiry:{prompt}", what="prompt_expiry", due_at=NOW, data={"prompt": prompt})
    decision = decide(simulation.customer, event(stale), packaged_mind(), NOW)
    assert [effect.kind for effect in decision.entry.effects] == ["stay_silent"]
    assert decision.customer.prompts


def test_an_overdue_case_calls_again() -> None:
    simulation = began()
    simulation.say("你们这东西质量太差了,用一天就坏")
    assert simulation.customer.ticket is not None
    simulation.wait(timedelta(hours=1))
    alerts = [
        effect
        for one in simulation.decisions
        for effect in one.entry.effects
        if isinstance(effect, AlertStaff) and effect.reason == "overdue"
    ]
    assert [alert.severity for alert in alerts] == ["urgent"]


def test_a_gateways_own_stop_list_is_taken_over_into_consent() -> None:
    report = DeliveryReport(state="rejected", code="21610", opted_out=True)
    receipt = ReceiptReceived(message_id="m1", report=report, message_class="marketing")
    decision = decide(None, event(receipt), packaged_mind(), NOW)
    assert decision.entry.effects[0] == OptOut(scope="marketing", how="gateway", words="21610")
    assert decision.customer.consent["marketing"].how == "gateway"
    again = decide(decision.customer, event(receipt, "x2"), packaged_mind(), NOW)
    assert not again.entry.effects


def test_a_refused_service_text_stops_everything_with_that_number() -> None:
    refused = SendFinished(message_id="m1", outcome="opted_out", message_class="service", reason="black list")
    decision = decide(None, event(refused), packaged_mind(), NOW)
    assert decision.customer.consent["all"].state == "out"


def test_a_question_that_never_left_is_closed() -> None:
    simulation = began()
    simulation.ask("rating", "请打分")
    prompt = simulation.customer.prompts[0]
    unsent = simulation.decisions[0].customer
    dropped = SendFinished(message_id="m1", outcome="dropped", message_class="service", reason="cap", prompt=prompt.id)
    decision = decide(unsent, event(dropped), packaged_mind(), NOW)
    assert decision.customer.prompts == ()
    assert decision.customer.closed[-1].reason == "stopped"
    assert decision.customer.sent == unsent.sent


def test_staff_are_told_of_a_text_that_the_customer_waits_for_in_vain() -> None:
    said = [
        ({"outcome": "temporary", "reason": "no connection"}, ["not_sent: no connection"]),
        ({"outcome": "account", "reason": "no money"}, ["not_sent: no money"]),
        ({"outcome": "dropped", "reason": "已经过了有效时间", "gate": "too_late"}, ["not_sent_in_time: "]),
        ({"outcome": "dropped", "reason": "没有通道", "gate": "route"}, ["no_route: "]),
        ({"outcome": "permanent", "reason": "no such key", "gate": "fault"}, ["send_fault: no such key"]),
        ({"outcome": "permanent", "reason": "空号"}, []),
        ({"outcome": "dropped", "reason": "客户已退订", "gate": "consent"}, []),
        ({"outcome": "sent"}, []),
    ]
    for told, expected in said:
        for message_class in ("conversation", "service", "marketing"):
            finished = SendFinished(message_id="m1", message_class=message_class, **told)  # type: ignore[arg-type]
            effects = decide(None, event(finished), packaged_mind(), NOW).entry.effects
            alerts = [f"{effect.reason}: {effect.text}" for effect in effects if isinstance(effect, AlertStaff)]
            unheard = message_class == "marketing" and told.get("gate") != "fault"
            assert alerts == ([] if unheard else expected)


def test_a_text_that_never_left_counts_for_no_cap() -> None:
    simulation = began()
    decision = simulation.ask("promo", "回复1领取")
    text = decision.outbox[0]
    assert [sent.message for sent in decision.customer.sent] == [text.id]
    dropped = SendFinished(message_id=text.id, outcome="permanent", message_class="marketing")
    assert decide(decision.customer, event(dropped), packaged_mind(), NOW).customer.sent == ()


def test_delivery_says_that_the_number_is_good() -> None:
    receipt = ReceiptReceived(message_id="m1", report=DeliveryReport(state="delivered"))
    assert decide(None, event(receipt), packaged_mind(), NOW).customer.number_state == "good"


def test_staff_take_over_answer_and_hand_back() -> None:
    simulation = began()
    simulation.staff("take_over", actor="小李")
    assert simulation.customer.paused_by == "小李"
    assert not simulation.say("在吗").outbox
    simulation.staff("reply", "我是小李,请讲", actor="小李")
    assert simulation.phone[-1].by_staff == "小李"
    simulation.staff("hand_back", actor="小李")
    assert simulation.say("在吗").outbox


def test_staff_undo_the_last_act() -> None:
    simulation = began()
    simulation.ask("rating", "请打分")
    simulation.say("1")
    assert simulation.customer.alerts
    simulation.staff("undo")
    assert simulation.customer.ratings == ()
    assert simulation.customer.alerts == ()
    assert simulation.open_prompts == ("rating",)


def test_notes_and_tags_are_kept() -> None:
    simulation = began()
    simulation.staff("note", "喜欢清淡的", actor="小李")
    simulation.staff("tag", data={"add": "老客,爱喝茶"})
    assert simulation.customer.notes == ("小李: 喜欢清淡的",)
    assert simulation.customer.tags == ("老客", "爱喝茶")


def test_the_profile_is_kept() -> None:
    simulation = began()
    simulation.tell("customer.updated", {"fields": {"name": "张敏", "gender": "female"}})
    assert simulation.customer.fields["name"] == "张敏"


def test_a_booking_that_the_shop_cancels_is_asked_about_no_more() -> None:
    simulation = began()
    simulation.tell("appointment.booked", {"appointment_id": "b1", "start": "2025-07-05T14:00:00+08:00"})
    assert simulation.open_prompts == ("appointment",)
    simulation.tell("appointment.cancelled", {"appointment_id": "b1"})
    assert simulation.open_prompts == ()
    assert simulation.customer.appointments[0].state == "cancelled"
    assert simulation.customer.runs == ()


def test_a_delivery_leads_to_a_score_and_the_score_to_its_answer() -> None:
    simulation = began()
    simulation.tell("order.delivered", {"order_id": "T100"})
    simulation.wait(timedelta(days=2))
    assert simulation.open_prompts == ("rating",)
    simulation.say("5")
    assert simulation.customer.ratings[-1].subject == "T100"
    assert "好评顾客" in simulation.customer.tags
    assert simulation.customer.runs == ()


def test_a_quiz_is_answered_and_rewarded_once() -> None:
    simulation = began()
    simulation.tell("quiz.opened", {"quiz": "qingming"})
    simulation.wait(timedelta(hours=1))
    assert simulation.open_prompts == ("quiz",)
    quiz = packaged_mind().content.quizzes["qingming"]
    simulation.say(str(quiz.right or 1))
    assert len(simulation.customer.rewards) == 1
    code = next(iter(simulation.customer.rewards))
    assert code in simulation.phone[-1].text


def test_a_stop_ends_marketing_and_takes_its_timers_back() -> None:
    simulation = began()
    simulation.tell("quiz.opened", {"quiz": "qingming"})
    assert simulation.customer.runs
    simulation.say("退订")
    assert simulation.customer.runs == ()
    assert not [timer for timer in simulation.customer.timers if timer.startswith("journey:")]
