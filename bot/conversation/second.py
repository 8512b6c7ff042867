"""The second opinion: where the rules found nothing, or only weak signs, the trained model may speak."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.conversation.guessing import Guess
from bot.domain.intent import Reading
from bot.domain.understanding import Candidate, IntentName, ReplyContext

WEAK: Final = frozenset({"none", "mood", "hint"})
"""Layers that are told by a guess of this much:"""
LIKELY: Final = 0.45
WORDED: Final = frozenset({"pattern", "phrase"})
"""Layers that a guess overrules from so much on:"""
SURE: Final = 0.85
STOPS: Final = 0.7
"""A stop is taken from so much on: it costs the shop a customer if it is wrong."""
_NEEDS_VALUE: Final[frozenset[IntentName]] = frozenset({"rating", "quiz_answer"})
"""Nothing can be recorded of these without a value, and the model gives none."""
_WORDS: Final = re.compile(r"[\u3400-\u9fffA-Za-z]{2}")
"""A digit, a letter or a sign says nothing by its sound."""
_THANKS: Final = re.compile("(?:谢谢|感谢|多谢)(?!你们?[让害把])")
"""Who thanks is not held to complain on a guess."""
_DONE: Final = re.compile("昨天|前天|上次|上回|[去来做]过了?$|已经[去来做]|如果|要是|万一")
"""What is over, or only supposed, neither confirms a booking nor gives it up."""
_JUDGED: Final = frozenset({"complaint", "praise"})
_DENIED: Final = re.compile("(?:有)?“[不没]")
"""What a negation turned round stays turned ("没想象中好")."""
_TEXT_ME: Final = re.compile("短信(?:说|联系|聊|沟通|告诉|就[行好可])|[^别要用]发短信(?!了)|电话.{0,4}短信")
"""Who would rather be texted than called is no leaver."""
RECORDS: Final[frozenset[IntentName]] = frozenset({"appointment_confirm", "appointment_cancel"})
CERTAIN: Final = 0.9
"""A booking is confirmed or given up on a guess only from so much on: to ask again costs less."""
_KEEPS: Final[frozenset[IntentName]] = frozenset(
    {"resubscribe", "question", "preference_change", "deny", "appointment_reschedule", "appointment_cancel"}
)
"""What the rules found and no guess of a stop overrules."""
_NEEDS_BOOKING: Final = frozenset({"appointment_confirm", "appointment_cancel", "appointment_reschedule"})


def is_wanted(chosen: Sequence[Candidate], reading: Reading) -> bool:
    """Tell whether the model could change anything: most replies are clear without it."""
    if chosen and chosen[0].layer not in WEAK and chosen[0].layer not in WORDED:
        return False
    return _WORDS.search(reading.whole) is not None


def second_opinion(
    chosen: Sequence[Candidate], reading: Reading, context: ReplyContext, guess: Guess
) -> tuple[Candidate, ...]:
    """Give what is chosen once the model has been heard; what the rules are sure of stays."""
    first = chosen[0] if chosen else None
    weak = first is None or first.layer in WEAK
    enough = LIKELY if weak else SURE
    if guess.intent in {"unsubscribe", "resubscribe"}:
        enough = max(enough, STOPS)
    if guess.intent == "unsubscribe" and _TEXT_ME.search(reading.text):
        return tuple(chosen)
    if guess.intent == "other":
        # To say that it means nothing takes more than to say what it means, and no words against it.
        enough = SURE if weak else 1.0
    if guess.intent in RECORDS:
        enough = CERTAIN
        if (not weak and first is not None and first.intent in _NEEDS_BOOKING) or _DONE.search(reading.text):
            return tuple(chosen)  # runs of characters know nothing of negation: "不要取消" is no cancelling
    if guess.intent == "unsubscribe" and not weak and first is not None and first.intent in _KEEPS:
        return tuple(chosen)
    if guess.intent == "complaint" and first is None and _THANKS.search(reading.text) and guess.p < SURE:
        return tuple(chosen)
    if not weak and first is not None and first.intent in _JUDGED and _DENIED.match(first.reason):
        return tuple(chosen)
    if (
        not _WORDS.search(reading.whole)
        or guess.p < enough
        or not (weak or (first is not None and first.layer in WORDED))
    ):
        return tuple(chosen)
    if any(candidate.intent == guess.intent for candidate in chosen) or not _may(guess.intent, reading, context):
        return tuple(chosen)
    if guess.intent == "other":
        return ()
    return (_candidate(guess), *(one for one in chosen[1:] if one.layer not in WEAK))


def _may(intent: IntentName, reading: Reading, context: ReplyContext) -> bool:
    if intent in _NEEDS_VALUE or (reading.score is not None and reading.score.undecided):
        return False
    if intent in RECORDS and reading.score is not None:
        return False
    if intent == "wrong_number" and reading.correction and any(prompt.answered for prompt in context.lately):
        return False  # "按错了,我是要来的": the slip is the customer's own
    booked = context.booking is not None or any(prompt.kind == "appointment" for prompt in context.prompts)
    return booked or intent not in _NEEDS_BOOKING


def _candidate(guess: Guess) -> Candidate:
    words = "、".join(f"“{word}”" for word in guess.words())
    reason = f"像{words}的说法,模型认为{guess.p:.0%}是这个意思" if words else f"模型认为{guess.p:.0%}是这个意思"
    return Candidate(intent=guess.intent, score=round(guess.p, 3), layer="model", reason=reason)
