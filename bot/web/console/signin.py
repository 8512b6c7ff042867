"""Coming in and going out: the sign-in page, one-time links, signing out, and the language switch."""

from __future__ import annotations

import hmac
import math
import secrets
from typing import Final

import structlog
from aiohttp import web

from bot.store.people import Person, TooManyTries
from bot.web.console.render import page
from bot.web.console.visit import (
    LANGUAGE_COOKIE,
    SESSION_COOKIE,
    Visit,
    inside,
    is_https,
    keep_session,
    language_of,
    peer,
    read_form,
    see,
    to_sign_in,
)
from bot.web.console.words import Translator, spoken
from bot.web.deps import DEPS
from bot.web.measures import SIGN_INS

FORM_COOKIE: Final = "huixin_form"
_YEAR_S: Final = 365 * 24 * 3600
_MIN_TOKEN: Final = 32

log = structlog.get_logger("web.signin")


async def sign_in_page(request: web.Request) -> web.StreamResponse:
    """Show the sign-in page; a one-time link signs in at once."""
    if token := request.query.get("once"):
        person = await request.app[DEPS].sessions.take_link(token)
        if person is not None:
            return await _let_in(request, person, "link", "/")
        return _form(request, "signin.link_used")
    return _form(request)


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Check name and password."""
    deps = request.app[DEPS]
    form = await read_form(request)
    target = inside(form.get("next", "/"))
    shown, kept = form.get("form", ""), request.cookies.get(FORM_COOKIE, "")
    if not kept or not hmac.compare_digest(shown.encode(), kept.encode(errors="surrogatepass")):
        return _form(request, "error.csrf", target, status=403)
    try:
        person = await deps.people.check(form.get("name", ""), form.get("password", ""), peer(request))
    except TooManyTries as reason:
        SIGN_INS.labels("too_many").inc()
        log.warning("sign_in_held_back", peer=peer(request), wait=reason.wait)
        return _form(request, "signin.wait", target, status=429, minutes=math.ceil(reason.wait / 60), wait=reason.wait)
    if person is None:
        SIGN_INS.labels("wrong").inc()
        log.warning("sign_in_failed", peer=peer(request))
        return _form(request, "signin.wrong", target, status=401)
    return await _let_in(request, person, "password", target)


async def sign_out(visit: Visit) -> web.StreamResponse:
    """End the session."""
    await visit.deps.sessions.end(visit.session.token)
    response = see("/signin")
    response.del_cookie(SESSION_COOKIE, path="/")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def choose_language(request: web.Request) -> web.StreamResponse:
    """Switch the language; nothing but the cookie of this browser changes."""
    response = see(inside(request.query.get("next", "/")))
    chosen = spoken(request.match_info["language"])
    response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR_S, samesite="Lax", path="/", secure=is_https(request))
    return response


async def _let_in(request: web.Request, person: Person, how: str, target: str) -> web.StreamResponse:
    deps = request.app[DEPS]
    # A session that the browser brought along is never taken over, only ended: its id may be somebody else's trap.
    await deps.sessions.end(request.cookies.get(SESSION_COOKIE, ""))
    session = await deps.sessions.begin(person, deps.clock())
    await deps.audit.write(person.name, "sign_in", deps.clock(), {"how": how, "peer": peer(request)})
    SIGN_INS.labels(how).inc()
    response = see(target)
    keep_session(response, request, session.token)
    response.del_cookie(FORM_COOKIE, path="/signin")
    return response


def _form(
    request: web.Request, fault: str = "", target: str = "", *, status: int = 200, minutes: int = 0, wait: int = 0
) -> web.StreamResponse:
    t = Translator(language_of(request))
    # One token a browser, so that a second tab does not make the first one's form stale.
    token = request.cookies.get(FORM_COOKIE, "")
    if len(token) < _MIN_TOKEN or not token.isascii():
        token = secrets.token_urlsafe(24)
    reason = (t(fault, minutes=minutes) if minutes else t(fault)) if fault else ""
    target = inside(target or request.query.get("next", "/"))
    response = page("signin.html", t, status, form=token, fault=reason, target=target, here=to_sign_in(target))
    response.set_cookie(
        FORM_COOKIE, token, httponly=True, samesite="Strict", secure=is_https(request), path="/signin", max_age=3600
    )
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response
