"""A time that was set has come: a question ran out, a case is overdue, the bot may speak again, a journey goes on."""

from __future__ import annotations

from bot.domain.effects import AlertStaff, ClosePrompt, Effect, ResumeBot, StaySilent
from bot.domain.events import TimerDue
from bot.engine.doings import Cause, alert_id
from bot.engine.journeys import advanced, unanswered
from bot.engine.mind import Scene
from bot.engine.reactions import react


def due(scene: Scene, timer: TimerDue) -> list[Effect]:
    """Do what a timer was set for; one that was moved or taken back meanwhile does nothing."""
    if scene.customer.timers.get(timer.timer) != timer.due_at:
        return [StaySilent(reason="stale_timer")]
    match timer.what:
        case "prompt_expiry":
            return _expired(scene, timer.data.get("prompt", ""))
        case "ticket_due":
            return _overdue(scene, timer.data.get("ticket", ""))
        case "resume_bot":
            return [ResumeBot()] if scene.customer.paused_by else []
        case _:
            return advanced(scene, timer)


def run_out(scene: Scene) -> list[Effect]:
    """Close what had run out when the customer wrote, though its timer has not come yet."""
    effects: list[Effect] = []
    for prompt in scene.customer.prompts:
        if prompt.expires_at is not None and prompt.expires_at <= scene.at:
            effects += _expired(scene, prompt.id)
    return effects


def _expired(scene: Scene, prompt_id: str) -> list[Effect]:
    prompt = next((one for one in scene.customer.prompts if one.id == prompt_id), None)
    if prompt is None:
        # Closed by a stop or a person, but a journey still waits for it.
        past = next((one.prompt for one in scene.customer.closed if one.prompt.id == prompt_id), None)
        waits = past is not None and any(run.waiting_for == past.id for run in scene.customer.runs)
        return unanswered(scene, past) if past is not None and waits else []
    plan = scene.content.prompts.get(prompt.kind)
    closed = ClosePrompt(prompt=prompt.id, reason="expired")
    reactions = plan.on_none if plan else ()
    return [closed, *react(scene, reactions, Cause(prompt, {})), *unanswered(scene, prompt)]


def _overdue(scene: Scene, ticket_id: str) -> list[Effect]:
    case = scene.customer.open_case
    if case is None or case.id != ticket_id:
        return []
    alert = alert_id("overdue", case.id)
    return [AlertStaff(alert=alert, reason="overdue", severity="urgent", text=" ".join(case.notes[-1:]))]
