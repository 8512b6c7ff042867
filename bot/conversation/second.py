"""The second opinion: where the rules found nothing, or only weak signs, the trained model may speak."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.conversation.guessing import Guess
from bot.conversation.hearsay import HEARSAY
from bot.domain.intent import Reading
from bot.domain.understanding import Candidate, IntentName, ReplyContext

WEAK: Final = frozenset({"none", "mood", "hint"})
"""Layers that are told by a guess of this much:"""
LIKELY: Final = 0.5
WORDED: Final = frozenset({"pattern", "phrase", "wish"})
"""Layers that a guess overrules from so much on ..."""
SURE: Final = 0.85
RATHER: Final = 0.7
"""... or from so much on where it holds what they say for out of place:"""
DOUBTED: Final = 0.05
"""What the rules say is out of place where the model gives it less than this ..."""
IMPOSSIBLE: Final = 0.02
"""... or less than this, where a whole clause speaks, or a time was taken for one to move a booking to ..."""
UNHEARD: Final = 0.02
"""... or less than this, where a stop does: what only sounds like one has been looked for by then ..."""
UNASKED: Final = 0.001
"""... or less than this, where it asks whether we can stop, which asks us to."""
STOPS: Final = 0.9
"""A stop is taken from so much on: it costs the shop a customer if it is wrong."""
KEYWORD: Final = 0.95
"""Stop words from this score on stand by themselves; those within other words may be about something else."""
_PLEA: Final = re.compile("“(?:能|可以|可不可以)")
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
_MAY_NOT_STOP: Final = re.compile(
    "(?:别|不要|莫|勿|甭)(?:再|给我|把[^,。]{0,8}){0,2}(?:停|退|取消|关|断)(?:掉|了)?(?!.{0,6}(?:发|推|短信|信息|消息|广告))"
)
"""Something that shall not be stopped ("别把我的会员停了")."""
_NEVER: Final = 2.0
RECORDS: Final[frozenset[IntentName]] = frozenset({"appointment_confirm", "appointment_cancel"})
CERTAIN: Final = 0.9
"""A booking is confirmed or given up on a guess only from so much on: to ask again costs less."""
_KEEPS: Final[frozenset[IntentName]] = frozenset(
    {
        "resubscribe",
        "question",
        "preference_change",
        "deny",
        "appointment_reschedule",
        "appointment_cancel",
        "human_handoff",
    }
)
"""What the rules found and no guess of a stop overrules."""
_WHOLE: Final = frozenset({"exact", "prompt"})
_NEEDS_BOOKING: Final = frozenset({"appointment_confirm", "appointment_cancel", "appointment_reschedule"})


def is_wanted(chosen: Sequence[Candidate], reading: Reading) -> bool:
    """Tell whether the model could change anything: most replies are clear without it."""
    if chosen and (_doubtful(chosen[0]) == 0 or (chosen[0].layer == "exact" and len(reading.clauses) == 1)):
        return False
    return _WORDS.search(reading.whole) is not None


def second_opinion(
    chosen: Sequence[Candidate], reading: Reading, context: ReplyContext, guess: Guess
) -> tuple[Candidate, ...]:
    """Give what is chosen once the model has been heard; what the rules are sure of stays."""
    first = chosen[0] if chosen else None
    weak = first is None or first.layer in WEAK
    doubted = first is not None and not weak and guess.odds.get(first.intent, 0.0) < _doubtful(first)
    if first is not None and not weak and not doubted and first.layer not in WORDED:
        return tuple(chosen)
    if _ruled_out(guess, first, reading, weak=weak):
        return tuple(chosen)
    if guess.p < _enough(guess.intent, first, doubted=doubted) or not _may(guess.intent, reading, context):
        # A stop that is out of place and nothing else either: ask.
        return tuple(chosen[1:]) if doubted and first is not None and first.intent == "unsubscribe" else tuple(chosen)
    said = [candidate.clause for candidate in chosen if candidate.intent == guess.intent]
    if said:
        # It would only bring another to the front: a whole clause stays there, and a question beside praise.
        beside = first is not None and (
            first.layer in _WHOLE or (first.intent == "question" and first.clause not in said)
        )
        return tuple(chosen) if beside or not doubted else tuple(chosen[1:])
    if guess.intent == "other":
        return ()
    return (_candidate(guess), *(one for one in chosen[1:] if one.layer not in WEAK))


def _ruled_out(guess: Guess, first: Candidate | None, reading: Reading, *, weak: bool) -> bool:
    """Tell what runs of characters cannot know: negation, and what was done before."""
    if guess.intent == "unsubscribe" and (
        _TEXT_ME.search(reading.text)
        or _MAY_NOT_STOP.search(reading.text)
        or (first is not None and first.reason.startswith(HEARSAY))
    ):
        return True
    if guess.intent == "complaint" and first is None and guess.p < SURE and _THANKS.search(reading.text):
        return True
    if guess.intent in RECORDS and _DONE.search(reading.text):
        return True
    if weak or first is None:
        return False
    # "不要取消" is no cancelling.
    denied = guess.intent in RECORDS and first.intent in _NEEDS_BOOKING
    return denied or (first.intent in _JUDGED and _DENIED.match(first.reason) is not None)


def _doubtful(first: Candidate) -> float:
    """Tell below which probability the model holds what the rules chose for out of place; 0: it has no say."""
    if first.layer in WEAK:
        return 1.0
    if first.layer in WORDED:
        return DOUBTED
    if first.layer == "stop":
        return 0.0 if first.score >= KEYWORD else UNASKED if _PLEA.match(first.reason) else UNHEARD
    if first.layer == "exact" or (first.layer == "prompt" and first.intent == "appointment_reschedule"):
        return IMPOSSIBLE
    return 0.0


def _enough(intent: IntentName, first: Candidate | None, *, doubted: bool) -> float:
    """Tell from which probability on a guess is taken."""
    weak = first is None or first.layer in WEAK
    enough = LIKELY if weak else RATHER if doubted else SURE
    whole = not weak and first is not None and first.layer in _WHOLE
    if whole:
        enough = CERTAIN
    if intent in {"unsubscribe", "resubscribe"}:
        enough = max(enough, STOPS)
    if not weak and (intent == "greeting" or (intent == "unsubscribe" and first and first.intent in _KEEPS)):
        # A greeting beside other words is politeness.
        return _NEVER
    if intent == "other":
        # To say that it means nothing takes more than to say what it means, and no words against it.
        enough = max(enough, SURE) if weak or (doubted and not whole) else _NEVER
    if intent in RECORDS:
        enough = max(enough, CERTAIN)
    return enough


def _may(intent: IntentName, reading: Reading, context: ReplyContext) -> bool:
    if intent in _NEEDS_VALUE or (reading.score is not None and reading.score.undecided):
        return False
    if intent in RECORDS and reading.score is not None:
        return False
    if intent == "resubscribe" and any(hit.intent == "appointment_confirm" for hit in reading.hits):
        return False  # "那个预约给我恢复吧" brings back the booking, and no texts
    if intent == "wrong_number" and reading.correction and any(prompt.answered for prompt in context.lately):
        return False  # "按错了,我是要来的": the slip is the customer's own
    booked = context.booking is not None or any(prompt.kind == "appointment" for prompt in context.prompts)
    return booked or intent not in _NEEDS_BOOKING


def _candidate(guess: Guess) -> Candidate:
    words = "、".join(f"“{word}”" for word in guess.words())
    reason = f"像{words}的说法,模型认为{guess.p:.0%}是这个意思" if words else f"模型认为{guess.p:.0%}是这个意思"
    return Candidate(intent=guess.intent, score=round(guess.p, 3), layer="model", reason=reason)
