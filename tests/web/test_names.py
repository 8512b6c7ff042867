"""Every word of the domain that pages show has a name on them; a new one without fails here."""

from collections.abc import Collection
from dataclasses import fields
from typing import get_args

import pytest

from bot.domain.customer import PromptKind
from bot.domain.effects import EFFECTS
from bot.domain.events import StaffAction
from bot.domain.gateway import SendOutcome
from bot.domain.intent import Layer
from bot.domain.messages import STATE_RANK, MessageClass
from bot.domain.understanding import INTENTS, Scope, Silence, Slots
from bot.web.console.names import NAMES
from bot.web.schemas import KNOWN

WORDS: dict[str, Collection[str]] = {
    "intent": INTENTS,
    "effect": EFFECTS,
    "state": STATE_RANK,
    "refusal": set(get_args(SendOutcome)) - {"sent"},
    "layer": get_args(Layer),
    "scope": get_args(Scope),
    "class": get_args(MessageClass),
    "prompt": get_args(PromptKind),
    "silence": get_args(Silence),
    "event": KNOWN,
    "action": get_args(StaffAction),
    "slot": [slot.name for slot in fields(Slots)],
}


@pytest.mark.parametrize("kind", WORDS)
def test_every_word_has_a_name_on_the_pages(kind: str) -> None:
    assert not set(WORDS[kind]) - NAMES[kind].keys()
