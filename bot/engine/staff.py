"""A person at the console acts: takes over, answers, notes, corrects, undoes, records consent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, get_args

from bot.domain.customer import Prompt, PromptKind
from bot.domain.effects import (
    ClosePrompt,
    Count,
    Effect,
    OpenPrompt,
    OptIn,
    OptOut,
    PauseBot,
    Reply,
    ResolveTicket,
    ResumeBot,
    SendTemplate,
    StaySilent,
    SuppressMarketing,
    Tag,
    WithdrawAlert,
)
from bot.domain.events import StaffActed
from bot.domain.messages import MessageClass
from bot.domain.undoing import take_back
from bot.engine.appointments import read_time
from bot.engine.journeys import begun
from bot.engine.mind import Scene
from bot.engine.stopping import after_stop

TAKEN_OVER_FOR: Final = timedelta(hours=24)
"""A person who forgets to hand back does not silence the bot for ever."""


def acted(scene: Scene, act: StaffActed) -> list[Effect]:
    """Give what an act of staff leads to."""
    match act.action:
        case "take_over":
            return [PauseBot(by=act.actor, until=scene.now + TAKEN_OVER_FOR)]
        case "hand_back":
            return [ResumeBot()]
        case "reply":
            return _reply(scene, act)
        case "resolve_ticket":
            return _resolved(scene, act)
        case "undo":
            return take_back(scene.customer, scene.now)
        case "opt_out" | "opt_in":
            return _consent(scene, act)
        case "tag" | "open_prompt" | "start_journey":
            return _started(scene, act)
        case "correct_intent":
            return [Count(name="corrections")]
        case _:  # a note is kept by the fold, an erasure is the store's
            return []


def _started(scene: Scene, act: StaffActed) -> list[Effect]:
    match act.action:
        case "open_prompt":
            return opened(scene, act)
        case "start_journey":
            return begun(scene)
        case _:
            return [Tag(add=_listed(act.data, "add"), remove=_listed(act.data, "remove"))]


def _reply(scene: Scene, act: StaffActed) -> list[Effect]:
    text = act.text.strip()
    if not text:
        return [StaySilent(reason="empty")]
    taken = [] if scene.customer.paused_by == act.actor else [PauseBot(by=act.actor, until=scene.now + TAKEN_OVER_FOR)]
    return [*taken, Reply(text=text, by_staff=act.actor)]


def _resolved(scene: Scene, act: StaffActed) -> list[Effect]:
    """The case is closed: the bot speaks again, alerts are settled and promotion is no longer held back."""
    customer = scene.customer
    effects: list[Effect] = []
    if case := customer.open_case:
        effects.append(ResolveTicket(ticket=case.id, by=act.actor))
    effects += [
        SuppressMarketing(reason=why, lift=True) for why in ("complaint", "low_rating") if why in customer.suppressed
    ]
    effects += [WithdrawAlert(alert=alert) for alert in customer.alerts]
    return [*effects, *([ResumeBot()] if customer.paused_by else [])]


def _consent(scene: Scene, act: StaffActed) -> list[Effect]:
    """Consent by staff or import, with the proof they give (`words`) and the way it came (`how`)."""
    scope = act.data.get("scope", "marketing")
    how, words = act.data.get("how", "staff"), act.data.get("words") or act.text
    if act.action == "opt_in":
        return [OptIn(scope=scope, how=how, words=words)]
    stop = OptOut(scope=scope, how=how, words=words)
    return [stop, *after_stop(scene, [stop])]


def opened(scene: Scene, act: StaffActed) -> list[Effect]:
    """Ask something by hand: `kind`, `options` and `slots` (JSON lists), `hours`, `appointment`, `subject`, `class`."""
    message_class: MessageClass = act.data.get("class", "service")  # type: ignore[assignment]  # checked by the console
    kind: PromptKind = act.data.get("kind", "text")  # type: ignore[assignment]  # checked below
    if kind not in get_args(PromptKind):
        # A text that asks nothing.
        return [SendTemplate(template="", text=act.text, message_class=message_class)] if act.text else []
    slots = (read_time(one, scene.now) for one in _listed(act.data, "slots"))
    hours = act.data.get("hours")
    right = act.data.get("right")
    prompt = Prompt(
        id=scene.ids.make("prompt", kind),
        kind=kind,
        opened_at=scene.now,
        expires_at=scene.now + timedelta(hours=float(hours)) if hours else None,
        options=_listed(act.data, "options"),
        right=int(right) if right else None,
        slots_offered=tuple(slot for slot in slots if slot is not None),
        appointment=act.data.get("appointment"),
        subject=act.data.get("subject"),
        stop_letters=_listed(act.data, "stop_letters"),
    )
    replaced = [
        ClosePrompt(prompt=one.id, reason="replaced")
        for one in scene.customer.prompts
        if one.kind == kind == "appointment" and one.appointment == prompt.appointment
    ]
    sent = [SendTemplate(template="", text=act.text, message_class=message_class, prompt=prompt.id)] if act.text else []
    return [*replaced, OpenPrompt(prompt=prompt), *sent]


def _listed(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    given = data.get(name)
    if not given:
        return ()
    try:
        read = json.loads(given)
    except ValueError:
        read = str(given).split(",")
    return tuple(str(one) for one in read) if isinstance(read, list) else (str(read),)
