"""What a reply speaks of (物流, 包装, 态度 …): an editable taxonomy, the words found, and good or bad by clause."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml

from bot.domain.understanding import MoodLabel, TopicHit
from bot.errors import ContentError, Fault

Cut = Callable[[str], Sequence[str]]
"""Cuts a text into words; `bot.conversation.words.Segmenter.cut` or the like."""
Feel = Callable[[str], MoodLabel]
"""Tells the mood of one clause."""

_NEGATIONS: Final = ("不", "没", "没有", "无", "别", "未")
_WITHIN: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """Topics by name: their words, and those among them that praise or blame by themselves."""

    words: Mapping[str, str]
    """Word → topics that it names, joined by a blank."""
    good: frozenset[tuple[str, str]]
    """(topic, word) pairs."""
    bad: frozenset[tuple[str, str]]

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
        self._long: Final = tuple(sorted((word for word in taxonomy.words if len(word) > 2), key=len, reverse=True))
        self._any: Final = re.compile(
            "|".join(map(re.escape, sorted(taxonomy.words, key=len, reverse=True))) or r"(?!)"
        )

    def find(self, text: str, clauses: Sequence[str] = ()) -> tuple[TopicHit, ...]:
        """Give the topics of a reply, each once, in order of appearance, with the words that led to it.

        `clauses` are the reply's clauses, normalised; without them the text is one clause.
        """
        if self._any.search(text) is None:
            return ()
        found: dict[str, dict[str, None]] = {}
        votes: dict[str, list[MoodLabel]] = {}
        for clause in clauses or (text,):
            if self._any.search(clause) is None:
                continue
            felt: MoodLabel | None = None
            for word in self._words(clause):
                for topic in self._taxonomy.words[word].split():
                    found.setdefault(topic, {})[word] = None
                    own = self._own(topic, word, clause)
                    if own is None:
                        felt = felt or (self._feel(clause) if self._feel else "neu")
                    votes.setdefault(topic, []).append(own or felt or "neu")
        return tuple(
            TopicHit(topic=topic, polarity=_polarity(votes[topic]), words=tuple(words))
            for topic, words in found.items()
        )

    def _words(self, clause: str) -> list[str]:
        """Give the topic words of a clause: long ones as they stand, short ones only as whole words."""
        known = self._taxonomy.words
        words = [word for word in self._long if word in clause]
        for piece in self._cut(clause):
            if piece in known and piece not in words:
                words.append(piece)
            elif len(piece) > 2:
                words += [stem for stem in _stems(piece) if stem in known and stem not in words]
        return sorted(words, key=clause.find)

    def _own(self, topic: str, word: str, clause: str) -> MoodLabel | None:
        """Tell what a word says by itself, turned round behind a negation."""
        good, bad = (topic, word) in self._taxonomy.good, (topic, word) in self._taxonomy.bad
        if good == bad:
            return None
        at = clause.find(word)
        negated = any(mark in clause[max(0, at - _WITHIN) : at] for mark in _NEGATIONS)
        return "pos" if good != negated else "neg"


def _stems(piece: str) -> tuple[str, ...]:
    """Give the two-character beginnings and ends of a longer word (服务态度 → 服务, 态度)."""
    return piece[:2], piece[-2:]


def _polarity(votes: Sequence[MoodLabel]) -> MoodLabel:
    """Let the polar votes decide; where they differ, the last one."""
    polar = [vote for vote in votes if vote != "neu"]
    return polar[-1] if polar else "neu"


def load(cut: Cut, feel: Feel | None = None, path: Path | None = None) -> Topics:
    """Read the packaged taxonomy, or a shop's own. Raises ContentError when it does not check."""
    source = path or files("content") / "words" / "topics.yaml"
    return Topics(read(source.read_text(encoding="utf-8"), str(path or "content/words/topics.yaml")), cut, feel)


def read(text: str, name: str) -> Taxonomy:
    """Check a taxonomy: topic → words, good, bad. Raises ContentError with every fault."""
    content: Any = yaml.safe_load(text)
    if not isinstance(content, dict):
        raise ContentError((Fault(name, 1, "not a table of topics"),))
    words: dict[str, list[str]] = {}
    sides: dict[str, set[tuple[str, str]]] = {"good": set(), "bad": set()}
    faults: list[Fault] = []
    for topic, lists in content.items():
        line = _line(text, str(topic))
        if " " in str(topic) or not isinstance(lists, dict) or not lists.get("words"):
            faults.append(Fault(name, line, f"{topic}: a topic is one word with a list `words`"))
            continue
        for part, entries in lists.items():
            if part not in ("words", "good", "bad") or not _texts(entries):
                faults.append(Fault(name, line, f"{topic}.{part}: use words, good or bad, each a list of texts"))
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
    )


def _texts(entries: Any) -> bool:
    return isinstance(entries, list) and all(isinstance(entry, str) and entry for entry in entries)


def _line(text: str, topic: str) -> int:
    return next((at for at, line in enumerate(text.splitlines(), 1) if line.startswith(topic)), 1)
