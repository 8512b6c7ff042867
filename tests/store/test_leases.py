from bot.store import keys
from bot.store.leases import Leases
from bot.store.store import Store


async def expire(store: Store, partition: int) -> None:
    await store.client.call(keys.of(partition).lease, "HSET", keys.of(partition).lease, "until", "0")


async def test_a_partition_has_one_owner(store: Store) -> None:
    first, second = Leases(store.client, 8), Leases(store.client, 8)
    got = await first.acquire(5, frozenset())
    rest = await second.acquire(8, frozenset())
    assert (len(got), len(rest)) == (5, 3)
    assert not {lease.partition for lease in got} & {lease.partition for lease in rest}


async def test_each_new_owner_has_a_higher_fence(store: Store) -> None:
    leases = Leases(store.client, 1)
    [lease] = await leases.acquire(1, frozenset())
    await leases.release(lease)
    [again] = await leases.acquire(1, frozenset())
    assert again.fence == lease.fence + 1


async def test_a_lease_that_ran_out_is_kept_while_nobody_took_it(store: Store) -> None:
    first, second = Leases(store.client, 1), Leases(store.client, 1)
    held = await first.acquire(1, frozenset())
    await expire(store, 0)
    assert await first.renew(held) == []
    await expire(store, 0)
    assert len(await second.acquire(1, frozenset())) == 1
    assert await first.renew(held) == held


async def test_handing_back_what_is_lost_harms_nobody(store: Store) -> None:
    first, second = Leases(store.client, 1), Leases(store.client, 1)
    [held] = await first.acquire(1, frozenset())
    await expire(store, 0)
    taken = await second.acquire(1, frozenset())
    await first.release(held)
    assert await second.renew(taken) == []


async def test_workers_are_counted_while_they_live(store: Store) -> None:
    first, second = Leases(store.client, 1), Leases(store.client, 1)
    assert await first.beat() == 1
    assert await second.beat() == 2
    await second.leave()
    assert await first.beat() == 1
