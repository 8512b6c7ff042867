"""Every story of this folder, played through the true decisions with the customer saved and loaded at each step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from bot.domain.decision import LogEntry
from bot.engine.apply import apply
from bot.engine.stories import play, write_down
from tests.engine.minds import packaged_mind, saved_and_loaded

LOG = TypeAdapter(LogEntry)
STORIES = [
    pytest.param(story, id=f"{file.stem}: {story['title']}")
    for file in sorted(Path(__file__).parent.glob("*.yaml"))
    for story in yaml.load_all(file.read_text(encoding="utf-8"), yaml.BaseLoader)
]


def plain(value: Any) -> Any:
    """Read YAML's texts as people mean them here: only null and lists of null differ from text."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return None if value == "null" else value


@pytest.mark.parametrize("story", STORIES)
def test_story(story: dict[str, Any]) -> None:
    played = play(plain(story), packaged_mind(), between=saved_and_loaded)
    assert not played.faults, "\n".join(played.faults)


@pytest.mark.parametrize("story", STORIES)
def test_folding_the_log_gives_the_customer_back(story: dict[str, Any]) -> None:
    simulation = play(plain(story), packaged_mind()).simulation
    customer = simulation.begun_with
    for decision in simulation.decisions:
        written = LOG.dump_json(decision.entry)
        customer = apply(customer, LOG.validate_json(written))
    assert customer == simulation.customer


def test_what_was_said_is_written_down_as_a_story_that_plays() -> None:
    story = plain(STORIES[0].values[0])
    told = write_down(play(story, packaged_mind()).simulation)
    assert [turn for turn in told["turns"] if "they" in turn]
    assert not play(told, packaged_mind()).faults
