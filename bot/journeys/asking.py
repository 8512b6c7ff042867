"""The steps that write to the customer: `send` and `ask`, through the gates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from bot.domain.content import END, Quiz, Step, Text
from bot.domain.customer import Prompt, PromptKind
from bot.domain.effects import Count, Effect, OpenPrompt, SendTemplate, StaySilent
from bot.domain.verdict import Later, Never
from bot.errors import TemplateError
from bot.journeys.audience import moment
from bot.journeys.clock import due_at
from bot.journeys.course import Course
from bot.journeys.experiments import arms_so_far
from bot.journeys.wording import variables_of, wording_of
from bot.templating import render, value

EXPIRES_IN: Final = timedelta(hours=72)
PROMPT_LOST_AFTER: Final = timedelta(hours=1)
"""How long after its expiry a run goes on without hearing that its question expired."""
OFFERED_AT_MOST: Final = 9

Done = tuple[list[Effect], str | None]
"""A step's effects, and the id of the step to go on with; None: the run waits here, or has ended."""


def send(course: Course, step: Step) -> Done:
    """Write, and go on; at night wait with the step, and past a closed gate go on with its reason."""
    text = _text(course, step)
    message = _message(course, step, text, course.values)
    held = _gates(course, step, message)
    return held if held is not None else ([message], course.journey.after(step))


def ask(course: Course, step: Step) -> Done:
    """Write, open the question and wait for what comes of it."""
    text = _text(course, step)
    quiz = _quiz(course, step)
    values = course.values
    if quiz is not None:
        values |= {"question": quiz.question, "options": quiz.options, "quiz": quiz.name}
    elif step.options:
        values["options"] = step.options
    prompt = _prompt(course, step, quiz, values)
    message = _message(course, step, text, values, prompt)
    held = _gates(course, step, message)
    if held is not None:
        return held
    # The prompt's own expiry moves the run on; this timer is for a prompt that was closed in another way.
    until = (prompt.expires_at or course.moment.now) + PROMPT_LOST_AFTER
    return [OpenPrompt(prompt=prompt), message, *course.wait_at(step, until, waiting_for=prompt.id)], None


def _gates(course: Course, step: Step, message: SendTemplate) -> Done | None:
    """Ask the gates: None where the text may leave."""
    verdict = course.moment.means.gate(message)
    if isinstance(verdict, Later):
        return course.wait_at(step, verdict.at, held=verdict.gate), None
    if not isinstance(verdict, Never):
        return None
    counted = Count(name=f"held/{course.journey.name}/{step.id}/{verdict.gate}")
    told: list[Effect] = [StaySilent(reason=verdict.reason), counted]
    if verdict.gate == "consent":
        return [*told, *course.leave("opted_out")], None
    return told, step.on_none or course.journey.after(step)


def _text(course: Course, step: Step) -> Text:
    text = course.moment.content.texts.get(step.text or "")
    if text is None:
        raise TemplateError(f"there is no text {step.text}; write it into content/templates")
    return text


def _quiz(course: Course, step: Step) -> Quiz | None:
    if step.prompt != "quiz":
        return None
    name = step.quiz or str(course.values.get("quiz", ""))
    quiz = course.moment.content.quizzes.get(name)
    if quiz is None:
        raise TemplateError(f"there is no quiz {name or '(unnamed)'}; write it into content/quizzes")
    return quiz


def _message(
    course: Course, step: Step, text: Text, values: Mapping[str, Any], prompt: Prompt | None = None
) -> SendTemplate:
    wording = wording_of(text, course.moment.customer, values)
    journey = course.journey
    return SendTemplate(
        template=text.name,
        text=render(wording, values, text.defaults),
        message_class=journey.message_class,
        variables=variables_of(text, wording, values),
        prompt=prompt.id if prompt else None,
        journey=journey.name,
        run=course.run.id,
        arm=arms_so_far(course.moment.customer.id, journey, step),
        care=text.care or step.care,
        topic=journey.topic,
        not_after=prompt.expires_at if prompt else None,
    )


def _prompt(course: Course, step: Step, quiz: Quiz | None, values: Mapping[str, Any]) -> Prompt:
    kind: PromptKind = step.prompt or "text"
    booking = values.get("appointment")
    offered = value(step.slots, values) if step.slots else ()
    slots = (moment(one, course.moment.shop.tz) for one in (offered if isinstance(offered, list | tuple) else ()))
    return Prompt(
        id=course.moment.ids.make("prompt", f"{course.run.id}/{step.id}"),
        kind=kind,
        opened_at=course.moment.now,
        expires_at=_expires_at(course, step, kind, quiz, booking),
        text=quiz.question if quiz else "",
        options=quiz.options if quiz else step.options,
        right=quiz.right if quiz else None,
        slots_offered=tuple(slot for slot in slots if slot is not None)[:OFFERED_AT_MOST],
        appointment=booking["id"] if booking and kind == "appointment" else None,
        subject=_subject(course, step, kind, quiz),
        stop_letters=("R",) if course.journey.message_class == "marketing" else (),
        run=course.run.id,
        journey=course.journey.name,
        step=step.id,
    )


def _expires_at(
    course: Course, step: Step, kind: PromptKind, quiz: Quiz | None, booking: Mapping[str, Any] | None
) -> datetime:
    """A question runs out with its time, at the latest `until`; one on a booking no later than the booking."""
    now = course.moment.now
    plan = course.moment.content.prompts.get(kind)
    lasts = step.expires_in or (quiz.closes_in if quiz else None) or (plan.expires_in if plan else EXPIRES_IN)
    ends = [due_at(course, step)] if step.until else []
    ends += [booking["start"]] if booking and kind == "appointment" else []
    return min([now + lasts, *(end for end in ends if end > now)])


def _subject(course: Course, step: Step, kind: PromptKind, quiz: Quiz | None) -> str:
    """Name what the answer is about: a quiz, an order; else the step, and what its run is for."""
    if quiz is not None:
        return quiz.name
    run = course.run
    if kind in ("rating", "order", "appointment") and run.key:
        return run.key
    return "/".join(part for part in (run.journey, step.id, run.key) if part and part != END)
