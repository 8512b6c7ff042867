"""The words of all intents compiled into one scan: what was found in each clause, with score and reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from rapidfuzz import fuzz, process

from bot.conversation.clauses import core
from bot.conversation.patterns import Pattern, compile_pattern
from bot.conversation.text import Variants, joined, plain, squeezed
from bot.domain.intent import Clause, Hit, IntentWords, Layer, Words
from bot.domain.understanding import PRIORITY, IntentName

SCORES: Final[Mapping[Layer, float]] = {"exact": 0.97, "pattern": 0.88, "phrase": 0.8, "hint": 0.55}
MAX_TRIES: Final = 500
"""Patterns tried on one reply at most; real replies stay under a tenth of it."""
MAX_WHOLE_CHARS: Final = 300
MAX_FUZZY_CHARS: Final = 24
FUZZY_CUTOFF: Final = 80.0

_NEGATORS: Final = (
    "不", "没", "无", "未", "别", "勿", "莫", "甭", "非", "不是", "没有", "不会", "不够", "不太", "不怎么", "不算", "不是很", "不很", "没那么", "不那么",
    "不咋", "谈不上", "算不上", "称不上", "不能", "不想", "不要", "不用", "不需要", "没觉得", "并不", "毫不", "从不", "不大", "没啥", "没什么", "不见得", "不敢", "不再", "不曾",
)  # fmt: skip
_SAID: Final = re.compile("(?:谁|没有?|哪|哪里|什么时候|几时|又没|不是)(?:说|讲|说过|讲过|要)(?:过)?(?:我|咱|我们|要|是)*$")
"""Words that take back what follows ("谁说我不来了")."""
_NEGATING: Final = ("不", "没", "别", "勿", "莫", "无", "未", "甭", "非")
_NEVER_COVER: Final[frozenset[IntentName]] = frozenset(
    {"complaint", "praise", "greeting", "wrong_number", "question", "help"}
)
"""Intents whose long words say nothing about shorter ones within ("再发就投诉" is a stop all the same)."""
_NEGATED_TAILS: Final = frozenset(_NEGATORS)


class Entry(NamedTuple):
    """What a word in the scan stands for: an intent's phrase or hint, a word class, or a block."""

    intent: IntentName | None
    layer: Layer
    kind: str | None
    name: str
    """The word class, for entries of one."""


class Compiled(NamedTuple):
    """An intent's pattern."""

    intent: IntentName
    kind: str | None
    pattern: Pattern


class Span(NamedTuple):
    """A word found in a clause."""

    start: int
    end: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All words, compiled once when content is loaded."""

    variants: Variants
    labels: Mapping[IntentName, str]
    negated: Mapping[IntentName, IntentName]
    exact: Mapping[str, tuple[Entry, ...]]
    words: Mapping[str, tuple[tuple[str, tuple[Entry, ...]], ...]]
    """First two characters (or the only one) → words that begin so, the longest first."""
    patterns: tuple[Compiled, ...]
    blocks: tuple[Compiled, ...]
    """Patterns that look like an intent and mean something else."""
    examples: Mapping[str, IntentName | None]
    """Example → its intent; a near miss counts for nothing (None)."""
    by_length: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def fold(self, raw: str) -> str:
        """Normalise a text the way everything here is normalised; idempotent."""
        text = plain(raw)
        for _ in range(3):
            folded = plain(self.variants.fold(joined(text)))
            if folded == text:
                break
            text = folded
        return text


def compile_lexicon(
    intents: Iterable[IntentWords], classes: Mapping[str, Sequence[str]], variants: Variants
) -> Lexicon:
    """Compile all intents' words. Raises ValueError where a pattern is wrong."""
    every = sorted(intents, key=lambda words: PRIORITY[words.name])
    exact: dict[str, list[Entry]] = {}
    found: dict[str, list[Entry]] = {}
    patterns: list[Compiled] = []
    blocks: list[Compiled] = []
    folded = {name: tuple(variants.fold(plain(word)) for word in members) for name, members in classes.items()}
    for intent, kind, words in _groups(every):
        for word in words.exact:
            _put_exact(exact, variants.fold(joined(plain(word))), Entry(intent.name, "exact", kind, ""))
        for layer, members in (("phrase", words.phrases), ("hint", words.hints)):
            for word in members:
                found.setdefault(variants.fold(plain(word)), []).append(Entry(intent.name, layer, kind, ""))
        for word in words.blocks:
            if " " in word:
                blocks.append(Compiled(intent.name, kind, compile_pattern(word, folded)))
                continue
            found.setdefault(variants.fold(plain(word)), []).append(Entry(None, "none", kind, intent.name))
        patterns.extend(Compiled(intent.name, kind, compile_pattern(p, folded)) for p in words.patterns)
    for name, members in folded.items():
        for word in members:
            found.setdefault(word.replace("_", " "), []).append(Entry(None, "none", None, f"<{name}>"))
    examples = _examples(every, variants)
    return Lexicon(
        variants,
        {words.name: words.label for words in every},
        {words.name: words.negated for words in every if words.negated},
        {word: tuple(entries) for word, entries in exact.items()},
        _buckets(found),
        tuple(patterns),
        tuple(blocks),
        examples,
        _by_length(examples),
    )


def _groups(intents: Iterable[IntentWords]) -> Iterator[tuple[IntentWords, str | None, Words]]:
    for intent in intents:
        always = Words(
            exact=intent.exact,
            phrases=intent.phrases,
            patterns=intent.patterns,
            hints=intent.hints,
            blocks=intent.blocks,
        )
        yield intent, None, always
        for kind, words in intent.when.items():
            yield intent, kind, words


def _put_exact(exact: dict[str, list[Entry]], word: str, entry: Entry) -> None:
    for form in dict.fromkeys((word, squeezed(word))):
        if form:
            exact.setdefault(form, []).append(entry)


def _buckets(found: Mapping[str, list[Entry]]) -> dict[str, tuple[tuple[str, tuple[Entry, ...]], ...]]:
    buckets: dict[str, list[tuple[str, tuple[Entry, ...]]]] = {}
    for word, entries in found.items():
        buckets.setdefault(word[:2], []).append((word, tuple(entries)))
    return {key: tuple(sorted(bucket, key=lambda item: -len(item[0]))) for key, bucket in buckets.items()}


def _examples(intents: Iterable[IntentWords], variants: Variants) -> dict[str, IntentName | None]:
    examples: dict[str, IntentName | None] = {}
    for intent in intents:
        for text in intent.near_misses:
            examples.setdefault(squeezed(variants.fold(plain(text))), None)
    for intent in intents:
        for text in intent.examples:
            examples[squeezed(variants.fold(plain(text)))] = intent.name
    return {text: name for text, name in examples.items() if text}


def _by_length(examples: Collection[str]) -> dict[int, tuple[str, ...]]:
    lengths: dict[int, list[str]] = {}
    for text in examples:
        lengths.setdefault(len(text), []).append(text)
    return {length: tuple(texts) for length, texts in lengths.items()}


def scan(lexicon: Lexicon, clause: Clause, kinds: Collection[str], tries: int) -> tuple[list[Hit], set[str], int]:
    """Find what the words say in one clause: hits, word classes present, and pattern tries left."""
    spans = _spans(lexicon, clause.text)
    present = {span.entry.name[1:-1] for span in spans if span.entry.name.startswith("<")}
    hits = [
        Hit(
            entry.intent,
            SCORES["exact"],
            "exact",
            f"整句是“{clause.text}”",
            clause.index,
            0,
            len(clause.text),
            clause.text,
        )
        for entry in lexicon.exact.get(clause.text) or lexicon.exact.get(clause.core, ())
        if entry.intent and (entry.kind is None or entry.kind in kinds)
    ]
    blocks: list[tuple[int, int, str]] = []
    for span in spans:
        if span.entry.kind is not None and span.entry.kind not in kinds:
            continue
        if span.entry.intent:
            hits.append(_phrase(lexicon, clause, span))
        elif not span.entry.name.startswith("<"):
            blocks.append((span.start, span.end, span.entry.name))
    for compiled in lexicon.blocks:
        found = (
            compiled.pattern.regex.search(clause.text) if _may_match(compiled, clause.text, present, kinds) else None
        )
        if found:
            blocks.append((found.start(), found.end(), compiled.intent))
    for compiled in lexicon.patterns:
        if compiled.pattern.whole:
            continue
        if tries <= 0:
            break
        if not _may_match(compiled, clause.text, present, kinds):
            continue
        tries -= 1
        found = compiled.pattern.regex.search(clause.text)
        if found and not _taken_back(clause.text, found):
            reason = f"“{found[0]}”合于句式 {compiled.pattern.source}"
            hits.append(
                Hit(compiled.intent, SCORES["pattern"], "pattern", reason, clause.index, *found.span(), found[0])
            )
    return _uncovered(hits, blocks), present, tries


def scan_whole(
    lexicon: Lexicon, text: str, clauses: Sequence[Clause], kinds: Collection[str], present: Collection[str]
) -> list[Hit]:
    """Try the patterns that run over the whole text."""
    hits: list[Hit] = []
    for compiled in lexicon.patterns:
        pattern = compiled.pattern
        if not pattern.whole or not _may_match(compiled, text, present, kinds):
            continue
        found = pattern.regex.search(text[:MAX_WHOLE_CHARS])
        if found and not _taken_back(text, found):
            at = next((c for c in clauses if c.start <= found.start() < c.end), None)
            reason = f"“{found[0]}”合于句式 {pattern.source}"
            hits.append(
                Hit(compiled.intent, SCORES["pattern"], "pattern", reason, at.index if at else 0, 0, 0, found[0])
            )
    return hits


def _taken_back(text: str, found: re.Match[str]) -> bool:
    """Tell whether what a pattern found is denied; one that opens with a negation of its own only by "谁说" and the like."""
    if found[0].startswith(_NEGATING):
        return bool(_SAID.search(text[max(0, found.start() - 6) : found.start()]))
    return denied(text, found.start())


def _may_match(compiled: Compiled, text: str, present: Collection[str], kinds: Collection[str]) -> bool:
    """Tell cheaply whether a pattern is worth trying."""
    pattern = compiled.pattern
    return (
        pattern.needs.issubset(present)
        and (compiled.kind is None or compiled.kind in kinds)
        and all(any(word in text for word in words) for words in pattern.literals)
    )


def _spans(lexicon: Lexicon, text: str) -> list[Span]:
    spans: list[Span] = []
    words = lexicon.words
    for start in range(len(text)):
        for key in (text[start : start + 2], text[start]):
            for word, entries in words.get(key, ()):
                if text.startswith(word, start) and (not word.isascii() or _stands_alone(text, start, word)):
                    spans.extend(Span(start, start + len(word), entry) for entry in entries)
            if len(key) == 1:
                break
    return spans


def _stands_alone(text: str, start: int, word: str) -> bool:
    """A Latin word counts only where no Latin letter stands beside it."""
    before, after = text[start - 1 : start], text[start + len(word) : start + len(word) + 1]
    return not (before.isascii() and before.isalpha()) and not (after.isascii() and after.isalpha())


def _phrase(lexicon: Lexicon, clause: Clause, span: Span) -> Hit:
    intent, layer = span.entry.intent, span.entry.layer
    assert intent is not None  # noqa: S101 — the caller has looked
    words = clause.text[span.start : span.end]
    reason = f"有“{words}”"
    score = SCORES[layer]
    if denied(clause.text, span.start):
        turned = lexicon.negated.get(intent)
        if turned is None:
            return Hit(intent, 0.0, layer, f"“{words}”被否定", clause.index, span.start, span.end, words, intent)
        reason = f"“{words}”被否定"
        return Hit(turned, score, layer, reason, clause.index, span.start, span.end, words, intent)
    return Hit(intent, score, layer, reason, clause.index, span.start, span.end, words)


def denied(text: str, start: int) -> bool:
    """Tell whether the words that begin here are denied: a negator just before, double ones undoing each other."""
    before = text[max(0, start - 4) : start]
    if _SAID.search(text[max(0, start - 6) : start]):
        return True
    if before.endswith(
        (
            "特别",
            "分别",
            "差别",
            "个别",
            "区别",
            "级别",
            "告别",
            "性别",
            "不但",
            "不仅",
            "不光",
            "不愧是",
            "不错",
            "莫名",
            "不然",
            "不过",
            "无论",
            "不管",
            "没事",
            "不论",
        )
    ):
        return False
    if before.endswith(
        (
            "不得不",
            "不能不",
            "非常",
            "要不",
            "要不是",
            "差不多",
            "好不",
            "无不",
            "没有不",
            "不是不",
            "没说不",
            "无比",
            "没比这更",
        )
    ):
        return before.endswith(("不是不", "没说不"))
    return any(before[-size:] in _NEGATED_TAILS for size in range(min(4, len(before)), 0, -1))


def _uncovered(hits: list[Hit], blocks: list[tuple[int, int, str]]) -> list[Hit]:
    """Drop a hit that lies within longer words of another meaning ("退订" in "取消退订" or in "退订单")."""
    live = [hit for hit in hits if hit.score > 0 and (hit.layer == "exact" or not _blocked(hit, blocks))]
    return [hit for hit in live if hit.layer == "exact" or not _covered(hit, live)]


def _blocked(hit: Hit, blocks: list[tuple[int, int, str]]) -> bool:
    return any(
        name == hit.intent
        and start <= hit.start < end
        and (end - start >= hit.end - hit.start or hit.layer == "pattern")
        for start, end, name in blocks
    )


def _covered(hit: Hit, live: list[Hit]) -> bool:
    return any(
        other.intent != hit.intent
        and other.intent not in _NEVER_COVER
        and other.start <= hit.start
        and other.end >= hit.end
        and other.end - other.start > hit.end - hit.start
        and other.score >= hit.score - 0.1
        for other in live
    )


def nearest(lexicon: Lexicon, text: str) -> Hit | None:
    """Compare a short text with all examples: the same one, else the nearest above the cut-off."""
    bare = squeezed(text)
    if not bare or len(bare) > MAX_FUZZY_CHARS:
        return None
    same = lexicon.examples.get(bare, "")
    if same is None:
        return None
    if same:
        return Hit(same, 0.95, "example", f"与例句“{bare}”相同", 0, 0, len(text), bare)
    slack = max(1, len(bare) // 4)
    pool = [
        example
        for length in range(len(bare) - slack, len(bare) + slack + 1)
        for example in lexicon.by_length.get(length, ())
    ]
    best = process.extractOne(bare, pool, scorer=fuzz.ratio, score_cutoff=FUZZY_CUTOFF) if pool else None
    if best is None or (intent := lexicon.examples[best[0]]) is None:
        return None
    return Hit(intent, best[1] / 100 * 0.8, "example", f"近于例句“{best[0]}”({best[1]:.0f})", 0, 0, len(text), best[0])
