"""What was understood of a reply, laid out for people: chips, slots and the reasons behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.web.console.because import because
from bot.web.console.words import Translator

UNTOLD: Final = frozenset(
    {
        "attach_comment",
        "alert_staff",
        "cancel_schedule",
        "close_prompt",
        "count",
        "open_prompt",
        "reply",
        "schedule",
        "send_template",
    }
)
"""Effects that are seen by themselves or matter to nobody who reads along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing the reply may mean, and why."""

    intent: str
    name: str
    score: str
    why: str
    layer: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One understanding, ready to be shown."""

    mood: str
    mood_score: str
    intents: tuple[tuple[str, str], ...]
    """(name, detail) of what was chosen, the primary first; the detail is its value ("4", "周四 14:00")."""
    topics: tuple[tuple[str, str, str], ...]
    """(topic, polarity, the words that led to it)."""
    slots: tuple[tuple[str, str], ...]
    reasons: tuple[Reason, ...]
    mood_reason: str
    silence: str
    unsure: bool
    normalized: str
    primary: str


def read(told: Mapping[str, Any] | None, t: Translator) -> Reading | None:
    """Lay out an understanding as `explain` gives it; None where there is none."""
    if not told:
        return None
    chosen = [_meaning(each) for each in told.get("intents") or ()]
    mood = told.get("mood") or {}
    slots = {name: value for name, value in (told.get("slots") or {}).items() if value not in (None, [], (), "")}
    return Reading(
        mood=str(mood.get("label", "neu")),
        mood_score=f"{float(mood.get('score', 0)):+.2f}",
        intents=tuple((t.word("intent", each["intent"]), _detail(each["intent"], slots)) for each in chosen),
        topics=tuple(
            (t.word("topic", str(hit["topic"])), str(hit["polarity"]), _listed(hit.get("words") or (), t))
            for hit in told.get("topics") or ()
        ),
        slots=tuple((t.word("slot", name), _plain(value, t)) for name, value in slots.items()),
        reasons=tuple(_reasons(chosen, told.get("candidates") or (), t)),
        mood_reason=because(str(mood.get("reason") or ""), t),
        silence=t.word("silence", str(told.get("silence") or "")),
        unsure=bool(told.get("unsure")),
        normalized=str(told.get("normalized") or ""),
        primary=chosen[0]["intent"] if chosen else "other",
    )


def _meaning(told: Any) -> dict[str, Any]:
    return dict(told) if isinstance(told, Mapping) else {"intent": str(told)}


def _reasons(chosen: list[dict[str, Any]], candidates: Iterable[Any], t: Translator) -> Iterable[Reason]:
    shown = set()
    for won, each in [*((True, each) for each in chosen), *((False, _meaning(each)) for each in candidates)]:
        key = (each["intent"], each.get("reason"))
        if key in shown or not each.get("reason"):
            continue
        shown.add(key)
        yield Reason(
            intent=each["intent"],
            name=t.word("intent", each["intent"]),
            score=f"{float(each.get('score') or 0):.2f}",
            why=because(str(each["reason"]), t),
            layer=t.word("layer", str(each.get("layer") or "")),
            chosen=won,
        )


def _detail(intent: str, slots: Mapping[str, Any]) -> str:
    match intent:
        case "rating":
            return str(slots.get("rating", ""))
        case "quiz_answer":
            return str(slots.get("option", ""))
        case "appointment_reschedule":
            return " ".join(str(slots[name]) for name in ("date", "time") if name in slots)
        case _:
            return ""


def _plain(value: Any, t: Translator) -> str:
    if isinstance(value, list | tuple):
        return _listed((t.word("scope", str(each)) for each in value), t)
    return t.word("scope", str(value))


def _listed(words: Iterable[Any], t: Translator) -> str:
    return ("、" if t.language == "zh" else ", ").join(str(word) for word in words)
