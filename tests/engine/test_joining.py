"""Long replies in parts: joined within 20 seconds, amended by what comes later, counted once, never mixed."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest

from bot.domain.decision import Decision
from bot.domain.effects import RecordRating, Reply, Schedule
from bot.domain.events import Event, ReplyReceived, TimerDue
from bot.domain.messages import InboundMessage, Part
from bot.engine.apply import apply
from bot.engine.decide import decide
from bot.engine.pieces import waiting
from bot.engine.simulate import CUSTOMER, PHONE, Simulation
from tests.engine.minds import packaged_mind, saved_and_loaded

NOW = datetime.fromisoformat("2025-07-02T10:00:00+08:00")


class Phone:
    """A customer who writes at length."""

    def __init__(self, kind: str | None = None) -> None:
        simulation = Simulation(packaged_mind(), NOW - timedelta(minutes=5))
        if kind:
            simulation.ask(kind, "请打分")  # type: ignore[arg-type]
        self.customer = simulation.customer
        self.now = NOW
        self.timers: dict[str, Schedule] = {}
        self.decisions: list[Decision] = []

    def piece(
        self, number: int, text: str, total: int = 3, *, ref: str = "7", ext: str | None = None, nth: int = 0
    ) -> Decision:
        """One part comes; `nth` makes a repeat by another way, with another id."""
        message = InboundMessage(
            sender=PHONE,
            text=text,
            gateway="g",
            account="sms",
            message_id=f"{ref}/{ext}/{total}/{number}/{nth}",
            ext=ext,
            part=Part(ref=ref, total=total, number=number),
            received_at=self.now,
        )
        return self.happens(f"in-{ref}-{ext}-{total}-{number}-{nth}", ReplyReceived(message=message))

    def happens(self, name: str, what: ReplyReceived | TimerDue) -> Decision:
        event = Event(
            id=name, shop="default", customer=CUSTOMER, phone=PHONE, at=self.now, received_at=self.now, what=what
        )
        before = self.customer
        decision = decide(before, event, packaged_mind(), self.now)
        assert apply(before, decision.entry) == decision.customer, "the log alone gives the state"
        self.customer = saved_and_loaded(decision.customer)
        self.decisions.append(decision)
        for timer in decision.timers:
            self.timers[timer.timer] = timer
        for timer in decision.cancelled:
            self.timers.pop(timer, None)
        return decision

    def wait(self, seconds: float) -> Decision | None:
        """Time goes by; the timer of the parts may come."""
        self.now += timedelta(seconds=seconds)
        due = [one for one in self.timers.values() if one.what == "join_parts" and one.due_at <= self.now]
        last = None
        for one in due:
            del self.timers[one.timer]
            last = self.happens(f"timer:{one.timer}", TimerDue(timer=one.timer, what=one.what, due_at=one.due_at))
        return last

    @property
    def ratings(self) -> list[tuple[int, str]]:
        return [(one.rating, one.comment) for one in self.customer.ratings]

    @property
    def said(self) -> list[str]:
        return [effect.text for one in self.decisions for effect in one.entry.effects if isinstance(effect, Reply)]


PIECES = ("4分,东西不错,", "就是快递太慢了,", "等了整整一个星期")


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_parts_in_any_order_are_understood_as_one(order: tuple[int, ...]) -> None:
    phone = Phone("rating")
    for number in order[:2]:
        decision = phone.piece(number, PIECES[number - 1])
        assert decision.entry.understanding is None
        assert not decision.outbox
        phone.now += timedelta(seconds=3)
    assert waiting(phone.customer)
    whole = phone.piece(order[2], PIECES[order[2] - 1])
    assert whole.entry.understanding is not None
    assert whole.entry.understanding.text == "".join(PIECES)
    assert [rating for rating, _ in phone.ratings] == [4]
    assert "物流" in {hit.topic for hit in whole.entry.understanding.topics}
    assert not waiting(phone.customer)
    assert phone.wait(60) is None, "the timer was taken back"
    assert len(phone.said) == 1


def test_what_is_there_after_twenty_seconds_is_answered() -> None:
    phone = Phone("rating")
    phone.piece(1, PIECES[0])
    assert phone.wait(19) is None
    decision = phone.wait(1)
    assert decision is not None
    assert decision.entry.understanding is not None
    assert decision.entry.understanding.text == PIECES[0]
    assert [rating for rating, _ in phone.ratings] == [4]


def test_a_part_that_comes_later_amends() -> None:
    phone = Phone("rating")
    phone.piece(1, "4分,就是快", 2)
    phone.wait(20)
    assert [rating for rating, _ in phone.ratings] == [4]
    phone.now += timedelta(minutes=3)
    late = phone.piece(2, "递慢了三天,包装也破了", 2)
    assert late.entry.understanding is not None
    assert late.entry.understanding.text == "4分,就是快递慢了三天,包装也破了"
    [(rating, comment)] = phone.ratings
    assert rating == 4
    assert "包装" in comment or "包装" in str(late.entry.understanding.topics)
    assert "undo" in [effect.kind for effect in late.entry.effects]
    assert len([e for e in late.entry.effects if isinstance(e, RecordRating)]) == 1


def test_a_later_part_may_turn_the_answer_round() -> None:
    phone = Phone("rating")
    phone.piece(2, "说错了,应该是2分,太差了", 2)
    phone.wait(20)
    phone.piece(1, "我本来想打5分,", 2)
    assert [rating for rating, _ in phone.ratings] == [2]


def test_a_stop_stands_whatever_follows() -> None:
    phone = Phone("rating")
    phone.piece(1, "别再给我发短信了,退订", 2)
    phone.wait(20)
    assert phone.customer.stopped("marketing")
    phone.piece(2, ",谢谢你们的服务", 2)
    assert phone.customer.stopped("marketing")


def test_a_stop_in_the_last_part_is_heard() -> None:
    phone = Phone("rating")
    phone.piece(1, "你们的东西我用了一段时间了觉得还可以不过", 2)
    phone.piece(2, "以后请不要再给我发短信了,退订", 2)
    assert phone.customer.stopped("marketing")


def test_a_repeated_part_counts_once() -> None:
    phone = Phone("rating")
    phone.piece(1, PIECES[0])
    assert [e.kind for e in phone.piece(1, PIECES[0]).entry.effects] == ["ignore_duplicate"]
    assert [e.kind for e in phone.piece(1, PIECES[0], nth=1).entry.effects] == ["ignore_duplicate"]
    phone.piece(2, PIECES[1])
    whole = phone.piece(3, PIECES[2])
    assert whole.entry.understanding is not None
    assert whole.entry.understanding.text == "".join(PIECES)
    assert [e.kind for e in phone.piece(2, PIECES[1], nth=2).entry.effects] == ["ignore_duplicate"]
    assert len(phone.said) == 1


@pytest.mark.parametrize("other", [{"ref": "8"}, {"ext": "01"}, {"total": 4}])
def test_parts_of_different_replies_never_mix(other: dict[str, object]) -> None:
    phone = Phone("rating")
    phone.piece(1, "4分,")
    phone.piece(2, "快递慢,", **{"total": 3, **other})  # type: ignore[arg-type]
    phone.piece(3, "其他都好")
    assert waiting(phone.customer)
    phone.piece(2, "客服好,")
    texts = [one.entry.understanding.text for one in phone.decisions if one.entry.understanding]
    assert texts == ["4分,客服好,其他都好"]


def test_the_same_reference_later_is_another_reply() -> None:
    phone = Phone("rating")
    phone.piece(1, "4分,", 2)
    phone.piece(2, "不错", 2)
    phone.now += timedelta(days=2)
    phone.piece(1, "请问几点", 2, nth=1)
    last = phone.piece(2, "开门?", 2, nth=1)
    assert last.entry.understanding is not None
    assert last.entry.understanding.text == "请问几点开门?"


def test_the_same_reference_at_once_with_other_words_loses_nothing() -> None:
    phone = Phone("rating")
    phone.piece(1, "4分,", 2)
    phone.piece(1, "请问几点", 2, nth=1)
    phone.piece(2, "开门?", 2, nth=1)
    phone.wait(20)
    texts = [one.entry.understanding.text for one in phone.decisions if one.entry.understanding]
    assert sorted(texts) == ["4分,", "请问几点开门?"]


@pytest.mark.parametrize("part", [Part(ref="1", total=1, number=1), Part(ref="1", total=2, number=3)])
def test_what_is_no_piece_is_a_reply_by_itself(part: Part) -> None:
    phone = Phone("rating")
    message = InboundMessage(sender=PHONE, text="5", account="sms", message_id="m", part=part)
    assert phone.happens("in-1", ReplyReceived(message=message)).entry.understanding is not None
    assert [rating for rating, _ in phone.ratings] == [5]


def test_a_code_that_came_in_parts_is_masked_in_the_whole_and_in_the_parts() -> None:
    phone = Phone()
    phone.piece(1, "【招商银行】您的验证码是 739", 2)
    decision = phone.piece(2, "201,5分钟内有效", 2)
    assert decision.entry.understanding is not None
    assert decision.entry.understanding.silence == "code"
    assert "739" not in str(decision)
