"""The trained mood model: how it is packed into a file, and how it is applied with plain Python.

A soft-max over three classes, linear in the features of `mood_features`. Weights are told against "neutral", are
eight bits wide, and the two of one feature (good, bad) lie in one integer, so that a reply costs one sum.
"""

from __future__ import annotations

import gzip
import json
from base64 import b85decode, b85encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import repeat
from math import exp, sqrt
from typing import Any, Final

from bot.conversation.mood_features import Features, Lexicon, Reader

FORMAT: Final = 1
_SHIFT: Final = 20
_MASK: Final = (1 << _SHIFT) - 1
_HALF: Final = 1 << (_SHIFT - 1)

Probabilities = tuple[float, float, float]
"""Of neg, neu and pos."""


@dataclass(frozen=True, slots=True)
class Block:
    """One family of features: for each its two weights, packed, in units of `unit`."""

    packed: Mapping[str, int]
    unit: float

    @classmethod
    def of(cls, weights: Mapping[str, tuple[int, int]], unit: float) -> Block:
        """Pack (bad, good) pairs of eight bits. Equal pairs share one integer: what is small stays in the cache."""
        shared: dict[int, int] = {}
        packed = {name: (bad << _SHIFT) + good for name, (bad, good) in weights.items()}
        return cls({name: shared.setdefault(both, both) for name, both in packed.items()}, unit)

    def sums(self, names: list[str]) -> tuple[float, float]:
        """Give what these features say for bad and for good, scaled by the root of their number."""
        if not names:
            return 0.0, 0.0
        total = sum(map(self.packed.get, names, repeat(0)))
        good, bad = _unpack(total)
        scale = self.unit / sqrt(len(names))
        return bad * scale, good * scale

    def pairs(self) -> tuple[list[str], list[int], list[int]]:
        """Give names, bad and good weights, in the order of the names."""
        names = sorted(self.packed)
        both = [_unpack(self.packed[name]) for name in names]
        return names, [bad for _, bad in both], [good for good, _ in both]


def _unpack(total: int) -> tuple[int, int]:
    good = ((total + _HALF) & _MASK) - _HALF
    return good, (total - good) >> _SHIFT


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model with the lexicon it was trained on."""

    words: Mapping[str, str]
    grams: Block
    signs: Block
    bias: tuple[float, float]
    """Of bad and good."""
    temperature: float = 1.0
    slips: Mapping[str, str] = field(default_factory=dict)
    """Slips of the thumb: wrong pair of characters → right pair."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """How it was made: seed, number of texts, figures."""

    def reader(self) -> Reader:
        """Give the reader that sees replies as this model does."""
        return Reader(Lexicon(self.words), self.slips)

    def predict(self, features: Features, evidence: tuple[float, float] = (0.0, 0.0)) -> Probabilities:
        """Give the probabilities of neg, neu and pos; `evidence` is added to bad and good beforehand."""
        bad_grams, good_grams = self.grams.sums(features.grams)
        bad_signs, good_signs = self.signs.sums(features.signs)
        bad = (self.bias[0] + bad_grams + bad_signs) / self.temperature + evidence[0]
        good = (self.bias[1] + good_grams + good_signs) / self.temperature + evidence[1]
        top = max(bad, good, 0.0)
        weights = exp(bad - top), exp(-top), exp(good - top)
        whole = sum(weights)
        return weights[0] / whole, weights[1] / whole, weights[2] / whole


def dumps(model: Model) -> bytes:
    """Pack a model into bytes; equal models give equal bytes."""
    lexicon: dict[str, list[str]] = {}
    for word in sorted(model.words):
        lexicon.setdefault(model.words[word], []).append(word)
    content = {
        "format": FORMAT,
        "about": dict(model.about),
        "bias": list(model.bias),
        "temperature": model.temperature,
        "lexicon": lexicon,
        "slips": _by_right(model.slips),
        "grams": _packed(model.grams),
        "signs": _packed(model.signs),
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def loads(data: bytes) -> Model:
    """Unpack a model. Raises ValueError when the bytes are not one of this format."""
    try:
        content = json.loads(gzip.decompress(data))
    except (OSError, EOFError, ValueError) as fault:
        raise ValueError("not a mood model") from fault
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError("a mood model of another version: train it again with `huixin train mood`")
    return Model(
        words={word: part for part, words in content["lexicon"].items() for word in words},
        grams=_unpacked(content["grams"]),
        signs=_unpacked(content["signs"]),
        bias=(content["bias"][0], content["bias"][1]),
        temperature=content["temperature"],
        slips={wrong: right for right, text in content.get("slips", {}).items() for wrong in text.split()},
        about=content["about"],
    )


def _by_right(slips: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for wrong in sorted(slips):
        found.setdefault(slips[wrong], []).append(wrong)
    return {right: " ".join(wrong) for right, wrong in found.items()}


def _packed(block: Block) -> dict[str, Any]:
    names, bad, good = block.pairs()
    return {"names": "\n".join(names), "bad": _text(bad), "good": _text(good), "unit": block.unit}


def _unpacked(content: Mapping[str, Any]) -> Block:
    bad, good = _numbers(content["bad"]), _numbers(content["good"])
    names = content["names"].split("\n") if content["names"] else []
    return Block.of(dict(zip(names, zip(bad, good, strict=True), strict=True)), content["unit"])


def _text(numbers: list[int]) -> str:
    return b85encode(bytes(number & 0xFF for number in numbers)).decode()


def _numbers(text: str) -> list[int]:
    return [byte - 256 if byte > 127 else byte for byte in b85decode(text)]
