"""What leaves by a decision: texts and timers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.customer import Customer, Prompt
from bot.domain.effects import (
    CancelSchedule,
    ClosePrompt,
    Effect,
    OpenPrompt,
    OpenTicket,
    PauseBot,
    Reply,
    ResolveTicket,
    ResumeBot,
    Schedule,
    SendTemplate,
)
from bot.domain.messages import OutboundMessage
from bot.engine.mind import Scene
from bot.engine.texts import answer, unasked


def with_timers(scene: Scene, effects: Sequence[Effect]) -> list[Effect]:
    """Set and take back the timers that prompts, cases and pauses need."""
    timed: list[Effect] = []
    for effect in effects:
        match effect:
            case OpenPrompt():
                prompt = _with_expiry(scene, effect.prompt)
                due = prompt.expires_at or scene.now
                timed += [OpenPrompt(prompt=prompt), _timer("prompt_expiry", prompt.id, due, prompt=prompt.id)]
            case ClosePrompt() if effect.reason in {"answered", "undone"}:
                timed += [effect, *_cancelled(scene, f"prompt_expiry:{effect.prompt}")]
            case OpenTicket() if effect.due_at:
                timed += [effect, _timer("ticket_due", effect.ticket, effect.due_at, ticket=effect.ticket)]
            case ResolveTicket():
                timed += [effect, *_cancelled(scene, f"ticket_due:{effect.ticket}")]
            case PauseBot() if effect.until:
                timed += [effect, _timer("resume_bot", "", effect.until)]
            case ResumeBot():
                timed += [effect, *_cancelled(scene, "resume_bot:")]
            case _:
                timed.append(effect)
    return timed


def outbox(scene: Scene, after: Customer, effects: Sequence[Effect]) -> tuple[OutboundMessage, ...]:
    """Give the texts that these effects send."""
    leaving: list[OutboundMessage] = []
    for position, effect in enumerate(effects):
        if isinstance(effect, Reply):
            leaving.append(answer(scene.event, effect, scene.now, after, position))
        elif isinstance(effect, SendTemplate):
            leaving.append(unasked(scene.event, effect, scene.now, position))
    return tuple(leaving)


def timers(effects: Sequence[Effect]) -> tuple[tuple[Schedule, ...], tuple[str, ...]]:
    """Give the timers to set and those to take back; the last word on each counts."""
    last: dict[str, Schedule | CancelSchedule] = {}
    for effect in effects:
        if isinstance(effect, Schedule | CancelSchedule):
            last[effect.timer] = effect
    to_set = tuple(effect for effect in last.values() if isinstance(effect, Schedule))
    return to_set, tuple(effect.timer for effect in last.values() if isinstance(effect, CancelSchedule))


def _with_expiry(scene: Scene, prompt: Prompt) -> Prompt:
    plan = scene.content.prompts.get(prompt.kind)
    if prompt.expires_at is not None:
        return prompt
    return replace(prompt, expires_at=prompt.opened_at + (plan.expires_in if plan else timedelta(hours=72)))


def _timer(what: str, name: str, due: datetime, **data: str) -> Schedule:
    return Schedule(timer=f"{what}:{name}", what=what, due_at=due, data=data)


def _cancelled(scene: Scene, timer: str) -> list[Effect]:
    return [CancelSchedule(timer=timer)] if timer in scene.customer.timers else []
