"""The commands that need no Redis: understanding, evaluation, gateways by hand, content, training."""

from __future__ import annotations

import importlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from bot import gateways
from bot.app.thinking import Models, Thinking
from bot.content import Report, check, schema
from bot.content import packaged as packaged_content
from bot.domain.content import Content
from bot.domain.customer import PromptKind
from bot.domain.shop import Shop
from bot.domain.understanding import IntentName, PromptView, ReplyContext
from bot.engine import evaluate as evaluation
from bot.engine.departure import CARRIER
from bot.engine.mind import Mind
from bot.engine.understand import explain, understand
from bot.errors import ContentError, HuixinError, RequestRefused, SettingsError
from bot.gateways.workbench import lines
from bot.outbound.sendable import unsendable
from bot.settings import Settings

CONTEXTS: Final = ("none", *get_args(PromptKind))
NOBODYS_KEY: Final = b"offline: codes made here are worth nothing"


def offline_mind(settings: Settings, scorer: str = "huixin") -> Mind:
    """Build a mind without an installation: the packaged content, or the first shop's."""
    shops = {name: settings.shop(name) for name in settings.shops}
    thinking = Thinking(shops, NOBODYS_KEY)
    thinking.read()
    thinking.warm_up(Models(settings.data / "cache" if settings.data.is_dir() else None, scorer))
    return thinking.mind(next(iter(shops)))


def reader(settings: Settings) -> Callable[[Mapping[str, Any], bool], dict[str, Any]]:
    """Give what `huixin understand` asks: one reply in, what it means out."""
    mind = offline_mind(settings)
    shop = next(iter(mind.shops.values()))

    def read(line: Mapping[str, Any], trace: bool) -> dict[str, Any]:
        asked = _asked(line)
        now = asked.now or datetime.now(UTC)
        understood = understand(asked.text, _context(asked.context, asked, shop, now), mind.language)
        whole = explain(understood)
        if not trace:
            whole = {key: value for key, value in whole.items() if key not in {"candidates", "clauses", "trace", "why"}}
        return {key: line[key] for key in ("id",) if key in line} | whole

    return read


class _Asked(BaseModel):
    """One line of `huixin understand`; what else stands there is for its owner."""

    model_config = ConfigDict(coerce_numbers_to_str=True, frozen=True)

    text: str
    context: str = "none"
    quiz_options: tuple[str, ...] | None = None
    options: tuple[str, ...] | None = None
    now: _Moment | None = None
    booking: _Moment | None = None


def _asked(line: Mapping[str, Any]) -> _Asked:
    """Read a line. Raises RequestRefused with what to change."""
    try:
        return _Asked.model_validate(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RequestRefused(f"`{where}`: {first['msg'].removeprefix('Value error, ')}") from error


def _context(kind: str, asked: _Asked, shop: Shop, now: datetime) -> ReplyContext:
    if kind not in CONTEXTS:
        raise HuixinError(f"{kind!r} is no kind of prompt; there are: {', '.join(CONTEXTS)}")
    local = now.astimezone(shop.tz)
    letters = ("R",) if kind == "promo" else ()
    options = asked.quiz_options or asked.options or ()
    prompts = (PromptView(id="open", kind=kind, options=options, stop_letters=letters),) if kind != "none" else ()
    booking = asked.booking or (local + timedelta(days=1)).replace(hour=14, minute=0, second=0, microsecond=0)
    return ReplyContext(
        now=local,
        prompts=prompts,
        booking=booking if kind == "appointment" else None,
        opens=shop.opens,
        closes=shop.closes,
        last_class="marketing" if kind == "promo" else None,
        last_stop_letters=letters,
    )


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError(f"{value!r} is no time; write ISO 8601, like 2025-07-02T10:00:00+08:00") from error
    if not 1900 < moment.year < 2200:
        raise ValueError(f"{value!r} lies outside the calendar of festivals")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_Moment = Annotated[datetime, BeforeValidator(_moment)]


def json_of(raw: bytes, where: str) -> Any:
    """Read one line of JSON. Raises HuixinError naming the place."""
    try:
        told = json.loads(raw.decode("utf-8"))
        # An escape may write half a character, which nobody could send and no terminal could show.
        json.dumps(told, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise HuixinError(f"{where} is not UTF-8: {error.reason} at byte {error.start}") from error
    except UnicodeEncodeError as error:
        raise HuixinError(f"{where} holds half a character (a lone surrogate)") from error
    except RecursionError as error:
        raise HuixinError(f"{where} is nested too deep") from error
    except ValueError as error:
        raise HuixinError(f"{where} is not JSON: {error}") from error
    return told


def evaluate(
    settings: Settings,
    files: Sequence[Path],
    rows: Path | None,
    scorer: str,
    progress: Callable[[Iterable[Any]], Iterable[Any]],
) -> dict[str, Any]:
    """Score labelled lines; `progress` may watch them go by."""
    if scorer not in {"huixin", "snownlp"}:
        raise HuixinError(f"there is no scorer {scorer!r}; there are: huixin, snownlp")
    found = [line for file in files for line in _json_lines(file)]
    if rows:
        rows.touch()  # before the minutes that many lines take
    mind = offline_mind(settings, scorer)
    try:
        result = evaluation.evaluate(progress(line for _, line in found), mind, mind.language.mood.score)
    except evaluation.UnfitLine as error:
        raise HuixinError(f"{found[error.number][0]} is not as `huixin eval` reads lines: {error}") from error
    if rows:
        with rows.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in result.rows)
    return result.report


def _json_lines(file: Path) -> list[tuple[str, dict[str, Any]]]:
    """Give the lines, each with its place."""
    found: list[tuple[str, dict[str, Any]]] = []
    with file.open("rb") as lines_of:
        for number, line in enumerate(lines_of, 1):
            if not line.strip():
                continue
            where = f"{file}:{number}"
            told = json_of(line, where)
            if not isinstance(told, dict):
                raise HuixinError(f"{where} must hold a JSON object")
            found.append((where, told))
    return found


def list_gateways() -> list[dict[str, Any]]:
    """Give every adapter with what it can do."""
    return [{"name": name, **asdict(gateways.capabilities(name))} for name in gateways.available()]


def parse_callback(name: str, line: Mapping[str, Any]) -> dict[str, Any]:
    """Turn one recorded callback into our words."""
    return lines.parse_line(name, line)


def compose_request(name: str, line: Mapping[str, Any], *, mask: bool) -> dict[str, Any]:
    """Give the exact request of one send."""
    return lines.compose_line(name, line, datetime.now(UTC), secrets.token_hex(8), mask=mask)


def check_content(folder: Path | None) -> Report:
    """Check the packaged content and a shop's own."""
    if folder and not folder.is_dir():
        raise HuixinError(f"{folder} is no folder")
    report = check([packaged_content(), *([folder] if folder else [])])
    if report.content is None:
        return report
    try:
        # Patterns are read by understanding itself, which content may not import.
        Models(None).language(report.content)
    except ContentError as error:
        return replace(report, content=None, faults=error.faults)
    return report


def check_all_content(settings: Settings) -> dict[str, Report]:
    """Check everything that `serve` would load: the packaged content ("") and each folder that a shop names."""
    reports = {"": check_content(None)}
    for name, shop in settings.shops.items():
        if shop.content and str(shop.content) not in reports:
            try:
                reports[str(shop.content)] = check_content(shop.content)
            except HuixinError as reason:
                raise SettingsError(f"shops.{name}.content: {reason}") from reason
    return reports


def content_schema() -> dict[str, Any]:
    """Give the JSON Schema of each folder of content/."""
    return dict(schema())


def unsendable_texts(settings: Settings, content: Content) -> list[dict[str, str]]:
    """Name each text that an account of the settings could not send, and why."""
    found: list[dict[str, str]] = []
    for name, told in settings.gateways.items():
        names = (name, told.provider)
        can = gateways.capabilities(told.provider)
        reasons = unsendable(content.texts, can, names, content.texts.get(CARRIER))
        found += [{"account": name, "text": text, "reason": reason} for text, reason in reasons.items()]
    return found


def _training(name: str) -> Any:
    try:
        # scikit-learn is not there in a serving install, and nothing else may load it.
        return importlib.import_module(f"bot.training.{name}")
    except ImportError as error:
        raise HuixinError(f"training needs more packages ({error.name}): pip install scikit-learn numpy") from error


def train_mood(
    files: Sequence[Path], out: Path, seed: int, *, force: bool, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Train a mood model on these texts and on all that ships."""
    training = _training("mood")
    trained = training.train(files, out, plan=training.Plan(seed=seed), force=force, progress=progress)
    return {"out": str(trained.out), "bytes": trained.size, "texts": trained.texts, "figures": asdict(trained.figures)}


def train_intents(settings: Settings, files: Sequence[Path], out: Path) -> dict[str, Any]:
    """Train the intent model on these replies and on all that ship."""
    training = _training("intents")
    mind = offline_mind(settings)
    alone = replace(mind.language, guesser=None)
    normalise = mind.language.normalise

    shop, now = next(iter(mind.shops.values())), datetime.now(UTC)

    def rules(text: str, kind: str) -> IntentName:
        return understand(text, _context(kind, _Asked(text=text), shop, now), alone).intent

    said = training.worded(mind.content.intents.values(), normalise, rules)
    said += training.read([*training.shipped(), *files], normalise)
    data = training.train(said, training.Plan(), {})
    out.write_bytes(data)
    return {"out": str(out), "bytes": len(data), "texts": len(said)}


def train_pinyin(out: Path) -> dict[str, Any]:
    """Make the table by which pinyin is read from all replies that ship."""
    training = _training("pinyin")
    data = training.table(training.shipped(), training.keywords())
    out.write_bytes(data)
    return {"out": str(out), "bytes": len(data)}
