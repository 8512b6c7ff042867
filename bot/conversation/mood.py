"""How a customer feels: neg, neu or pos, with a calibrated score and a reason in words.

Few rules stand in front (a rating, pictures alone, acknowledgements, the shop's own phrases); all else is the
trained model's. SnowNLP can be put in its place for comparison.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Protocol, get_args

import yaml

from bot.conversation import mood_rules
from bot.conversation.memory import remembered
from bot.conversation.mood_features import Features, Word, normalise, simplified
from bot.conversation.mood_model import Model, Probabilities, loads
from bot.conversation.mood_rules import Table, Verdict
from bot.conversation.pinyin import packaged as pinyin
from bot.domain.understanding import Mood, MoodLabel
from bot.errors import ContentError, Fault

_LABELS: Final[tuple[MoodLabel, ...]] = get_args(MoodLabel)
_UNSURE: Final = 0.5
_LEAN: Final = 0.2
_EVIDENCE: Final[dict[MoodLabel, tuple[float, float]]] = {"neg": (1.5, -1.0), "neu": (-0.3, -0.3), "pos": (-1.0, 1.5)}
"""What a rating adds to bad and good, in log-odds against neutral, where more words stand beside it."""
_ASKED: Final[dict[str, tuple[float, float]]] = dict.fromkeys(
    ("quiz", "appointment", "preference", "survey", "promo"), (-0.3, -0.3)
)
"""What the prompt asked adds likewise: where it is about something else, fewer answers are about feeling."""
_GOOD: Final = frozenset("PpG")
_BAD: Final = frozenset("XxFSJE")


class MoodScorer(Protocol):
    """Anything that tells how a customer feels."""

    def score(self, text: str, *, prompt: str | None = None, rating: int | None = None) -> Mood:
        """Tell the mood of a reply; `prompt` is the kind asked, `rating` 1 to 5 what was understood of it."""

    def feel(self, clause: str) -> MoodLabel:
        """Tell which way a clause leans, however slightly."""


class Scorer:
    """The mood scorer of Huixin: rules in front, the trained model behind."""

    def __init__(self, model: Model, table: Table) -> None:
        self._model: Final = model
        self._reader: Final = model.reader()
        self._table: Final = table
        self._remembered: Final = remembered(self._score)

    def score(self, text: str, *, prompt: str | None = None, rating: int | None = None) -> Mood:
        """Tell the mood of a reply; `prompt` is the kind asked, `rating` 1 to 5 what was understood of it."""
        return self._remembered(text, prompt, rating)

    def _score(self, text: str, prompt: str | None, rating: int | None) -> Mood:
        clean = self._reader.mend(normalise(pinyin().read(text) or text))
        if rating is not None:
            rest = mood_rules.beside_rating(clean)
            return self._rated(rest, mood_rules.of_rating(rating), f"{rating}分")
        if not clean:
            return Mood(reason="没有文字", layer="bare")
        if (verdict := mood_rules.by_table(clean, self._table)) is not None:
            return _decided(verdict)
        if (rated := mood_rules.find_rating(clean)) is not None:
            return self._rated(rated.rest, rated.label, rated.shown)
        features = self._reader.features(clean)
        verdict = mood_rules.by_pictures(clean, features.words) or mood_rules.by_quiet_words(clean, features.words)
        if verdict is not None:
            return _decided(verdict)
        return _weighed(self._model.predict(features, _ASKED.get(prompt or "", (0.0, 0.0))), features)

    def feel(self, clause: str) -> MoodLabel:
        """Tell which way a clause leans, however slightly: what topics are coloured by. Cheaper than `score`."""
        p = self._model.predict(self._reader.features(normalise(clause)))
        lean = p[2] - p[0]
        return "pos" if lean > _LEAN else "neg" if lean < -_LEAN else "neu"

    def _rated(self, rest: str, label: MoodLabel, shown: str) -> Mood:
        """Weigh a rating together with the words beside it."""
        decided = Verdict(label=label, sure=0.93, layer="rating", reason=f"评分{shown}")
        features = self._reader.features(rest)
        if not any(word.part in _GOOD or word.part in _BAD for word in features.words):
            return _decided(decided)
        p = self._model.predict(features, _EVIDENCE[label])
        mood = _weighed(p, features)
        return Mood(
            label=mood.label,
            score=mood.score,
            p=p,
            reason=f"评分{shown},{mood.reason}",
            layer="rating+model",
            abstained=mood.abstained,
        )


def _decided(verdict: Verdict) -> Mood:
    rest = (1.0 - verdict.sure) / 2
    p: Probabilities = (
        verdict.sure if verdict.label == "neg" else rest,
        verdict.sure if verdict.label == "neu" else rest,
        verdict.sure if verdict.label == "pos" else rest,
    )
    return Mood(label=verdict.label, score=round(p[2] - p[0], 4), p=p, reason=verdict.reason, layer=verdict.layer)


def _weighed(p: Probabilities, features: Features) -> Mood:
    winner = max(range(3), key=p.__getitem__)
    unsure = p[winner] < _UNSURE
    label: MoodLabel = "neu" if unsure else _LABELS[winner]
    return Mood(
        label=label,
        score=round(p[2] - p[0], 4),
        p=p,
        reason=_reason(label, features.words, unsure=unsure),
        layer="model",
        abstained=unsure,
    )


def _reason(label: MoodLabel, words: Sequence[Word], *, unsure: bool) -> str:
    good = _said(words, _GOOD)
    bad = _said(words, _BAD)
    parts = [f"好的说法:{good}"] if good and label != "neg" else []
    if bad and label != "pos":
        parts.append(f"不满的说法:{bad}")
    if good and label == "neg":
        parts.append(f"也有好话:{good}")
    if bad and label == "pos":
        parts.append(f"也有微词:{bad}")
    turn = next((word.text for word in reversed(words) if word.part == "B"), None)
    if turn and good and bad:
        parts.append(f"“{turn}”之后的话更重")
    if unsure:
        parts.append("把握不足,按中性处理")
    if not parts:
        parts.append({"neg": "整句语气偏负面", "neu": "没有明显态度", "pos": "整句语气偏正面"}[label])
    return ";".join(parts)


def _said(words: Sequence[Word], parts: frozenset[str]) -> str:
    """Quote at most three words that play one of these parts, a negation right before included."""
    said: list[str] = []
    before: Word | None = None
    for word in words:
        if word.part in parts:
            said.append(before.text + word.text if before is not None and before.part == "!" else word.text)
        before = word
    return "、".join(dict.fromkeys(said[:3]))


@dataclass(frozen=True, slots=True)
class SnowNlpScorer:
    """SnowNLP in the same dress: below .4 neg, above .6 pos."""

    sentiment: Callable[[str], float]

    def score(self, text: str, *, prompt: str | None = None, rating: int | None = None) -> Mood:  # noqa: ARG002 - SnowNLP sees the text alone
        """Tell the mood of a reply as SnowNLP sees it; neither prompt nor rating is looked at."""
        good = self.sentiment(text) if text.strip() else 0.5
        label: MoodLabel = "neg" if good < 0.4 else "pos" if good > 0.6 else "neu"
        p = ((1 - good) / 2, 0.5, good / 2) if label == "neu" else (1 - good, 0.0, good)
        return Mood(label=label, score=round(2 * good - 1, 4), p=p, reason=f"SnowNLP {good:.2f}", layer="snownlp")

    def feel(self, clause: str) -> MoodLabel:
        """Tell which way a clause leans, however slightly."""
        return self.score(clause).label


def load(path: Path | None = None, *, table: Path | None = None) -> Scorer:
    """Read the packaged model, or one that was trained here, and the table of fixed moods.

    Takes about a fifth of a second. Raises ValueError when a file is not a mood model, ContentError
    when the table does not check.
    """
    simplified()
    pinyin()
    data = path.read_bytes() if path else (files("bot.conversation") / "mood_model.json.gz").read_bytes()
    text = (table or files("content") / "words" / "mood.yaml").read_text(encoding="utf-8")
    return Scorer(loads(data), read_table(text, str(table or "content/words/mood.yaml")))


def load_snownlp() -> SnowNlpScorer:
    """Load SnowNLP as a scorer: four seconds and 400 MB, so a serving process never does."""
    library: Any = importlib.import_module("snownlp")
    return SnowNlpScorer(lambda text: float(library.SnowNLP(text).sentiments))


def read_table(text: str, name: str) -> Table:
    """Check a table of fixed moods: `whole` and `phrases`, each label → list of texts. Raises ContentError."""
    content = yaml.safe_load(text) or {}
    faults: list[Fault] = []
    found: dict[str, dict[str, MoodLabel]] = {"whole": {}, "phrases": {}}
    for part, labels in content.items() if isinstance(content, dict) else ():
        if part not in found or not isinstance(labels, dict):
            faults.append(Fault(name, 1, f"unknown part {part!r}: use whole or phrases, each by label"))
            continue
        for label, entries in labels.items():
            if label not in _LABELS or not isinstance(entries, list):
                faults.append(Fault(name, 1, f"{part}.{label}: use neg, neu or pos, each with a list of texts"))
                continue
            found[part] |= {normalise(str(entry)): label for entry in entries}
    if not isinstance(content, dict) or faults:
        raise ContentError(tuple(faults) or (Fault(name, 1, "not a table"),))
    return Table(whole=found["whole"], phrases=found["phrases"])
