"""What content/ says, as checked values: texts, prompts, quizzes, questions, journeys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from bot.domain.customer import PromptKind
from bot.domain.effects import Severity
from bot.domain.intent import IntentWords
from bot.domain.messages import MessageClass
from bot.domain.understanding import Topic

Doing = Mapping[str, Mapping[str, Any]]
"""One effect by its name with its values, as YAML has it: `alert_staff: {reason: low_rating}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """How a text is filed with a gateway that sends filed templates only."""

    code: str
    variables: tuple[str, ...] = ()
    """Our names of the variables, in the filed order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text for customers: a Jinja2 template with its variants and filings."""

    name: str
    text: str
    message_class: MessageClass = "conversation"
    variants: Mapping[str, str] = field(default_factory=dict)
    """Other wordings by condition name: `again` (asked a second time), `traditional`, `age:60` …"""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """Fall-backs of variables; one that is missing without a fall-back keeps the text from being sent."""
    filed: Mapping[str, Filed] = field(default_factory=dict)
    """By gateway account or provider name."""
    care: bool = False
    """Counts as care, not as promotion (3+1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What to do when a condition holds; of a list of reactions the first that holds is taken."""

    when: str = "true"
    """A Jinja2 expression over the answer (rating, option, right, answer …) and the customer."""
    reply: str | None = None
    """The name of a text."""
    do: tuple[Doing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPlan:
    """What a kind of prompt does by default."""

    kind: PromptKind
    expires_in: timedelta = timedelta(hours=72)
    again: str | None = None
    """The name of the text that asks it again in short."""
    on_answer: tuple[Reaction, ...] = ()
    on_late: tuple[Reaction, ...] = ()
    on_none: tuple[Reaction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """A question with numbered options."""

    name: str
    question: str
    options: tuple[str, ...]
    right: int | None = None
    """From 1; None: every answer wins."""
    reward: str | None = None
    closes_in: timedelta = timedelta(days=3)
    when_right: str = "quiz_right"
    when_wrong: str = "quiz_wrong"
    note: str = ""
    """What is worth knowing about the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faq:
    """A question that customers ask, and its answer; `{{ facts.address }}` comes from the shop's settings."""

    name: str
    examples: tuple[str, ...]
    answer: str
    words: tuple[str, ...] = ()
    """All of one of these (split by blanks) in the text is a match too."""
    needs: tuple[str, ...] = ()
    """Facts without which the question goes to a person."""


END: Final = "end"
"""Where a run goes to end; no step may be called so, save one that ends it."""

StepKind = Literal["send", "ask", "wait", "wait_for", "branch", "split", "tag", "alert", "goto", "end", "do"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One way out of a branch, a split or an ask."""

    to: str
    when: str = "true"
    share: int = 0
    """Of a split: parts of the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a journey; which fields count depends on its kind."""

    id: str
    kind: StepKind
    text: str | None = None
    """send, ask: the name of a text."""
    prompt: PromptKind | None = None
    expires_in: timedelta | None = None
    wait: timedelta | None = None
    until: str | None = None
    """wait: an expression that gives a date-time ("appointment.start - days(1)"), at `at` o'clock if given;
    ask: the same, at which the question runs out at the latest."""
    at: str | None = None
    event: str | None = None
    """wait_for: the type of a business event."""
    timeout: timedelta | None = None
    branches: tuple[Branch, ...] = ()
    on_answer: tuple[Reaction, ...] = ()
    """ask: instead of the prompt plan's reactions."""
    on_none: str | None = None
    """ask, wait_for: the step to go to when nothing came."""
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    do: tuple[Doing, ...] = ()
    to: str | None = None
    """goto: where to; other kinds: the next step where it is not the following one; `end` ends the run."""
    quiz: str | None = None
    """ask: the quiz that is asked; None: the one that the trigger's data names."""
    options: tuple[str, ...] = ()
    """ask: what can be chosen from, numbered from 1 (choice, survey, promo)."""
    slots: str | None = None
    """ask: an expression that gives the times offered ("slots")."""
    reason: str = ""
    """alert: what staff read, a template; end: why the run ends."""
    severity: Severity = "warning"
    """alert: how urgent it is."""
    care: bool = False
    """send, ask: counts as care, not as promotion (3+1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What begins a journey."""

    event: str | None = None
    keyword: str | None = None
    field: str | None = None
    """A date field of the profile (birthday), with `offset`."""
    offset: timedelta = timedelta()
    segment: str | None = None
    api: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A plan over time for one customer."""

    name: str
    title: str
    trigger: Trigger
    steps: tuple[Step, ...]
    message_class: MessageClass = "service"
    key: str = ""
    """An expression over the trigger's data that tells runs apart ("order_id"); empty: one run at a time."""
    audience: str = "true"
    again_after: timedelta | None = None
    """How soon the same customer may run it again with another key; None: at once."""
    exits: Mapping[str, str] = field(default_factory=dict)
    """Reason → business event or `replied`, `opted_out` that ends the run."""
    topic: Topic | None = None
    """What its texts are about, for customers who chose topics."""
    version: str = ""
    """A hash of the plan; runs are pinned to it."""
    on: bool = True
    """False: no new run begins; a shop's own file may switch a packaged journey off so."""

    def step(self, name: str) -> Step | None:
        """Give a step by its id."""
        return next((step for step in self.steps if step.id == name), None)

    def after(self, step: Step) -> str:
        """Give the id of the step that comes after one which takes no branch; `end` past the last."""
        if step.kind == "end":
            return END
        if step.to:
            return step.to
        place = next(place for place, one in enumerate(self.steps) if one.id == step.id) + 1
        return self.steps[place].id if place < len(self.steps) else END

    def ways(self, step: Step) -> tuple[str, ...]:
        """Give the ids of all steps that may come after one."""
        branches = tuple(branch.to for branch in step.branches)
        if step.kind in ("branch", "split") and any(branch.when == "true" for branch in step.branches):
            return branches
        none = (step.on_none,) if step.on_none else ()
        return tuple(dict.fromkeys((*branches, *none, self.after(step))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One sending to an audience."""

    name: str
    text: str
    audience: str = "true"
    arms: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All of content/, checked; `version` is a hash of it all."""

    version: str
    intents: Mapping[str, IntentWords] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)
    prompts: Mapping[str, PromptPlan] = field(default_factory=dict)
    quizzes: Mapping[str, Quiz] = field(default_factory=dict)
    faq: Mapping[str, Faq] = field(default_factory=dict)
    journeys: Mapping[str, Journey] = field(default_factory=dict)
    """By name, the newest version of each."""
    pinned: Mapping[str, Journey] = field(default_factory=dict)
    """By version: older plans that runs still follow."""
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    words: Mapping[str, Any] = field(default_factory=dict)
    """content/words, by file name."""
    rewards: Mapping[str, str] = field(default_factory=dict)
    """Reward name → what it is, for texts."""
