"""The file that takes events while Redis is away."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.errors import StoreUnavailable
from bot.store.codec import Codec
from bot.store.store import Store
from bot.store.vault import Vault
from bot.workers.loop import Stop
from bot.workers.spool import Spool
from tests.smallbot import reply


@pytest.fixture
def spool(tmp_path: Path, vault: Vault) -> Spool:
    return Spool(tmp_path, Codec(vault))


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def kept_aside(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.glob("spool.unread-*")]


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


@pytest.mark.parametrize("torn", [b"\x00\x00\x01\x00half", b"\x00" * 500, b"\x00"])
async def test_a_new_process_writes_nothing_behind_what_was_cut_off(
    tmp_path: Path, vault: Vault, store: Store, torn: bytes
) -> None:
    await Spool(tmp_path, Codec(vault)).put(reply("1"))
    with (tmp_path / "spool").open("ab") as file:
        file.write(torn)
    after = Spool(tmp_path, Codec(vault))
    await after.put(reply("2"))
    await after.put(reply("3"))
    assert await after.empty(store.inbox) == 3
    assert kept_aside(tmp_path) == [torn]


async def test_a_full_disk_harms_nothing_that_comes_after(tmp_path: Path, spool: Spool, store: Store) -> None:
    await spool.put(reply("1"))
    with disk_full_after(spool.size + 100), pytest.raises(StoreUnavailable, match="cannot be written"):
        await spool.put(reply("2"))
    await asyncio.gather(spool.put(reply("退订")), spool.put(reply("4")))
    assert await spool.empty(store.inbox) == 3
    assert kept_aside(tmp_path) == []


async def test_a_disk_that_was_full_from_the_start_harms_nothing_either(spool: Spool, store: Store) -> None:
    with disk_full_after(10), pytest.raises(StoreUnavailable, match="cannot be written"):
        await spool.put(reply("1"))
    await spool.put(reply("2"))
    assert await spool.empty(store.inbox) == 1


async def test_what_cannot_be_read_is_set_aside_and_never_thrown_away(
    tmp_path: Path, spool: Spool, store: Store
) -> None:
    sizes = []
    for nth in range(3):
        await spool.put(reply("1", nth))
        sizes.append(spool.size)
    packed = bytearray((tmp_path / "spool").read_bytes())
    packed[sizes[0] + 20] ^= 1
    (tmp_path / "spool").write_bytes(packed)
    assert await spool.empty(store.inbox) == 1
    assert kept_aside(tmp_path) == [packed]
    await spool.put(reply("2"))
    assert await spool.empty(store.inbox) == 1


async def test_a_record_of_a_key_that_is_gone_stops_no_other(tmp_path: Path, vault: Vault, store: Store) -> None:
    await Spool(tmp_path, Codec(Vault({"old": b"f" * 32}, "old"))).put(reply("1"))
    spool = Spool(tmp_path, Codec(vault))
    await spool.put(reply("2"))
    assert await spool.empty(store.inbox) == 1
    assert len(kept_aside(tmp_path)) == 1


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


async def test_a_fault_of_ours_does_not_end_the_handing_over(spool: Spool) -> None:
    taken, stop = asyncio.Event(), Stop()

    class Faulty:
        faults = 1

        async def add(self, _: object) -> None:
            if self.faults:
                self.faults -= 1
                raise ZeroDivisionError("planted")
            taken.set()

    await spool.put(reply("1"))
    running = asyncio.create_task(spool.run(Faulty(), stop))
    async with asyncio.timeout(5):
        await taken.wait()
    stop.tell()
    await running
    assert spool.size == 0
