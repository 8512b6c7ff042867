"""The simulated phone: texts written on it take the way of any callback, and so do its receipts."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

import structlog
from aiohttp import web

from bot.domain.events import StaffActed
from bot.domain.gateway import Ack, Callback
from bot.domain.shop import Shop
from bot.errors import CallbackRefused, GatewayError, RequestRefused, StoreUnavailable
from bot.gateways.simulator import Due, Simulator, answer, habits, receipts, signed_headers
from bot.phone import to_e164
from bot.store.bell import heard
from bot.store.simulator import BELL_NAME, Handset, PhoneText
from bot.web.accounts import Account
from bot.web.api import accept
from bot.web.console.render import seen
from bot.web.console.staff import happen
from bot.web.console.stream import HEARTBEAT_S, opened, place
from bot.web.console.visit import Visit
from bot.web.deps import DEPS, WebDeps
from bot.web.webhooks import receive

_FIRST_NUMBER: Final = 13800000001
_MAX_TEXT: Final = 2_000
_MAX_BODY: Final = 64 * 1024
_RATING: Final = "您好,您的订单已签收,还满意吗?回复1-5打分,5为非常满意;有话想说也可以直接回复。"

PLAYING: web.AppKey[set[asyncio.Task[None]]] = web.AppKey("playing_receipts", set[asyncio.Task[None]])

log = structlog.get_logger("web.phone")


async def handsets(deps: WebDeps) -> tuple[Handset, ...]:
    """Give the phones; the first one lies ready. None where no account is simulated."""
    account = _account(deps)
    if account is None:
        return ()
    found = await deps.simulator.all()
    return found or (await _take_up(deps, account, f"+86{_FIRST_NUMBER}"),)


async def stream(visit: Visit) -> web.StreamResponse:
    """Show what comes to one phone, as it comes."""
    deps, handset = visit.deps, await _handset(visit, visit.request.match_info["handset"])
    after = place(visit.request) or "0-0"
    with deps.store.bell.ear(BELL_NAME) as ear:
        async with opened(visit) as (line, response):
            while True:
                ear.clear()
                for text in await deps.simulator.texts(handset.id, after):
                    await line.send("text", asdict(text) | {"text": seen(text.text)}, text.id)
                    after = text.id
                if not await heard(ear, HEARTBEAT_S):
                    await line.beat()
    return response


async def send(visit: Visit) -> web.StreamResponse:
    """Write a text on the phone."""
    form = await visit.form()
    handset = await _handset(visit, form.get("handset", ""))
    text = form.get("text", "")
    if len(text) > _MAX_TEXT:
        raise RequestRefused(visit.t("refused.length", most=_MAX_TEXT))
    account = visit.deps.accounts[handset.account]
    now = visit.deps.clock()
    item = {"id": secrets.token_hex(8), "from": handset.number, "text": text, "sent_at": now.isoformat()}
    ack = await _call(visit.deps, account, json.dumps(item, ensure_ascii=False).encode())
    if ack.status >= 400:
        raise StoreUnavailable("the text was not taken; try again soon")
    await visit.deps.simulator.put(handset.id, PhoneText(way="out", text=text, at=now.isoformat()))
    return web.json_response({"sent": True})


async def add(visit: Visit) -> web.StreamResponse:
    """Take up a phone with another number: the one given, or the next free one."""
    deps = visit.deps
    account = _account(deps)
    if account is None:
        raise RequestRefused(visit.t("refused.simulated"))
    given = (await visit.form()).get("number", "").strip()
    known = {handset.number for handset in await deps.simulator.all()}
    free = next(number for nth in range(10_000) if (number := f"+86{_FIRST_NUMBER + nth}") not in known)
    chosen = to_e164(given) if given else free
    if chosen is None:
        raise RequestRefused(visit.t("refused.number"))
    handset = await _take_up(deps, account, chosen)
    return web.json_response({"id": handset.id, "number": handset.number})


async def sample(visit: Visit) -> web.StreamResponse:
    """Let something happen at the shop, the way it really does: by the events API, or by a colleague's hand."""
    form = await visit.form()
    handset = await _handset(visit, form.get("handset", ""))
    if form.get("kind") == "rating":
        # The journey asks the morning after the delivery; who tries it out wants to be asked now.
        data = {"kind": "rating", "hours": "72", "class": "service"}
        await happen(visit, handset.id, handset.number, _shop(visit, handset).name, _ask_rating(visit, data))
        return web.json_response({"accepted": 1})
    told = await accept(visit.deps, [_sample(visit, handset, form.get("kind", ""))])
    if told["rejected"]:
        raise RequestRefused(told["rejected"][0]["error"])
    return web.json_response(told)


async def change_habits(visit: Visit) -> web.StreamResponse:
    """Ask the phones to delay, fail, repeat, reorder or lose their receipts, or to refuse texts."""
    wish = {name: value for name, value in (await visit.form()).items() if name != "csrf" and value != ""}
    try:
        habits(wish)
    except GatewayError as reason:
        raise RequestRefused(visit.t("refused.habits")) from reason
    await visit.deps.simulator.set_habits(wish)
    return web.json_response({"kept": True})


async def take_text(request: web.Request) -> web.StreamResponse:
    """Take a text that a worker sends to a simulated phone; signed like a callback, or refused."""
    deps = request.app[DEPS]
    if (request.content_length or 0) > _MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(max_size=_MAX_BODY, actual_size=request.content_length or 0)
    told = Callback(
        method="POST",
        url=str(request.url),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.read(),
    )
    account = _signed_by(deps, told)
    if account is None:
        return web.json_response({"error": "account", "detail": "not signed by an account of ours"}, status=403)
    try:
        text = json.loads(told.body)
        number, words, ref = str(text["to"]), str(text.get("text") or ""), str(text["client_ref"])
    except (ValueError, KeyError, AttributeError, TypeError):
        return web.json_response({"error": "permanent", "detail": "to, text and client_ref must be there"}, status=422)
    wish, now, message_id = habits(await deps.simulator.habits()), deps.clock(), f"sim-{ref}"
    reply = answer(message_id, wish)
    if reply.status < 300:
        handset = await _take_up(deps, account, number)
        await deps.simulator.put(handset.id, PhoneText(way="in", text=words, at=now.isoformat()))
        _play(request.app, account, receipts(message_id, number, ref, wish, now))
    return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))


async def stop_playing(app: web.Application) -> None:
    """Forget receipts that are not due yet."""
    playing: set[asyncio.Task[None]] = app[PLAYING]
    for task in tuple(playing):
        task.cancel()


def _play(app: web.Application, account: Account, dues: tuple[Due, ...]) -> None:
    async def play() -> None:
        waited = 0.0
        for due in dues:
            await asyncio.sleep(due.after - waited)
            waited = due.after
            await _call(app[DEPS], account, due.body)

    if dues:
        task = asyncio.create_task(play())
        app[PLAYING].add(task)
        task.add_done_callback(app[PLAYING].discard)


async def _call(deps: WebDeps, account: Account, body: bytes) -> Ack:
    """Call our own door as a provider would: signed, verified, parsed, kept."""
    now = deps.clock()
    headers = signed_headers(body, _gateway(account).secret, now)
    url = f"{deps.public_url}/gateways/{account.name}/-/inbound"
    return await receive(deps, account, Callback(method="POST", url=url, headers=headers, body=body))


async def _take_up(deps: WebDeps, account: Account, number: str) -> Handset:
    return await deps.simulator.take_up(account.name, account.shop, number, deps.clock())


async def _handset(visit: Visit, handset_id: str) -> Handset:
    handset = await visit.deps.simulator.find(handset_id)
    if handset is None or handset.account not in visit.deps.accounts:
        raise RequestRefused(visit.t("refused.phone"))
    return handset


def _account(deps: WebDeps) -> Account | None:
    return next((account for account in deps.accounts.values() if isinstance(account.gateway, Simulator)), None)


def _gateway(account: Account) -> Simulator:
    if not isinstance(account.gateway, Simulator):
        raise RequestRefused(f"{account.name} is no simulated account")
    return account.gateway


def _signed_by(deps: WebDeps, told: Callback) -> Account | None:
    for account in deps.accounts.values():
        if isinstance(account.gateway, Simulator) and account.gateway.secret:
            try:
                account.gateway.verify(told, deps.clock())
            except CallbackRefused:
                continue
            return account
    return None


def _shop(visit: Visit, handset: Handset) -> Shop:
    return visit.deps.shops[visit.deps.accounts[handset.account].shop]


def _ask_rating(visit: Visit, data: Mapping[str, str]) -> StaffActed:
    return StaffActed(actor=visit.person.name, action="open_prompt", text=_RATING, data=data)


def _sample(visit: Visit, handset: Handset, kind: str) -> Mapping[str, Any]:
    deps, shop = visit.deps, _shop(visit, handset)
    now, nonce = deps.clock(), secrets.token_hex(3)
    tomorrow = (now.astimezone(shop.tz) + timedelta(days=1)).replace(hour=14, minute=0, second=0, microsecond=0)
    later = [tomorrow + timedelta(hours=2), tomorrow + timedelta(days=1), tomorrow + timedelta(days=1, hours=2)]
    samples: Mapping[str, tuple[str, Mapping[str, Any]]] = {
        "appointment": (
            "appointment.booked",
            {
                "appointment_id": f"A{nonce.upper()}",
                "start": tomorrow.isoformat(),
                "service": "到店服务",
                "slots": [slot.isoformat() for slot in later],
            },
        ),
        "quiz": ("quiz.opened", {"quiz": next(iter(sorted(deps.content().quizzes)), "")}),
    }
    if kind not in samples:
        raise RequestRefused(visit.t("refused.sample", name=kind[:40]))
    name, data = samples[kind]
    if data.get("quiz") == "":
        raise RequestRefused(visit.t("refused.quiz"))
    return {
        "id": f"sample-{secrets.token_hex(8)}",
        "type": name,
        "shop": shop.name,
        "phone": handset.number,
        "data": data,
    }
