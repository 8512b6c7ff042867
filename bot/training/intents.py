"""Trains the model that guesses intents, from replies written for this project, with scikit-learn."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from bot.content import packaged
from bot.conversation.guessing import ALONE, ASKED, LESS, SCALE, dumps, runs_of
from bot.domain.intent import IntentWords
from bot.domain.understanding import INTENTS, IntentName
from bot.errors import ContentError, Fault

_WIDTH: Final = 127
NONE: Final = "none"
HOMES: Final[Mapping[IntentName, str]] = {
    "appointment_cancel": "appointment",
    "appointment_reschedule": "appointment",
    "appointment_confirm": "appointment",
    "affirm": "survey",
    "deny": "survey",
    "preference_change": "preference",
}
"""What is open where an intent's examples are at home."""


@dataclass(frozen=True, slots=True)
class Said:
    """One labelled reply; `text` is normalised."""

    text: str
    kind: str
    intent: IntentName


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to train: `c` is the inverse of the penalty, `keep` how many runs the file holds."""

    c: float = 8.0
    keep: int = 120_000
    steps: int = 400


def shipped() -> tuple[Path, ...]:
    """Give the files of replies that ship."""
    return tuple(sorted((packaged() / "replies").glob("*.jsonl")))


def read(files: Sequence[Path], normalise: Callable[[str], str]) -> list[Said]:
    """Read labelled replies. Raises ContentError for lines that cannot be used."""
    found: dict[tuple[str, str], Said] = {}
    faults: list[Fault] = []
    for file in files:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            try:
                told = json.loads(line)
                name, kind = told["intent"], told.get("context", NONE)
                intent = next(known for known in INTENTS if known == name)
                said = Said(normalise(told["text"]), kind, intent)
            except (ValueError, KeyError, TypeError, StopIteration):
                faults.append(Fault(str(file), number, "needs text, context and one of the intents"))
                continue
            found[said.text, said.kind] = said
    if faults:
        raise ContentError(tuple(faults))
    return sorted(found.values(), key=lambda said: (said.text, said.kind))


def worded(
    words: Iterable[IntentWords], normalise: Callable[[str], str], rules: Callable[[str, str], IntentName]
) -> list[Said]:
    """Give the examples and near misses of content/intents as replies; what a near miss means, the rules say."""
    found: list[Said] = []
    for one in words:
        kinds = {NONE, HOMES.get(one.name, NONE)}
        found += [Said(normalise(text), kind, one.name) for text in one.examples for kind in sorted(kinds)]
        found += [Said(normalise(text), kind, rules(text, kind)) for text in one.near_misses for kind in sorted(kinds)]
    return found


def train(said: Sequence[Said], plan: Plan, about: Mapping[str, Any]) -> bytes:
    """Train and give the file; the same replies give the same bytes."""
    rows = [_features(one) for one in said]
    shapes = DictVectorizer()
    matrix = shapes.fit_transform(rows)
    order = {intent: at for at, intent in enumerate(INTENTS)}
    labels = np.array([order[one.intent] for one in said])
    fitted = LogisticRegression(C=plan.c, max_iter=plan.steps).fit(matrix, labels)
    weights = np.zeros((len(INTENTS), len(shapes.vocabulary_)))
    weights[fitted.classes_] = fitted.coef_
    bias = np.full(len(INTENTS), -20.0)
    bias[fitted.classes_] = fitted.intercept_
    names: list[str] = list(shapes.get_feature_names_out())
    often = Counter(name for row in rows for name in row)
    worth = {name: float(np.abs(weights[:, at]).max()) * sqrt(often[name]) for at, name in enumerate(names)}
    kept = set(sorted(worth, key=lambda name: (-worth[name], name))[: plan.keep])
    unit = float(np.abs(weights).max()) / _WIDTH
    tables: dict[str, dict[str, list[int]]] = {"r": {}, "a": {}}
    kinds: dict[str, list[float]] = {}
    for at, name in enumerate(names):
        table, _, run = name.partition(":")
        if table == "k":
            kinds[run] = [round(float(weight), 4) for weight in weights[:, at]]
        elif name in kept:
            tables[table][run] = [round(float(weight) / unit) for weight in weights[:, at]]
    start = [round(float(one), 4) for one in bias]
    return dumps(tables["r"], tables["a"], kinds, start, unit, {**about, "texts": len(said)})


def _features(said: Said) -> dict[str, float]:
    runs = set(runs_of(said.text, ALONE))
    share = SCALE / sqrt(max(1, len(runs)))
    features = {f"r:{run}": share for run in runs}
    features |= {f"a:{said.kind}|{run}": share * LESS for run in set(runs_of(said.text, ASKED))}
    features[f"k:{said.kind}"] = 1.0
    return features
