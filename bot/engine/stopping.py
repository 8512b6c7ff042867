"""What ends with a stop: runs, their timers and the questions that nobody wants to hear again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.domain.customer import JourneyRun
from bot.domain.effects import CancelSchedule, ClosePrompt, Effect, ExitJourney, FlagWrongNumber, OptOut
from bot.engine.apply import ahead
from bot.engine.mind import Scene

KEPT: Final = frozenset({"appointment"})
"""Questions that stay open after a stop of marketing: the booking still stands."""


def after_stop(scene: Scene, effects: Sequence[Effect]) -> list[Effect]:
    """Give what a stop among these effects ends."""
    scopes = {effect.scope for effect in effects if isinstance(effect, OptOut)}
    stranger = any(isinstance(effect, FlagWrongNumber) for effect in effects)
    if not scopes & {"marketing", "service", "all"} and not stranger:
        return []
    after = scene.on(ahead(scene.customer, scene.event, effects, scene.now))
    closed: list[Effect] = [
        ClosePrompt(prompt=prompt.id, reason="stopped")
        for prompt in after.customer.prompts
        if stranger or "all" in scopes or prompt.kind not in KEPT
    ]
    ended: list[Effect] = []
    for run in after.customer.runs:
        if stranger or after.customer.stopped(_class_of(after, run)):
            timers = [timer for timer in after.customer.timers if run.id in timer]
            reason = "wrong_number" if stranger else "opted_out"
            ended += [ExitJourney(run=run.id, reason=reason), *(CancelSchedule(timer=one) for one in timers)]
    return [*ended, *closed]


def _class_of(scene: Scene, run: JourneyRun) -> str:
    """A run whose plan is lost sends nothing any more."""
    journey = scene.content.pinned.get(run.version) or scene.content.journeys.get(run.journey)
    return journey.message_class if journey else "marketing"
