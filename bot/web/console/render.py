"""Pages out of templates: one escaping Jinja2 environment, and static files named by what is in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.web.console.because import hindrance
from bot.web.console.words import Translator

_YEAR_S: Final = 365 * 24 * 3600
_UNSEEN: Final = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")
"""Control characters, which show as boxes, and what turns the direction of the words after it."""
_KINDS: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@cache
def assets() -> tuple[str, Mapping[str, tuple[bytes, str]]]:
    """Read the static files once: a tag of all that is in them, and name → (bytes, content type)."""
    found = {file.name: file.read_bytes() for file in files("bot.web.console").joinpath("static").iterdir()}
    tag = hashlib.sha256(b"".join(found[name] for name in sorted(found))).hexdigest()[:12]
    return tag, {name: (raw, _KINDS[name.rpartition(".")[2]]) for name, raw in found.items()}


def asset(name: str) -> str:
    """Give the URL of a static file; it changes with the files' content, so it may be kept for ever."""
    return f"/static/{assets()[0]}/{name}"


async def static(request: web.Request) -> web.Response:
    """Answer with a static file."""
    tag, known = assets()
    found = known.get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    raw, kind = found
    kept = f"public, max-age={_YEAR_S}, immutable" if request.match_info["tag"] == tag else "no-cache"
    charset = "utf-8" if kind.startswith("text/") else None
    return web.Response(
        body=raw, content_type=kind, charset=charset, headers={"Cache-Control": kept, "ETag": f'"{tag}"'}
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bot.web.console"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: seen(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = asset
    environment.filters["clock"] = clock
    environment.filters["hindrance"] = hindrance
    environment.filters["day"] = day
    environment.filters["moment"] = moment
    return environment


def seen(text: str) -> str:
    """Give a text as people may see it; templates do so with whatever they are given."""
    return _UNSEEN.sub("", text)


def fragment(template: str, t: Translator, **values: Any) -> str:
    """Render a template to text."""
    return _environment().get_template(template).render(t=t, **values)


def page(template: str, t: Translator, status: int = 200, **values: Any) -> web.Response:
    """Render a template as an answer."""
    return web.Response(text=fragment(template, t, **values), status=status, content_type="text/html")


def clock(at: datetime, zone: tzinfo, *, seconds: bool = False) -> str:
    """Give HH:MM in a zone."""
    return _local(at, zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(at: datetime, zone: tzinfo, t: Translator) -> str:
    """Give the day: 7月2日 周三, or Wed 2 Jul."""
    local = _local(at, zone)
    if t.language == "zh":
        return f"{local.month}月{local.day}日 周{'一二三四五六日'[local.weekday()]}"
    return local.strftime("%a %-d %b")


def moment(at: datetime, zone: tzinfo, t: Translator) -> str:
    """Give day and time."""
    return f"{day(at, zone, t)} {clock(at, zone)}"


def _local(at: datetime, zone: tzinfo) -> datetime:
    try:
        return at.astimezone(zone)
    except OverflowError:
        # On the calendar's first and last day there may be no local time to tell.
        return at
