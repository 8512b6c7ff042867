"""What a reply speaks of (物流, 包装, 态度 …): an editable taxonomy, the words found, and good or bad by clause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import sqrt
from pathlib import Path
from typing import Any, Final

import yaml

from bot.conversation.memory import remembered
from bot.conversation.mood_features import MAX_CHARS, simplify
from bot.domain.understanding import MoodLabel, TopicHit
from bot.errors import ContentError, Fault

Cut = Callable[[str], Sequence[str]]
"""Cuts a text into words; `bot.conversation.words.Segmenter.cut` or the like."""
Feel = Callable[[str], MoodLabel]
"""Tells the mood of one clause."""

_NEGATED: Final = re.compile(r"(?:不|没|没有|无|未|毫不|并不|不太|不怎么|不是很|不算|没那么|不够)$")
_STEM: Final = 2
_TORN: Final = re.compile("[了的得不没太偏]")
"""A short word with one of these would be cut in two, so it is looked for as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """Topics by name: their words, those among them that praise or blame by themselves, and the weak ones."""

    words: Mapping[str, str]
    """Word → topics that it names, joined by a blank."""
    good: frozenset[tuple[str, str]]
    """(topic, word) pairs."""
    bad: frozenset[tuple[str, str]]
    weak: frozenset[tuple[str, str]]
    """Pairs that count only in a clause that names no other topic (东西 is 质量 unless 价格 is spoken of)."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The names of the topics, in the order of the file."""
        return tuple(dict.fromkeys(name for names in self.words.values() for name in names.split()))


class Topics:
    """Finds topics; text is only cut into words where a topic word occurs in it at all."""

    def __init__(self, taxonomy: Taxonomy, cut: Cut, feel: Feel | None = None) -> None:
        self._taxonomy: Final = taxonomy
        self._cut: Final = cut
        self._feel: Final = feel
        self._long: Final = frozenset(word for word in taxonomy.words if len(word) > _STEM or _TORN.search(word))
        self._by_first: Final = _by_first(taxonomy.words)
        self._first: Final = re.compile(f"[{re.escape(''.join(self._by_first))}]" if self._by_first else "(?!)")
        self._any: Final = re.compile("|".join(map(re.escape, taxonomy.words)) or "(?!)")
        self._remembered: Final = remembered(self._find)

    def find(self, text: str, clauses: Sequence[str] = ()) -> tuple[TopicHit, ...]:
        """Give the topics of a reply, each once, in order of appearance, with the words that led to it.

        `clauses` are the reply's clauses; without them the text is one clause.
        """
        return self._remembered(text, tuple(clauses))

    def _find(self, text: str, clauses: tuple[str, ...]) -> tuple[TopicHit, ...]:
        text = simplify(text)
        if self._any.search(text) is None:
            return ()
        found: dict[str, list[tuple[str, list[str]]]] = {}
        for clause in map(simplify, _first(clauses or (text,))):
            for topic, words in self._named(clause).items():
                found.setdefault(topic, []).append((clause, words))
        feel = cache(self._feel) if self._feel is not None else _indifferent
        hits: list[TopicHit] = []
        for topic, said in found.items():
            polarity = self._polarity(topic, said, feel)
            if polarity == "neu" and len(found) == 1:
                polarity = feel(text[:MAX_CHARS])
            named = dict.fromkeys(word for _, words in said for word in words)
            hits.append(TopicHit(topic=topic, polarity=polarity, words=tuple(named)))
        return tuple(hits)

    def _named(self, clause: str) -> dict[str, list[str]]:
        """Give the topics that a clause names, each with its words; weak words only where nothing else stands."""
        strong: dict[str, list[str]] = {}
        weak: dict[str, list[str]] = {}
        for word in self._words(clause):
            for topic in self._taxonomy.words[word].split():
                side = weak if (topic, word) in self._taxonomy.weak else strong
                side.setdefault(topic, []).append(word)
        return strong or weak

    def _words(self, clause: str) -> list[str]:
        """Give the topic words of a clause: long ones as they stand, short ones only as words or their ends."""
        standing = self._standing(clause)
        if not standing:
            return []
        words = standing & self._long
        if not all(_is_covered(word, words) for word in standing - words):
            words.update(self._cut_out(clause))
        return sorted((word for word in words if not _is_covered(word, words)), key=clause.find)

    def _standing(self, clause: str) -> set[str]:
        """Give the topic words whose characters stand in a clause, be they words there or not."""
        return {
            word
            for place in self._first.finditer(clause)
            for word in self._by_first[place[0]]
            if clause.startswith(word, place.start())
        }

    def _cut_out(self, clause: str) -> Iterator[str]:
        """Give the topic words that are words of a clause, or the ends of longer ones."""
        known = self._taxonomy.words
        for piece in self._cut(clause):
            if piece in known:
                yield piece
            elif len(piece) > _STEM:
                yield from (stem for stem in (piece[:_STEM], piece[-_STEM:]) if stem in known)

    def _polarity(self, topic: str, said: Sequence[tuple[str, Sequence[str]]], feel: Feel) -> MoodLabel:
        """Let the last clause decide that speaks well or badly of a topic."""
        votes = (self._vote(topic, words, clause, feel) for clause, words in reversed(said))
        return next((vote for vote in votes if vote != "neu"), "neu")

    def _vote(self, topic: str, words: Sequence[str], clause: str, feel: Feel) -> MoodLabel:
        """Tell how a clause speaks of a topic: by its own words if they say, else by how the clause feels."""
        told = (self._own(topic, word, clause) for word in reversed(words))
        return next((vote for vote in told if vote is not None), None) or feel(clause)

    def _own(self, topic: str, word: str, clause: str) -> MoodLabel | None:
        """Tell what a word says by itself, turned round behind a negation."""
        good, bad = (topic, word) in self._taxonomy.good, (topic, word) in self._taxonomy.bad
        if good == bad:
            return None
        negated = _NEGATED.search(clause[: clause.find(word)]) is not None
        return "pos" if good != negated else "neg"


def _first(clauses: Sequence[str]) -> list[str]:
    """Give the clauses that are read: as many characters as the mood is read from."""
    left, read = MAX_CHARS, []
    for clause in clauses:
        if left <= 0:
            break
        read.append(clause[:left])
        left -= len(clause)
    return read


def _by_first(words: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        found.setdefault(word[0], []).append(word)
    return found


def _is_covered(word: str, words: Iterable[str]) -> bool:
    """Tell whether a word is a piece of another one."""
    return any(word in other and word != other for other in words)


def _indifferent(_: str) -> MoodLabel:
    return "neu"


def rising(now: Mapping[str, int], before: Mapping[str, int], limit: int = 10) -> tuple[str, ...]:
    """Give the words that are spoken of more than they were, the hottest first.

    `now` and `before` count replies by word, over two spans of time. A word's heat is how far it stands above
    what its earlier share leads one to expect, in units of the chance spread; words below one unit are left out.
    """
    share = (sum(now.values()) + 1) / (sum(before.values()) + 1)
    heat = {
        word: (count - expected) / sqrt(expected)
        for word, count in now.items()
        if (expected := (before.get(word, 0) + 0.5) * share) < count
    }
    hot = sorted((word for word in heat if heat[word] >= 1.0), key=lambda word: (-heat[word], word))
    return tuple(hot[:limit])


def load(cut: Cut, feel: Feel | None = None, path: Path | None = None) -> Topics:
    """Read the packaged taxonomy, or a shop's own. Raises ContentError when it does not check."""
    source = path or files("content") / "words" / "topics.yaml"
    return Topics(read(source.read_text(encoding="utf-8"), str(path or "content/words/topics.yaml")), cut, feel)


def read(text: str, name: str) -> Taxonomy:
    """Check a taxonomy: topic → words, good, bad, weak. Raises ContentError with every fault."""
    content: Any = yaml.safe_load(text)
    if not isinstance(content, dict):
        raise ContentError((Fault(name, 1, "not a table of topics"),))
    words: dict[str, list[str]] = {}
    sides: dict[str, set[tuple[str, str]]] = {"good": set(), "bad": set(), "weak": set()}
    faults: list[Fault] = []
    for topic, lists in content.items():
        line = _line(text, str(topic))
        if " " in str(topic) or not isinstance(lists, dict) or not lists.get("words"):
            faults.append(Fault(name, line, f"{topic}: a topic is one word with a list `words`"))
            continue
        for part, entries in lists.items():
            if part not in ("words", *sides) or not _texts(entries):
                faults.append(Fault(name, line, f"{topic}.{part}: use words, good, bad or weak, each a list of texts"))
                continue
            for entry in entries:
                words.setdefault(entry, [])
                if topic not in words[entry]:
                    words[entry].append(str(topic))
                if part != "words":
                    sides[part].add((str(topic), entry))
    if faults:
        raise ContentError(tuple(faults))
    return Taxonomy(
        words={word: " ".join(topics) for word, topics in words.items()},
        good=frozenset(sides["good"]),
        bad=frozenset(sides["bad"]),
        weak=frozenset(sides["weak"]),
    )


def _texts(entries: Any) -> bool:
    return isinstance(entries, list) and all(isinstance(entry, str) and entry for entry in entries)


def _line(text: str, topic: str) -> int:
    return next((at for at, line in enumerate(text.splitlines(), 1) if line.startswith(topic)), 1)
