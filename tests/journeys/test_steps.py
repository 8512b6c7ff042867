"""What each kind of step does, how runs begin and end, and that a run keeps the plan it began with."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.customer import Consent
from bot.domain.effects import AlertStaff, ExitJourney, Schedule, SendTemplate, Tag
from bot.domain.events import BusinessEvent, Event, ReplyReceived, TimerDue
from bot.domain.messages import InboundMessage
from bot.domain.verdict import Never
from bot.journeys import experiments, steps

HEAD = "title: 试\nmessage_class: service\n"


def test_a_wait_for_ends_with_its_event_or_its_time(planned):
    plan = (
        HEAD
        + """
trigger: {event: a.b}
key: id
steps:
  - {id: for, kind: wait_for, event: c.d, timeout: P1D, on_none: nobody}
  - {id: came, kind: tag, add: [来了], to: end}
  - {id: nobody, kind: tag, add: [没来]}
"""
    )
    walker = planned(plan).tell("a.b", id="1").tell("c.d", id="2")
    assert walker.customer.tags == ()
    assert walker.tell("c.d", id="1").customer.tags == ("来了",)
    walker = planned(plan).tell("a.b", id="1").wait(days=2)
    assert (walker.customer.tags, walker.customer.runs) == (("没来",), ())
    assert planned(plan).tell("a.b", id="1").tell("c.d").customer.tags == ("来了",)


def test_conditions_see_profile_event_and_earlier_tags(planned):
    walker = planned(
        HEAD
        + """
trigger: {event: a.b}
audience: amount | float > 100 and city == '上海'
steps:
  - {id: mark, kind: tag, add: [贵客]}
  - {id: look, kind: branch, branches: [{when: "'贵客' in tags and items[0] == '茶'", to: yes}, {to: end}]}
  - {id: yes, kind: send, text: hello}
"""
    )
    walker.tell("a.b", amount="99", items=["茶"])
    assert walker.customer.runs == ()
    walker.customer = replace(walker.customer, fields={"city": "上海"})
    walker.tell("a.b", amount="120", items=["茶"])
    assert walker.texts == ["您好"]


def test_a_reward_is_named_in_the_next_text(planned):
    walker = planned(
        HEAD
        + """
trigger: {event: a.b}
steps:
  - {id: give, kind: do, do: [{issue_reward: {reward: tea}}]}
  - {id: tell, kind: send, text: won}
""",
        texts="won: 兑换码{{ code }},{{ reward }}",
        **{"words/rewards": "tea: 新茶一泡"},
    ).tell("a.b")
    assert walker.texts == ["兑换码ABCD2345,新茶一泡"]
    assert walker.of(SendTemplate)[0].variables == {"code": "ABCD2345", "reward": "新茶一泡"}


def test_waits_count_from_the_clock_in_the_customers_zone(planned):
    plan = (
        HEAD
        + """
trigger: {event: a.b}
steps:
  - {id: later, kind: wait, wait: PT1H, at: "09:00"}
  - {id: on, kind: wait, until: day, at: "20:00"}
  - {id: say, kind: send, text: hello}
"""
    )
    walker = planned(plan)
    walker.customer = replace(walker.customer, fields={"zone": "Asia/Tokyo"})
    walker.tell("a.b", day="2025-07-05")
    due = walker.of(Schedule)[0].due_at
    assert due == datetime.fromisoformat("2025-07-03T09:00:00+09:00")
    walker.wait(days=1)
    assert walker.of(Schedule)[0].due_at == datetime.fromisoformat("2025-07-05T20:00:00+09:00")
    late = planned(plan).tell("a.b", day="2020-01-01").wait(days=1)
    assert late.texts == ["您好"]


@pytest.mark.parametrize("day", ["no date", "9999-12-31T23:59:59+00:00", "0001-01-01"])
def test_a_fault_calls_staff_and_the_run_goes_on(planned, day):
    walker = planned(
        HEAD
        + """
trigger: {event: a.b}
steps:
  - {id: broken, kind: send, text: needs}
  - {id: date, kind: wait, until: day, wait: P1D, at: "20:00"}
  - {id: say, kind: send, text: hello}
""",
        texts="needs: '{{ fields.nobody }}'\nhello: 您好",
    )
    walker.tell("a.b", day=day)
    assert [alert.reason for alert in walker.of(AlertStaff)] == ["journey_fault", "journey_fault"]
    assert "nobody" in walker.of(AlertStaff)[0].text
    assert walker.texts == ["您好"]


@pytest.mark.parametrize(("said", "begun"), [("报名", 1), (" 报名 ", 1), ("我要报名", 0)])
def test_a_keyword_begins(planned, said, begun):
    walker = planned(HEAD + "trigger: {keyword: 报名}\nsteps: [{id: a, kind: wait, wait: P1D}]")
    walker._happen(ReplyReceived(message=InboundMessage(sender="+8613800000000", text=said)))
    assert len(walker.customer.runs) == begun


def test_a_reply_ends_what_says_so_but_not_while_it_asks(planned):
    plan = (
        HEAD
        + """
trigger: {event: a.b}
exits: {replied: replied}
steps:
  - {id: a, kind: ask, prompt: text, text: hello}
  - {id: b, kind: wait, wait: P1D}
"""
    )
    walker = planned(plan).tell("a.b")
    reply = ReplyReceived(message=InboundMessage(sender="+8613800000000", text="嗯"))
    walker._happen(reply)
    assert len(walker.customer.runs) == 1
    walker.answer("嗯")._happen(reply)
    assert [effect.reason for effect in walker.of(ExitJourney)] == ["replied"]
    assert not any(timer.startswith("journey:") for timer in walker.customer.timers)


def test_a_segment_begins_when_it_is_entered_and_staff_begin_at_will(planned):
    plan = (
        HEAD
        + """
trigger: {segment: spend | float >= 1000}
steps: [{id: a, kind: wait, wait: P1D}]
"""
    )
    walker = planned(plan).tell("customer.updated", fields={"spend": "500"})
    assert walker.customer.runs == ()
    walker.tell("customer.updated", fields={"spend": "1500"})
    assert len(walker.customer.runs) == 1
    again = planned(plan)
    again.customer = replace(again.customer, fields={"spend": "1500"})
    assert again.tell("customer.updated", fields={"spend": "1600"}).customer.runs == ()
    assert len(planned(plan).staff(journey="plan", why="x").customer.runs) == 1
    assert planned(plan).staff(journey="none").customer.runs == ()


def test_a_run_keeps_its_plan_and_survives_the_loss_of_it(planned):
    plan = (
        HEAD
        + """
trigger: {event: a.b}
steps:
  - {id: a, kind: wait, wait: P1D}
  - {id: b, kind: send, text: hello}
"""
    )
    walker = planned(plan, texts="hello: 旧\nnew: 新").tell("a.b")
    newer = planned(plan.replace("text: hello", "text: new"), texts="hello: 旧\nnew: 新").content
    walker.content = replace(newer, pinned={**walker.content.pinned, **newer.pinned})
    assert walker.wait(days=2).texts == ["旧"]

    walker = planned(plan, texts="hello: 旧\nnew: 新").tell("a.b")
    walker.content = newer
    assert walker.wait(days=2).texts == ["新"]

    walker = planned(plan).tell("a.b")
    walker.content = replace(newer, journeys={}, pinned={})
    walker.wait(days=2)
    assert [effect.reason for effect in walker.of(ExitJourney)] == ["plan_gone"]


def test_a_question_closed_in_another_way_lets_the_run_go_on(planned):
    walker = planned(
        HEAD
        + """
trigger: {event: a.b}
steps:
  - {id: a, kind: ask, prompt: text, text: hello, expires_in: P1D, on_none: none}
  - {id: answered, kind: tag, add: [答了], to: end}
  - {id: none, kind: tag, add: [没答]}
"""
    ).tell("a.b")
    walker.customer = replace(walker.customer, prompts=())
    assert walker.wait(days=2).customer.tags == ("没答",)


def test_an_answer_after_the_run_has_left_does_nothing(planned):
    walker = planned(
        HEAD
        + """
trigger: {event: a.b}
steps:
  - {id: a, kind: ask, prompt: text, text: hello, expires_in: P1D}
  - {id: b, kind: wait, wait: P9D}
"""
    ).tell("a.b")
    prompt = walker.prompt
    walker.wait(days=2)
    moment = walker.moment("x")
    assert steps.answered(moment, prompt, {}) == []
    assert steps.expired(moment, prompt) == []
    stale = TimerDue(timer="t", what="journey_step", due_at=walker.now, data={"run": prompt.run, "step": "a"})
    assert steps.advance(moment, stale) == []


def test_a_stop_ends_at_the_next_step_and_at_the_gate(planned):
    plan = (
        HEAD.replace("service", "marketing")
        + """
trigger: {event: a.b}
steps:
  - {id: a, kind: wait, wait: P1D}
  - {id: b, kind: send, text: hello}
"""
    )
    out = Consent(state="out", at=datetime.fromisoformat("2025-07-02T10:00:00+08:00"), how="reply")
    walker = planned(plan).tell("a.b")
    walker.customer = replace(walker.customer, consent={"marketing": out})
    assert walker.wait(days=2).texts == []
    assert [effect.reason for effect in walker.of(ExitJourney)] == ["opted_out"]
    assert walker.tell("a.b").customer.runs == ()

    walker = planned(plan).tell("a.b")
    walker.verdicts = [Never("客户已退订,不再发送", "consent")]
    walker.wait(days=2)
    assert [effect.reason for effect in walker.of(ExitJourney)] == ["opted_out"]


def test_too_soon_too_many_and_switched_off(planned):
    plan = HEAD + "trigger: {event: a.b}\nkey: id\nagain_after: P7D\nsteps: [{id: a, kind: tag, add: [x]}]"
    walker = planned(plan).tell("a.b", id="1").tell("a.b", id="2")
    assert walker.of(Tag) == []
    assert walker.wait(days=8).tell("a.b", id="3").of(Tag) != []
    assert planned(plan + "\non: false").tell("a.b", id="1").of(Tag) == []
    many = planned(HEAD + "trigger: {event: a.b}\nkey: id\nsteps: [{id: a, kind: wait, wait: P1D}]")
    for number in range(40):
        many.tell("a.b", id=str(number))
    assert len(many.customer.runs) == 30


def test_texts_for_age_and_script(planned):
    walker = planned(
        HEAD + "trigger: {event: a.b}\nsteps: [{id: a, kind: send, text: hello}]",
        texts="hello: {text: 嗨, variants: {'age:60': 您好, traditional: 您好啊}}",
    )
    walker.tell("a.b")
    walker.customer = replace(walker.customer, fields={"birthday": "1950-01-01"})
    walker.tell("a.b")
    walker.customer = replace(walker.customer, fields={}, script="traditional")
    walker.tell("a.b")
    assert walker.texts == ["嗨", "您好", "您好啊"]


def test_what_is_no_business_of_journeys_gives_nothing(walker):
    event = Event(
        id="e",
        shop="tea",
        customer="c1",
        phone="+86",
        at=walker.now,
        received_at=walker.now,
        what=BusinessEvent(type="never.heard.of"),
    )
    moment = walker.moment("e")
    assert steps.begin(moment, event) == []
    due = TimerDue(timer="t", what="other", due_at=walker.now)
    assert steps.advance(moment, due) == []


def test_arms_are_sticky_and_keep_their_shares():
    shares = {"a": 3, "b": 1}
    arms = [experiments.arm(f"customer{n}", "trial", shares) for n in range(2000)]
    assert arms == [experiments.arm(f"customer{n}", "trial", shares) for n in range(2000)]
    assert 1400 < arms.count("a") < 1600
    other = [experiments.arm(f"customer{n}", "another", shares) for n in range(2000)]
    assert sum(one != two for one, two in zip(arms, other, strict=True)) > 500


def test_the_same_event_decides_the_same(content, walker):
    first = walker.tell("quiz.opened", quiz="lichun").effects
    again = type(walker)(content).tell("quiz.opened", quiz="lichun").effects
    assert first == again
    assert timedelta() < first[1].prompt.expires_at - walker.now
