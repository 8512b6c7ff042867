"""What the gates say of a text of ours: send it, send it later, or never; with a reason that staff can read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.domain.gateway import Submission

GateName = Literal[
    "switch",
    "allow_list",
    "too_late",
    "consent",
    "topic",
    "number",
    "suppressed",
    "unread_reply",
    "cap",
    "care_ratio",
    "quiet_hours",
    "words",
    "route",
]
"""Which gate spoke; reports count by these."""


@dataclass(frozen=True, slots=True)
class Send:
    """It may leave now."""


@dataclass(frozen=True, slots=True)
class Later:
    """It may leave at `at`, not before."""

    at: datetime
    reason: str
    gate: GateName


@dataclass(frozen=True, slots=True)
class Never:
    """It may not leave at all."""

    reason: str
    gate: GateName


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A text that passed the gates, rendered for the account that will carry it."""

    account: str
    submission: Submission


Verdict = Send | Later | Never
