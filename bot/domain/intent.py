"""What conversation makes of a reply's text, and what an intent is: claims on a reading, effects on a turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bot.domain.understanding import (
    Candidate,
    Frequency,
    IntentName,
    Period,
    PromptView,
    ReplyContext,
    Scope,
    Script,
    Silence,
    Slots,
    Topic,
)

NumberRole = Literal[
    "bare", "score", "stars", "clock", "duration", "date", "phone", "price", "quantity", "order", "ordinal", "other"
]
"""What a number in a reply stands for; only `bare`, `score`, `stars` and `ordinal` can answer a prompt."""

Layer = Literal[
    "correction", "stop", "prompt", "exact", "pattern", "phrase", "emoji", "example", "hint", "mood", "none"
]
"""Where a candidate comes from, from the surest to the least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Ways to say one thing. `exact` must be a whole clause (particles aside), `phrases` stand anywhere in one.

    `patterns` are read by `bot.conversation.patterns`; `hints` are phrases too weak to stand against others;
    `blocks` are phrases that look alike and mean something else, which take their place in the text.
    """

    exact: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentWords:
    """The words of one intent, one file of `content/intents/` each."""

    name: IntentName
    label: str
    """The intent's Chinese name, for staff."""
    exact: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    negated: IntentName | None = None
    """What it means when a phrase of this intent is denied ("不满意"); None: nothing."""
    when: Mapping[str, Words] = field(default_factory=dict)
    """Words that count only while a prompt of that kind is open (or `promo`: the last text was one)."""
    examples: tuple[str, ...] = ()
    """Whole replies; short texts are compared with them, and tests hold us to them."""
    near_misses: tuple[str, ...] = ()
    """Whole replies that look like this intent and are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words that belong to no single intent, from `content/words/`."""

    classes: Mapping[str, tuple[str, ...]]
    """Word classes by name, for patterns (`classes.yaml`)."""
    emoji: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Meaning → emoji and bracketed names (`emoji.yaml`)."""
    variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Key word → homophones and near-typos (`variants.yaml`)."""
    syllables: Mapping[str, str] = field(default_factory=dict)
    """Syllable → the characters that people take for it (`sounds.yaml`)."""
    sounds: Mapping[str, str] = field(default_factory=dict)
    """Key word → its syllables (`sounds.yaml`)."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: `text` as matched, `core` without particles and politeness, offsets in the normalised text."""

    index: int
    text: str
    core: str
    start: int
    end: int
    question: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A number and its role; offsets in the normalised text, `values` holds both ends of "4或5"."""

    value: float
    role: NumberRole
    start: int
    end: int
    clause: int
    text: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """Words of an intent found in a clause. `negated`: the clause denies them."""

    intent: IntentName
    score: float
    layer: Layer
    reason: str
    clause: int
    start: int
    end: int
    words: str = ""
    denied_from: IntentName | None = None
    """The intent whose words these are, where a negation turned them round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The day and time a reply asks for, as the slots want it; `exact` False: only a part was given."""

    date: str | None = None
    time: str | None = None
    period: Period | None = None
    reason: str = ""
    undecided: bool = False
    """Several days were named without a choice between them."""
    excluded: tuple[str, ...] = ()
    """Dates that the customer ruled out."""
    at: int = 0
    """Where in the text the last of it stands."""

    def __bool__(self) -> bool:
        return bool(self.date or self.time or self.period)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The score a reply gives: the last valid claim. `value` None: it speaks of a score but gives none that counts."""

    value: int | None = None
    explicit: bool = False
    """Said as a score (分, 星, 打), not only as a number."""
    undecided: bool = False
    out_of_range: bool = False
    correction: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """What a reply picks from a prompt's numbered options, counted from 1. Several: all were named."""

    prompt: PromptView
    options: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    undecided: bool = False
    correction: bool = False
    whole: bool = False
    """The reply is nothing else than the pick."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """What a reply wants to be sent, how often and when. `clauses` are those that say so."""

    only: tuple[Topic, ...] = ()
    on: tuple[Topic, ...] = ()
    off: tuple[Topic, ...] = ()
    frequency: Frequency | None = None
    send_time: str | None = None
    quiet_after: str | None = None
    keeps: bool = False
    """Something is to go on: what is turned down is a choice, not a stop."""
    reason: str = ""
    clauses: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.only or self.on or self.off or self.frequency or self.send_time or self.quiet_after)

    @property
    def slots(self) -> Slots:
        """Give the wish as the slots of a claim."""
        return Slots(
            only=self.only,
            on=self.on,
            off=self.off,
            frequency=self.frequency,
            send_time=self.send_time,
            quiet_after=self.quiet_after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that conversation finds in a text before anybody says what it means."""

    raw: str
    normalized: str = ""
    """What is read of it, with folded width, case and script."""
    text: str
    """What is read of it, normalised and without emoji."""
    whole: str
    """The same without spaces, punctuation and particles at either end, for whole-text words."""
    script: Script
    clauses: tuple[Clause, ...] = ()
    numbers: tuple[Number, ...] = ()
    hits: tuple[Hit, ...] = ()
    """The best first."""
    by_intent: Mapping[IntentName, Sequence[Hit]] = field(init=False, repr=False, compare=False)
    """The same by intent: eighteen of them ask."""
    emoji: tuple[str, ...] = ()
    """Meanings of the emoji found, in order."""
    only_emoji: bool = False
    score: Score | None = None
    picks: Mapping[str, Pick] = field(default_factory=dict)
    """By prompt id, for every open or late prompt that has options."""
    when: When = field(default_factory=When)
    preference: Preference = field(default_factory=Preference)
    scope: Scope | None = None
    """What a stop in this reply would stop, where it says so."""
    phone: str | None = None
    order_tail: str | None = None
    marks: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Word class → the clauses in which one of its words stands."""
    correction: bool = False
    """The customer takes something back ("打错了", "我是说")."""
    silence: Silence | None = None
    abusive: bool = False
    masked: str | None = None

    def __post_init__(self) -> None:
        by_intent: dict[IntentName, list[Hit]] = {}
        for hit in self.hits:
            by_intent.setdefault(hit.intent, []).append(hit)
        object.__setattr__(self, "by_intent", by_intent)

    def from_menu(self, prompt: PromptView, option: int, intent: IntentName, meaning: str) -> list[Candidate]:
        """Claim an intent where the reply picks just this option of a prompt's menu (not of the times it offers)."""
        pick = self.picks.get(prompt.id)
        if prompt.slots_offered or pick is None or pick.undecided or pick.options != (option,):
            return []
        reason = f"{pick.reason}是菜单的“{meaning}”"
        return [
            Candidate(intent=intent, score=0.97, layer="prompt", reason=reason, prompt=prompt.id, late=prompt.expired)
        ]

    def text_of(self, clause: int | None) -> str:
        """Give the text of a clause by its number (None: of the first); empty where there is none."""
        return next((one.text for one in self.clauses if one.index == (clause or 0)), "")

    def clause_at(self, place: int) -> int | None:
        """Give the number of the clause that holds a place in the text, if any."""
        return next((one.index for one in self.clauses if one.start <= place < one.end), None)

    def of(self, intent: IntentName) -> tuple[Hit, ...]:
        """Give the hits for one intent, the best first."""
        return tuple(self.by_intent.get(intent, ()))

    def claimed(self, intent: IntentName) -> list[Candidate]:
        """Give the best hit for an intent in each clause, as candidates."""
        found = self.by_intent.get(intent)
        if not found:
            return []
        best: dict[int, Hit] = {}
        for hit in found:
            best.setdefault(hit.clause, hit)
        return [
            Candidate(intent=intent, score=hit.score, layer=hit.layer, reason=hit.reason, clause=hit.clause)
            for hit in best.values()
        ]

    def agreed(self, intent: IntentName, prompt: PromptView | None) -> list[Candidate]:
        """Give the hits for a yes or a no, tied to the prompt that takes it."""
        tied = prompt.id if prompt is not None and prompt.kind in {"promo", "survey"} else None
        claimed = self.claimed(intent)
        return [replace(claim, prompt=tied) for claim in claimed] if tied else claimed

    def has(self, *classes: str) -> bool:
        """Tell whether a word of any of these classes stands anywhere."""
        return any(name in self.marks for name in classes)


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing a customer can mean: claims a reply, asks for effects. One module of `intents/` each."""

    name: IntentName
    claims: Callable[[Reading, ReplyContext], Sequence[Candidate]]
    respond: Callable[..., Any] | None = None
