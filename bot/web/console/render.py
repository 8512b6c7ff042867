"""Pages out of templates: one escaping Jinja2 environment, and static files named by what is in them."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.web.console.words import Translator

_YEAR_S: Final = 365 * 24 * 3600


@cache
def assets() -> Mapping[str, tuple[str, bytes, str]]:
    """Read the static files once: name → (tag of its content, bytes, content type)."""
    read = {}
    for file in files("bot.web.console").joinpath("static").iterdir():
        raw = file.read_bytes()
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        read[file.name] = (hashlib.sha256(raw).hexdigest()[:12], raw, kind)
    return read


def asset(name: str) -> str:
    """Give the URL of a static file; it changes with its content, so it may be kept for ever."""
    return f"/static/{assets()[name][0]}/{name}"


async def static(request: web.Request) -> web.Response:
    """Answer with a static file."""
    found = assets().get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    tag, raw, kind = found
    kept = f"public, max-age={_YEAR_S}, immutable" if request.match_info["tag"] == tag else "no-cache"
    charset = "utf-8" if kind.startswith(("text/", "application/javascript")) else None
    return web.Response(
        body=raw, content_type=kind, charset=charset, headers={"Cache-Control": kept, "ETag": f'"{tag}"'}
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bot.web.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = asset
    environment.filters["clock"] = clock
    environment.filters["day"] = day
    environment.filters["moment"] = moment
    return environment


def fragment(template: str, t: Translator, **values: Any) -> str:
    """Render a template to text."""
    return _environment().get_template(template).render(t=t, **values)


def page(template: str, t: Translator, status: int = 200, **values: Any) -> web.Response:
    """Render a template as an answer."""
    return web.Response(text=fragment(template, t, **values), status=status, content_type="text/html")


def clock(at: datetime, zone: tzinfo, *, seconds: bool = False) -> str:
    """Give HH:MM in a zone."""
    return at.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(at: datetime, zone: tzinfo, t: Translator) -> str:
    """Give the day: 7月2日 周三, or Wed 2 Jul."""
    local = at.astimezone(zone)
    if t.language == "zh":
        return f"{local.month}月{local.day}日 周{'一二三四五六日'[local.weekday()]}"
    return local.strftime("%a %-d %b")


def moment(at: datetime, zone: tzinfo, t: Translator) -> str:
    """Give day and time."""
    return f"{day(at, zone, t)} {clock(at, zone)}"
