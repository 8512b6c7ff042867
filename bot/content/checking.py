"""What one file cannot show alone: that names lead somewhere, that texts compile and that customers can read them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bot.content.reading import Page, Where
from bot.domain.content import Campaign, Content, Doing, Faq, PromptPlan, Quiz, Reaction, Text
from bot.errors import Fault, TemplateError
from bot.templating import check_expression, check_template

ONE_TEXT: Final = 64
"""Characters that a text may have to be one SMS with a signature of four (70 in all)."""
OPT_OUT: Final = 7
"""What ",拒收请回复R" adds to marketing."""
ALWAYS: Final = frozenset(
    {
        *("appointment", "fields", "tags", "answers", "ratings", "counts", "mood", "opted_out", "days_silent", "age"),
        *("shop", "facts", "opens", "closes", "now", "year", "zone", "journey"),
    }
)
"""Names that a journey's conditions and texts may use whatever its event says."""
DOINGS: Final[Mapping[str, frozenset[str]]] = {
    "alert_staff": frozenset({"reason", "severity", "text"}),
    "open_ticket": frozenset({"reason"}),
    "open_prompt": frozenset({"kind", "hours", "options", "subject"}),
    "issue_reward": frozenset({"reward"}),
    "suppress_marketing": frozenset({"reason", "lift"}),
    "tag": frozenset({"add", "remove"}),
    "count": frozenset({"name", "by"}),
    "notify_shop": frozenset({"type"}),
    "set_preference": frozenset({"on", "off"}),
}
"""What content may ask for, each with its values."""

_TAG: Final = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)
_STOPS: Final = ("0000", "TD", "QX", "T", "N", "R")
"""What gateways take for a stop by themselves, whatever our text offers it for."""
_MENU: Final = re.compile(rf"(?:回复?|回覆)\s*[“\"「]?({'|'.join(_STOPS)})(?![A-Za-z0-9])", re.IGNORECASE)
_TELLS_HOW_TO_STOP: Final = re.compile(r"拒收|退订|不再|不想|不收|停|取消")
_NEAR: Final = 10
"""How far from the letter its text says that it stops us."""
_FACT: Final = re.compile(r"facts\.(\w+)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing stands: its file, the way to it, and the content folder it came from."""

    page: Page
    where: Where
    owner: Path


@dataclass(slots=True)
class Check:
    """One cross-check: the content, where its things stand, every name that was seen, and the warnings."""

    content: Content
    places: Mapping[tuple[str, str], Place]
    named: frozenset[tuple[str, str]]
    """Folder and name of all things, also of those that did not check: what leads to them leads somewhere."""
    warnings: list[Fault] = field(default_factory=list)

    def has(self, folder: str, name: str) -> bool:
        """Tell whether there is such a thing."""
        return (folder, name) in self.named

    def fault(self, at: Place, where: Where, reason: str) -> None:
        """Note a fault at a place."""
        at.page.fault((*at.where, *where), reason)

    def warn(self, at: Place, where: Where, reason: str) -> None:
        """Note what deserves a look."""
        self.warnings.append(Fault(at.page.file, at.page.line((*at.where, *where)), reason))

    def names(self, at: Place, where: Where, source: str, read: Callable[[str], frozenset[str]]) -> frozenset[str]:
        """Give the names that a template or an expression uses; one that does not compile is a fault."""
        try:
            return read(source)
        except TemplateError as error:
            self.fault(at, where, str(error))
            return frozenset()

    def lead(self, at: Place, where: Where, folder: str, name: str | None) -> None:
        """Check that a name leads to a thing."""
        if name is None or self.has(folder, name):
            return
        known = [one for kind, one in self.named if kind == folder]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"write it into {folder}/"
        self.fault(at, where, f"there is no `{name}` in {folder}/; {hint}")


def check_texts(check: Check) -> None:
    """Check every text, prompt, quiz, question and campaign."""
    for name, text in check.content.texts.items():
        _text(check, check.places["templates", name], text)
    for kind, plan in check.content.prompts.items():
        _prompt(check, check.places["prompts", kind], plan)
    for name, quiz in check.content.quizzes.items():
        _quiz(check, check.places["quizzes", name], quiz)
    for name, faq in check.content.faq.items():
        _faq(check, check.places["faq", name], faq)
    for name, campaign in check.content.campaigns.items():
        _campaign(check, check.places["campaigns", name], campaign)


def least(template: str) -> int:
    """Count the characters that a template has of its own, all its branches together."""
    return len(_TAG.sub("", template).strip())


def _text(check: Check, at: Place, text: Text) -> None:
    wordings: dict[Where, str] = {("text",): text.text} | {("variants", k): v for k, v in text.variants.items()}
    for where, wording in wordings.items():
        check.names(at, where, wording, check_template)
        branching = "{%" in wording
        if least(wording) > ONE_TEXT and not branching:
            check.warn(at, where, f"has {least(wording)} characters of its own: more than one SMS with its signature")
        if "【" in wording:
            check.warn(at, where, "holds 【】, which carriers take for a signature; use 「」")
        for letter in _MENU.finditer(wording):
            around = wording[max(letter.start() - _NEAR, 0) : letter.end() + _NEAR]
            if not _TELLS_HOW_TO_STOP.search(around):
                check.fault(at, where, f"offers {letter[1]} as an answer, which gateways take for a stop; use a number")
    for gateway, filed in text.filed.items():
        for place, variable in enumerate(filed.variables):
            check.names(at, ("filed", gateway, "variables", place), variable, check_expression)


def _prompt(check: Check, at: Place, plan: PromptPlan) -> None:
    check.lead(at, ("again",), "templates", plan.again)
    for name in ("on_answer", "on_late", "on_none"):
        check_reactions(check, at, (name,), getattr(plan, name))


def check_reactions(check: Check, at: Place, where: Where, reactions: Iterable[Reaction]) -> None:
    """Check reactions: conditions, texts, and what they ask for."""
    for place, reaction in enumerate(reactions):
        check.names(at, (*where, place, "when"), reaction.when, check_expression)
        check.lead(at, (*where, place, "reply"), "templates", reaction.reply)
        check_doings(check, at, (*where, place, "do"), reaction.do)


def check_doings(check: Check, at: Place, where: Where, doings: Iterable[Doing]) -> None:
    """Check what content asks for by the names of effects."""
    for place, doing in enumerate(doings):
        for name, given in doing.items():
            there = (*where, place, name)
            if name not in DOINGS:
                near = difflib.get_close_matches(name, DOINGS, n=1)
                hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(sorted(DOINGS))}"
                check.fault(at, there, f"`{name}` is nothing that content can ask for; {hint}")
                continue
            _given(check, at, there, name, given or {})


def _given(check: Check, at: Place, where: Where, name: str, given: Mapping[str, Any]) -> None:
    for key in sorted(set(given) - DOINGS[name]):
        check.fault(at, (*where, key), f"`{name}` knows no `{key}`; it takes {', '.join(sorted(DOINGS[name]))}")
    if name == "issue_reward":
        _reward(check, at, (*where, "reward"), given.get("reward"))


def _reward(check: Check, at: Place, where: Where, reward: str | None) -> None:
    if reward is not None and reward not in check.content.rewards:
        check.fault(at, where, f"there is no reward `{reward}`; say what it is in words/rewards.yaml")


def _quiz(check: Check, at: Place, quiz: Quiz) -> None:
    if len(quiz.options) < 2:
        check.fault(at, ("options",), "a question needs two options at least")
    if quiz.right is not None and not 1 <= quiz.right <= len(quiz.options):
        check.fault(at, ("right",), f"`right` counts the options from 1; there are {len(quiz.options)}")
    for place, option in enumerate(quiz.options):
        if option.strip().upper() in _STOPS:
            check.fault(at, ("options", place), f"{option} as an option is a stop word to gateways; use other words")
    check.lead(at, ("when_right",), "templates", quiz.when_right)
    check.lead(at, ("when_wrong",), "templates", quiz.when_wrong)
    _reward(check, at, ("reward",), quiz.reward)


def _faq(check: Check, at: Place, faq: Faq) -> None:
    check.names(at, ("answer",), faq.answer, check_template)
    if not faq.examples:
        check.fault(at, ("examples",), "a question needs examples of how customers ask it")
    for fact in dict.fromkeys(_FACT.findall(faq.answer)):
        guarded = re.search(rf"if\s+facts\.{fact}\b|facts\.{fact}\s*\|\s*d", faq.answer)
        if fact not in faq.needs and guarded is None:
            check.fault(at, ("answer",), f"tells facts.{fact}; list {fact} under `needs`: without it a person answers")


def _campaign(check: Check, at: Place, campaign: Campaign) -> None:
    check.names(at, ("audience",), campaign.audience, check_expression)
    check.lead(at, ("text",), "templates", campaign.text)
    for arm in campaign.arms:
        check.lead(at, ("arms", arm), "templates", arm)
