"""Who is looking: the session behind a page, its language, and the proof that a form is our own."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from aiohttp import web

from bot.domain.shop import Shop
from bot.errors import RequestRefused
from bot.store.people import Person, Session
from bot.web.addresses import origin, remote
from bot.web.console.render import page
from bot.web.console.words import Language, Translator, spoken
from bot.web.deps import DEPS, WebDeps
from bot.web.middleware import Handler
from bot.web.schemas import HALF

SESSION_COOKIE: Final = "huixin_session"
LANGUAGE_COOKIE: Final = "huixin_language"
SAFE: Final = frozenset(("GET", "HEAD"))
_MAX_FORM: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of somebody who is signed in."""

    request: web.Request
    deps: WebDeps
    session: Session
    t: Translator

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.session.person

    @property
    def shop(self) -> Shop:
        """The shop whose clock the common pages show: the first."""
        return next(iter(self.deps.shops.values()))

    @property
    def here(self) -> str:
        """Where the switch of the language leads back to; the answer to a form has no address of its own."""
        return self.request.path_qs if self.request.method in SAFE else "/"

    def page(self, template: str, status: int = 200, **values: Any) -> web.Response:
        """Render a page of the console."""
        return page(template, self.t, status, visit=self, **values)

    async def form(self) -> dict[str, str]:
        """Read the fields of a form or of a JSON object as texts. Raises RequestRefused."""
        return await read_form(self.request)


Page = Callable[[Visit], Awaitable[web.StreamResponse]]


def signed_in(show: Page, *, changes: bool = False) -> Handler:
    """Let only people in who are signed in; `changes`: only those who may act, with a form of ours."""

    async def answer(request: web.Request) -> web.StreamResponse:
        deps = request.app[DEPS]
        session = await deps.sessions.find(request.cookies.get(SESSION_COOKIE, ""), deps.clock())
        if session is None:
            return _to_sign_in(request)
        visit = Visit(request=request, deps=deps, session=session, t=Translator(language_of(request)))
        if request.method not in SAFE or changes:
            await check_form(request, session.csrf)
            if session.person.role == "viewer" and changes:
                raise web.HTTPForbidden
        return await show(visit)

    return answer


def language_of(request: web.Request) -> Language:
    """Tell which language a page speaks to this browser: that of the switch, else Chinese."""
    return spoken(request.cookies.get(LANGUAGE_COOKIE, ""))


async def read_form(request: web.Request) -> dict[str, str]:
    """Read the fields of a form or of a JSON object as texts. Raises RequestRefused for anything else."""
    t = Translator(language_of(request))
    if (request.content_length or 0) > _MAX_FORM:
        raise RequestRefused(t("refused.long"))
    if request.content_type.startswith("multipart/"):
        raise RequestRefused(t("refused.plain"))
    try:
        told = await (request.json() if request.content_type == "application/json" else request.post())
    except (ValueError, LookupError, RecursionError, web.RequestPayloadError) as error:
        raise RequestRefused(t("refused.unread")) from error
    if not isinstance(told, Mapping):
        raise RequestRefused(t("refused.plain"))
    fields = {str(name): str(value) for name, value in told.items() if isinstance(value, str | int | float | bool)}
    if any(HALF.search(text) for field in fields.items() for text in field):
        raise RequestRefused(t("refused.half"))
    return fields


async def check_form(request: web.Request, expected: str) -> None:
    """Let only our own pages change something. Raises HTTPForbidden.

    The token comes as a header (our script) or a field (our forms); a browser that says the request began
    elsewhere is refused before the token is looked at.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise web.HTTPForbidden
    given = request.headers.get("X-CSRF-Token") or (await read_form(request)).get("csrf", "")
    if not expected or not hmac.compare_digest(given.encode(errors="surrogatepass"), expected.encode()):
        raise web.HTTPForbidden


def keep_session(response: web.StreamResponse, request: web.Request, token: str) -> None:
    """Give the browser its session cookie."""
    response.set_cookie(
        SESSION_COOKIE, token, httponly=True, samesite="Lax", secure=is_https(request), path="/", max_age=7 * 24 * 3600
    )


def is_https(request: web.Request) -> bool:
    """Tell whether the outside world reaches us encrypted."""
    deps = request.app[DEPS]
    return origin(request, deps.public_url, deps.trusted_proxies).startswith("https:")


def peer(request: web.Request) -> str:
    """Give the address of who asks."""
    return remote(request, request.app[DEPS].trusted_proxies)


def inside(path: str) -> str:
    """Give a path of our own, or the front page for anything that would lead elsewhere."""
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or not path.startswith("/") or path[1:2] in {"/", "\\"} or not path.isprintable():
        return "/"
    return path


def see(path: str) -> web.Response:
    """Send the browser to a page of ours after something was done."""
    return web.Response(status=303, headers={"Location": path})


def to_sign_in(target: str) -> str:
    """Give the path of the sign-in page that leads on to a page of ours."""
    return "/signin" + (f"?next={quote(target, safe='')}" if target != "/" else "")


def _to_sign_in(request: web.Request) -> web.StreamResponse:
    if (
        request.method not in SAFE
        or request.headers.get("X-Requested-With")
        or "event-stream" in request.headers.get("Accept", "")
    ):
        raise web.HTTPUnauthorized
    return see(to_sign_in(request.path_qs))
