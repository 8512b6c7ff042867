"""One customer: the conversation, how things stand, and what a colleague can do about it."""

from __future__ import annotations

import re
from typing import Any, Final

from aiohttp import web

from bot.conversation.emotion import index
from bot.domain.customer import Customer
from bot.domain.events import StaffActed, StaffAction
from bot.domain.ids import customer_id
from bot.domain.shop import Shop
from bot.domain.understanding import INTENTS
from bot.errors import RequestRefused
from bot.phone import mask, to_e164
from bot.store.corrections import MAX_CORRECTED, Correction
from bot.web.console.phone import handsets
from bot.web.console.render import fragment
from bot.web.console.staff import happen
from bot.web.console.timeline import Block, blocks
from bot.web.console.visit import Visit, see

_ID: Final = re.compile("[0-9a-f]{24}")
_SHOWN: Final = 200
_MAX_TEXT: Final = 500
_ACTIONS: Final[tuple[StaffAction, ...]] = ("take_over", "hand_back", "reply", "note", "resolve_ticket", "undo")
_WITH_TEXT: Final = frozenset({"reply", "note"})


async def customer_page(visit: Visit) -> web.StreamResponse:
    """Show one customer; with `part=1` only what changes, for the page's own script."""
    customer = await _customer(visit)
    laid = await _blocks(visit, customer)
    known: dict[str, Any] = {
        "customer": customer,
        "shop": _shop(visit, customer),
        "phone": mask(customer.phone),
        "blocks": laid,
        "intents": INTENTS,
        "titles": _titles(visit, customer),
        "feeling": index(customer.emotion, visit.deps.clock()),
    }
    if visit.request.query.get("part"):
        parts = ("talking", "facts", "composer")
        return web.json_response({part: fragment(f"_{part}.html", visit.t, visit=visit, **known) for part in parts})
    held = [handset for handset in await handsets(visit.deps) if handset.id == customer.id]
    return visit.page(
        "customer.html", **known, handsets=held, habits=await visit.deps.simulator.habits(), after=await _newest(visit)
    )


async def act(visit: Visit) -> web.StreamResponse:
    """Do what a colleague asked for: it becomes an event of the customer's, decided like any other."""
    customer, form = await _customer(visit), await visit.form()
    wanted = form.get("action", "")
    action = next((each for each in _ACTIONS if each == wanted), None)
    if action is None:
        raise RequestRefused(visit.t("refused.action", name=wanted[:40]))
    text = form.get("text", "").strip()
    if action in _WITH_TEXT and not 0 < len(text) <= _MAX_TEXT:
        raise RequestRefused(visit.t("refused.length", most=_MAX_TEXT))
    data = {name: form[name][:200] for name in ("event", "ticket") if form.get(name)}
    await _happen(visit, customer, StaffActed(actor=visit.person.name, action=action, text=text, data=data))
    return _done(visit, customer)


async def correct(visit: Visit) -> web.StreamResponse:
    """Put the label of one reply right: at once for every worker, and for the regression cases."""
    customer, form = await _customer(visit), await visit.form()
    intent = next((name for name in INTENTS if name == form.get("intent")), None)
    if intent is None:
        raise RequestRefused(visit.t("refused.intent"))
    said = [block for block in await _blocks(visit, customer) if block.reading is not None]
    reply = next((block for block in said if block.event == form.get("event")), None)
    if reply is None or reply.reading is None:
        raise RequestRefused(visit.t("refused.gone"))
    if not 0 < len(reply.reading.normalized.strip()) <= MAX_CORRECTED:
        raise RequestRefused(visit.t("refused.correctable", most=MAX_CORRECTED))
    now = visit.deps.clock()
    await visit.deps.corrections.add(
        Correction(
            text=reply.reading.normalized,
            intent=intent,
            was=reply.reading.primary,
            actor=visit.person.name,
            at=now.isoformat(),
            event=reply.event,
        )
    )
    data = {"event": reply.event, "intent": intent, "was": reply.reading.primary}
    text = f"{visit.t.word('intent', reply.reading.primary)} → {visit.t.word('intent', intent)}"
    await _happen(visit, customer, StaffActed(actor=visit.person.name, action="correct_intent", text=text, data=data))
    return _done(visit, customer)


async def find(visit: Visit) -> web.StreamResponse:
    """Go to the customer with a number; the number itself never stands in a URL."""
    phone = to_e164((await visit.form()).get("phone", ""))
    if phone is not None:
        for shop in visit.deps.shops:
            customer = customer_id(visit.deps.lookup_key, shop, phone)
            if await visit.deps.store.customers.load(customer):
                return see(f"/customers/{customer}")
    raise RequestRefused(visit.t("customer.none"))


async def _customer(visit: Visit) -> Customer:
    customer_key = visit.request.match_info["customer"]
    if not _ID.fullmatch(customer_key):
        raise web.HTTPNotFound
    customer = await visit.deps.store.customers.load(customer_key)
    if customer is not None:
        return customer
    # Whoever holds a simulated phone can be looked at before anything has happened.
    handset = await visit.deps.simulator.find(customer_key)
    account = visit.deps.accounts.get(handset.account) if handset else None
    if handset is None or account is None:
        raise web.HTTPNotFound
    return Customer(id=handset.id, shop=account.shop, phone=handset.number, created_at=visit.deps.clock())


async def _blocks(visit: Visit, customer: Customer) -> list[Block]:
    entries = await visit.deps.store.customers.timeline(customer.id, _SHOWN)
    return blocks([entry for _, entry in reversed(entries)], visit.t)


def _titles(visit: Visit, customer: Customer) -> dict[str, str]:
    """Name the journeys that a customer is on, by run; one whose plan is lost stands by its name."""
    content = visit.deps.content()
    titles = {}
    for run in customer.runs:
        plan = content.pinned.get(run.version) or content.journeys.get(run.journey)
        titles[run.id] = plan.title if plan else run.journey
    return titles


async def _newest(visit: Visit) -> str:
    items = await visit.deps.store.feed.read(None, 1)
    return items[-1].id if items else "0-0"


def _shop(visit: Visit, customer: Customer) -> Shop:
    return visit.deps.shops.get(customer.shop, visit.shop)


async def _happen(visit: Visit, customer: Customer, what: StaffActed) -> None:
    await happen(visit, customer.id, customer.phone, customer.shop, what)


def _done(visit: Visit, customer: Customer) -> web.StreamResponse:
    if visit.request.headers.get("X-Requested-With"):
        return web.json_response({"done": True})
    return see(f"/customers/{customer.id}")
