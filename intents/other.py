"""Nothing that we know how to act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.domain.customer import Prompt
from bot.domain.effects import AttachComment, ClosePrompt, Effect, OpenPrompt, Reply, StaySilent
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn, open_ticket, waiting
from bot.domain.understanding import Candidate, ReplyContext

SHORT: Final = 8
"""Up to so many characters "没什么" says that there is nothing to say."""
PERSON: Final = 2
"""After so many replies in a row that were not understood a person reads the next."""


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:  # noqa: ARG001 — every intent claims alike
    """Claim by words alone."""
    return reading.claimed("other")


def respond(turn: Turn) -> list[Effect]:
    """Take free words for a free question; else ask in other words, then suggest, then fetch a person."""
    free = turn.newest()
    number = turn.understanding.normalized.strip().isdecimal()
    if free is not None and free.kind in {"text", "order"} and not number:
        to = free.about.partition(":")[2] if free.kind == "text" and free.about else free.subject or free.id
        if free.kind == "text" and len(turn.understanding.normalized) <= SHORT and turn.has_words("nothing"):
            return [ClosePrompt(prompt=free.id, reason="answered", answer="no", answered_at=turn.event.at)]
        closed = ClosePrompt(prompt=free.id, reason="answered", answer="comment", answered_at=turn.event.at)
        return [AttachComment(text=turn.words, to=to), closed]
    misses = turn.customer.misses
    if misses > PERSON:
        ticket = open_ticket(turn, "not_understood")
        return [*([ticket] if ticket else []), StaySilent(reason="not_understood")]
    if misses == PERSON:
        ticket = open_ticket(turn, "not_understood")
        return [*([ticket] if ticket else []), turn.say("not_understood_to_staff", **waiting(turn))]
    if free is None:
        if turn.idle_after_stop:
            return [StaySilent(reason="stopped")]
        if number:
            return [turn.say("nothing_open")]
        return [turn.say("not_understood_suggest" if misses else "not_understood")]
    return _ask_in_other_words(turn, free)


def _ask_in_other_words(turn: Turn, prompt: Prompt) -> list[Effect]:
    out_of_range = prompt.kind == "rating" and turn.understanding.normalized.strip().isdecimal()
    again = turn.say("rating_range") if out_of_range else turn.ask_again(prompt)
    asked: list[Effect] = [OpenPrompt(prompt=replace(prompt, asked_again=prompt.asked_again + 1))]
    if again is None:
        return [turn.say("not_understood")]
    hint: list[Reply] = [] if out_of_range else [turn.say("not_understood_hint")]
    return [*asked, *hint, again]


INTENT = Intent("other", claims, respond)
