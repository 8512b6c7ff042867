"""Consent by the time of writing: what arrives late does not undo what was written later."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pydantic import TypeAdapter

from bot.domain.customer import Customer
from bot.domain.decision import Decision
from bot.domain.events import Event, ReplyReceived
from bot.domain.messages import InboundMessage
from bot.domain.shop import Shop
from bot.domain.verdict import Never, Send
from bot.engine.apply import apply
from bot.engine.decide import decide
from bot.engine.simulate import CUSTOMER, PHONE, Simulation
from bot.outbound.gates import check
from tests.engine.minds import packaged_mind, saved_and_loaded

NOW = datetime.fromisoformat("2025-07-02T10:00:00+08:00")


def said(phone: Simulation, text: str, written: int, came: int) -> Decision:
    """The customer wrote at one minute and we heard of it at another, both counted from the beginning."""
    phone.wait_until(NOW + timedelta(minutes=came))
    return phone.say(text, sent_at=NOW + timedelta(minutes=written))


def kinds(decision: Decision) -> list[str]:
    return [effect.kind for effect in decision.entry.effects]


@pytest.mark.parametrize(
    ("stop", "scope", "told"), [("退订", "marketing", "停发营销短信"), ("什么都别发", "all", "停发所有短信")]
)
def test_an_older_start_that_comes_late_does_not_undo_a_newer_stop(stop: str, scope: str, told: str) -> None:
    phone = Simulation(packaged_mind(), NOW, between=saved_and_loaded)
    said(phone, stop, 60, 60)
    said(phone, "你们几点开门", 61, 61)
    late = said(phone, "恢复订阅", 50, 62)
    assert kinds(late) == ["count", "reply"]
    assert told in phone.phone[-1].text
    assert phone.customer.stopped("marketing")
    assert phone.customer.consent[scope].at == NOW + timedelta(minutes=60)
    assert kinds(said(phone, "恢复订阅", 63, 64)) == [*["opt_in"] * len({"marketing", scope}), "reply"]
    assert not phone.customer.stopped("marketing")


def test_a_start_of_the_same_moment_is_taken_in_the_order_of_arrival() -> None:
    phone = Simulation(packaged_mind(), NOW)
    said(phone, "退订", 60, 62)
    assert "opt_in" in kinds(said(phone, "恢复订阅", 60, 63))


def test_what_is_older_than_the_stop_comes_back_and_what_is_not_stays_stopped() -> None:
    phone = Simulation(packaged_mind(), NOW)
    phone.staff("opt_out", data={"scope": "promo"})
    said(phone, "退订", 60, 60)
    assert kinds(said(phone, "恢复订阅", 50, 62))[0] == "opt_in"
    assert {scope: one.state for scope, one in phone.customer.consent.items()} == {"promo": "in", "marketing": "out"}


def test_where_the_gateway_answers_a_start_itself_an_overtaken_one_gets_no_answer() -> None:
    phone = Simulation(packaged_mind(), NOW)
    said(phone, "退订", 60, 60)
    heard = InboundMessage(sender=PHONE, text="START", gateway="g", account="g", opt_out_type="START")
    written, came = NOW + timedelta(minutes=50), NOW + timedelta(minutes=62)
    what = ReplyReceived(message=heard)
    event = Event(id="late", shop="default", customer=CUSTOMER, phone=PHONE, at=written, received_at=came, what=what)
    decision = decide(phone.customer, event, packaged_mind(), came)
    assert kinds(decision) == ["count", "stay_silent"]
    assert apply(phone.customer, decision.entry).stopped("marketing")


def test_a_stop_that_comes_late_is_obeyed_and_said_so() -> None:
    phone = Simulation(packaged_mind(), NOW)
    said(phone, "恢复订阅", 60, 60)
    late = said(phone, "退订", 50, 62)
    assert kinds(late) == ["opt_out", "reply"]
    assert phone.customer.stopped("marketing")
    assert "恢复订阅" in phone.phone[-1].text


def test_an_older_stop_does_not_make_a_newer_one_older() -> None:
    phone = Simulation(packaged_mind(), NOW)
    said(phone, "退订", 60, 60)
    said(phone, "别再发了", 40, 61)
    stop = phone.customer.consent["marketing"]
    assert (stop.words, stop.heard_at) == ("退订", NOW + timedelta(minutes=61))
    assert "opt_in" not in kinds(said(phone, "恢复订阅", 50, 62))


@pytest.mark.parametrize(("written", "stopped"), [(50, True), (61, False)])
def test_only_a_slip_that_was_written_after_the_stop_undoes_it(written: int, stopped: bool) -> None:
    phone = Simulation(packaged_mind(), NOW)
    phone.ask("rating", "请打分")
    said(phone, "4分,别再发了", 60, 60)
    said(phone, "手滑了", written, 62)
    assert phone.customer.stopped("marketing") is stopped


def test_after_a_stop_of_all_nothing_leaves_whatever_the_clock_of_the_vendor_says() -> None:
    phone = Simulation(packaged_mind(), NOW)
    queued = said(phone, "你们几点开门", 0, 1).outbox[0]
    said(phone, "什么都别发", 0, 2)
    assert isinstance(check(queued, phone.customer, Shop(), phone.now), Never)
    phone.wait(timedelta(hours=1))
    assert phone.staff("reply", "亲,再看看我们的新品吧").outbox[0].text not in [text.text for text in phone.phone]
    said(phone, "在吗", 70, 71)
    asked = phone.staff("reply", "在的").outbox[0]
    assert check(asked, phone.customer, Shop(), phone.now) == Send()


def test_a_customer_stored_before_we_kept_when_we_heard_a_stop_still_loads() -> None:
    phone = Simulation(packaged_mind(), NOW)
    said(phone, "什么都别发", 0, 2)
    adapter = TypeAdapter(Customer)
    stored = adapter.dump_python(phone.customer, mode="json")
    del stored["consent"]["all"]["heard_at"], stored["consent"]["all"]["decided_at"]
    loaded = adapter.validate_python(stored)
    assert loaded.stopped("service")
    older = replace(phone.staff("reply", "在的").outbox[0], created_at=NOW - timedelta(minutes=1))
    assert isinstance(check(older, loaded, Shop(), phone.now), Never), "the vendor's time is all that is known"
