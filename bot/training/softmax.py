"""Fits the soft-max weights of the mood model with scikit-learn and cuts them to eight bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Any, Final

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression

from bot.conversation.mood_features import Features
from bot.conversation.mood_model import Block

_WIDTH: Final = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to train.

    `c` is the inverse of the penalty, `keep` how many character runs the file holds, `composed` how many
    further replies are put together from parts.
    """

    seed: int = 7
    c: float = 10.0
    keep: int = 60_000
    composed: int = 9_000
    steps: int = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Weights against "neutral", ready to be packed."""

    grams: Block
    signs: Block
    bias: tuple[float, float]


def fit(features: Sequence[Features], labels: Sequence[int], weights: Sequence[float], plan: Plan) -> Fit:
    """Fit on texts given by their features; `labels` are 0 neg, 1 neu, 2 pos and all three must occur."""
    gram_df = Counter(name for one in features for name in set(one.grams))
    sign_df = Counter(name for one in features for name in set(one.signs))
    gram_at = {name: at for at, name in enumerate(sorted(gram_df))}
    sign_at = {name: at for at, name in enumerate(sorted(name for name, df in sign_df.items() if df > 1))}
    whole = len(features)
    rarity = np.array([log(1 + whole / gram_df[name]) / log(1 + whole) for name in gram_at])
    matrix = sparse.hstack(
        [
            _matrix([one.grams for one in features], gram_at, rarity),
            _matrix([one.signs for one in features], sign_at, np.ones(len(sign_at))),
        ]
    ).tocsr()
    trainer = LogisticRegression(C=plan.c, max_iter=plan.steps, tol=1e-4)
    trainer.fit(matrix, np.array(labels), sample_weight=np.array(weights))
    against = trainer.coef_[[0, 2]] - trainer.coef_[1]
    start = trainer.intercept_[[0, 2]] - trainer.intercept_[1]
    split = len(gram_at)
    return Fit(
        grams=_block(gram_at, against[:, :split] * rarity, gram_df, plan.keep),
        signs=_block(sign_at, against[:, split:], sign_df, len(sign_at)),
        bias=(round(float(start[0]), 4), round(float(start[1]), 4)),
    )


def _matrix(lists: Sequence[list[str]], at: Mapping[str, int], scale: Any) -> Any:
    rows, columns, values = [0], [], []
    for names in lists:
        counts = Counter(index for name in names if (index := at.get(name)) is not None)
        share = 1 / sqrt(max(1, len(names)))
        for index in sorted(counts):
            columns.append(index)
            values.append(counts[index] * share * scale[index])
        rows.append(len(columns))
    return sparse.csr_matrix((values, columns, rows), shape=(len(lists), len(at)))


def _block(at: Mapping[str, int], weights: Any, df: Mapping[str, int], keep: int) -> Block:
    """Keep the features that matter most and cut their weights to eight bits."""
    names = sorted(at)
    matter = np.abs(weights).max(axis=0) * np.sqrt([df[name] for name in names])
    chosen = sorted(np.argsort(-matter, kind="stable")[:keep])
    largest = float(np.quantile(np.abs(weights[:, chosen]), 0.9995)) if chosen else 1.0
    unit = round(max(largest, 1e-6) / _WIDTH, 8)
    cut = np.clip(np.rint(weights / unit), -_WIDTH, _WIDTH).astype(int)
    pairs = {names[index]: (int(cut[0, index]), int(cut[1, index])) for index in chosen}
    return Block.of({name: pair for name, pair in pairs.items() if any(pair)}, unit)
