"""The one way from a reply's text to what it means; pure, and the same for service, tests and command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final

from bot.conversation.choosing import bound, choose
from bot.conversation.feeling import by_feeling, settled
from bot.conversation.guessing import Guesser
from bot.conversation.mood import MoodScorer
from bot.conversation.pinyin import packaged as pinyin
from bot.conversation.reading import Reader, vocabulary
from bot.conversation.second import is_wanted, second_opinion
from bot.conversation.text import gist, plain, squeezed
from bot.conversation.topics import Topics
from bot.domain.content import Content
from bot.domain.intent import Intent, Reading
from bot.domain.understanding import (
    NO_SLOTS,
    Candidate,
    IntentName,
    Mood,
    ReplyContext,
    Scope,
    Slots,
    TopicHit,
    Understanding,
)


@dataclass(frozen=True, slots=True)
class Language:
    """All that understanding needs, compiled once when content is loaded."""

    reader: Reader
    intents: tuple[Intent, ...]
    mood: MoodScorer
    topics: Topics
    guesser: Guesser | None = None
    """The trained model behind the rules; without it they stand alone."""

    @staticmethod
    def of(
        content: Content, *, intents: Sequence[Intent], mood: MoodScorer, topics: Topics, guesser: Guesser | None = None
    ) -> Language:
        """Compile a content's words. Raises ContentError where a pattern or a list of words is wrong."""
        reader = Reader.of(tuple(content.intents.values()), vocabulary(content.words))
        return Language(reader, tuple(intents), mood, topics, guesser)

    def normalise(self, text: str) -> str:
        """Give a text in the form by which staff's corrections are kept."""
        return self.reader.fold(text)


def understand(text: str, context: ReplyContext, language: Language) -> Understanding:
    """Understand one reply in its context. Takes any text and never raises."""
    told = gist(text)
    told = pinyin().read(told) or told
    reading = language.reader.read(told, context)
    if reading.silence is not None:
        return _silent(text, reading)
    corrected = _corrected(text, context, language)
    candidates = [claim for intent in language.intents for claim in intent.claims(reading, context)]
    chosen = (corrected,) if corrected else choose(candidates, reading, context)
    kind = context.prompts[0].kind if context.prompts else None
    if corrected is None:
        if language.guesser is not None and is_wanted(chosen, reading):
            guess = language.guesser.guess(reading.normalized, kind or "none")
            chosen = second_opinion(chosen, reading, context, guess)
            candidates += [candidate for candidate in chosen if candidate.layer == "model"]
        chosen, felt = by_feeling(chosen, reading, context, language.mood.score)
        candidates += felt
    unsure = not chosen
    if unsure:
        chosen = (Candidate(intent="other", score=0.0, layer="none", reason="没有足够把握的解释", clause=None),)
    chosen = bound(chosen, context)
    slots = _slots(chosen, reading)
    feel = language.mood.score
    mood = settled(feel(told, prompt=kind, rating=slots.rating), chosen, reading, feel)
    return Understanding(
        text=text,
        normalized=reading.normalized,
        script=reading.script,
        chosen=chosen,
        slots=slots,
        mood=mood,
        topics=language.topics.find(reading.text, [clause.text for clause in reading.clauses]),
        candidates=tuple(sorted(candidates, key=_SCORE, reverse=True)),
        clauses=tuple(clause.text for clause in reading.clauses),
        unsure=unsure,
        abusive=reading.abusive,
    )


def _silent(text: str, reading: Reading) -> Understanding:
    reason = {
        "auto_reply": "手机自动回复,不回",
        "carrier_notice": "运营商通知,不回",
        "code": "转发的验证码,不回,不留原文",
        "empty": "空白短信",
    }.get(reading.silence or "", "不回")
    other = Candidate(intent="other", score=1.0, layer="silence", reason=reason)
    return Understanding(
        text=reading.masked or text,
        normalized=reading.masked or reading.normalized or reading.text,
        script=reading.script,
        chosen=(other,),
        slots=Slots(),
        mood=Mood(reason=reason, layer="silence"),
        candidates=(other,),
        silence=reading.silence,
        masked=reading.masked,
    )


def _corrected(text: str, context: ReplyContext, language: Language) -> Candidate | None:
    """Give staff's word for a text just like this, if they once corrected it."""
    if not context.corrections:
        return None
    intent = context.corrections.get(language.normalise(text))
    if intent is None:
        return None
    return Candidate(intent=intent, score=1.0, layer="correction", reason="员工更正过同样的短信")


_SCORE: Final = attrgetter("score")
_WITH_SLOTS: Final[frozenset[IntentName]] = frozenset(
    {"rating", "quiz_answer", "appointment_reschedule", "preference_change", "unsubscribe"}
)


_SLOT_NAMES: Final = tuple(field.name for field in fields(Slots))


def _slots(chosen: Sequence[Candidate], reading: Reading) -> Slots:
    """Join the values of all that was chosen; the phone and the order's tail belong to the reply as a whole."""
    values: dict[str, Any] = {}
    for candidate in chosen:
        if candidate.slots is not NO_SLOTS and candidate.intent in _WITH_SLOTS:
            for name in _SLOT_NAMES:
                value = getattr(candidate.slots, name)
                if value and name not in values:
                    values[name] = value
    values["phone"], values["order_tail"] = reading.phone, reading.order_tail
    return Slots(**values) if any(values.values()) else NO_SLOTS


def explain(understanding: Understanding) -> dict[str, Any]:
    """Give the whole trace as a JSON object: what won and why, and what every layer said."""
    chosen = [_told(candidate) for candidate in understanding.chosen]
    return {
        "text": understanding.masked or understanding.text,
        "normalized": understanding.normalized,
        "script": understanding.script,
        "intent": understanding.intent,
        "intents": chosen,
        "slots": _given(understanding.slots) | _also(understanding),
        "why": _why(understanding),
        "mood": _all(understanding.mood),
        "sentiment": understanding.mood.label,
        "topics": [_all(hit) for hit in understanding.topics],
        "silence": understanding.silence,
        "unsure": understanding.unsure,
        "abusive": understanding.abusive,
        "clauses": list(understanding.clauses),
        "candidates": [_told(candidate) for candidate in understanding.candidates],
    }


def _told(candidate: Candidate) -> dict[str, Any]:
    return _all(candidate) | {"slots": _given(candidate.slots), "score": round(candidate.score, 3)}


def _given(slots: Slots) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in _all(slots).items() if value}


def _all(value: Slots | Candidate | Mood | TopicHit) -> dict[str, Any]:
    """Give the fields by name; `asdict` would copy every value, and this runs for every line of the feed."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _also(understanding: Understanding) -> dict[str, Any]:
    return {"also": list(understanding.intents[1:])} if len(understanding.chosen) > 1 else {}


def _why(understanding: Understanding) -> str:
    """Say in one line why the winner won."""
    first = understanding.chosen[0]
    if understanding.unsure:
        return "没有足够把握的解释:换个说法再问一次"
    others = [c for c in understanding.candidates if c.intent not in understanding.intents]
    beaten = f";次选 {others[0].intent}({others[0].score:.2f},{others[0].reason})" if others else ""
    return f"{first.intent}({first.score:.2f},{first.layer}):{first.reason}{beaten}"


_STOP_WORDS: Final = frozenset(
    {"td", "t", "退订", "拒收", "stop", "unsubscribe", "取消订阅", "停止发送", "别发了", "不要再发了", "别再发了"}
)
_STOP_PARTS: Final = (
    "退订",
    "取消订阅",
    "别再发",
    "不要再发",
    "别再给我发",
    "不要再给我发",
    "unsubscribe",
    "stop sending",
)
_NO_STOP: Final = (
    "不退订",
    "不想退订",
    "不用退订",
    "不要退订",
    "别退订",
    "没说",
    "取消退订",
    "恢复",
    "重新",
    "退订单",
    "退订金",
    "自动回复",
)


def stop_scope(text: str) -> Scope | None:
    """Give the scope that a text stops beyond doubt, or None: for a reply that nothing else could handle.

    It leans on neither content nor models, because one of these may be what failed.
    """
    clean = plain(text)
    word = squeezed(clean)
    if any(part in word for part in _NO_STOP):
        return None
    return "marketing" if word in _STOP_WORDS or any(part in clean for part in _STOP_PARTS) else None
