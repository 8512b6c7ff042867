"""Classes of reply that were once mended: fresh variants of each by the rules alone, and whole dialogues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.engine.evaluate import run_dialogue, run_single
from bot.engine.measures import slots_hold
from bot.engine.mind import Mind
from tests.conversation.contexts import TEAS
from tests.engine.minds import packaged_mind

HERE = Path(__file__).parent
SEVERAL = {"only", "on", "off"}
DIALOGUES = [json.loads(line) for line in (HERE / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()]


@cache
def rules_alone() -> Mind:
    mind = packaged_mind()
    return replace(mind, language=replace(mind.language, guesser=None))


def variants() -> Iterator[Any]:
    for line in (HERE / "variants.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            light, text, *more = line.split("|")
            yield pytest.param(light, text, *(*more, "", "", "")[:3], id=f"{light}-{text}")


def given(slots: str) -> dict[str, Any]:
    pairs = (part.split("=", 1) for part in slots.split())
    return {
        name: value.split(",") if name in SEVERAL else int(value) if value.isdigit() and len(value) < 4 else value
        for name, value in pairs
    }


@pytest.mark.parametrize(("light", "text", "intents", "slots", "mood"), list(variants()))
def test_variant(light: str, text: str, intents: str, slots: str, mood: str) -> None:
    kind, _, options = light.partition(":")
    line: dict[str, Any] = {"text": text, "context": kind}
    if kind == "quiz":
        line["quiz_options"] = options.split(",") if options else list(TEAS)
    row, _ = run_single(line, rules_alone())
    wanted = intents.split(",")
    assert row["intent"] == wanted[0]
    assert len(wanted) == 1 or set(row["intents"]) == set(wanted)
    assert ("opt_out" in row["effects"]) == ("unsubscribe" in wanted)
    assert slots_hold(given(slots), row["slots"])
    assert mood in {"", row["sentiment"]}


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: str(dialogue["id"]))
def test_dialogue(dialogue: dict[str, Any]) -> None:
    assert [row for row in run_dialogue(dialogue, packaged_mind()) if not row["passed"]] == []
