"""Lines for the feed and customers, written as the workers write them."""

from typing import Any

from bot.domain.customer import Customer
from bot.domain.feed import FeedItem
from bot.domain.ids import partition_of
from bot.store import keys
from bot.store.feed import Projected
from bot.store.store import Store
from tests.web.conftest import NOW

READING = {
    "text": "4分,就是快递慢",
    "normalized": "4分就是快递慢",
    "intents": [{"intent": "rating", "score": 0.97, "reason": "数字带“分”", "layer": "pattern"}],
    "slots": {"rating": 4},
    "mood": {"label": "neg", "score": -0.3, "reason": "快递慢"},
    "topics": [{"topic": "物流", "polarity": "neg", "words": ["快递慢"]}],
    "candidates": [],
    "silence": None,
    "unsure": False,
}


def feed_line(**changes: Any) -> FeedItem:
    given: dict[str, Any] = {
        "at": NOW,
        "shop": "default",
        "customer": "c" * 24,
        "phone": "138****0000",
        "kind": "reply",
        "event": "e1",
        "text": "4分,就是快递慢",
    }
    if changes.get("kind", "reply") == "reply":
        given |= {"understanding": READING, "effects": ("record_rating", "reply")}
    return FeedItem(**given | changes)


async def put_in_feed(store: Store, *items: FeedItem) -> None:
    after = await store.feed.cursor(0)
    until = f"{int(after.partition('-')[0]) + 1}-0"
    await store.feed.write(Projected(partition=0, after=after, until=until, items=items, totals={}, counts={}))


async def put_customer(store: Store, customer: Customer) -> None:
    key = keys.of(partition_of(customer.id, store.partitions)).customers
    await store.client.call(key, "HSET", key, customer.id, b"1\n" + store.codec.pack(customer, customer.phone))
