"""When a step is due, in the customer's zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from bot.domain.content import Step
from bot.errors import TemplateError
from bot.journeys.audience import moment
from bot.journeys.course import Course
from bot.templating import value

LONGEST_WAIT: Final = timedelta(days=400)


def due_at(course: Course, step: Step) -> datetime:
    """Tell when a wait is over; one whose time has passed is over now.

    Raises TemplateError where the expression of `until` gives no date.
    """
    shop, customer, now = course.moment.shop, course.moment.customer, course.moment.now
    due = now
    if step.until:
        found = moment(value(step.until, course.values), shop.tz)
        if found is None:
            raise TemplateError(f"`{step.until}` gives no date; it must give a date or a date-time")
        due = found
    due += step.wait or timedelta()
    if step.at:
        local = due.astimezone(shop.tz_of(customer))
        due = datetime.combine(local.date(), time.fromisoformat(step.at), local.tzinfo)
        # "In two hours, at ten" begun at eleven means tomorrow's ten.
        due += timedelta(days=1) if not step.until and due < now else timedelta()
    return min(due, now + LONGEST_WAIT)
