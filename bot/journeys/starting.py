"""How runs begin: by an event, a keyword, a day of the profile, a segment entered, or a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from bot.domain.content import Journey
from bot.domain.customer import JourneyRun
from bot.domain.effects import AlertStaff, Count, Effect, Schedule, StartJourney
from bot.domain.events import BusinessEvent
from bot.errors import TemplateError
from bot.journeys.audience import about, belongs, keep
from bot.journeys.course import START_DUE, Course, Moment
from bot.journeys.walk import walk
from bot.templating import value

RUNS_AT_MOST: Final = 30
"""Runs of one customer at a time; a shop whose events name ever new things must not fill the customer's state."""
PROFILE_CHANGED: Final = "customer.updated"
FIELD_AT: Final = time(10)
"""When on its day a journey of a profile's date begins."""


def begins_on(moment: Moment, what: BusinessEvent | str) -> list[Effect]:
    """Give the runs that a business event begins, or a reply by its keyword."""
    plans = [plan for plan in moment.content.journeys.values() if plan.on]
    if isinstance(what, str):
        said = what.strip().casefold()
        called = [plan for plan in plans if plan.trigger.keyword and plan.trigger.keyword.casefold() == said]
        return _begin_all(moment, called, {})
    effects = _begin_all(moment, (plan for plan in plans if plan.trigger.event == what.type), what.data)
    if what.type == PROFILE_CHANGED:
        fields = what.data.get("fields")
        effects += _profile(moment, plans, fields if isinstance(fields, Mapping) else {})
    return effects


def begins_by_staff(moment: Moment, data: Mapping[str, str]) -> list[Effect]:
    """Give the run that a person, or the API, begins by name."""
    plan = moment.content.journeys.get(data.get("journey", ""))
    told = {name: given for name, given in data.items() if name != "journey"}
    return _begin_all(moment, [plan] if plan and plan.trigger.api else [], told)


def begins_on_day(moment: Moment, name: str) -> list[Effect]:
    """Give the run that a day of the profile begins, and the timer for the next year."""
    plan = moment.content.journeys.get(name)
    if plan is None or not plan.on:
        return []
    return [*_next_year(moment, plan, moment.customer.fields), *_begin_all(moment, [plan], {})]


def key_of(journey: Journey, moment: Moment, told: Mapping[str, Any]) -> str:
    """Give what a run is for, by the event's own words; empty where the event does not say."""
    if not journey.key:
        return ""
    try:
        names = about(replace(moment.customer, fields={}), moment.shop, moment.now, told)
        return str(value(journey.key, names))
    except TemplateError:
        return ""


def _begin_all(moment: Moment, plans: Iterable[Journey], told: Mapping[str, Any]) -> list[Effect]:
    return [effect for plan in plans for effect in _begin(moment, plan, told)]


def _begin(moment: Moment, plan: Journey, told: Mapping[str, Any]) -> list[Effect]:
    customer, now = moment.customer, moment.now
    key = key_of(plan, moment, told)
    going = any(run.journey == plan.name and run.key == key for run in customer.runs)
    last = customer.done_journeys.get(plan.name)
    too_soon = plan.again_after is not None and last is not None and now - last < plan.again_after
    try:
        unwanted = customer.stopped(plan.message_class) or not belongs(customer, moment.shop, now, plan.audience, told)
    except TemplateError as error:
        alert = moment.ids.make("alert", plan.name)
        return [AlertStaff(alert=alert, reason="journey_fault", text=f"{plan.title}: {error}"[:300])]
    if going or too_soon or unwanted:
        return []
    if len(customer.runs) >= RUNS_AT_MOST:
        return [Count(name="journeys_over_limit")]
    run = JourneyRun(
        id=moment.ids.make("run", plan.name),
        journey=plan.name,
        version=plan.version,
        key=key,
        step=plan.steps[0].id,
        began_at=now,
        variables=keep(told),
    )
    started = StartJourney(
        journey=plan.name, run=run.id, version=plan.version, key=key, step=run.step, variables=run.variables
    )
    return [started, *walk(Course(run=run, journey=plan, moment=moment, extra=told), run.step)]


def _profile(moment: Moment, plans: Iterable[Journey], fields: Mapping[str, Any]) -> list[Effect]:
    """Set the timers of dates that changed, and begin journeys of segments that the customer entered."""
    text_fields = {str(name): str(given) for name, given in fields.items()}
    before = moment.customer
    after = replace(moment, customer=replace(before, fields={**before.fields, **text_fields}))
    effects: list[Effect] = []
    for plan in plans:
        if plan.trigger.field in text_fields:
            effects += _next_year(moment, plan, text_fields)
        if plan.trigger.segment and _enters(plan.trigger.segment, moment, after):
            effects += _begin(after, plan, {})
    return effects


def _enters(segment: str, before: Moment, after: Moment) -> bool:
    try:
        was_in = belongs(before.customer, before.shop, before.now, segment)
        return not was_in and belongs(after.customer, after.shop, after.now, segment)
    except TemplateError:
        return False


def _next_year(moment: Moment, plan: Journey, fields: Mapping[str, str]) -> list[Effect]:
    """Set the timer for the next time that the profile's date comes round."""
    try:
        day = date.fromisoformat(fields.get(plan.trigger.field or "", ""))
    except ValueError:
        return []
    zone = moment.shop.tz_of(moment.customer)
    year = moment.now.astimezone(zone).year
    due = min(
        come
        for come in (_on(day, year + ahead, plan.trigger.offset, zone) for ahead in range(-1, 3))
        if come > moment.now
    )
    timer = f"journey:{moment.customer.id}:{plan.name}"
    return [Schedule(timer=timer, what=START_DUE, due_at=due, data={"journey": plan.name})]


def _on(day: date, year: int, offset: timedelta, zone: Any) -> datetime:
    # Who was born on 29 February is greeted on 1 March in common years.
    leap = (day.month, day.day) == (2, 29) and (year % 4 != 0 or (year % 100 == 0 and year % 400 != 0))
    on = date(year, 3, 1) if leap else day.replace(year=year)
    return datetime.combine(on, FIELD_AT, zone) + offset
