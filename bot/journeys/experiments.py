"""Trials: which arm a customer is in. The arm comes from ids alone, so it is the same every time anyone asks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from bot.domain.content import Journey, Step


def arm(customer: str, trial: str, shares: Mapping[str, int]) -> str:
    """Give the arm of a customer in a trial; shares are parts of their sum, in the order they stand."""
    digest = hashlib.blake2b(f"{trial}|{customer}".encode(), digest_size=8).digest()
    place = int.from_bytes(digest) % max(sum(shares.values()), 1)
    for name, share in shares.items():
        if place < share:
            return name
        place -= share
    return next(iter(shares))


def arm_of_step(customer: str, journey: Journey, step: Step) -> str:
    """Give the step that a split leads this customer to; a branch without a share counts as one part."""
    shares = {branch.to: branch.share or 1 for branch in step.branches}
    return arm(customer, f"{journey.name}/{step.id}", shares)


def arms_so_far(customer: str, journey: Journey, step: Step) -> str | None:
    """Name the arms of all splits that stand before a step, as its texts carry them ("split=a")."""
    before = journey.steps[: journey.steps.index(step)]
    arms = [f"{one.id}={arm_of_step(customer, journey, one)}" for one in before if one.kind == "split"]
    return ",".join(arms) or None
