"""Walking a plan: step after step, until one of them waits or the run ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, assert_never

from bot.domain.content import Step
from bot.domain.copying import changed
from bot.domain.effects import AlertStaff, Effect, IssueReward, StaySilent, Tag
from bot.errors import TemplateError
from bot.journeys.asking import Done, ask, send
from bot.journeys.clock import LONGEST_WAIT, due_at
from bot.journeys.course import Course
from bot.journeys.experiments import arm_of_step
from bot.templating import condition, render

STEPS_AT_ONCE: Final = 50
"""content check finds circles; this stops one that it could not see."""


def walk(course: Course, step_id: str) -> list[Effect]:
    """Go on from a step until one waits; what goes wrong is told to staff and ends the run."""
    effects: list[Effect] = []
    for _ in range(STEPS_AT_ONCE):
        step = course.journey.step(step_id)
        if step is None:
            return [*effects, *course.leave("done")]
        try:
            done, next_id = _take(course, step)
        except TemplateError as error:
            done, next_id = _fault(course, step, str(error)), _after_fault(course, step)
        effects += done
        if next_id is None:
            return effects
        step_id = next_id
        course = _seen(course, done)
    return [
        *effects,
        *_fault(course, course.journey.steps[0], "more steps than a plan takes at once"),
        *course.leave("circle"),
    ]


def arrive(course: Course, step: Step) -> list[Effect]:
    """Go on after a step whose wait is over."""
    return walk(course, course.journey.after(step))


def turn_off(course: Course, step: Step) -> list[Effect]:
    """Go on where nothing came of a question or an awaited event."""
    return walk(course, step.on_none or course.journey.after(step))


def branch_off(course: Course, step: Step) -> list[Effect]:
    """Go on by the first branch that holds, else to the next step."""
    return walk(course, _branch(course, step))


def _take(course: Course, step: Step) -> Done:  # noqa: PLR0911 - one line for each kind of step
    after = course.journey.after(step)
    match step.kind:
        case "send":
            return send(course, step)
        case "ask":
            return ask(course, step)
        case "wait":
            due = due_at(course, step)
            return ([], after) if due <= course.moment.now else (course.wait_at(step, due), None)
        case "wait_for":
            due = course.moment.now + (step.timeout or LONGEST_WAIT)
            return course.wait_at(step, due, waiting_for=step.event or ""), None
        case "branch":
            return [], _branch(course, step)
        case "split":
            return [], arm_of_step(course.moment.customer.id, course.journey, step)
        case "tag":
            return [Tag(add=step.add, remove=step.remove)], after
        case "alert":
            return [_alert(course, step)], after
        case "do":
            return [effect for doing in step.do for effect in course.moment.means.do(doing, course.values)], after
        case "goto":
            return [], after
        case "end":
            return course.leave(step.reason or "done"), None
        case _:
            assert_never(step.kind)


def _branch(course: Course, step: Step) -> str:
    values = course.values
    taken = (branch.to for branch in step.branches if branch.when == "true" or condition(branch.when, values))
    return next(taken, course.journey.after(step))


def _alert(course: Course, step: Step) -> AlertStaff:
    text = render(step.reason, course.values) if step.reason else course.journey.title
    alert = f"{course.journey.name}/{step.id}:{course.run.id}"
    return AlertStaff(alert=alert, reason=step.id, severity=step.severity, text=text)


def _fault(course: Course, step: Step, fault: str) -> list[Effect]:
    alert = course.moment.ids.make("alert", f"{course.run.id}/{step.id}")
    told = f"{course.journey.title} / {step.id}: {fault}"
    return [AlertStaff(alert=alert, reason="journey_fault", text=told[:300]), StaySilent(reason="journey_fault")]


def _after_fault(course: Course, step: Step) -> str:
    return (step.on_none if step.kind == "ask" else None) or course.journey.after(step)


def _seen(course: Course, done: Sequence[Effect]) -> Course:
    """Let the next step see the tags that this one set and the reward that it gave."""
    for effect in done:
        if isinstance(effect, Tag):
            customer = course.moment.customer
            tags = [tag for tag in customer.tags if tag not in effect.remove]
            course = course.on(changed(customer, tags=tuple(dict.fromkeys([*tags, *effect.add]))))
        if isinstance(effect, IssueReward):
            named = course.moment.content.rewards.get(effect.reward, effect.reward)
            course = replace(course, extra={**course.extra, "code": effect.code, "reward": named})
    return course
