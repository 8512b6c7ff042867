"""The kinds of things that content/ holds, each with its folder and the type it is checked against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter

from bot.domain import content, intent


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: `key` is the field that carries the name of the file, or of the entry in it."""

    folder: str
    type: Any
    adapter: TypeAdapter[Any]
    key: str = "name"


_PARTS: Final[tuple[Any, ...]] = (
    *(content.Filed, content.Text, content.Reaction, content.PromptPlan, content.Quiz, content.Faq),
    *(content.Branch, content.Step, content.Trigger, content.Journey, content.Campaign),
    *(intent.Words, intent.IntentWords),
)
for _part in _PARTS:
    # The domain knows no pydantic; here, at the border, an unknown key is a mistake.
    _part.__pydantic_config__ = ConfigDict(extra="forbid")

KINDS: Final[Mapping[str, Kind]] = {
    folder: Kind(folder, thing, TypeAdapter(thing), key)
    for folder, thing, key in (
        ("intents", intent.IntentWords, "name"),
        ("prompts", content.PromptPlan, "kind"),
        ("journeys", content.Journey, "name"),
        ("campaigns", content.Campaign, "name"),
        ("quizzes", content.Quiz, "name"),
        ("faq", content.Faq, "name"),
        ("templates", content.Text, "name"),
    )
}
NAMES: Final = tuple(sorted({one.name for part in _PARTS for one in fields(part)}))
"""Every key that stands somewhere in content/: what a mistyped one is compared with."""


def schema() -> dict[str, Any]:
    """Give the JSON Schema of every kind of file, by folder, for editors."""
    shapes: dict[str, Any] = {}
    for folder, kind in KINDS.items():
        shape = kind.adapter.json_schema(mode="validation")
        # The name is the file's, and nobody writes the version by hand.
        shape["required"] = [name for name in shape.get("required", []) if name != kind.key]
        shape["properties"].pop("version", None)
        if folder == "templates":
            definitions = shape.pop("$defs", {})
            entry = {"anyOf": [{"type": "string"}, shape]}
            shape = {"type": "object", "additionalProperties": entry, "$defs": definitions}
        shapes[folder] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **shape}
    return shapes
