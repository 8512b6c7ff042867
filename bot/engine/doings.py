"""What content/ asks for by an effect's name ("alert_staff: {reason: low_rating}"), as effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, get_args

from bot.domain.content import Doing
from bot.domain.customer import Prompt, PromptKind
from bot.domain.effects import (
    AlertStaff,
    Count,
    Effect,
    IssueReward,
    NotifyShop,
    OpenPrompt,
    OpenTicket,
    SetPreference,
    SuppressMarketing,
    Tag,
)
from bot.domain.ids import claim_code
from bot.domain.turn import answer_due
from bot.engine.mind import Scene
from bot.errors import TemplateError


@dataclass(frozen=True, slots=True)
class Cause:
    """What a doing follows from: the answered prompt and what is known of the answer."""

    prompt: Prompt | None
    values: Mapping[str, Any]
    words: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Texts that stand for others here: a quiz's own words."""

    @property
    def name(self) -> str:
        """What ids of things that follow from it are made of, so that a correction finds them again."""
        return self.prompt.id if self.prompt else ""


def effects_of(doing: Doing, cause: Cause, scene: Scene) -> list[Effect]:
    """Turn one doing into effects. Raises TemplateError on a name that nobody knows."""
    return [effect for name, given in doing.items() if (effect := _effect(name, given or {}, cause, scene)) is not None]


def alert_id(reason: str, cause: str) -> str:
    """Name an alert by its reason and what it follows from."""
    return f"{reason}:{cause}"


def _effect(name: str, given: Mapping[str, Any], cause: Cause, scene: Scene) -> Effect | None:
    match name:
        case "alert_staff":
            reason = str(given.get("reason", "alert"))
            return AlertStaff(
                alert=alert_id(reason, cause.name or scene.event.id),
                reason=reason,
                severity=given.get("severity", "warning"),
                text=str(given.get("text") or cause.words)[:300],
            )
        case "open_ticket":
            return _ticket(given, cause, scene)
        case "open_prompt":
            return OpenPrompt(prompt=_prompt(given, cause, scene))
        case "issue_reward":
            return _reward(given, cause, scene)
        case "suppress_marketing":
            return SuppressMarketing(reason=str(given.get("reason", "complaint")), lift=bool(given.get("lift")))
        case "tag":
            return Tag(add=_names(given.get("add")), remove=_names(given.get("remove")))
        case "count":
            return Count(name=str(given["name"]), by=int(given.get("by", 1)))
        case "notify_shop":
            data = {key: str(value) for key, value in cause.values.items() if isinstance(value, str | int)}
            return NotifyShop(type=str(given["type"]), data=data)
        case "set_preference":
            return SetPreference(on=_names(given.get("on")), off=_names(given.get("off")))
        case _:
            raise TemplateError(f"content asks for {name}, which is nothing that content can ask for")


def _ticket(given: Mapping[str, Any], cause: Cause, scene: Scene) -> Effect | None:
    if scene.customer.open_case:
        return None
    return OpenTicket(
        ticket=scene.ids.make("ticket"),
        reason=str(given.get("reason", "complaint")),
        text=cause.words,
        due_at=answer_due(scene.shop, scene.now),
    )


def _prompt(given: Mapping[str, Any], cause: Cause, scene: Scene) -> Prompt:
    kind: PromptKind = given.get("kind", "text")
    if kind not in get_args(PromptKind):
        raise TemplateError(f"there is no kind of prompt called {kind}")
    hours = float(given.get("hours", 72))
    return Prompt(
        id=scene.ids.make("prompt", f"{kind}/{cause.name}"),
        kind=kind,
        opened_at=scene.now,
        expires_at=scene.now + timedelta(hours=hours),
        options=_names(given.get("options")),
        subject=given.get("subject") or (cause.prompt.subject if cause.prompt else None),
        about=f"{cause.prompt.kind}:{cause.prompt.id}" if cause.prompt else None,
    )


def _reward(given: Mapping[str, Any], cause: Cause, scene: Scene) -> Effect | None:
    """One reward for one thing asked: answering again deals out no second code."""
    promised = cause.values.get("reward")
    if promised == "":
        return None
    reward = str(given.get("reward") or promised or "reward")
    subject = cause.values.get("subject")
    code = claim_code(scene.mind.code_key, scene.customer.id, reward, str(subject or cause.name or scene.event.id))
    return None if code in scene.customer.rewards else IssueReward(reward=reward, code=code, subject=subject)


def _names(given: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in given) if isinstance(given, list | tuple) else ()
