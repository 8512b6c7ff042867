"""What the engine asks of journeys: what an event starts, ends or moves on, and what timers and answers lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.domain.content import Step
from bot.domain.customer import JourneyRun, Prompt
from bot.domain.effects import ClosePrompt, Effect, ExitJourney
from bot.domain.events import BusinessEvent, Event, ReplyReceived, StaffActed, TimerDue
from bot.journeys import campaigns
from bot.journeys.clock import due_at
from bot.journeys.course import START_DUE, STEP_DUE, Course, Moment, course_of
from bot.journeys.starting import begins_by_staff, begins_on, begins_on_day, key_of
from bot.journeys.walk import arrive, branch_off, turn_off, walk

REPLIED: Final = "replied"
"""What an exit names in place of an event to end with any reply of the customer."""
OPTED_OUT: Final = "opted_out"


def begin(moment: Moment, event: Event) -> list[Effect]:
    """Give what an event ends, moves on and starts; the moment's customer is the one that the event leaves."""
    match event.what:
        case BusinessEvent(type=campaigns.DUE, data=data):
            return campaigns.due(moment, data)
        case BusinessEvent() as news:
            return _told(moment, news)
        case ReplyReceived() as reply:
            return _replied(moment, reply.message.text)
        case StaffActed(action="start_journey", data=data):
            return begins_by_staff(moment, data)
        case _:
            return []


def advance(moment: Moment, timer: TimerDue) -> list[Effect]:
    """Give what follows when a journey's timer is due; a timer of a step that the run has left does nothing."""
    if timer.what == START_DUE:
        return begins_on_day(moment, timer.data.get("journey", ""))
    run = next((one for one in moment.customer.runs if one.id == timer.data.get("run")), None)
    if timer.what != STEP_DUE or run is None or run.step != timer.data.get("step"):
        return []
    course = course_of(run, moment)
    step = course.journey.step(run.step) if course else None
    if course is None or step is None:
        return [ExitJourney(run=run.id, reason="plan_gone")]
    if moment.customer.stopped(course.journey.message_class):
        return _end(course, OPTED_OUT)
    return _due(course, step, timer)


def answered(moment: Moment, prompt: Prompt, values: Mapping[str, Any]) -> list[Effect]:
    """Give what follows an answer to a journey's question; the customer is the one after the answer's effects."""
    found = _asking(moment, prompt, values)
    return branch_off(*found) if found else []


def expired(moment: Moment, prompt: Prompt) -> list[Effect]:
    """Give what follows when a journey's question ran out unanswered."""
    found = _asking(moment, prompt, {})
    return turn_off(*found) if found else []


def _told(moment: Moment, news: BusinessEvent) -> list[Effect]:
    effects: list[Effect] = []
    going: list[JourneyRun] = []
    for run in moment.customer.runs:
        course = course_of(run, moment, news.data)
        if course is None or not _is_about(course, news):
            going.append(run)
            continue
        reason = next((why for why, what in course.journey.exits.items() if what == news.type), None)
        step = course.journey.step(run.step)
        if reason is not None:
            effects += _end(course, reason)
            continue
        going.append(run)
        if step is not None and step.kind == "wait_for" and step.event == news.type:
            effects += arrive(course, step)
    rest = replace(moment, customer=replace(moment.customer, runs=tuple(going)))
    return effects + begins_on(rest, news)


def _replied(moment: Moment, text: str) -> list[Effect]:
    effects: list[Effect] = []
    for run in moment.customer.runs:
        course = course_of(run, moment)
        asks = any(prompt.run == run.id for prompt in moment.customer.prompts)
        if course is None or asks:
            continue
        reason = next((why for why, what in course.journey.exits.items() if what == REPLIED), None)
        effects += course.leave(reason) if reason is not None else []
    return effects + begins_on(moment, text)


def _due(course: Course, step: Step, timer: TimerDue) -> list[Effect]:
    match step.kind:
        case "wait":
            # A booking may have been moved since: the step then waits on.
            due = due_at(course, step) if step.until else course.moment.now
            return course.wait_at(step, due) if due > course.moment.now else arrive(course, step)
        case "wait_for":
            return turn_off(course, step)
        case "ask" if prompt := timer.data.get("waiting_for"):
            still = next((one for one in course.moment.customer.prompts if one.id == prompt), None)
            if still is not None and still.expires_at and still.expires_at > course.moment.now:
                return course.wait_at(step, still.expires_at, waiting_for=prompt)
            return turn_off(course, step)
        case _:
            return walk(course, step.id)


def _asking(moment: Moment, prompt: Prompt, values: Mapping[str, Any]) -> tuple[Course, Step] | None:
    """Give the course and the step that stand at a question, if the run has not left it."""
    run = next((one for one in moment.customer.runs if one.id == prompt.run), None)
    course = course_of(run, moment, values) if run else None
    step = course.journey.step(prompt.step or "") if course else None
    return (course, step) if course and step and course.run.step == step.id else None


def _end(course: Course, reason: str) -> list[Effect]:
    open_ones = (prompt for prompt in course.moment.customer.prompts if prompt.run == course.run.id)
    closed: list[Effect] = [ClosePrompt(prompt=prompt.id, reason="replaced") for prompt in open_ones]
    return closed + course.leave(reason)


def _is_about(course: Course, news: BusinessEvent) -> bool:
    """Tell whether an event speaks of what the run is for; one that names nothing speaks of all."""
    key = key_of(course.journey, course.moment, news.data)
    return not course.journey.key or not key or key == course.run.key
