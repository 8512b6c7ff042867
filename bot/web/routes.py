"""Every URL of this process, in one table; start reading here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

from aiohttp import web

from bot.web import api, health, openapi, webhooks
from bot.web.console import conversation, feed, people, phone, render, signin, stream
from bot.web.console.visit import language_of, signed_in
from bot.web.console.words import Translator
from bot.web.deps import DEPS, WebDeps
from bot.web.middleware import Handler, guarded

Kind = Literal["hook", "open", "page", "act"]
"""`hook`: nothing around it, for it is the hot path; `open`: anybody; `page`: people who are signed in; `act`: the
same, changing something, so that a viewer may not."""


class Route(NamedTuple):
    """One line of the table."""

    method: str
    path: str
    handler: Any
    """A Handler, or a Page for those who are signed in, as the kind says."""
    kind: Kind


ROUTES: Final[Sequence[Route]] = (
    # What providers call.
    Route("*", "/gateways/{account}/{token}/{kind:inbound|receipt}", webhooks.callback, "hook"),
    Route("POST", "/simulator/texts", phone.take_text, "open"),
    # What the shop's systems call.
    Route("*", "/api/events", api.post_events, "open"),
    Route("GET", "/api/openapi.json", openapi.document, "open"),
    # What watches over us.
    Route("GET", "/healthz", health.healthz, "open"),
    Route("HEAD", "/healthz", health.healthz, "open"),
    Route("GET", "/readyz", health.readyz, "open"),
    Route("HEAD", "/readyz", health.readyz, "open"),
    Route("GET", "/metrics", health.metrics, "open"),
    # The door.
    Route("GET", "/signin", signin.sign_in_page, "open"),
    Route("POST", "/signin", signin.sign_in, "open"),
    Route("POST", "/signout", signin.sign_out, "page"),
    Route("GET", "/language/{language}", signin.choose_language, "open"),
    Route("GET", "/static/{tag}/{name}", render.static, "open"),
    # The console.
    Route("GET", "/", feed.feed_page, "page"),
    Route("GET", "/feed/stream", feed.feed_stream, "page"),
    Route("POST", "/find", conversation.find, "page"),
    Route("GET", "/customers/{customer}", conversation.customer_page, "page"),
    Route("POST", "/customers/{customer}/act", conversation.act, "act"),
    Route("POST", "/customers/{customer}/correct", conversation.correct, "act"),
    Route("GET", "/people", people.people_page, "page"),
    Route("POST", "/people/password", people.change_password, "page"),
    # The simulated phone.
    Route("GET", "/phone/{handset}/stream", phone.stream, "page"),
    Route("POST", "/phone/send", phone.send, "act"),
    Route("POST", "/phone/add", phone.add, "act"),
    Route("POST", "/phone/sample", phone.sample, "act"),
    Route("POST", "/phone/habits", phone.change_habits, "act"),
)


def make_app(deps: WebDeps) -> web.Application:
    """Put the table behind an aiohttp application. Run it without an access log: paths carry secrets."""
    app = web.Application(client_max_size=api.MAX_BODY)
    app[DEPS] = deps
    app[stream.OPEN] = set()
    app[phone.PLAYING] = set()
    for path, door in webhooks.doors(deps):
        app.router.add_route("*", path, door)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, _around(route))
    app.router.add_route("*", "/{anything:.*}", guarded(_nothing, "open", error_page))
    app.on_shutdown.append(stream.end_all)
    app.on_cleanup.append(phone.stop_playing)
    return app


async def error_page(request: web.Request, status: int, reason: str) -> web.StreamResponse:
    """Answer an error: as JSON to programs, as a page to people."""
    t = Translator(language_of(request))
    known = {each: t(f"error.{each}") for each in (401, 403, 404, 500, 503)}
    script = request.headers.get("X-Requested-With")
    if request.path.startswith("/api/") or script or request.method != "GET":
        wants_page = "text/html" in request.headers.get("Accept", "")
        if not wants_page or request.path.startswith("/api/"):
            # Our own script shows it to people; only a fault of ours is told by its id, to be found by.
            said = known.get(status, reason) if script and status != 500 else reason
            return web.json_response(text=json.dumps({"error": said}, ensure_ascii=False), status=status)
    told = t("error.id", id=reason) if status == 500 else ("" if status in known else reason)
    return render.page("error.html", t, status, code=status, title=known.get(status, str(status)), reason=told)


def _around(route: Route) -> Handler:
    handler: Handler = route.handler
    if route.kind == "hook":
        return handler
    if route.kind != "open":
        handler = signed_in(route.handler, changes=route.kind == "act")
    return guarded(handler, route.kind, error_page)


async def _nothing(request: web.Request) -> web.StreamResponse:
    del request
    raise web.HTTPNotFound
