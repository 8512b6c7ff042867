"""One YAML file of content/: its data, the line that each value stands on, and what is wrong with it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import Fault

MAX_BYTES: Final = 1_000_000
MAX_VALUES: Final = 50_000
Where = tuple[str | int, ...]
"""The way from the top of a file to a value: keys and places in lists."""

# The same loader in C, where PyYAML was built with it: ten times as fast.
_YamlLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_YamlLoader):  # type: ignore[misc]
    """YAML as people mean it: `on`, `no`, `12:30` and `2025-02-03` are texts, not booleans, numbers, dates."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012 - the name and shape are PyYAML's


for _tag, _pattern, _first in (
    ("null", r"(?:~|null|)$", ["~", "n", ""]),
    ("bool", r"(?:true|false)$", ["t", "f"]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)$", [*"-+0123456789"]),
    ("float", r"[-+]?[0-9]+\.[0-9]+$", [*"-+0123456789"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


@dataclass(slots=True)
class Page:
    """A file as it was read."""

    file: str
    """As people are shown it."""
    data: Any = None
    lines: dict[Where, int] = field(default_factory=dict)
    literals: dict[Where, str] = field(default_factory=dict)
    """How numbers and truth values are written, for places where a text is meant."""
    faults: list[Fault] = field(default_factory=list)

    def line(self, where: Where) -> int:
        """Give the line of a value, or of the nearest one around it."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def fault(self, where: Where, reason: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(self.file, self.line(where), reason))


def read(path: Path, shown: str) -> Page:
    """Read a file; where it cannot be read, its data is None and its faults say why."""
    page = Page(shown)
    try:
        if path.stat().st_size > MAX_BYTES:
            page.fault((), f"is larger than {MAX_BYTES:,} bytes; split it")
            return page
        loader = _Loader(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        page.fault((), "is not UTF-8; save it as UTF-8")
        return page
    except (OSError, yaml.YAMLError) as error:
        page.fault((), f"cannot be read: {error}")
        return page
    try:
        top = loader.get_single_node()
        page.data = None if top is None else _build(loader, top, (), page)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        page.faults.append(Fault(shown, mark.line + 1 if mark else 1, f"is no YAML: {error.problem}"))
    except yaml.YAMLError as error:
        page.fault((), f"is no YAML: {error}")
    else:
        if page.data is None:
            page.fault((), "is empty; delete it or fill it")
    return page


def _build(loader: _Loader, node: yaml.Node, where: Where, page: Page) -> Any:
    """Turn a node into plain data, noting where everything stands."""
    page.lines.setdefault(where, node.start_mark.line + 1)
    if len(page.lines) > MAX_VALUES:
        raise yaml.YAMLError(f"more than {MAX_VALUES:,} values")
    if isinstance(node, yaml.MappingNode):
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            page.lines[(*where, key)] = key_node.start_mark.line + 1
            if key in built:
                page.fault((*where, key), f"`{key}` stands here twice; keep one")
            built[key] = _build(loader, value_node, (*where, key), page)
        return built
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, item, (*where, place), page) for place, item in enumerate(node.value)]
    if node.tag.startswith("!"):
        raise yaml.MarkedYAMLError(problem=f"the tag {node.tag} means nothing here", problem_mark=node.start_mark)
    built = loader.construct_object(node)
    if isinstance(built, int | float):
        page.literals[where] = str(node.value)
    return built


def validate(page: Page, where: Where, data: Any, adapter: TypeAdapter[Any], names: Iterable[str]) -> Any:
    """Check data against its type; faults go to the page, with their lines. `names`: what a key may be called."""
    thing, faults = _check(data, adapter)
    mended = data
    for error in faults:
        # A menu of `1` or a word like `520` is a text as it stands.
        there = _there(page, where, error["loc"])
        if error["type"] == "string_type" and there in page.literals:
            mended = _with_text(mended, there[len(where) :], page.literals[there])
    if mended is not data:
        thing, faults = _check(mended, adapter)
    for error in faults:
        page.fault(_there(page, where, error["loc"]), _sentence(error["type"], error["loc"], error["msg"], names))
    return thing


def _check(data: Any, adapter: TypeAdapter[Any]) -> tuple[Any, list[ErrorDetails]]:
    try:
        # By way of JSON a list is a tuple and "PT48H" a duration, while "1" is still no number.
        return adapter.validate_json(json.dumps(data), strict=True), []
    except ValidationError as errors:
        return None, errors.errors(include_url=False)


def _with_text(data: Any, where: Where, text: str) -> Any:
    """Give a copy with the value at a place replaced."""
    if not where:
        return text
    copy: Any = dict(data) if isinstance(data, dict) else list(data)
    copy[where[0]] = _with_text(copy[where[0]], where[1:], text)
    return copy


def _there(page: Page, where: Where, loc: Iterable[str | int]) -> Where:
    for part in loc:
        if (*where, part) in page.lines:
            where = (*where, part)
    return where


def _sentence(kind: str, loc: tuple[str | int, ...], message: str, names: Iterable[str]) -> str:
    name = ".".join(str(part) for part in loc) or "this"
    match kind:
        case "unexpected_keyword_argument":
            near = difflib.get_close_matches(str(loc[-1]), list(names), n=1)
            return f"`{name}` is not known here" + (f"; did you mean `{near[0]}`?" if near else "")
        case "missing":
            return f"`{name}` is missing"
        case "string_type":
            return f"`{name}` must be a text; put it in quotes"
        case "time_delta_type" | "time_delta_parsing":
            return f'`{name}` must be a duration like "PT48H", "P3D" or "PT30M"'
        case _:
            return f"`{name}`: {message[0].lower()}{message[1:]}"
