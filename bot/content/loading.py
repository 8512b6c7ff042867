"""From folders of YAML files to one checked Content, or to every fault in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from bot.content.checking import Check, Place, check_texts
from bot.content.kinds import KINDS, NAMES, Kind
from bot.content.plans import check_journeys
from bot.content.reading import Page, read, validate
from bot.domain.content import Content, Journey
from bot.errors import ContentError, Fault

FOLDERS: Final = (*KINDS, "words")
"""What a content folder may hold. `templates` has many texts a file, the others one thing a file."""
_SET_ASIDE: Final = frozenset({"moods", "replies", "__pycache__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a check found: the content where nothing is wrong, every fault, and what deserves a look."""

    content: Content | None = None
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


@dataclass(slots=True)
class Shelf:
    """What was read so far, and where each thing stands."""

    things: dict[str, dict[str, Any]] = field(default_factory=lambda: {folder: {} for folder in FOLDERS})
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    named: set[tuple[str, str]] = field(default_factory=set)
    """Folder and name of everything, also of what does not check."""
    pages: list[Page] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    shown: str
    owner: Path
    """The content folder it came from."""


def packaged() -> Path:
    """Give the folder of content that Huixin ships with."""
    return Path(__file__).parent.parent.parent / "content"


def load(folders: Sequence[Path], *, kept: Path | None = None) -> Content:
    """Read content folders, the packaged one first; of a file that is in several, the last one counts.

    `kept` is a folder where the plan of every journey is kept by its version, so that runs which began before
    a restart find the plan they follow. Raises ContentError with every fault.
    """
    report = check(folders)
    if report.content is None:
        raise ContentError(report.faults)
    return _with_kept(report.content, kept) if kept else report.content


def reload(old: Content, folders: Sequence[Path], *, kept: Path | None = None) -> Content | tuple[Fault, ...]:
    """Read the folders again: the new content, with the plans that runs still follow, or the faults."""
    try:
        new = load(folders, kept=kept)
    except ContentError as error:
        return error.faults
    return replace(new, pinned={**old.pinned, **new.pinned})


def check(folders: Sequence[Path]) -> Report:
    """Read and check content folders; nothing is raised."""
    shelf = Shelf()
    gone = [Fault(str(folder), 1, "is no folder") for folder in folders if not folder.is_dir()]
    read_data: dict[str, Any] = {}
    for (folder, name), file in _files(folders, shelf).items():
        page = read(file.path, file.shown)
        shelf.pages.append(page)
        read_data[f"{folder}/{name}"] = page.data
        if page.data is not None:
            _take(shelf, folder, name, page, file.owner)
    content = _content(shelf, _hash(read_data))
    cross = Check(content, shelf.places, frozenset(shelf.named))
    check_texts(cross)
    check_journeys(cross)
    faults = {*gone, *(fault for page in shelf.pages for fault in page.faults)}
    return Report(content=None if faults else content, faults=_in_order(faults), warnings=_in_order({*cross.warnings}))


def _in_order(faults: set[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: (fault.file, fault.line, fault.reason)))


def _files(folders: Sequence[Path], shelf: Shelf) -> dict[tuple[str, str], _File]:
    """Find the files: of those that share folder and name, the last one counts."""
    found: dict[tuple[str, str], _File] = {}
    for top in folders:
        for path in sorted(top.rglob("*.y*ml")):
            parts = path.relative_to(top).parts
            # What begins with a dot is an editor's, and may be gone before it is read.
            if path.suffix not in (".yaml", ".yml") or parts[0] in _SET_ASIDE or path.name.startswith("."):
                continue
            shown = str(Path(top.name, *parts)) if top == packaged() else str(path)
            if parts[0] in FOLDERS and len(parts) > 1:
                found[parts[0], "/".join(parts[1:])] = _File(path, shown, top)
            else:
                stray = Page(shown)
                stray.fault((), f"lies in no known folder; put it in one of {', '.join(FOLDERS)}")
                shelf.pages.append(stray)
    return found


def _take(shelf: Shelf, folder: str, file: str, page: Page, owner: Path) -> None:
    """Take what a file holds to the shelf."""
    stem = Path(file).stem
    if folder == "words":
        _put(shelf, folder, stem, page.data, Place(page, (), owner))
        return
    if not isinstance(page.data, dict):
        page.fault((), "must be names and values (`name: value`), not a list or a single value")
        return
    kind = KINDS[folder]
    many = folder == "templates" or (folder == "faq" and not {"answer", "examples"} & set(page.data))
    if not many:
        _take_one(shelf, kind, stem, page.data, Place(page, (), owner))
        return
    for name, data in page.data.items():
        told = {"text": data} if isinstance(data, str) else data
        if isinstance(told, dict):
            _take_one(shelf, kind, name, told, Place(page, (name,), owner))
        else:
            page.fault((name,), f"`{name}` must be a text, or names and values")


def _take_one(shelf: Shelf, kind: Kind, name: str, data: Mapping[str, Any], place: Place) -> None:
    page, where = place.page, place.where
    shelf.named.add((kind.folder, name))
    if data.get(kind.key, name) != name:
        page.fault((*where, kind.key), f"`{kind.key}` must be {name}, as it is filed; or leave it out")
    if "version" in data:
        page.fault((*where, "version"), "`version` is worked out from the plan; leave it out")
    thing = validate(page, where, {**data, kind.key: name}, kind.adapter, NAMES)
    if isinstance(thing, Journey):
        thing = replace(thing, version=_hash(data))
    if thing is not None:
        _put(shelf, kind.folder, name, thing, place)


def _put(shelf: Shelf, folder: str, name: str, thing: Any, place: Place) -> None:
    before = shelf.places.get((folder, name))
    if before and before.owner == place.owner:
        there = f"{before.page.file}:{before.page.line(before.where)}"
        place.page.fault(place.where, f"`{name}` is already in {there}; keep one")
    shelf.things[folder][name] = thing
    shelf.places[folder, name] = place


def _content(shelf: Shelf, version: str) -> Content:
    things = shelf.things
    rewards = things["words"].get("rewards")
    return Content(
        version=version,
        intents=things["intents"],
        texts=things["templates"],
        prompts=things["prompts"],
        quizzes=things["quizzes"],
        faq=things["faq"],
        journeys=things["journeys"],
        pinned={journey.version: journey for journey in things["journeys"].values()},
        campaigns=things["campaigns"],
        words=things["words"],
        rewards=rewards if isinstance(rewards, dict) else {},
    )


def _with_kept(content: Content, folder: Path) -> Content:
    """Keep today's plans by their versions, and take up those of earlier days."""
    folder.mkdir(parents=True, exist_ok=True)
    adapter = KINDS["journeys"].adapter
    for version, journey in content.pinned.items():
        path = folder / f"{version}.json"
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.write_bytes(adapter.dump_json(journey, indent=2))
            fresh.replace(path)
    earlier = {}
    for path in sorted(folder.glob("*.json")):
        # A plan that an older Huixin wrote in another shape: its runs go on with the newest plan.
        with suppress(ValidationError):
            earlier[path.stem] = adapter.validate_json(path.read_bytes())
    return replace(content, pinned={**earlier, **content.pinned})


def _hash(data: object) -> str:
    written = json.dumps(data, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(written.encode(), digest_size=6).hexdigest()
