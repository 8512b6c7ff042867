"""What follows from an answer: the reactions of its kind of prompt, or of the journey's step that asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.domain.content import Reaction, Step
from bot.domain.customer import Customer, Prompt
from bot.domain.effects import (
    CancelAppointment,
    ClosePrompt,
    ConfirmAppointment,
    Effect,
    IssueReward,
    OpenPrompt,
    OpenTicket,
    RecordLateReply,
    RecordQuizAnswer,
    RecordRating,
    RecordSurveyAnswer,
    ReplaceAnswer,
    ReplaceRating,
    Reply,
    RescheduleAppointment,
)
from bot.domain.understanding import Understanding
from bot.engine.doings import Cause, effects_of
from bot.engine.journeys import answered
from bot.engine.mind import Scene
from bot.templating import condition

Values = dict[str, Any]


def follow(scene: Scene, effects: Sequence[Effect], said: Understanding, *, quiet: bool) -> list[Effect]:
    """Give what follows from the answers among these effects.

    `quiet`: the customer has had enough or a person takes over; nothing more is asked, and only a reward and a
    booking are still spoken of.
    """
    following: list[Effect] = []
    for effect in effects:
        prompt = _prompt(scene.customer, effect)
        if prompt is None:
            continue
        late = isinstance(effect, RecordLateReply)
        values = answer_values(effects, prompt, said, scene) | {"late": late, "quiet": quiet}
        step = step_of(scene, prompt)
        plan = scene.content.prompts.get(prompt.kind)
        if late:
            reactions = plan.on_late if plan else ()
        else:
            reactions = (step.on_answer if step else ()) or (plan.on_answer if plan else ())
        cause = Cause(prompt, values, said.masked or said.text, _texts(scene, prompt))
        following += react(scene, reactions, cause, quiet=quiet)
        if isinstance(effect, ClosePrompt):
            following += answered(scene, [*effects, *following], prompt, values)
    return following


def react(scene: Scene, reactions: Iterable[Reaction], cause: Cause, *, quiet: bool = False) -> list[Effect]:
    """Take the first reaction that holds."""
    values = {"customer": customer_values(scene.customer), **cause.values}
    taken = next((reaction for reaction in reactions if condition(reaction.when, values)), None)
    if taken is None:
        return []
    done = [effect for doing in taken.do for effect in effects_of(doing, cause, scene)]
    if quiet:
        done = [effect for effect in done if not isinstance(effect, OpenPrompt | OpenTicket)]
    reward = next((effect for effect in done if isinstance(effect, IssueReward)), None)
    booked = cause.prompt is not None and cause.prompt.kind == "appointment"
    if taken.reply is None or (quiet and reward is None and not booked):
        return done
    asked = next((effect.prompt for effect in done if isinstance(effect, OpenPrompt)), None)
    told = {"code": reward.code, "reward": scene.content.rewards.get(reward.reward, "")} if reward else {}
    name = cause.texts.get(taken.reply, taken.reply)
    variables = {key: str(value) for key, value in {**cause.values, **told}.items() if value is not None}
    return [*done, Reply(text="", template=name, variables=variables, prompt=asked.id if asked else None)]


def answer_values(effects: Iterable[Effect], prompt: Prompt, said: Understanding, scene: Scene) -> Values:
    """Give what conditions and texts may know of an answer."""
    values: Values = {"subject": prompt.subject, "kind": prompt.kind, "mood": said.mood.label, "corrected": False}
    values |= {"explained": "complaint" in said.intents, "praised": "praise" in said.intents}
    for effect in effects:
        if getattr(effect, "prompt", None) != prompt.id:
            continue
        match effect:
            case RecordRating():
                values["rating"] = effect.rating
            case ReplaceRating():
                values |= {"rating": effect.rating, "was": effect.was, "corrected": True}
            case RecordQuizAnswer():
                values |= {"option": effect.option, "right": effect.right} | _option(prompt, effect.option)
            case RecordSurveyAnswer():
                values |= {"answer": effect.answer, "choice": effect.answer}
            case ReplaceAnswer():
                values |= {"answer": effect.answer, "was": effect.was, "corrected": True}
            case RecordLateReply():
                values["answer"] = effect.answer
            case ClosePrompt():
                values.setdefault("answer", effect.answer)
            case _:
                pass
    return values | _quiz(scene, prompt) | (_booking(effects) if prompt.kind == "appointment" else {})


def customer_values(customer: Customer) -> Mapping[str, Any]:
    """Give what conditions may know of the customer."""
    return {
        **customer.fields,
        "tags": list(customer.tags),
        "opted_out": customer.stopped("marketing"),
        "mood": customer.mood,
        "ratings": [one.rating for one in customer.ratings],
    }


def step_of(scene: Scene, prompt: Prompt) -> Step | None:
    """Give the journey's step that asked, in the version that the run is pinned to."""
    run = next((one for one in scene.customer.runs if one.id == prompt.run), None)
    journey = scene.content.pinned.get(run.version) if run else None
    journey = journey or scene.content.journeys.get(prompt.journey or "")
    return next((step for step in journey.steps if step.id == prompt.step), None) if journey else None


def _prompt(customer: Customer, effect: Effect) -> Prompt | None:
    """Give the prompt that this effect answers, if it is one that answers."""
    match effect:
        case ClosePrompt(reason="answered") | RecordLateReply() | ReplaceRating() | ReplaceAnswer():
            known = [*customer.prompts, *(past.prompt for past in customer.closed)]
            return next((prompt for prompt in known if prompt.id == effect.prompt), None)
        case _:
            return None


def _option(prompt: Prompt, option: int) -> Values:
    return {"choice": prompt.options[option - 1]} if 0 < option <= len(prompt.options) else {}


def _quiz(scene: Scene, prompt: Prompt) -> Values:
    quiz = scene.content.quizzes.get(prompt.subject or "") if prompt.kind == "quiz" else None
    if quiz is None:
        return {}
    solution = quiz.options[quiz.right - 1] if quiz.right else ""
    return {"reward": quiz.reward or "", "note": quiz.note, "solution": solution}


def _booking(effects: Iterable[Effect]) -> Values:
    """`ahead`: something could still be done about the booking."""
    values: Values = {"ahead": False}
    for effect in effects:
        if isinstance(effect, ConfirmAppointment | CancelAppointment | RescheduleAppointment):
            values |= {"ahead": True, "start": effect.start.isoformat() if effect.start else ""}
    return values


def _texts(scene: Scene, prompt: Prompt) -> Mapping[str, str]:
    """A quiz may have words of its own for right and wrong."""
    quiz = scene.content.quizzes.get(prompt.subject or "") if prompt.kind == "quiz" else None
    return {"quiz_right": quiz.when_right, "quiz_wrong": quiz.when_wrong} if quiz else {}
