from collections.abc import Awaitable, Callable

import pytest

from bot.domain.decision import LogEntry
from bot.store.commit import Done, Gone
from bot.store.store import Store
from tests.conftest import START
from tests.smallbot import reply
from tests.store.test_commit import HOME, lease, take

Write = Callable[..., Awaitable[list[Done]]]


def texts(entries: list[tuple[str, LogEntry | None]]) -> list[str]:
    return [entry.event.what.message.text for _, entry in entries if entry is not None]


@pytest.fixture
async def write(store: Store) -> Write:
    """Commit replies with these texts."""
    ours = await lease(store)

    async def one(*said: str, done: list[Done] | None = None) -> list[Done]:
        done = done or await take(store, *(reply(text) for text in said))
        await store.commit.write(ours, done, START)
        return done

    return one


async def test_every_entry_is_read_once_whoever_wrote_it(store: Store, write: Write) -> None:
    await write("1", "2")
    first = await store.log.read(HOME, "0-0", 100)
    await write("3")
    await write("4")
    second = await store.log.read(HOME, first[-1][0], 100)
    assert (texts(first), texts(second)) == (["1", "2"], ["3", "4"])
    assert await store.log.read(HOME, second[-1][0], 100) == []


async def test_a_full_page_is_followed_by_the_next(store: Store, write: Write) -> None:
    await write("1", "2", "3")
    first = await store.log.read(HOME, "0-0", 2)
    await write("4")
    assert texts(await store.log.read(HOME, first[-1][0], 100)) == ["3", "4"]


async def test_after_an_answer_was_lost_the_log_itself_is_read(store: Store, write: Write) -> None:
    await write("1")
    [(last, _)] = await store.log.read(HOME, "0-0", 100)
    done = await write("2")
    # As if we had not heard: it is written again and refused, and nobody knows any more what is in the log.
    store.log.lose(HOME)
    with pytest.raises(Gone):
        await write(done=done)
    await write("3")
    assert texts(await store.log.read(HOME, last, 100)) == ["2", "3"]
