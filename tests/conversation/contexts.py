"""The light of the conventions: Wednesday 2025-07-02 10:00, one open prompt, a booking on Thursday at 14:00."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.understanding import PromptView, ReplyContext

NOW = datetime.fromisoformat("2025-07-02T10:00:00+08:00")
BOOKING = datetime.fromisoformat("2025-07-03T14:00:00+08:00")
TEAS = ("龙井", "碧螺春", "铁观音")


def prompt(kind: str, **more: Any) -> PromptView:
    options = TEAS if kind == "quiz" else ()
    return PromptView(**{"id": kind, "kind": kind, "options": options} | more)


def context(*kinds: str, **more: Any) -> ReplyContext:
    """Open prompts of these kinds, the newest first; `none` opens none."""
    prompts = tuple(prompt(kind) for kind in kinds if kind != "none")
    newest = kinds[0] if kinds else "none"
    marketing = newest == "promo"
    given = {
        "now": NOW,
        "prompts": prompts,
        "booking": BOOKING if "appointment" in kinds else None,
        "last_class": "marketing" if marketing else "service",
        "last_stop_letters": ("R",) if marketing else (),
    }
    return ReplyContext(**given | more)
