"""The file that takes events while Redis is away."""

import asyncio
from pathlib import Path

import pytest

from bot.errors import StoreUnavailable
from bot.store.codec import Codec
from bot.store.store import Store
from bot.store.vault import Vault
from bot.workers.spool import Spool
from tests.smallbot import reply


@pytest.fixture
def spool(tmp_path: Path, vault: Vault) -> Spool:
    return Spool(tmp_path, Codec(vault))


async def test_what_was_put_is_handed_over_in_order_and_once(spool: Spool, store: Store) -> None:
    await asyncio.gather(*(spool.put(reply("1", nth)) for nth in range(250)))
    assert spool.size > 0
    assert await spool.empty(store.inbox) == 250
    assert await spool.empty(store.inbox) == 0
    assert spool.size == 0
    depth = await store.inbox.depth()
    assert sum(depth.values()) == 250


async def test_a_new_process_finds_what_the_old_one_kept(tmp_path: Path, vault: Vault, store: Store) -> None:
    await Spool(tmp_path, Codec(vault)).put(reply("1"))
    assert await Spool(tmp_path, Codec(vault)).empty(store.inbox) == 1


async def test_a_record_that_was_cut_off_harms_no_other(tmp_path: Path, vault: Vault, store: Store) -> None:
    before = Spool(tmp_path, Codec(vault))
    await before.put(reply("1"))
    with (tmp_path / "spool").open("ab") as file:
        file.write(b"\x00\x00\x01\x00half")
    assert await Spool(tmp_path, Codec(vault)).empty(store.inbox) == 1


async def test_it_is_bounded_and_says_so(tmp_path: Path, vault: Vault) -> None:
    small = Spool(tmp_path, Codec(vault), most_bytes=1000)
    await small.put(reply("1"))
    with pytest.raises(StoreUnavailable, match="full"):
        await small.put(reply("长" * 1000))
    assert small.size <= 1000


async def test_no_number_lies_in_it_in_clear(tmp_path: Path, spool: Spool) -> None:
    await spool.put(reply("13800000000"))
    assert b"13800000000" not in (tmp_path / "spool").read_bytes()


async def test_nothing_is_lost_while_redis_stays_away(spool: Spool, store: Store) -> None:
    class Away:
        async def add(self, _: object) -> None:
            raise StoreUnavailable("away")

    await spool.put(reply("1"))
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await spool.empty(Away())
    await spool.put(reply("2"))
    assert await spool.empty(store.inbox) == 2
