"""Every intent's examples mean it, and its near misses do not."""

import pytest

from bot.domain.understanding import INTENTS
from bot.engine.understand import understand
from tests.conversation.contexts import context
from tests.engine.minds import packaged_mind

AT_HOME = {
    "appointment_cancel": "appointment",
    "appointment_reschedule": "appointment",
    "appointment_confirm": "appointment",
    "affirm": "survey",
    "deny": "survey",
    "complaint": "order",
    "praise": "order",
    "question": "order",
}


def cases(name):
    for intent in INTENTS:
        for text in getattr(packaged_mind().content.intents[intent], name):
            yield pytest.param(intent, text, id=f"{intent}-{text}")


def intents(text, kind):
    return understand(text, context(kind), packaged_mind().language).intents


def test_every_intent_has_its_file_of_words():
    assert set(packaged_mind().content.intents) == set(INTENTS)


@pytest.mark.parametrize(("intent", "text"), list(cases("examples")))
def test_example(intent, text):
    assert intents(text, AT_HOME.get(intent, "none"))[0] == intent


@pytest.mark.parametrize(("intent", "text"), list(cases("near_misses")))
def test_near_miss(intent, text):
    assert intent not in intents(text, AT_HOME.get(intent, "none"))
