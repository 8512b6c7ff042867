"""A customer, a clock and the journeys: events and answers in, texts and effects out, state by the engine's fold."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import content as contents
from bot.domain.content import Content
from bot.domain.customer import Customer, Prompt
from bot.domain.decision import LogEntry
from bot.domain.effects import ClosePrompt, Effect, IssueReward, OpenPrompt, Schedule, SendTemplate
from bot.domain.events import BusinessEvent, Event, StaffActed, TimerDue
from bot.domain.ids import Ids
from bot.domain.shop import Shop
from bot.domain.verdict import Send, Verdict
from bot.engine.apply import apply
from bot.journeys import steps
from bot.journeys.course import Means, Moment

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2025, 7, 2, 10, tzinfo=ZONE)  # a Wednesday


@dataclass
class Walker:
    """Drives journeys through time, as the engine does, without the understanding of words."""

    content: Content
    shop: Shop = field(default_factory=lambda: Shop(name="tea", signature="森茶"))
    now: datetime = NOW
    customer: Customer = field(
        default_factory=lambda: Customer(id="c1", shop="tea", phone="+8613800000000", created_at=NOW)
    )
    verdicts: list[Verdict] = field(default_factory=list)
    """What the gates say of the next texts, in order; nothing left: send."""
    effects: list[Effect] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    events: int = 0

    def moment(self, event: str, customer: Customer | None = None) -> Moment:
        def gate(_text: SendTemplate) -> Verdict:
            return self.verdicts.pop(0) if self.verdicts else Send()

        def do(doing: Mapping[str, Any], values: Mapping[str, Any]) -> list[Effect]:
            return [IssueReward(reward=given["reward"], code="ABCD2345") for given in doing.values()]

        return Moment(
            customer=customer or self.customer,
            content=self.content,
            shop=self.shop,
            now=self.now,
            ids=Ids(event),
            means=Means(gate=gate, do=do),
        )

    @property
    def prompt(self) -> Prompt | None:
        return self.customer.prompts[-1] if self.customer.prompts else None

    @property
    def kinds(self) -> list[str]:
        return [effect.kind for effect in self.effects]

    def of(self, kind: type) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def tell(self, type_: str, **data: Any) -> "Walker":
        news = BusinessEvent(type=type_, data=data)
        return self._happen(news)

    def staff(self, **data: str) -> "Walker":
        return self._happen(StaffActed(actor="小李", action="start_journey", data=data))

    def wait(self, **span: float) -> "Walker":
        """Let time pass, and every timer come due in its order."""
        end = self.now + timedelta(**span)
        while due := min(((at, name) for name, at in self.customer.timers.items() if at <= end), default=None):
            self.now = max(due[0], self.now)
            self._due(due[1], due[0])
        self.now = end
        return self

    def answer(self, recorded: str = "", **values: Any) -> "Walker":
        """Answer the newest question, with what the engine made of the words."""
        prompt = self.prompt
        assert prompt is not None, "no question is open"
        event = self._event(BusinessEvent(type="reply"))
        closed = ClosePrompt(prompt=prompt.id, reason="answered", answer=recorded or None, answered_at=self.now)
        after = apply(self.customer, self._entry(event, [closed]))
        values = {"answer": recorded} | values
        effects = steps.answered(self.moment(event.id, after), prompt, values)
        return self._keep(event, [closed, *effects])

    def _happen(self, what: Any) -> "Walker":
        event = self._event(what)
        after = replace(apply(self.customer, self._entry(event, [])), version=0)
        return self._keep(event, steps.begin(self.moment(event.id, after), event))

    def _due(self, name: str, at: datetime) -> None:
        timer: Schedule = next(one for one in reversed(self._timers) if one.timer == name)
        due = TimerDue(timer=name, what=timer.what, due_at=at, data=timer.data)
        event = self._event(due)
        prompt = next((one for one in self.customer.prompts if one.id == timer.data.get("prompt")), None)
        moment = self.moment(event.id)
        if due.what == "prompt_expiry":
            closed = [ClosePrompt(prompt=prompt.id, reason="expired")] if prompt else []
            effects = [*closed, *steps.expired(moment, prompt)] if prompt else []
        else:
            effects = steps.advance(moment, due)
        self._keep(event, effects)

    _timers: list[Schedule] = field(default_factory=list)

    def _event(self, what: Any) -> Event:
        self.events += 1
        return Event(
            id=f"e{self.events}",
            shop="tea",
            customer="c1",
            phone="+8613800000000",
            at=self.now,
            received_at=self.now,
            what=what,
        )

    def _entry(self, event: Event, effects: list[Effect]) -> LogEntry:
        return LogEntry(event=event, decided_at=self.now, content_version=self.content.version, effects=tuple(effects))

    def _keep(self, event: Event, effects: list[Effect]) -> "Walker":
        expiries = [
            Schedule(
                timer=f"expiry:{one.prompt.id}",
                what="prompt_expiry",
                due_at=one.prompt.expires_at,
                data={"prompt": one.prompt.id},
            )
            for one in effects
            if isinstance(one, OpenPrompt)
        ]
        self.effects = [*effects, *expiries]
        self._timers += [one for one in self.effects if isinstance(one, Schedule)]
        self.texts += [one.text for one in effects if isinstance(one, SendTemplate)]
        self.customer = apply(self.customer, self._entry(event, self.effects))
        return self


@pytest.fixture(scope="session")
def content() -> Content:
    return contents.load([contents.packaged()])


@pytest.fixture
def walker(content: Content) -> Walker:
    return Walker(content)


@pytest.fixture
def planned(content: Content, tmp_path):
    """Gives a walker for a plan written in a test."""

    def plan(text: str, texts: str = "hello: 您好", name: str = "plan", **more: str) -> Walker:
        for path, body in {f"journeys/{name}": text, "templates/texts": texts, **more}.items():
            file = tmp_path / f"{path}.yaml"
            file.parent.mkdir(exist_ok=True)
            file.write_text(body, encoding="utf-8")
        return Walker(contents.load([tmp_path]))

    return plan
