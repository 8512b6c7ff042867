import asyncio
from dataclasses import replace

from bot.domain.feed import FeedItem
from bot.store.feed import Projected
from bot.store.store import Store
from tests.conftest import START


def line(text: str) -> FeedItem:
    return FeedItem(at=START, shop="default", customer="c", phone="138****0000", kind="reply", text=text)


def work(*texts: str, after: str = "0-0", until: str = "5-0") -> Projected:
    return Projected(3, after, until, [line(text) for text in texts], {"events|reply": 1}, {("2025-07", "x|-|neg"): 2})


async def test_lines_and_counts_are_written_once(store: Store) -> None:
    assert await store.feed.write(work("一", "二")) == "5-0"
    assert await store.feed.write(work("一", "二")) == "5-0"
    assert [item.text for item in await store.feed.read("0-0")] == ["一", "二"]
    assert await store.feed.totals() == {"events|reply": 1}
    assert await store.feed.counts("2025-07") == {"x|-|neg": 2}
    assert await store.feed.cursor(3) == "5-0"


async def test_of_stretches_written_together_only_the_stale_one_is_left_out(store: Store) -> None:
    await store.feed.write(work("一"))
    fresh = [replace(work(f"新{nth}"), partition=nth) for nth in range(4, 7)]
    assert await asyncio.gather(*map(store.feed.write, [*fresh, work("一", until="6-0")])) == [*["5-0"] * 4]
    assert {item.text for item in await store.feed.read("0-0")} == {"一", "新4", "新5", "新6"}
    assert await store.feed.totals() == {"events|reply": 4}
    assert await store.feed.counts("2025-07") == {"x|-|neg": 8}


async def test_a_viewer_resumes_by_one_id(store: Store) -> None:
    await store.feed.write(work("一", "二", "三"))
    first, *rest = await store.feed.read(None, 3)
    assert await store.feed.read(first.id) == rest
    assert [item.text for item in await store.feed.read(None, 2)] == ["二", "三"]


async def test_followers_hear_of_new_lines_at_once(store: Store) -> None:
    bell = asyncio.create_task(store.bell.run())
    await store.feed.write(work("旧的"))

    async def follow(first: asyncio.Event) -> str | None:
        async for item in store.feed.follow("0-0"):
            if item is not None and first.is_set():
                return item.text
            first.set()
        return None

    following = [asyncio.Event() for _ in range(3)]
    viewers = [asyncio.create_task(follow(first)) for first in following]
    async with asyncio.timeout(5):
        await asyncio.gather(*(first.wait() for first in following))
        await store.feed.write(work("新的", after="5-0", until="6-0"))
        assert await asyncio.gather(*viewers) == ["新的"] * 3
    bell.cancel()
    await asyncio.gather(bell, return_exceptions=True)


async def test_who_is_away_while_it_rings_is_woken_afterwards(store: Store) -> None:
    with store.bell.ear("feed") as ear:
        await store.feed.write(work("新的"))
        assert not ear.is_set()
        bell = asyncio.create_task(store.bell.run())
        async with asyncio.timeout(5):
            await ear.wait()
    bell.cancel()
    await asyncio.gather(bell, return_exceptions=True)
