"""The words of all intents, compiled once when content is loaded so that one pass over a text finds them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final, NamedTuple

from bot.conversation.patterns import Pattern, compile_pattern
from bot.conversation.text import WHOLE, Variants, joined, plain, squeezed, worth_reading
from bot.domain.intent import IntentWords, Layer, Words
from bot.domain.understanding import PRIORITY, IntentName
from bot.errors import ContentError, Fault


class Entry(NamedTuple):
    """What a phrase in the text stands for."""

    intent: IntentName
    layer: Layer
    """`phrase`, `hint` or `exact`; `none`: a block, which looks like the intent and is not."""
    kind: str | None
    """The circumstance without which it does not count."""


class Compiled(NamedTuple):
    """A pattern of an intent, with the groups of words (as bits) that it cannot do without."""

    intent: IntentName
    kind: str | None
    pattern: Pattern
    needs: int


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns under the rarest group of words that each needs: a text without it costs them nothing."""

    by_rarest: Mapping[int, tuple[tuple[int, int, str | None, Compiled], ...]]
    """Bit of the group → (place in the order of acting, what it needs, its kind, pattern)."""
    rarest: int
    """All these bits."""

    @staticmethod
    def of(patterns: Sequence[Compiled], often: Mapping[int, int]) -> Patterns:
        """Sort patterns under their rarest group, `often` telling in how many texts each stands."""
        under: dict[int, list[tuple[int, int, str | None, Compiled]]] = {}
        for place, compiled in enumerate(patterns):
            rarest = min(bits(compiled.needs), key=lambda bit: often.get(bit, 0))
            under.setdefault(rarest, []).append((place, compiled.needs, compiled.kind, compiled))
        return Patterns({bit: tuple(found) for bit, found in under.items()}, sum(under))

    def worth_trying(self, groups: int, kinds: Collection[str]) -> list[Compiled]:
        """Give the patterns whose groups are all present, in order."""
        if not groups & self.rarest:
            return []
        lacking = ~groups
        found = [
            (place, compiled)
            for bit in bits(groups & self.rarest)
            for place, needs, kind, compiled in self.by_rarest[bit]
            if not needs & lacking and (kind is None or kind in kinds)
        ]
        found.sort(key=_PLACE)
        return [compiled for _, compiled in found]


_PLACE: Final = itemgetter(0)


def bits(groups: int) -> Iterator[int]:
    """Give the single bits of a set of groups."""
    while groups:
        low = groups & -groups
        yield low
        groups ^= low


Bucket = tuple[tuple[str, tuple[Entry, ...], int], ...]
Buckets = Mapping[str, Bucket]
"""A character, or two → words that can begin there, the longest first, with their entries and groups."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All words, compiled."""

    variants: Variants
    labels: Mapping[IntentName, str]
    negated: Mapping[IntentName, IntentName]
    exact: Mapping[str, tuple[Entry, ...]]
    words: Buckets
    patterns: Patterns
    wide: Patterns
    """Patterns that run over the whole text."""
    blocks: Patterns
    """Patterns that look like an intent and mean something else."""
    classes: Mapping[str, int]
    """Word class → its bit among the groups."""
    examples: Mapping[str, IntentName | None]
    """Example → its intent; a near miss counts for nothing (None)."""
    by_length: Mapping[int, tuple[str, ...]]

    def fold(self, raw: str) -> str:
        """Normalise what is read of a text, the way everything here is normalised; idempotent."""
        text = worth_reading(plain(raw))
        for _ in range(3):
            folded = self.variants.fold(joined(text))[:WHOLE]
            if folded == text:
                break
            text = plain(folded)
        return text


@dataclass(slots=True)
class _Draft:
    """What is gathered while intents are read one by one."""

    exact: dict[str, list[Entry]] = field(default_factory=dict)
    words: dict[str, list[Entry]] = field(default_factory=dict)
    groups: dict[tuple[str, ...], int] = field(default_factory=dict)
    patterns: list[Compiled] = field(default_factory=list)
    blocks: list[Compiled] = field(default_factory=list)

    def bit(self, words: Iterable[str]) -> int:
        """Give the bit of a group of words, a new one if it is new."""
        return self.groups.setdefault(tuple(sorted(set(words))), 1 << len(self.groups))


def compile_lexicon(
    intents: Iterable[IntentWords], classes: Mapping[str, Sequence[str]], variants: Variants
) -> Lexicon:
    """Compile all intents' words. Raises ContentError where a pattern is wrong."""
    every = sorted(intents, key=lambda words: PRIORITY[words.name])
    folded = {name: tuple(_fold(word, variants) for word in members) for name, members in classes.items()}
    draft = _Draft()
    bits = {name: draft.bit(members) for name, members in folded.items()}
    faults: list[Fault] = []
    for name, kind, words in _groups(every):
        try:
            _add(draft, name, kind, words, folded, variants)
        except ValueError as error:
            faults.append(Fault(f"content/intents/{name}.yaml", 1, str(error)))
    if faults:
        raise ContentError(tuple(faults))
    examples = _examples(every, variants)
    buckets = _buckets(draft)
    often = _how_often(examples, buckets)
    return Lexicon(
        variants=variants,
        labels={words.name: words.label for words in every},
        negated={words.name: words.negated for words in every if words.negated},
        exact={word: tuple(dict.fromkeys(entries)) for word, entries in draft.exact.items()},
        words=buckets,
        patterns=Patterns.of([compiled for compiled in draft.patterns if not compiled.pattern.whole], often),
        wide=Patterns.of([compiled for compiled in draft.patterns if compiled.pattern.whole], often),
        blocks=Patterns.of(draft.blocks, often),
        classes=bits,
        examples=examples,
        by_length=_by_length(examples),
    )


def _fold(word: str, variants: Variants) -> str:
    return variants.fold(plain(word.replace("_", " ")))


def _groups(intents: Iterable[IntentWords]) -> Iterator[tuple[IntentName, str | None, Words]]:
    for intent in intents:
        always = Words(
            exact=intent.exact,
            phrases=intent.phrases,
            patterns=intent.patterns,
            hints=intent.hints,
            blocks=intent.blocks,
        )
        yield intent.name, None, always
        for kind, words in intent.when.items():
            yield intent.name, kind, words


def _add(
    draft: _Draft,
    name: IntentName,
    kind: str | None,
    words: Words,
    classes: Mapping[str, tuple[str, ...]],
    variants: Variants,
) -> None:
    for word in words.exact:
        form = variants.fold(joined(plain(word)))
        for key in {form, squeezed(form)} - {""}:
            draft.exact.setdefault(key, []).append(Entry(name, "exact", kind))
    layers: tuple[tuple[Layer, tuple[str, ...]], ...] = (("phrase", words.phrases), ("hint", words.hints))
    for layer, members in layers:
        for word in members:
            draft.words.setdefault(_fold(word, variants), []).append(Entry(name, layer, kind))
    for word in words.blocks:
        if " " in word:
            draft.blocks.append(_compiled(draft, name, kind, word, classes))
        else:
            draft.words.setdefault(_fold(word, variants), []).append(Entry(name, "none", kind))
    draft.patterns.extend(_compiled(draft, name, kind, source, classes) for source in words.patterns)


def _compiled(
    draft: _Draft, name: IntentName, kind: str | None, source: str, classes: Mapping[str, tuple[str, ...]]
) -> Compiled:
    pattern = compile_pattern(source, classes)
    needs = 0
    for words in (*(classes[needed] for needed in pattern.needs), *pattern.literals):
        needs |= draft.bit(words)
    return Compiled(name, kind, pattern, needs)


def _buckets(draft: _Draft) -> Buckets:
    masks: dict[str, int] = {}
    for words, bit in draft.groups.items():
        for word in words:
            masks[word] = masks.get(word, 0) | bit
    buckets: dict[str, list[tuple[str, tuple[Entry, ...], int]]] = {}
    for word in {*draft.words, *masks} - {""}:
        entries = tuple(dict.fromkeys(draft.words.get(word, ())))
        buckets.setdefault(word[:2], []).append((word, entries, masks.get(word, 0)))
    # A single character may be a word whatever follows it.
    return {
        opening: tuple(sorted(bucket + buckets.get(opening[:-1], []), key=lambda item: -len(item[0])))
        for opening, bucket in buckets.items()
    }


def _how_often(texts: Iterable[str], words: Buckets) -> Counter[int]:
    """Count the texts in which the words of each group stand."""
    return Counter(bit for text in texts for bit in bits(_groups_in(text, words)))


def _groups_in(text: str, words: Buckets) -> int:
    """Give the groups whose words stand in a text."""
    groups = 0
    for start, first in enumerate(text):
        for word, _, mask in words.get(text[start : start + 2]) or words.get(first, ()):
            if text.startswith(word, start):
                groups |= mask
    return groups


def _examples(intents: Iterable[IntentWords], variants: Variants) -> dict[str, IntentName | None]:
    examples: dict[str, IntentName | None] = {}
    for intent in intents:
        for text in intent.near_misses:
            examples.setdefault(squeezed(_fold(text, variants)), None)
    for intent in intents:
        for text in intent.examples:
            examples[squeezed(_fold(text, variants))] = intent.name
    return {text: name for text, name in examples.items() if text}


def _by_length(examples: Collection[str]) -> dict[int, tuple[str, ...]]:
    lengths: dict[int, list[str]] = {}
    for text in examples:
        lengths.setdefault(len(text), []).append(text)
    return {length: tuple(texts) for length, texts in lengths.items()}
