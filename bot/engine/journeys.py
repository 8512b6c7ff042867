"""Where the engine hands over to journeys, with the gates and hands that it lends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.content import Doing
from bot.domain.customer import Prompt
from bot.domain.effects import Effect, SendTemplate
from bot.domain.events import TimerDue
from bot.domain.verdict import Verdict
from bot.engine.apply import ahead
from bot.engine.doings import Cause, effects_of
from bot.engine.mind import Scene
from bot.engine.texts import unasked
from bot.journeys import steps
from bot.journeys.course import Means, Moment
from bot.outbound.gates import check


def begun(scene: Scene) -> list[Effect]:
    """Give what this event begins, moves on or ends; the scene's customer is the one before it."""
    return steps.begin(_moment(scene), scene.event)


def advanced(scene: Scene, timer: TimerDue) -> list[Effect]:
    """Give what a journey does when its time has come."""
    return steps.advance(_moment(scene), timer)


def answered(scene: Scene, effects: Sequence[Effect], prompt: Prompt, values: Mapping[str, Any]) -> list[Effect]:
    """Give the way a journey takes after an answer, which these effects have recorded."""
    if prompt.run is None:
        return []
    after = scene.on(ahead(scene.customer, scene.event, effects, scene.now))
    return steps.answered(_moment(after), prompt, values)


def unanswered(scene: Scene, prompt: Prompt) -> list[Effect]:
    """Give the way a journey takes when nothing came."""
    return steps.expired(_moment(scene), prompt) if prompt.run is not None else []


def _moment(scene: Scene) -> Moment:
    def gate(text: SendTemplate) -> Verdict:
        return check(unasked(scene.event, text, scene.now), scene.customer, scene.shop, scene.now)

    def do(doing: Doing, values: Mapping[str, Any]) -> list[Effect]:
        return effects_of(doing, Cause(None, values), scene)

    return Moment(
        customer=scene.customer,
        content=scene.content,
        shop=scene.shop,
        now=scene.now,
        ids=scene.ids,
        means=Means(gate=gate, do=do),
    )
