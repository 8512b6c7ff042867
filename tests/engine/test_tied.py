"""A reply that names the text it answers is taken for an answer to that one, not to the newest that fits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.customer import Customer
from bot.domain.decision import Decision
from bot.domain.effects import OpenPrompt
from bot.domain.events import Event, ReplyReceived, SendFinished
from bot.domain.ids import client_ref, extension_of
from bot.domain.messages import InboundMessage
from bot.engine.decide import decide
from bot.engine.simulate import CUSTOMER, PHONE, Simulation
from tests.engine.minds import packaged_mind

NOW = datetime.fromisoformat("2025-07-02T10:00:00+08:00")


def asked() -> tuple[Customer, list[str]]:
    """A customer with a rating and, newer, a quiz: "1" fits both."""
    simulation = Simulation(packaged_mind(), NOW)
    simulation.ask("rating", "请打分")
    simulation.wait(timedelta(minutes=5))
    simulation.ask("quiz", "小暑是第几个节气?", options=("第十", "第十一"))
    opened = [e.prompt.id for d in simulation.decisions for e in d.entry.effects if isinstance(e, OpenPrompt)]
    return simulation.customer, opened


def replies(customer: Customer, text: str = "1", *, later: timedelta = timedelta(hours=1), **named: str) -> Decision:
    now = NOW + later
    message = InboundMessage(sender=PHONE, text=text, account="sms", message_id="m1", **named)
    event = Event(
        id="in-1",
        shop="default",
        customer=CUSTOMER,
        phone=PHONE,
        at=now,
        received_at=now,
        what=ReplyReceived(message=message),
    )
    return decide(customer, event, packaged_mind(), now)


def kinds(decision: Decision) -> list[str]:
    return [effect.kind for effect in decision.entry.effects]


def test_without_a_name_the_newest_that_fits_takes_it() -> None:
    customer, _ = asked()
    assert "record_quiz_answer" in kinds(replies(customer))


def test_our_own_reference_leads_to_its_prompt() -> None:
    customer, [rating, quiz] = asked()
    texts = {one.id: one.message for one in customer.prompts}
    assert all(texts.values()), "a prompt knows its text once that has left"
    assert "record_rating" in kinds(replies(customer, client_ref=client_ref(5, texts[rating])))
    assert "record_quiz_answer" in kinds(replies(customer, client_ref=client_ref(5, texts[quiz])))


def test_the_extension_code_leads_to_its_prompt() -> None:
    customer, [rating, _] = asked()
    prompts = tuple(replace(one, ext=extension_of(one.id)) for one in customer.prompts)
    tied = replace(customer, prompts=prompts)
    assert "record_rating" in kinds(replies(tied, ext=extension_of(rating)))
    assert "record_quiz_answer" in kinds(replies(tied, ext="00"))
    assert "record_quiz_answer" in kinds(replies(customer, ext=extension_of(rating))), "no text left with that code"


def test_what_does_not_fit_the_named_prompt_goes_to_one_that_it_fits() -> None:
    customer, [rating, _] = asked()
    texts = {one.id: one.message for one in customer.prompts}
    assert "record_quiz_answer" in kinds(replies(customer, "B", client_ref=client_ref(5, texts[rating])))


def test_a_foreign_reference_changes_nothing() -> None:
    customer, _ = asked()
    for reference in ("", "zz", "our order 4711", client_ref(1, "unknown")):
        assert "record_quiz_answer" in kinds(replies(customer, client_ref=reference))


def test_an_answer_to_an_expired_question_is_late_though_another_is_open() -> None:
    customer, [rating, quiz] = asked()
    texts = {one.id: one.message for one in customer.prompts}
    # The rating ran out an hour ago, the quiz is still open.
    prompts = tuple(
        replace(one, expires_at=NOW + (timedelta(hours=1) if one.id == rating else timedelta(days=30)))
        for one in customer.prompts
    )
    old = replace(customer, prompts=prompts)
    late = replies(old, "3", later=timedelta(hours=2), client_ref=client_ref(5, texts[rating]))
    assert "record_late_reply" in kinds(late)
    assert [one.id for one in late.customer.prompts if one.id == quiz] == [quiz]


def test_the_senders_word_ties_the_prompt_to_its_text() -> None:
    customer, [rating, _] = asked()
    sent = SendFinished(
        message_id="t9", outcome="sent", message_class="service", prompt=rating, ext=extension_of(rating)
    )
    event = Event(id="s", shop="default", customer=CUSTOMER, phone=PHONE, at=NOW, received_at=NOW, what=sent)
    after = decide(customer, event, packaged_mind(), NOW).customer
    known = next(one for one in after.prompts if one.id == rating)
    assert (known.message, known.ext) == ("t9", extension_of(rating))
