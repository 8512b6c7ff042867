"""The emotion index: how a customer, a shop or a campaign feels of late, in one number from 0 to 100.

Formula in docs/mood.md: an average of mood scores whose weights fade with a half-life, drawn towards a prior as
long as there are few of them. The state (`bot.domain.customer.Emotion`) is two faded sums and a time, so it is
stored and merged with ease.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.customer import Emotion
from bot.domain.understanding import Mood

NEUTRAL: Final = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast feelings fade and how many replies it takes to be believed."""

    half_life_days: float = 30.0
    patience: float = 4.0
    """The weight of the prior, in replies of full weight."""
    prior: float = 0.0
    """The mood score expected of someone unknown, in [-1, 1]: a shop's own mean serves its customers."""


CUSTOMER: Final = Pace(half_life_days=60.0, patience=2.0)
CAMPAIGN: Final = Pace(half_life_days=14.0, patience=10.0)
SHOP: Final = Pace(half_life_days=30.0, patience=20.0)


def felt(state: Emotion, mood: Mood, at: datetime, pace: Pace = CUSTOMER) -> Emotion:
    """Add a reply's mood. Replies may come late and out of order: the result is the same."""
    return _added(state, weigh(mood), mood.score, at, pace)


def weigh(mood: Mood) -> float:
    """Tell how much a reply says of feeling: a polar one all, a neutral one a quarter, an unsure one a tenth."""
    if mood.abstained:
        return 0.1
    return 0.25 if mood.label == "neu" else 1.0


def _added(state: Emotion, weight: float, score: float, at: datetime, pace: Pace) -> Emotion:
    latest = at if state.at is None else max(state.at, at)
    kept = faded(state, latest, pace)
    share = weight * _fade(at, latest, pace)
    return Emotion(weight=kept.weight + share, total=kept.total + share * score, at=latest)


def faded(state: Emotion, now: datetime, pace: Pace = CUSTOMER) -> Emotion:
    """Give the state as it stands at a later time; an earlier time changes nothing."""
    if state.at is None or now <= state.at:
        return state
    share = _fade(state.at, now, pace)
    return Emotion(weight=state.weight * share, total=state.total * share, at=now)


def merged(one: Emotion, other: Emotion, pace: Pace = CUSTOMER) -> Emotion:
    """Put two states together (partitions of a shop, a customer's two numbers)."""
    if one.at is None or other.at is None:
        return other if one.at is None else one
    latest = max(one.at, other.at)
    left, right = faded(one, latest, pace), faded(other, latest, pace)
    return Emotion(weight=left.weight + right.weight, total=left.total + right.total, at=latest)


def index(state: Emotion, now: datetime, pace: Pace = CUSTOMER) -> float:
    """Give the emotion index: 0 furious, 50 nothing known or neither, 100 delighted."""
    kept = faded(state, now, pace)
    mean = (kept.total + pace.patience * pace.prior) / (kept.weight + pace.patience)
    return round(NEUTRAL + NEUTRAL * max(-1.0, min(1.0, mean)), 1)


def _fade(since: datetime, now: datetime, pace: Pace) -> float:
    days = max(0.0, (now - since).total_seconds()) / 86_400
    return float(0.5 ** (days / pace.half_life_days))
