"""In any order of stop, start, reply, campaign, event and repeat: nothing of a stopped scope is ever sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.domain.messages import OutboundMessage
from bot.engine.simulate import Simulation
from tests.engine.minds import packaged_mind, saved_and_loaded

START = datetime.fromisoformat("2025-07-02T10:00:00+08:00")
STOPS = ("TD", "退订", "别再给我发了", "4分,就是快递慢,别再发了", "什么都别发了", "再发就投诉", "推订")
ORDINARY = ("1", "2", "5", "好的谢谢", "不退订", "在吗", "你们几点开门", "改到周五下午3点", "快递盒都压烂了", "哈哈")
STARTS = ("恢复订阅", "我要重新订阅")
PEOPLE = ("转人工", "发错人了吧,我不姓张")
EVENTS = {
    "order.paid": {"order_id": "o1"},
    "order.delivered": {"order_id": "o1"},
    "appointment.booked": {"appointment_id": "b1", "start": "2025-07-05T14:00:00+08:00"},
    "quiz.opened": {"quiz": "qingming"},
    "cart.abandoned": {"cart_id": "c1"},
    "customer.updated": {"fields": {"birthday": "1990-07-04"}},
}


class Consent(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.phone = Simulation(packaged_mind(), START, between=saved_and_loaded)
        self.posted = 0
        self.seen = 0
        self.answering = False
        self.confirmed: list[datetime] = []

    def say(self, text: str) -> None:
        self.answering = True
        self.phone.say(text)

    @rule(text=st.sampled_from(STOPS))
    def stop(self, text: str) -> None:
        self.say(text)

    @rule(text=st.sampled_from(ORDINARY))
    def reply(self, text: str) -> None:
        stopped = self.phone.customer.stopped("marketing")
        self.say(text)
        assert self.phone.customer.stopped("marketing") >= stopped, "an ordinary reply re-subscribes"

    @rule(text=st.sampled_from(STARTS))
    def start(self, text: str) -> None:
        self.say(text)
        assert not self.phone.customer.stopped("marketing")

    @rule(text=st.sampled_from(PEOPLE))
    def ask_for_people(self, text: str) -> None:
        self.say(text)

    @rule(kind=st.sampled_from(["rating", "promo", "survey", "quiz"]))
    def ask(self, kind: str) -> None:
        if not self.phone.customer.stopped("marketing"):
            self.phone.ask(kind, kind, options=["龙井", "碧螺春"] if kind == "quiz" else ())  # type: ignore[arg-type]

    @rule(what=st.sampled_from(sorted(EVENTS)))
    def event(self, what: str) -> None:
        self.phone.tell(what, EVENTS[what])

    @rule(delay=st.integers(0, 72), service=st.booleans())
    def campaign(self, delay: int, service: bool) -> None:
        self.posted += 1
        text = OutboundMessage(
            id=f"campaign-{self.posted}",
            shop="default",
            customer=self.phone.customer.id,
            message_class="service" if service else "marketing",
            text="夏日新茶上市",
            created_at=self.phone.now,
            cause="campaign",
            not_before=self.phone.now + timedelta(hours=delay),
        )
        self.phone.post(text)

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        self.phone.wait(timedelta(hours=hours))

    @rule()
    def retry(self) -> None:
        before = self.phone.customer
        if self.phone.decisions:
            repeated = self.phone.repeat(self.phone.decisions[-1])
            assert [effect.kind for effect in repeated.entry.effects] in (["ignore_duplicate"], ["stay_silent"], [])
            assert self.phone.customer.consent == before.consent

    @rule(action=st.sampled_from(["opt_out", "take_over", "hand_back", "resolve_ticket"]))
    def staff(self, action: str) -> None:
        self.phone.staff(action)  # type: ignore[arg-type]

    @invariant()
    def nothing_of_a_stopped_scope_arrives(self) -> None:
        arrived = self.phone.phone[self.seen :]
        self.seen = len(self.phone.phone)
        answering, self.answering = self.answering, False
        for text in arrived:
            if text.opt_out_confirmation:
                assert answering, "a confirmation that nobody asked for"
                continue
            if text.message_class != "conversation":
                assert not self.phone.customer.stopped(text.message_class), text
            elif self.phone.customer.stopped("service"):
                assert answering, f"written to after everything was stopped: {text.text}"

    @invariant()
    def one_confirmation_a_stop(self) -> None:
        confirmed = [text.created_at for text in self.phone.phone if text.opt_out_confirmation]
        starts = sum(effect.kind == "opt_in" for one in self.phone.decisions for effect in one.entry.effects)
        scopes = {scope for scope, consent in self.phone.customer.consent.items() if consent.state == "out"}
        days = (self.phone.now - START).days + 1
        assert len(confirmed) <= (starts + days) * max(len(scopes), 2) + 1

    @invariant()
    def marketing_runs_end_with_the_stop(self) -> None:
        content = self.phone.mind.content
        for run in self.phone.customer.runs:
            journey = content.pinned[run.version]
            assert not self.phone.customer.stopped(journey.message_class), journey.name


TestConsent = Consent.TestCase
TestConsent.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
