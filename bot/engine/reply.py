"""The way of one reply: understood in its context, acted on by each of its meanings, followed by what content asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.domain.effects import (
    AlertStaff,
    AppendToTicket,
    ClosePrompt,
    Count,
    Effect,
    OpenPrompt,
    OptOut,
    PauseBot,
    Reply,
    StartJourney,
    StaySilent,
)
from bot.domain.events import ReplyReceived
from bot.domain.messages import InboundMessage
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, IntentName, Understanding
from bot.domain.undoing import UNDOABLE, can_undo, take_back
from bot.engine.apply import ahead, rested
from bot.engine.context import as_written, overtaken_by, reply_context
from bot.engine.doings import alert_id
from bot.engine.journeys import begun
from bot.engine.mind import Scene
from bot.engine.reactions import follow
from bot.engine.stopping import after_stop
from bot.engine.timers import run_out
from bot.engine.understand import understand

ALWAYS: Final = frozenset({"unsubscribe", "resubscribe", "wrong_number", "human_handoff"})
"""Meanings that are acted on in every state, also while a person has taken over and in a loop."""
COURTESIES: Final = frozenset(
    {"complaint", "praise", "affirm", "deny", "greeting", "help", "other", "preference_change", "rating"}
)
"""Meanings whose answers stay away when the same reply asks us to stop or to fetch a person."""
SLIPS: Final = frozenset({"other", "deny", "affirm", "resubscribe", "help"})
"""Meanings that may be no more than "that was a slip"."""
SAME_AT_MOST: Final = 4
"""So often in a row the same text within minutes: a machine."""
ANSWERS_AT_MOST: Final = 12
ANSWERS_WITHIN: Final = timedelta(minutes=5)
ABUSE_REMEMBERS: Final = timedelta(days=14)
"""Abuse so soon after a complaint is a demand to stop."""


def answer(scene: Scene) -> tuple[Understanding, list[Effect]]:
    """Understand a reply and give its effects, answers not yet worded."""
    text = _message(scene).text
    settled, scene = _settled(scene)
    understanding = understand(text, reply_context(scene, text), scene.mind.language)
    understanding = _abuse_means_stop(scene, _by_gateway(scene, understanding))
    return understanding, [*settled, *_respond(scene, understanding, text)]


def _respond(scene: Scene, understanding: Understanding, text: str) -> list[Effect]:
    if understanding.silence is not None:
        return [StaySilent(reason=understanding.silence)]
    if _took(scene) == "help":
        return [StaySilent(reason="gateway_helps")]
    if _looping(scene, text) and not ALWAYS & set(understanding.intents):
        return _end_loop(scene)
    if scene.customer.paused_by is not None:
        return _with_staff(scene, understanding)
    if understanding.intent == "other":
        called = begun(scene)
        if any(isinstance(effect, StartJourney) for effect in called):
            # A journey's key word is understood by the journey.
            return called
    effects = _taken_back(scene, understanding) or _act(scene, understanding, understanding.chosen)
    return [*effects, *_begun_after(scene, effects)]


def _begun_after(scene: Scene, effects: Sequence[Effect]) -> list[Effect]:
    """Give what journeys make of a reply once it was acted on; most replies concern no journey at all."""
    called = any(plan.trigger.keyword for plan in scene.content.journeys.values())
    if not called and not scene.customer.runs:
        return []
    return begun(scene.on(ahead(scene.customer, scene.event, effects, scene.now)))


def _settled(scene: Scene) -> tuple[list[Effect], Scene]:
    """Put the customer's prompts into the state they had when the reply was written."""
    ended = run_out(scene)
    closed = [effect for effect in ended if isinstance(effect, ClosePrompt)]
    customer = rested(ahead(scene.customer, scene.event, closed, scene.now), scene.event.received_at)
    return ended, scene.on(as_written(customer, scene.at))


def _act(scene: Scene, understanding: Understanding, meanings: Sequence[Candidate]) -> list[Effect]:
    """Let each meaning respond, in the order of priority; then let content add what follows."""
    effects: list[Effect] = []
    for candidate in _acted_on(meanings):
        if _overtaken(scene, candidate):
            effects += [Count(name="overtaken_answers"), StaySilent(reason="overtaken")]
            continue
        respond = scene.mind.intents[candidate.intent].respond
        asked: Sequence[Effect] = respond(_turn(scene, understanding, candidate, effects)) if respond else ()
        if _is_quiet(effects) and candidate.intent in COURTESIES:
            asked = [effect for effect in asked if not isinstance(effect, Reply)]
        effects += asked
    effects += follow(scene, effects, understanding, quiet=_is_quiet(effects))
    return [*effects, *after_stop(scene, effects)]


def _taken_back(scene: Scene, understanding: Understanding) -> list[Effect]:
    """Undo the last act where the customer says that it was a slip and says nothing in its place."""
    turn = _turn(scene, understanding, understanding.chosen[0], [])
    act = scene.customer.last_act
    if act is None or not turn.has_words("slip"):
        return []
    denied = understanding.intent == "appointment_cancel" and "cancel_appointment" in act.effects
    if understanding.intent not in SLIPS and not denied:
        return []
    if not can_undo(scene.customer, scene.now) or not UNDOABLE & set(act.effects):
        return []
    stops = (one for one in scene.customer.consent.values() if one.event == act.event and one.state == "out")
    if any(scene.at < stop.at for stop in stops):
        # Written before the stop that it would undo.
        return []
    effects = take_back(scene.customer, scene.now)
    reopened = next((effect.prompt for effect in effects if isinstance(effect, OpenPrompt)), None)
    again = turn.ask_again(reopened) if reopened else None
    return [*effects, turn.say("undone"), *([again] if again else [])]


def _turn(scene: Scene, understanding: Understanding, candidate: Candidate, so_far: Sequence[Effect]) -> Turn:
    return Turn(
        event=scene.event,
        at=scene.at,
        now=scene.now,
        customer=scene.customer,
        shop=scene.shop,
        content=scene.content,
        understanding=understanding,
        candidate=candidate,
        ids=scene.ids,
        answer_for=scene.mind.answer_for,
        abuse_after_complaint=understanding.abusive and _has_complained(scene),
        gateway_confirms=bool(_took(scene)),
        so_far=tuple(so_far),
    )


def _acted_on(meanings: Sequence[Candidate]) -> list[Candidate]:
    """A stranger's reply is only told apart and stopped: nothing of it is recorded for the person we meant."""
    if any(candidate.intent == "wrong_number" for candidate in meanings):
        return [candidate for candidate in meanings if candidate.intent in {"unsubscribe", "wrong_number"}]
    return list(meanings)


def _is_quiet(effects: Sequence[Effect]) -> bool:
    return any(isinstance(effect, OptOut | PauseBot) for effect in effects)


def _overtaken(scene: Scene, candidate: Candidate) -> bool:
    past = (one for one in scene.customer.closed if one.prompt.id == candidate.prompt)
    return any(overtaken_by(one, scene.at) for one in past)


def _with_staff(scene: Scene, understanding: Understanding) -> list[Effect]:
    """While a person has the customer: pass on what is written, act on what is always acted on, else say nothing."""
    effects: list[Effect] = []
    if case := scene.customer.open_case:
        effects.append(AppendToTicket(ticket=case.id, text=understanding.masked or understanding.text))
    always = [candidate for candidate in understanding.chosen if candidate.intent in ALWAYS]
    if always:
        return [*effects, *_act(scene, understanding, always)]
    return [*effects, StaySilent(reason="with_staff")]


def _by_gateway(scene: Scene, understanding: Understanding) -> Understanding:
    """A stop or start word that the gateway has acted on is one, whatever we make of it."""
    match _took(scene):
        case "stop":
            return _led_by(understanding, "unsubscribe", "gateway", "网关已按退订处理")
        case "start":
            return _led_by(understanding, "resubscribe", "gateway", "网关已恢复发送")
        case _:
            return understanding


def _abuse_means_stop(scene: Scene, understanding: Understanding) -> Understanding:
    if not understanding.abusive or not _has_complained(scene):
        return understanding
    return _led_by(understanding, "unsubscribe", "history", "投诉之后的辱骂按要求停发处理")


def _led_by(understanding: Understanding, intent: IntentName, layer: str, reason: str) -> Understanding:
    if intent in understanding.intents:
        return understanding
    leader = Candidate(intent=intent, score=1.0, layer=layer, reason=reason)
    kept = tuple(one for one in understanding.chosen if one.intent != "other")
    return replace(understanding, chosen=(leader, *kept), unsure=False, silence=None)


def _message(scene: Scene) -> InboundMessage:
    assert isinstance(scene.event.what, ReplyReceived)  # noqa: S101 - only replies come here
    return scene.event.what.message


def _took(scene: Scene) -> str:
    """Give what the gateway says it took the reply for: stop, start, help, or nothing."""
    return (_message(scene).opt_out_type or "").lower()


def _has_complained(scene: Scene) -> bool:
    at = scene.customer.complained_at
    return at is not None and scene.now - at <= ABUSE_REMEMBERS


def _looping(scene: Scene, text: str) -> bool:
    customer = scene.customer
    recent = sum(1 for moment in customer.answered_at if scene.now - moment <= ANSWERS_WITHIN)
    same = customer.same_text if text.strip() == customer.last_text else 0
    return recent >= ANSWERS_AT_MOST or (same >= SAME_AT_MOST - 1 and recent > 0)


def _end_loop(scene: Scene) -> list[Effect]:
    alert = alert_id("loop", scene.customer.id)
    if alert in scene.customer.alerts:
        return [StaySilent(reason="loop")]
    return [AlertStaff(alert=alert, reason="loop", severity="info"), StaySilent(reason="loop")]
