"""The live feed: one card per thing that happened, with our answers, alerts and states inside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from typing import Any, Final

from aiohttp import web

from bot.domain.feed import FeedItem
from bot.domain.messages import STATE_RANK
from bot.domain.understanding import INTENTS
from bot.web.console.because import hindrance
from bot.web.console.phone import handsets
from bot.web.console.reading import UNTOLD, Reading, read
from bot.web.console.render import fragment
from bot.web.console.states import States, state_of
from bot.web.console.stream import opened, place
from bot.web.console.visit import Visit
from bot.web.console.words import Translator

_SHOWN: Final = 60
_LOOKED_AT: Final = 600
"""How far back a page looks for what fits its filters."""
_INSIDE: Final = frozenset({"text", "alert", "dead"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What somebody wants to see; empty: everything."""

    mood: str = ""
    intent: str = ""
    text: str = ""
    shop: str = ""
    customer: str = ""

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return bool(self.mood or self.intent or self.text or self.shop or self.customer)

    def fit(self, item: FeedItem) -> bool:
        """Tell whether a line may be seen. Filters of meaning speak of replies: other lines do not fit them."""
        if (self.shop and item.shop != self.shop) or (self.customer and item.customer != self.customer):
            return False
        told = item.understanding or {}
        if self.mood and (told.get("mood") or {}).get("label") != self.mood:
            return False
        if self.intent and self.intent not in _names(told.get("intents") or ()):
            return False
        return not self.text or self.text.casefold() in (item.text or "").casefold()


@dataclass(slots=True, kw_only=True)
class Card:
    """One event and everything that came of it."""

    item: FeedItem
    reading: Reading | None
    zone: tzinfo
    subs: list[FeedItem] = field(default_factory=list)
    states: States = field(default_factory=States)
    """How far the texts got."""

    @property
    def done(self) -> tuple[str, ...]:
        """The effects that are worth a word."""
        return tuple(dict.fromkeys(effect for effect in self.item.effects if effect not in UNTOLD))


async def feed_page(visit: Visit) -> web.StreamResponse:
    """Show the feed beside the simulated phone; with `part=1` only the cards, for the page's own script."""
    filters = _filters(visit)
    cards, last = await _cards(visit, filters)
    if visit.request.query.get("part"):
        return web.json_response({"html": _html(visit, cards), "last": last})
    return visit.page(
        "feed.html",
        cards=cards,
        shops=len(visit.deps.shops),
        pulse=await _pulse(visit),
        last=last,
        filters=filters,
        intents=INTENTS,
        handsets=await handsets(visit.deps),
        habits=await visit.deps.simulator.habits(),
    )


async def feed_stream(visit: Visit) -> web.StreamResponse:
    """Send what happens as it happens, from where the browser was cut off."""
    filters = _filters(visit)
    async with opened(visit) as (stream, response):
        async for item in visit.deps.store.feed.follow(place(visit.request)):
            if item is None:
                await stream.beat()
            elif item.kind == "state":
                await stream.send("state", _moved(item, visit.t), item.id)
            elif item.kind in _INSIDE or filters.fit(item):
                card = _card(item, visit, States())
                html = _html(visit, [card])
                inside = item.kind in _INSIDE
                line = {"event": item.event, "customer": item.customer, "inside": inside, "html": html}
                await stream.send("item", line, item.id)
    return response


async def _cards(visit: Visit, filters: Filters) -> tuple[list[Card], str]:
    """Give the newest cards that fit, newest first, and the id up to which the stream goes on from here."""
    items = await visit.deps.store.feed.read(None, _LOOKED_AT)
    last = items[-1].id if items else "0-0"
    cards: dict[str, Card] = {}
    states = States()
    for item in items:
        if item.kind == "state":
            states.put(item.detail.get("message", ""), state_of(item.detail.get("state", "")), _reason(item, visit.t))
            continue
        key = item.event or item.id
        if key in cards and item.kind in _INSIDE:
            cards[key].subs.append(item)
        elif filters.fit(item):
            cards[key] = _card(item, visit, states)
    return list(cards.values())[::-1][:_SHOWN], last


async def _pulse(visit: Visit) -> Mapping[str, int]:
    """Count the moods of the replies of the last 24 hours."""
    now = visit.deps.clock()
    since = now - timedelta(hours=24)
    pulse = dict.fromkeys(("neg", "neu", "pos"), 0)
    for month in dict.fromkeys((f"{since:%Y-%m}", f"{now:%Y-%m}")):
        for name, count in (await visit.deps.store.feed.counts(month)).items():
            _, hour, topic, mood = name.split("|")
            if topic == "-" and mood in pulse and hour > f"{since:%Y-%m-%dT%H}":
                pulse[mood] += count
    return pulse


def _card(item: FeedItem, visit: Visit, states: States) -> Card:
    shop = visit.deps.shops.get(item.shop, visit.shop)
    inside = [item] if item.kind in _INSIDE else []
    return Card(item=item, reading=read(item.understanding, visit.t), zone=shop.tz, subs=inside, states=states)


def _html(visit: Visit, cards: list[Card]) -> str:
    return fragment("_cards.html", visit.t, cards=cards, shops=len(visit.deps.shops))


def _moved(item: FeedItem, t: Translator) -> dict[str, Any]:
    """Say how far a text got; the page takes no step back, so it is told the rank."""
    state = state_of(item.detail.get("state", ""))
    return {
        "message": item.detail.get("message", ""),
        "state": state,
        "rank": STATE_RANK[state],
        "name": t.word("state", state),
        "reason": _reason(item, t),
    }


def _reason(item: FeedItem, t: Translator) -> str:
    return hindrance(item.detail.get("reason", ""), item.detail.get("gate", ""), t)


def _filters(visit: Visit) -> Filters:
    query = visit.request.query
    return Filters(**{name: query.get(name, "").strip()[:100] for name in Filters.__dataclass_fields__})


def _names(intents: Iterable[Any]) -> list[str]:
    return [each["intent"] if isinstance(each, Mapping) else str(each) for each in intents]
