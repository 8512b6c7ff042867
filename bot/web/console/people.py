"""The people of the console: who there is, what was done lately, and one's own password."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from bot.store.people import MAX_PASSWORD, MIN_PASSWORD, TooManyTries
from bot.web.console.visit import Visit, keep_session, peer


async def people_page(visit: Visit) -> web.StreamResponse:
    """Show who may come in and what was done lately."""
    return await _page(visit)


async def change_password(visit: Visit) -> web.StreamResponse:
    """Change one's own password; every other session of this person ends."""
    deps, form = visit.deps, await visit.form()
    try:
        person = await deps.people.check(visit.person.name, form.get("old", ""), peer(visit.request))
    except TooManyTries:
        return await _page(visit, fault=visit.t("signin.wait", minutes=15), status=429)
    if person is None:
        return await _page(visit, fault=visit.t("signin.wrong"), status=400)
    wanted = form.get("new", "")
    if not MIN_PASSWORD <= len(wanted) <= MAX_PASSWORD:
        fault = visit.t("people.length", least=MIN_PASSWORD, most=MAX_PASSWORD)
        return await _page(visit, fault=fault, status=400)
    await deps.people.set_password(person.name, wanted)
    await deps.audit.write(person.name, "change_password", deps.clock())
    renewed = await deps.people.find(person.name) or person
    session = await deps.sessions.begin(renewed, deps.clock())
    response = await _page(visit, done=visit.t("people.changed"))
    keep_session(response, visit.request, session.token)
    return response


async def _page(visit: Visit, *, fault: str = "", done: str = "", status: int = 200) -> web.Response:
    lately = [
        {**each, "at": datetime.fromisoformat(each["at"])}
        for each in (await visit.deps.audit.read(100) if visit.person.role == "admin" else ())
    ]
    people = await visit.deps.people.all()
    return visit.page("people.html", status, people=people, lately=lately, fault=fault, done=done)
