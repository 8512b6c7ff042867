"""From the names of texts to what the customer reads; all answers of one turn leave as one text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from bot.domain.content import Text
from bot.domain.effects import AlertStaff, Effect, Reply, SendTemplate, StaySilent
from bot.engine.context import next_booking
from bot.engine.mind import Scene
from bot.errors import TemplateError
from bot.templating import render

ANSWER_AT_MOST: Final = 134
"""Two segments; pieces that do not fit stay away."""
FAQ: Final = "faq/"
"""What the name of an answer from content/faq/ begins with, where a text is named."""


def merge(scene: Scene, effects: Sequence[Effect]) -> list[Effect]:
    """Word all answers and join them into one, which stands where the first one stood."""
    effects = [_unasked_worded(scene, effect) for effect in effects]
    answers = [effect for effect in effects if isinstance(effect, Reply) and not effect.by_staff]
    if not answers:
        return effects
    answer = _one(scene, _without_repeats(answers))
    merged: list[Effect] = []
    for effect in effects:
        if effect is answers[0]:
            merged.extend(answer)
        elif not isinstance(effect, Reply) or effect.by_staff:
            merged.append(effect)
    return merged


def word(scene: Scene, name: str, variables: Mapping[str, Any], *, again: bool = False) -> str:
    """Word one text. Raises TemplateError where it is not there or lacks a variable."""
    customer = scene.customer
    booking = next_booking(customer, scene.at)
    values = {
        "booking": booking.isoformat() if booking else "",
        "code": next(iter(reversed(tuple(customer.rewards))), ""),
        "facts": scene.shop.facts,
        "shop": scene.shop.signature,
        "opens": scene.shop.opens,
        "closes": scene.shop.closes,
        "zone": scene.shop.tz,
        "all_stopped": customer.stopped("service"),
        **customer.fields,
        **variables,
    }
    if name.startswith(FAQ):
        faq = scene.content.faq.get(name.removeprefix(FAQ))
        if faq is None:
            raise TemplateError(f"there is no answer {name}")
        return render(faq.answer, values)
    text = scene.content.texts.get(name)
    if text is None:
        raise TemplateError(f"there is no text {name}")
    return render(_variant(text, again=again), values, text.defaults)


def _variant(text: Text, *, again: bool) -> str:
    return text.variants.get("again", text.text) if again else text.text


def _without_repeats(answers: Iterable[Reply]) -> list[Reply]:
    """Keep one of answers that say the same with the same values."""
    kept: list[Reply] = []
    for answer in answers:
        if not any(one.template == answer.template and one.text == answer.text for one in kept):
            kept.append(answer)
    return kept


def _one(scene: Scene, answers: Sequence[Reply]) -> list[Effect]:
    worded, faults = _words(scene, answers, again=False)
    if worded and _join(worded) == scene.customer.last_said:
        worded, _ = _words(scene, answers, again=True)
    text = _join(worded)
    if not text:
        return faults
    if text == scene.customer.last_said:
        # Gateways refuse it, and a customer who did not follow once will not follow the same words.
        return [*faults, StaySilent(reason="same_words")]
    only = answers[0] if len(worded) == 1 and len(answers) == 1 else None
    joined = Reply(
        text=text,
        template=only.template if only else None,
        variables=only.variables if only else {},
        opt_out_confirmation=any(answer.opt_out_confirmation for answer in answers),
        prompt=next((answer.prompt for answer in reversed(answers) if answer.prompt), None),
    )
    return [*faults, joined]


def _words(scene: Scene, answers: Sequence[Reply], *, again: bool) -> tuple[list[str], list[Effect]]:
    """Word each answer; one that cannot be worded is left out and staff hear of it."""
    worded: list[str] = []
    faults: list[Effect] = []
    for answer in answers:
        try:
            said = answer.text or word(scene, answer.template or "", answer.variables, again=again)
        except TemplateError as error:
            alert = scene.ids.make("alert", answer.template or "")
            faults.append(AlertStaff(alert=alert, reason="text_fault", text=str(error)))
        else:
            worded.append(said)
    return worded, faults


def _join(pieces: Sequence[str]) -> str:
    said = ""
    for piece in pieces:
        if not said or len(said) + len(piece) <= ANSWER_AT_MOST:
            said += piece
    return said


def _unasked_worded(scene: Scene, effect: Effect) -> Effect:
    """Journeys word their own texts; the engine's own have only a name so far."""
    if not isinstance(effect, SendTemplate) or effect.text:
        return effect
    return replace(effect, text=word(scene, effect.template, effect.variables))
