"""What a reply most likely means by its sound alone: a trained model behind the rules, for wordings nobody listed.

A soft-max over the eighteen intents, linear in the runs of characters of a text, once alone and once together with
what was asked. The weights of one run are eight bits wide and lie side by side in one integer, so that a reply costs
two sums.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from math import exp, sqrt
from pathlib import Path
from struct import Struct
from typing import Any, Final

from bot.conversation.memory import remembered
from bot.domain.understanding import INTENTS, IntentName

FORMAT: Final = 1
MOST_CHARS: Final = 120
"""What is read of a text; longer ones say early what they want."""
ALONE: Final = (1, 2, 3, 4)
ASKED: Final = (1, 2)
"""Lengths of the runs that are read alone, and together with what was asked."""
LONGER: Final = tuple(length for length in ALONE if length not in ASKED)
SCALE: Final = 3.0
LESS: Final = 0.7
"""How much less a run counts together with what was asked."""
_LONG_NUMBER: Final = re.compile(r"\d{5,}")
"""Which number it is says nothing."""
_LANE: Final = 32
"""Bits a class has in the sum: 500 runs of 8 bits need 17; lanes of 32 are read in one go."""
_OFFSET: Final = 128
_CLASSES: Final = len(INTENTS)
_BYTES: Final = _LANE // 8
_SUMS: Final = Struct(f"<{_CLASSES + 1}I")
_PACKAGED: Final = "intent_model.json.gz"


@dataclass(frozen=True, slots=True)
class Guess:
    """What it may mean, with the probability that it does, and those of all others."""

    intent: IntentName
    p: float
    odds: Mapping[IntentName, float] = field(default_factory=dict)
    words: Callable[[], tuple[str, ...]] = tuple
    """Gives the words that spoke for it: few guesses are told of."""


@dataclass(frozen=True, slots=True)
class Guesser:
    """The trained model. `runs` and `asked` (by kind) give the packed weights of a run; the last lane counts them."""

    runs: Mapping[str, int]
    asked: Mapping[str, Mapping[str, int]]
    kinds: Mapping[str, Sequence[float]]
    bias: Sequence[float]
    unit: float
    about: Mapping[str, Any] = field(default_factory=dict)
    _remembered: Callable[[str, str], Guess] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_remembered", remembered(self._guess))

    def guess(self, text: str, kind: str) -> Guess:
        """Guess what a normalised text means, `kind` being that of the newest open prompt, or none."""
        return self._remembered(text, kind)

    def _guess(self, text: str, kind: str) -> Guess:
        short = set(runs_of(text, ASKED))
        runs = short.union(runs_of(text, LONGER))
        share = SCALE / sqrt(len(runs)) * self.unit
        alone = _unpacked(sum(filter(None, map(self.runs.get, runs))))
        beside = _unpacked(sum(filter(None, map(self.asked.get(kind, {}).get, short))))
        start = self.kinds.get(kind, (0.0,) * _CLASSES)
        scores = [
            (mine + LESS * both) * share + given + base
            for mine, both, given, base in zip(alone, beside, start, self.bias, strict=True)
        ]
        best = max(range(_CLASSES), key=scores.__getitem__)
        weights = [exp(score - scores[best]) for score in scores]
        total = sum(weights)
        odds = {intent: weight / total for intent, weight in zip(INTENTS, weights, strict=True)}
        return Guess(INTENTS[best], 1 / total, odds, partial(self._words, runs, best))

    def _words(self, runs: Collection[str], best: int) -> tuple[str, ...]:
        """Give up to three longer runs that spoke loudest for an intent, none inside another."""
        loud = [(_lane(self.runs[run], best), run) for run in runs if len(run) > 1 and run in self.runs]
        said: list[str] = []
        for weight, run in sorted(loud, reverse=True):
            bare = run.strip("^$")
            if weight > 0 and bare and not any(bare in one or one in bare for one in said):
                said.append(bare)
        return tuple(said[:3])


def runs_of(text: str, lengths: Sequence[int]) -> list[str]:
    """Give the runs of characters of a text, its beginning and its end marked."""
    marked = f"^{_LONG_NUMBER.sub('#', text[:MOST_CHARS])}$"
    return [marked[at : at + length] for length in lengths for at in range(len(marked) - length + 1)]


def pack(weights: Sequence[int]) -> int:
    """Pack one run's weights (-127 to 127, one per intent)."""
    lanes = b"".join((weight + _OFFSET).to_bytes(_BYTES, "little") for weight in weights)
    return int.from_bytes(lanes + (1).to_bytes(_BYTES, "little"), "little")


def _unpacked(total: int) -> list[int]:
    *sums, runs = _SUMS.unpack(total.to_bytes(_SUMS.size, "little"))
    zero = _OFFSET * runs
    return [one - zero for one in sums]


def _lane(packed: int, at: int) -> int:
    return (packed >> (_LANE * at) & ((1 << _LANE) - 1)) - _OFFSET


def dumps(
    runs: Mapping[str, Sequence[int]],
    asked: Mapping[str, Sequence[int]],
    kinds: Mapping[str, Sequence[float]],
    bias: Sequence[float],
    unit: float,
    about: Mapping[str, Any],
) -> bytes:
    """Pack a model into a file; the same model gives the same bytes."""
    head = {"format": FORMAT, "intents": INTENTS, "kinds": kinds, "bias": bias, "unit": unit, "about": about}
    parts = [json.dumps(head | {"runs": sorted(runs), "asked": sorted(asked)}, ensure_ascii=False, sort_keys=True)]
    rows = [table[name] for table in (runs, asked) for name in sorted(table)]
    weights = bytes(weight & 0xFF for row in rows for weight in row)
    return gzip.compress(parts[0].encode() + b"\0" + weights, compresslevel=9, mtime=0)


def loads(data: bytes) -> Guesser:
    """Unpack a model. Raises ValueError where the bytes are not one of this format and these intents."""
    try:
        text, _, weights = gzip.decompress(data).partition(b"\0")
        head = json.loads(text)
    except (OSError, EOFError, ValueError) as fault:
        raise ValueError("not an intent model") from fault
    if head.get("format") != FORMAT or tuple(head.get("intents", ())) != INTENTS:
        raise ValueError("an intent model of another version: train it again with `huixin train intents`")
    packed = [pack([_signed(byte) for byte in weights[at : at + _CLASSES]]) for at in range(0, len(weights), _CLASSES)]
    runs, asked = head["runs"], head["asked"]
    by_kind: dict[str, dict[str, int]] = {}
    for name, weights_of in zip(asked, packed[len(runs) :], strict=True):
        kind, _, run = name.partition("|")
        by_kind.setdefault(kind, {})[run] = weights_of
    return Guesser(
        dict(zip(runs, packed, strict=False)),
        by_kind,
        kinds=head["kinds"],
        bias=head["bias"],
        unit=head["unit"],
        about=head["about"],
    )


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def load(path: Path | None = None) -> Guesser:
    """Load the packaged model, or another."""
    return loads(path.read_bytes() if path else resources.files("bot.conversation").joinpath(_PACKAGED).read_bytes())
