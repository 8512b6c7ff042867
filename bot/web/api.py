"""The events API: what a shop's own systems tell us."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

import structlog
from aiohttp import web

from bot.domain.events import BusinessEvent, Event
from bot.domain.ids import customer_id
from bot.domain.shop import Shop
from bot.errors import RequestRefused, StoreUnavailable
from bot.phone import to_e164
from bot.web.deps import DEPS, WebDeps
from bot.web.measures import EVENTS
from bot.web.middleware import crash
from bot.web.schemas import MAX_EVENTS, EventIn, aware, read_data, read_event

MAX_BODY: Final = 1024 * 1024
_LIVE_UP_TO: Final = 20
"""An array longer than this takes the bulk lane, so that an import never delays a reply."""

log = structlog.get_logger("web")


async def post_events(request: web.Request) -> web.Response:
    """Take one event or an array of them; each is kept or refused on its own."""
    deps = request.app[DEPS]
    if request.method != "POST":
        return _problem(405, "send events by POST", {"Allow": "POST"})
    if not _knows_us(request, deps.api_tokens):
        return _problem(401, "send Authorization: Bearer <one of api_tokens>", {"WWW-Authenticate": "Bearer"})
    if (request.content_length or 0) > MAX_BODY:
        return _problem(413, f"the body may have {MAX_BODY} bytes; send fewer events at once")
    try:
        told = json.loads(await request.read())
    except web.HTTPRequestEntityTooLarge:
        return _problem(413, f"the body may have {MAX_BODY} bytes; send fewer events at once")
    except web.RequestPayloadError:
        return _problem(400, "the body is not what its Content-Encoding says")
    except (ValueError, RecursionError):
        return _problem(400, "the body is not JSON")
    if not isinstance(told, dict | list):
        return _problem(422, "send one event as a JSON object, or an array of them")
    events = told if isinstance(told, list) else [told]
    if len(events) > MAX_EVENTS:
        return _problem(413, f"{len(events)} events at once; send {MAX_EVENTS} at most")
    if wait := await deps.pressure():
        return _problem(429, "replies are being handled first; send again later", {"Retry-After": str(wait)})
    return web.json_response(await accept(deps, events), status=202, dumps=_dumps)


async def accept(deps: WebDeps, raw: Sequence[object]) -> dict[str, Any]:
    """Check and keep events; tell how many were new, how many known, and which could not be taken and why."""
    now = deps.clock()
    checked: dict[int, Event] = {}
    rejected: list[dict[str, Any]] = []
    for index, each in enumerate(raw):
        try:
            checked[index] = _event(read_event(each), deps, now, bulk=len(raw) > _LIVE_UP_TO)
        except RequestRefused as reason:
            rejected.append({"index": index, "error": str(reason)})
    taken = await deps.store.inbox.add_all(list(checked.values()))
    for index, said in zip(checked, taken, strict=True):
        if isinstance(said, StoreUnavailable):
            raise said
        if isinstance(said, Exception):
            # The others are kept by now: a fault of ours with one of them may not hide that.
            log.error("event_not_kept", event_id=checked[index].id, fault=crash(said))
            rejected.append({"index": index, "error": "it could not be kept; the log of Huixin says why"})
    known, accepted = taken.count("duplicate"), taken.count("accepted")
    counts = {"accepted": accepted, "duplicates": known, "rejected": len(rejected)}
    for outcome, count in counts.items():
        EVENTS.labels(outcome).inc(count)
    return {**counts, "rejected": sorted(rejected, key=itemgetter("index"))}


def _event(told: EventIn, deps: WebDeps, now: datetime, *, bulk: bool) -> Event:
    shop = _shop(told, deps)
    phone = to_e164(told.phone)
    if phone is None:
        raise RequestRefused("phone: not a phone number; write 13800000000 or +8613800000000")
    data = read_data(told, shop.tz)
    if told.type == "quiz.opened" and data["quiz"] not in deps.content().quizzes:
        raise RequestRefused(f"data.quiz: there is no quiz {data['quiz']!r} in content/quizzes/")
    source = f"{shop.name}|{told.id}"
    return Event(
        id="ev:" + hashlib.blake2b(source.encode(), digest_size=12).hexdigest(),
        shop=shop.name,
        customer=customer_id(deps.lookup_key, shop.name, phone),
        phone=phone,
        at=aware(told.at, shop.tz) if told.at else now,
        received_at=now,
        what=BusinessEvent(type=told.type, data=data),
        lane="bulk" if bulk else "live",
    )


def _shop(told: EventIn, deps: WebDeps) -> Shop:
    if told.shop is None and (len(deps.shops) == 1 or "default" not in deps.shops):
        if len(deps.shops) > 1:
            raise RequestRefused(f"shop: say which one, of {', '.join(deps.shops)}")
        return next(iter(deps.shops.values()))
    name = told.shop or "default"
    if name not in deps.shops:
        raise RequestRefused(f"shop: there is no {name!r}; the settings have {', '.join(deps.shops)}")
    return deps.shops[name]


def _knows_us(request: web.Request, tokens: Sequence[str]) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    # What was no text in the header is no token of ours either, and need only be compared.
    shown = given.strip().encode(errors="surrogateescape")
    # Every token is compared, so that time tells nothing about which one was near.
    fits = [hmac.compare_digest(shown, token.encode()) for token in tokens if token]
    return scheme.lower() == "bearer" and any(fits)


def _problem(status: int, reason: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": reason}, status=status, headers=headers, dumps=_dumps)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
