"""Composes further training replies from hand-written parts, the same ones for the same seed.

One clause may praise, blame, name a mild shortcoming or be so-so; what two of them amount to follows the
conventions of the project: what comes after the turn weighs more, and praise with a mild "but" is neutral.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import yaml

from bot.domain.understanding import MoodLabel
from bot.training.corpora import Sample

_COMMAS: Final = ("，", "，", "，", ",", " ", "。", "！")


@dataclass(frozen=True, slots=True)
class Aspect:
    """What can be said of one thing."""

    name: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    mild: tuple[str, ...]
    plain: tuple[str, ...]


class Frames:
    """The parts, and the ways to put them together."""

    def __init__(self, text: str, told: Sequence[Sample], seed: int) -> None:
        content: Mapping[str, Any] = yaml.safe_load(text)
        self._random: Final = Random(seed)  # noqa: S311 - training data, not secrets
        self._aspects: Final = [
            Aspect(name, *(tuple(words.split()) for words in line.split("|")))
            for name, line in content["aspects"].items()
        ]
        self._lists: Final = {name: content[name].split() for name in content if isinstance(content[name], str)}
        good, bad, mild, plain = (tuple(words.split()) for words in content["alone"][0].split("|"))
        self._alone: Final = Aspect("", good, bad, mild, plain)
        self._facts: Final = {
            label: [sample.text for sample in told if sample.label == label and 3 <= len(sample.text) <= 14]
            for label in ("neg", "neu", "pos")
        }

    def compose(self, count: int, weight: float) -> list[Sample]:
        """Give `count` replies (a few fewer where two came out the same)."""
        ways: list[tuple[MoodLabel, Callable[[], str]]] = [
            ("pos", lambda: self._one("good", "ending_good")),
            ("neg", lambda: self._one("bad", "ending_bad")),
            ("neu", lambda: self._one("plain")),
            ("pos", lambda: self._two("good", "good", turn=0.0)),
            ("neg", lambda: self._two("bad", "bad", turn=0.0)),
            ("neg", lambda: self._two("good", "bad", turn=0.75)),
            ("pos", lambda: self._two("mild", "good", turn=0.85, strong=True)),
            ("neu", lambda: self._two("good", "mild", turn=0.7)),
            ("neu", lambda: self._two("good", "plain", turn=0.4)),
            ("neu", lambda: self._two("plain", "mild", turn=0.4)),
            ("neg", self._irony),
            ("neg", lambda: self._told("pos", "neg")),
            ("neg", self._promised),
            ("pos", lambda: self._told("mild", "pos")),
            ("neu", self._asked),
            ("neg", lambda: self._after_reply("neg")),
            ("pos", lambda: self._after_reply("pos")),
        ]
        found = {self._way(label, way) for _ in range(count // len(ways)) for label, way in ways}
        return [Sample(text=text, label=label, weight=weight, batch="frames") for text, label in sorted(found)]

    def _way(self, label: MoodLabel, way: Callable[[], str]) -> tuple[str, MoodLabel]:
        return way(), label

    def _pick(self, name: str) -> str:
        return str(self._random.choice(self._lists[name]))

    def _comma(self) -> str:
        return self._random.choice(_COMMAS)

    def _clause(self, side: str, *, strong: bool = False) -> str:
        aspect = self._alone if self._random.random() < 0.2 else self._random.choice(self._aspects)
        word = self._random.choice(getattr(aspect, side))
        bare = len(word) <= 2 and word[0] not in "没不有是坏发送洒凉乱骂" and side in ("good", "bad")
        if bare and (strong or self._random.random() < 0.6):
            word = self._pick("degree") + word
        elif self._random.random() < 0.15:
            word = "有点" + word if side == "bad" and bare else word
        return f"{aspect.name}{word}"

    def _one(self, side: str, ending: str = "") -> str:
        text = self._clause(side)
        if ending and self._random.random() < 0.5:
            text += self._comma() + self._pick(ending)
        return text + self._random.choice(("", "", "", "了", "。", "！")) * (side != "plain")

    def _two(self, first: str, second: str, *, turn: float, strong: bool = False) -> str:
        start, end = self._clause(first), self._clause(second, strong=strong)
        if self._random.random() < turn:
            if self._random.random() < 0.25:
                start = self._pick("yield") + start
            end = self._pick("turn") + end
        return start + self._comma() + end

    def _irony(self) -> str:
        fact = self._random.choice(self._facts["neg"]) if self._random.random() < 0.6 else self._clause("bad")
        opener = self._pick("irony")
        if self._random.random() < 0.25:
            return fact + self._comma() + opener
        return opener + self._comma() + fact

    def _told(self, first: str, second: MoodLabel) -> str:
        start = self._clause("mild") if first == "mild" else self._random.choice(self._facts["pos"])
        return start + "，" + self._pick("turn") + self._random.choice(self._facts[second])

    def _promised(self) -> str:
        opener = self._random.choice(("说好的", "说是", "号称", "宣传说", "看着", "之前", "一开始"))
        turn = self._random.choice(("结果", "其实", "实际上", "到手", "后来", "现在"))
        return opener + self._clause("good") + "，" + turn + self._clause("bad")

    def _asked(self) -> str:
        opener = self._random.choice(
            ("", "", "请问", "你好，", "您好，", "想问下", "麻烦问下", "好的，", "收到，", "谢谢，")
        )
        return opener + self._random.choice((self._pick("question"), self._random.choice(self._facts["neu"])))

    def _after_reply(self, label: MoodLabel) -> str:
        side = "good" if label == "pos" else "bad"
        text = self._random.choice((self._clause(side), self._random.choice(self._facts[label])))
        return (
            self._random.choice(("收到", "收到了", "你好", "已收到", "用了", "今天去了", "昨天去的", "刚"))
            + self._comma()
            + text
        )
