"""Reading a reply: text, clauses, numbers, times and words, before anybody says what it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any, Final, NamedTuple

from bot.conversation import artefacts, clauses, numbers, scores
from bot.conversation.emojis import Emojis
from bot.conversation.lexicon import Lexicon, compile_lexicon
from bot.conversation.memory import remembered
from bot.conversation.picks import pick
from bot.conversation.preferences import find_preference, find_scope
from bot.conversation.scanning import MAX_TRIES, SCORES, nearest, scan, scan_whole
from bot.conversation.sounds import Sounds
from bot.conversation.text import Variants, script_of, squeezed
from bot.conversation.when import find_when
from bot.domain.intent import Clause, Hit, IntentWords, Number, Reading, Score, Vocabulary
from bot.domain.understanding import ReplyContext, Scope, Script, Silence
from bot.errors import ContentError, Fault

CLEAR: Final = 0.75
"""A hit this sure makes the comparison with examples needless."""
MARKED: Final = ("abuse", "threat")
"""Word classes whose presence counts by itself."""
_ROLLS: Final = re.compile("回滚|[翻打摇]滚|滚[动烫筒轮刀水粥热]|[周明今昨生节假次近当每期]日你")
"""Words that look like abuse and insult nobody ("周日你们开门吗")."""
_LETTERS: Final = re.compile(r"[^\W_]")
_DIGIT: Final = re.compile(r"\d")


_SCORE: Final = attrgetter("score")

_Said = tuple[tuple[Hit, ...], Mapping[str, tuple[int, ...]]]


class _Plain(NamedTuple):
    """What a text is by itself, whoever wrote it and whatever was asked."""

    silence: Silence | None
    masked: str | None
    folded: str
    text: str
    """Without emoji, and as a key word where it sounds like one."""
    whole: str
    faces: tuple[str, ...]
    script: Script
    clauses: tuple[Clause, ...] = ()
    numbers: tuple[Number, ...] = ()
    score: Score | None = None
    correction: bool = False
    phone: str | None = None
    order_tail: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Everything that reading needs, compiled once when content is loaded."""

    lexicon: Lexicon
    emojis: Emojis
    sounds: Sounds
    _plain: Callable[[str], _Plain] = field(init=False, repr=False, compare=False)
    _said: Callable[[str, frozenset[str]], _Said] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Not methods of ours: we would hold ourselves, and outlive the content that we were made for.
        plain = remembered(partial(_read_plain, self.lexicon, self.emojis, self.sounds))
        object.__setattr__(self, "_plain", plain)
        object.__setattr__(self, "_said", remembered(partial(_find_said, self.lexicon, plain)))

    @staticmethod
    def of(intents: Sequence[IntentWords], vocabulary: Vocabulary) -> Reader:
        """Compile the words of all intents. Raises ContentError where a pattern or a list of words is wrong."""
        try:
            variants = Variants.of(vocabulary.variants)
            sounds = Sounds.of(vocabulary.syllables, vocabulary.sounds)
        except ValueError as error:
            raise ContentError((Fault("content/words", 1, str(error)),)) from error
        return Reader(compile_lexicon(intents, vocabulary.classes, variants), Emojis.of(vocabulary.emoji), sounds)

    def fold(self, raw: str) -> str:
        """Normalise a text: what corrections are kept by. Idempotent."""
        return self.lexicon.fold(raw)

    def read(self, raw: str, context: ReplyContext) -> Reading:
        """Read a reply; any text will do."""
        plain = self._plain(raw)
        text, parts, found = plain.text, plain.clauses, plain.numbers
        if plain.silence is not None:
            return Reading(
                raw=raw,
                normalized=plain.folded,
                text=text,
                whole="",
                script=plain.script,
                silence=plain.silence,
                masked=plain.masked,
            )
        prompts = (*context.prompts, *context.lately)
        picks = {prompt.id: picked for prompt in prompts if (picked := pick(prompt, text, parts, found))}
        hits, marks = self._said(raw, kinds_of(context))
        return Reading(
            raw=raw,
            normalized=plain.folded,
            text=text,
            whole=plain.whole,
            script=plain.script,
            clauses=parts,
            numbers=found,
            hits=hits,
            emoji=plain.faces,
            only_emoji=bool(plain.faces) and not _LETTERS.search(text),
            score=plain.score,
            picks=picks,
            when=find_when(text, context),
            preference=find_preference(text, parts, context),
            scope=_scope(text, parts, hits),
            phone=plain.phone,
            order_tail=plain.order_tail,
            marks=marks,
            correction=plain.correction,
            abusive="abuse" in marks,
        )


def _read_plain(lexicon: Lexicon, emojis: Emojis, sounds: Sounds, raw: str) -> _Plain:
    own = artefacts.strip(raw)
    folded = lexicon.fold(own.text)
    text, faces = emojis.take(folded)
    bare = squeezed(text)
    if heard := sounds.word(bare):
        text = bare = heard
    script = script_of(raw[:200])
    silence = own.silence
    if silence is None and not text.strip() and not faces and not own.quoted:
        silence = "empty"
    plain = _Plain(silence=silence, masked=own.masked, folded=folded, text=text, whole="", faces=faces, script=script)
    if silence is not None:
        return plain
    parts = clauses.split(text)
    found = numbers.find_numbers(text, parts)
    told = _DIGIT.search(text) is not None
    return plain._replace(
        whole=clauses.core(squeezed(bare)) if text else "",
        clauses=parts,
        numbers=found,
        score=scores.find_score(text, parts, found),
        correction=scores.takes_back(text),
        phone=numbers.find_phone(text) if told else None,
        order_tail=numbers.find_order_tail(text) if told else None,
    )


def _find_said(lexicon: Lexicon, read_plain: Callable[[str], _Plain], raw: str, kinds: frozenset[str]) -> _Said:
    """Give what the words say, the surest first, and the clauses in which marked ones stand."""
    plain = read_plain(raw)
    text, whole, parts = plain.text, plain.whole, plain.clauses
    hits: list[Hit] = []
    marks: dict[str, tuple[int, ...]] = {}
    groups, tries = 0, MAX_TRIES
    marked = lexicon.classes[MARKED[0]] | lexicon.classes[MARKED[1]]
    for clause in parts:
        found, here, tries = scan(lexicon, clause, kinds, tries)
        hits.extend(found)
        groups |= here
        if here & marked:
            for name in MARKED:
                if here & lexicon.classes[name] and not (name == "abuse" and _ROLLS.search(clause.text)):
                    marks[name] = (*marks.get(name, ()), clause.index)
    if parts:
        hits.extend(scan_whole(lexicon, text, parts, kinds, groups))
    if len(parts) != 1 or parts[0].core != whole:
        hits.extend(
            Hit(entry.intent, SCORES["exact"], "exact", f"全文是“{text}”", 0, 0, len(text), whole)
            for entry in lexicon.exact.get(whole, ())
            if entry.kind is None or entry.kind in kinds
        )
    if not any(hit.score >= CLEAR for hit in hits) and (near := nearest(lexicon, text)):
        hits.append(near)
    return tuple(sorted(hits, key=_SCORE, reverse=True)), marks


def kinds_of(context: ReplyContext) -> frozenset[str]:
    """Name the circumstances that a word may depend on: kinds of open prompts, `promo` after one, `booking`, `none`."""
    kinds = {prompt.kind for prompt in context.prompts} or {"none"}
    if context.last_class == "marketing":
        kinds.add("promo")
    if context.booking is not None:
        kinds.add("booking")
    if context.opted_out:
        kinds.add("opted_out")
    for prompt in context.prompts:
        if prompt.proposed:
            kinds.add("proposed")
        if prompt.slots_offered:
            kinds.add("slots")
    return frozenset(kinds)


def vocabulary(words: Mapping[str, Any]) -> Vocabulary:
    """Take what reading needs out of `content/words/`, which is keyed by file name."""
    heard = words.get("sounds", {})
    return Vocabulary(
        syllables=dict(heard.get("syllables", {})),
        sounds=dict(heard.get("words", {})),
        classes=_lists(words.get("classes", {})),
        emoji=_lists(words.get("emoji", {})),
        variants=_lists(words.get("variants", {})),
    )


def _lists(values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {str(name): tuple(str(word) for word in members) for name, members in values.items()}


def _scope(text: str, parts: Sequence[Clause], hits: Sequence[Hit]) -> Scope | None:
    """Tell what a stop stops; a topic counts only where the stop is said of it ("快递慢,别再发了" is none)."""
    stops = {hit.clause for hit in hits if hit.intent == "unsubscribe"}
    if not stops:
        return None
    scope = find_scope(text)
    if scope in (None, "marketing", "all"):
        return scope
    said = "".join(part.text for part in parts if part.index in stops)
    return scope if find_scope(said) == scope else None
