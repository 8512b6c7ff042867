"""The mind that tests decide with: the packaged content, all intents, the true language."""

from __future__ import annotations

from functools import cache

from pydantic import TypeAdapter

from bot.app.thinking import Models, discovered
from bot.content import load, packaged
from bot.conversation.faq import Answers
from bot.domain.customer import Customer
from bot.domain.shop import Shop
from bot.engine.decide import Mind

_CUSTOMER = TypeAdapter(Customer)


@cache
def packaged_mind() -> Mind:
    content = load([packaged()])
    language = Models(None).language(content)
    return Mind(
        content=content,
        language=language,
        intents=discovered(),
        shops={"default": Shop(name="default", signature="森茶", opens="09:00", closes="21:00")},
        code_key=b"a key of the tests, nobody else's",
        answer_for=Answers.of(content.faq).find,
    )


def saved_and_loaded(customer: Customer) -> Customer:
    """Write a customer to JSON and read it back, as every commit does."""
    loaded = _CUSTOMER.validate_json(_CUSTOMER.dump_json(customer))
    assert loaded == customer
    return loaded
