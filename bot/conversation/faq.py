"""Which answer of content/faq/ fits a question: by its words, else by the nearest example."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from rapidfuzz import fuzz, process

from bot.conversation.clauses import split
from bot.conversation.memory import remembered
from bot.conversation.text import plain, squeezed
from bot.domain.content import Faq

NEAR: Final = 70
"""From this likeness (0 to 100) up an example is taken for the question."""
BY_WORDS: Final = 80
"""What words are worth beside examples; more words, and longer ones, are worth more."""
CLAUSE_AT_MOST: Final = 60
OPENERS: Final = ("请问一下", "请问下", "请问", "想问一下", "想问下", "想问", "问一下", "问下", "您好", "你好", "那个")


@dataclass(frozen=True, slots=True)
class Answers:
    """The questions that have answers, prepared once when content is loaded."""

    examples: tuple[str, ...]
    of_examples: tuple[Faq, ...]
    """What each example asks for."""
    words: tuple[tuple[str, tuple[str, ...], Faq], ...]
    """A first word, those that must stand beside it, and what they ask for together."""
    _remembered: Callable[[str], Faq | None] = field(init=False, repr=False, compare=False)

    @classmethod
    def of(cls, faqs: Mapping[str, Faq]) -> Answers:
        """Prepare the questions of content/faq/."""
        pairs = [(_bare(example), faq) for faq in faqs.values() for example in faq.examples]
        worded = [(plain(words).split(), faq) for faq in faqs.values() for words in faq.words]
        return cls(
            examples=tuple(example for example, _ in pairs),
            of_examples=tuple(faq for _, faq in pairs),
            words=tuple((words[0], tuple(words[1:]), faq) for words, faq in worded if words),
        )

    def __post_init__(self) -> None:
        # Not a method of ours: we would hold ourselves, and outlive the content that we were made for.
        find = partial(_find, self.words, self.examples, self.of_examples)
        object.__setattr__(self, "_remembered", remembered(find))

    def find(self, text: str) -> Faq | None:
        """Give the answer that fits best, or None where none fits well."""
        return self._remembered(text)


def _find(
    words: Sequence[tuple[str, tuple[str, ...], Faq]], examples: Sequence[str], of_examples: Sequence[Faq], text: str
) -> Faq | None:
    parts = {_bare(clause.text) for clause in split(plain(text))} | {_bare(text)}
    scored = [
        best
        for part in sorted(parts)
        if 1 < len(part) <= CLAUSE_AT_MOST and (best := _best(words, examples, of_examples, part))
    ]
    return max(scored, key=lambda one: one[0])[1] if scored else None


def _best(
    words: Sequence[tuple[str, tuple[str, ...], Faq]], examples: Sequence[str], of_examples: Sequence[Faq], text: str
) -> tuple[float, Faq] | None:
    scored: list[tuple[float, Faq]] = [
        (BY_WORDS + len(first) + sum(map(len, others)), faq)
        for first, others, faq in words
        if first in text and all(word in text for word in others)
    ]
    near = process.extractOne(text, examples, scorer=fuzz.ratio, score_cutoff=NEAR)
    if near is not None:
        scored.append((near[1], of_examples[near[2]]))
    return max(scored, key=lambda one: one[0], default=None)


def _bare(text: str) -> str:
    bare = squeezed(plain(text))
    for opener in OPENERS:
        bare = bare.removeprefix(opener)
    return bare
