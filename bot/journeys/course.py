"""Where a run stands: the run, its plan, and all that its next step may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from bot.domain.content import Content, Doing, Journey, Step
from bot.domain.customer import Customer, JourneyRun
from bot.domain.effects import CancelSchedule, Effect, ExitJourney, Schedule, SendTemplate
from bot.domain.ids import Ids
from bot.domain.shop import Shop
from bot.domain.verdict import Send, Verdict
from bot.errors import TemplateError
from bot.journeys.audience import about, kept

STEP_DUE: Final = "journey_step"
START_DUE: Final = "journey_start"
"""What the timers of journeys are called."""


def _send_all(_text: SendTemplate) -> Verdict:
    return Send()


def _do_nothing(doing: Doing, _values: Mapping[str, Any]) -> list[Effect]:
    raise TemplateError(f"nobody here can do {', '.join(doing)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the engine lends a journey: the gates that a text must pass, and hands for `do`."""

    gate: Callable[[SendTemplate], Verdict] = _send_all
    do: Callable[[Doing, Mapping[str, Any]], list[Effect]] = _do_nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One customer at one moment, with everything that a journey decides by."""

    customer: Customer
    content: Content
    shop: Shop
    now: datetime
    ids: Ids
    means: Means = Means()


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One run of one journey at one moment."""

    run: JourneyRun
    journey: Journey
    moment: Moment
    extra: Mapping[str, Any]
    """What the event that moves it on says: an answer's values, a business event's data."""

    @property
    def values(self) -> dict[str, Any]:
        """All names that the step's conditions and texts may use."""
        moment = self.moment
        told = {**kept(self.run.variables), **self.extra}
        return about(moment.customer, moment.shop, moment.now, told) | {"journey": self.journey.name}

    @property
    def timer(self) -> str:
        """The one timer of a run: setting it again moves it."""
        return f"journey:{self.run.id}"

    def on(self, customer: Customer) -> Course:
        """The same course with the customer as it is by now."""
        return replace(self, moment=replace(self.moment, customer=customer))

    def wait_at(self, step: Step, until: datetime, **data: str) -> list[Effect]:
        """Stand at a step until a time."""
        where = {"run": self.run.id, "journey": self.journey.name, "step": step.id, **data}
        return [Schedule(timer=self.timer, what=STEP_DUE, due_at=until, data=where)]

    def leave(self, reason: str) -> list[Effect]:
        """End the run."""
        gone: list[Effect] = [ExitJourney(run=self.run.id, reason=reason)]
        return [CancelSchedule(timer=self.timer), *gone] if self.timer in self.moment.customer.timers else gone


def course_of(run: JourneyRun, moment: Moment, extra: Mapping[str, Any] | None = None) -> Course | None:
    """Find the plan that a run is pinned to; where that is lost, the newest; None where there is no plan left."""
    journey = moment.content.pinned.get(run.version) or moment.content.journeys.get(run.journey)
    return Course(run=run, journey=journey, moment=moment, extra=extra or {}) if journey else None
