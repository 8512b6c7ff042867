"""Checks of journeys: every step has what it needs, every way leads somewhere, and no run goes round for ever."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Final

from bot.content.checking import (
    ALWAYS,
    ONE_TEXT,
    OPT_OUT,
    Check,
    Place,
    check_doings,
    check_reactions,
    least,
)
from bot.content.reading import Where
from bot.domain.content import END, Journey, Step, StepKind
from bot.errors import TemplateError
from bot.templating import check_expression, check_template

_NEEDS: Final[Mapping[StepKind, tuple[tuple[str, ...], ...]]] = {
    "send": (("text",),),
    "ask": (("text",), ("prompt",)),
    "wait": (("wait", "until", "at"),),
    "wait_for": (("event",), ("timeout",)),
    "branch": (("branches",),),
    "split": (("branches",),),
    "tag": (("add", "remove"),),
    "alert": (("reason",),),
    "goto": (("to",),),
    "end": (),
    "do": (("do",),),
}
"""Of each bundle a step of this kind needs one."""
_TAKES: Final[Mapping[StepKind, frozenset[str]]] = {
    "send": frozenset({"care"}),
    "ask": frozenset(
        {"expires_in", "until", "at", "branches", "on_answer", "on_none", "quiz", "options", "slots", "care"}
    ),
    "wait": frozenset(),
    "wait_for": frozenset({"on_none"}),
    "branch": frozenset(),
    "split": frozenset(),
    "tag": frozenset(),
    "alert": frozenset({"severity"}),
    "goto": frozenset(),
    "end": frozenset({"reason"}),
    "do": frozenset(),
}
"""What else it may have."""
_WAITS: Final = frozenset({"wait", "wait_for", "ask"})
_CLOCK: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_ANSWERS: Final = frozenset(
    {"rating", "option", "right", "answer", "choice", "subject", "corrected", "explained", "praised", "reward"}
)
"""What is known of an answer."""
_TOLD: Final[Mapping[str, frozenset[str]]] = {
    "appointment": frozenset({"appointment_id", "start"}),
    "order": frozenset({"order_id"}),
    "quiz": frozenset({"quiz"}),
}
"""What the events of a family always say."""


def check_journeys(check: Check) -> None:
    """Check every journey."""
    for name, journey in check.content.journeys.items():
        at = check.places["journeys", name]
        if not journey.steps:
            check.fault(at, ("steps",), "a journey needs a step at least")
            continue
        _head(check, at, journey)
        for place, step in enumerate(journey.steps):
            _step(check, at, ("steps", place), journey, step)
        if len({step.id for step in journey.steps}) == len(journey.steps):
            _ways(check, at, journey)


def _head(check: Check, at: Place, journey: Journey) -> None:
    trigger = journey.trigger
    named = [name for name in ("event", "keyword", "field", "segment") if getattr(trigger, name)]
    if len(named) > 1 or (not named and not trigger.api):
        check.fault(at, ("trigger",), "a journey begins in one way: event, keyword, field or segment")
    _expression(check, at, ("key",), journey.key, journey)
    _expression(check, at, ("audience",), journey.audience, journey)
    _expression(check, at, ("trigger", "segment"), trigger.segment or "", journey)
    ids = [step.id for step in journey.steps]
    for place, step in enumerate(journey.steps):
        if step.id in ids[:place]:
            check.fault(at, ("steps", place, "id"), f"there are two steps `{step.id}`; give one another name")
        if step.id == END and step.kind != "end":
            check.fault(at, ("steps", place, "id"), "`end` is where a run ends; give the step another name")


def _step(check: Check, at: Place, where: Where, journey: Journey, step: Step) -> None:
    _shape(check, at, where, step)
    _targets(check, at, where, journey, step)
    for place, branch in enumerate(step.branches):
        _expression(check, at, (*where, "branches", place, "when"), branch.when, journey)
    _expression(check, at, (*where, "until"), step.until or "", journey)
    _expression(check, at, (*where, "slots"), step.slots or "", journey)
    check_reactions(check, at, (*where, "on_answer"), step.on_answer)
    check_doings(check, at, (*where, "do"), step.do)
    _written(check, at, where, journey, step)


def _shape(check: Check, at: Place, where: Where, step: Step) -> None:
    """Check that a step has what its kind needs and nothing that its kind does not know."""
    for bundle in _NEEDS[step.kind]:
        if not any(getattr(step, name) for name in bundle):
            needed = " or ".join(f"`{name}`" for name in bundle)
            check.fault(at, where, f"`{step.id}`: a step `{step.kind}` needs {needed}")
    known = _TAKES[step.kind].union(*_NEEDS[step.kind]) | {"id", "kind", "to"}
    for name, about in Step.__dataclass_fields__.items():
        if name not in known and getattr(step, name) != about.default:
            check.fault(at, (*where, name), f"`{step.id}`: `{name}` means nothing in a step `{step.kind}`")
    if step.at and not _CLOCK.fullmatch(step.at):
        check.fault(at, (*where, "at"), f'`{step.at}` is no time of day; write it like "09:30"')
    if step.kind == "split" and len(step.branches) < 2:
        check.fault(at, (*where, "branches"), "a split needs two branches at least")


def _targets(check: Check, at: Place, where: Where, journey: Journey, step: Step) -> None:
    targets: list[tuple[Where, str | None]] = [(("to",), step.to), (("on_none",), step.on_none)]
    targets += [(("branches", place, "to"), branch.to) for place, branch in enumerate(step.branches)]
    for there, target in targets:
        if target is None or target == END or journey.step(target) is not None:
            continue
        near = difflib.get_close_matches(target, [one.id for one in journey.steps], n=1)
        hint = f"; did you mean `{near[0]}`?" if near else f"; name one that is there, or `{END}`"
        check.fault(at, (*where, *there), f"there is no step `{target}`{hint}")


def _written(check: Check, at: Place, where: Where, journey: Journey, step: Step) -> None:
    """Check what a step writes: the text is there, can be filled, and fits."""
    if step.kind == "alert":
        check.names(at, (*where, "reason"), step.reason, check_template)
    if step.quiz:
        check.lead(at, (*where, "quiz"), "quizzes", step.quiz)
    check.lead(at, (*where, "text"), "templates", step.text)
    text = check.content.texts.get(step.text or "")
    if text is None:
        return
    known = ALWAYS | text.defaults.keys() | _told(journey) | _lent(journey, step)
    for wording in (text.text, *text.variants.values()):
        for name in sorted(_names(wording) - known):
            reason = f"`{text.name}` uses {name}, which the event may not say; add a fall-back to its `defaults`"
            check.fault(at, (*where, "text"), reason)
    own = least(text.text)
    if journey.message_class == "marketing" and own > ONE_TEXT - OPT_OUT and "{%" not in text.text:
        reason = f"`{text.name}` has {own} characters of its own: more than one SMS with signature and opt-out words"
        check.warn(at, (*where, "text"), reason)


def _told(journey: Journey) -> frozenset[str]:
    return _TOLD.get((journey.trigger.event or "").split(".")[0], frozenset())


def _lent(journey: Journey, step: Step) -> frozenset[str]:
    """Give the names that a quiz, options or a reward lend to a step's text."""
    names = {"question", "options", "quiz"} if step.prompt == "quiz" else set()
    names |= {"options"} if step.options else set()
    rewards = any("issue_reward" in doing for one in journey.steps for doing in one.do)
    return frozenset(names | ({"code", "reward"} if rewards else set()))


def _names(wording: str) -> frozenset[str]:
    try:
        return check_template(wording)
    except TemplateError:  # the text's own check tells it
        return frozenset()


def _expression(check: Check, at: Place, where: Where, source: str, journey: Journey) -> None:
    """Compile an expression; a name that is nearly a known one is likely mistyped."""
    if not source:
        return
    known = ALWAYS | _ANSWERS | _told(journey)
    for name in sorted(check.names(at, where, source, check_expression) - known):
        near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.85)
        if near:
            check.warn(at, where, f"`{name}` would be a value of the event; did you mean `{near[0]}`?")


def _ways(check: Check, at: Place, journey: Journey) -> None:
    reached: set[str] = set()
    new = [journey.steps[0].id]
    while new:
        step = journey.step(new.pop())
        if step is not None and step.id not in reached:
            reached.add(step.id)
            new += journey.ways(step)
    for place, step in enumerate(journey.steps):
        if step.id not in reached:
            check.fault(at, ("steps", place, "id"), f"no way leads to `{step.id}`; lead one there or take it out")
        if step.kind not in _WAITS and _comes_back(journey, step):
            check.fault(
                at, ("steps", place, "id"), f"`{step.id}` comes back to itself without a wait; put one in between"
            )


def _comes_back(journey: Journey, start: Step) -> bool:
    """Tell whether a step leads to itself by steps that do not wait."""
    seen: set[str] = set()
    new = list(journey.ways(start))
    while new:
        step = journey.step(new.pop())
        if step is None or step.kind in _WAITS or step.id in seen:
            continue
        if step.id == start.id:
            return True
        seen.add(step.id)
        new += journey.ways(step)
    return False
