"""The same stories on a Redis Cluster of three primaries: two worker processes with the true mind play them."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.customer import Customer
from bot.domain.decision import Decision
from bot.domain.events import Event, ReplyReceived
from bot.domain.ids import customer_id, partition_of
from bot.engine import stories
from bot.engine.simulate import START, Simulation, moment
from bot.store import keys
from bot.store.bell import heard
from bot.store.client import connect
from bot.store.codec import micros
from bot.store.store import Store, open_store
from bot.store.vault import Vault
from tests.conftest import LOOKUP_KEY
from tests.smallbot import Provider
from tests.stories.test_stories import STORIES, plain

NOT_PLAYED: dict[str, str] = {}
"""Stories that cannot be played this way, by title, with the reason."""
PARTITIONS = 6
TURN_SECONDS = 30.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TOLD = [plain(story.values[0]) for story in STORIES]
FACTS = {name: said for story in TOLD for name, said in story.get("facts", {}).items()}

# Everything that a partition still has to do now, and when there is more; one slot, so one moment.
# KEYS live bulk sending timers conversation service marketing; ARGV now (µs), now for texts, the customer's prefix
# Gives {how much is to be done, the next time or ''}
STANDING = """
local busy = redis.call('XLEN', KEYS[1]) + redis.call('XLEN', KEYS[2]) + redis.call('HLEN', KEYS[3])
busy = busy + redis.call('ZCOUNT', KEYS[4], '-inf', ARGV[1])
local first = ''
local function may_be(due)
  if first == '' or tonumber(due) < tonumber(first) then first = due end
end
for queue = 5, 7 do
  busy = busy + redis.call('ZCOUNT', KEYS[queue], '-inf', ARGV[2])
  local later = redis.call('ZRANGEBYSCORE', KEYS[queue], '(' .. ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if later[2] then may_be(later[2]) end
end
local timers = redis.call('ZRANGEBYSCORE', KEYS[4], '(' .. ARGV[1], '+inf', 'WITHSCORES')
for nth = 1, #timers, 2 do
  if string.sub(timers[nth], 1, #ARGV[3]) == ARGV[3] then may_be(timers[nth + 1]) end
end
return {busy, first}
"""


class TheTime:
    """The story's time, for this process and, by a file, for the workers."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(START)

    def __call__(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now
        written = self._file.with_suffix(".new")
        written.write_text(now.isoformat(), encoding="ascii")
        written.replace(self._file)


class OnTheCluster(Simulation):
    """A customer of whom the workers decide; driven from a thread beside the store's loop."""

    def __init__(
        self,
        now: datetime,
        phone: str,
        store: Store,
        time: TheTime,
        provider: Provider,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        known = customer_id(LOOKUP_KEY, "default", phone)
        # The mind is the workers' own; this one is never asked.
        super().__init__(None, now, customer=Customer(id=known, shop="default", phone=phone, created_at=now))
        self._store, self._time, self._provider, self._loop = store, time, provider, loop
        self._partition = partition_of(known, store.partitions)
        self._read: set[str] = set()
        time.set(now)

    @property
    def said(self) -> list[str]:
        """What came to this phone, oldest first."""
        return [told["text"] for told in self._provider.got if told["to"] == self.customer.phone]

    def book(self, start: datetime, **told: str) -> None:
        super().book(start, **told)
        customer, key = self.customer, keys.of(self._partition).customers
        kept = b"booked\n" + self._store.codec.pack(customer, customer.phone)
        self._wait_for(self._store.client.call(key, "HSET", key, customer.id, kept))

    def wait_until(self, moment: datetime) -> None:
        while (due := self._wait_for(self._rest())) is not None and due <= moment:
            self._go_to(due)
        self._go_to(max(self.now, moment))
        self._wait_for(self._rest())

    def _settle(self, event: Event) -> Decision:
        if isinstance(event.what, ReplyReceived):
            message = replace(event.what.message, sender=event.phone)
            event = replace(event, what=replace(event.what, message=message))
        assert self._wait_for(self._store.inbox.add(event)) == "accepted"
        self._wait_for(self._rest())
        [decision] = [one for one in self.decisions if one.entry.event.id == event.id]
        return decision

    def _go_to(self, moment: datetime) -> None:
        self.now = moment
        self._time.set(moment)

    def _wait_for(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(TURN_SECONDS)

    async def _rest(self) -> datetime | None:
        """Wait until nothing is left to do now, take in what was done, and tell when there is more."""
        store, key, now = self._store, keys.of(self._partition), micros(self.now)
        names = [key.live, key.bulk, key.sending, key.timers, key.conversation, key.service, key.marketing]
        # The sender takes texts of one batch together, which are microseconds apart.
        given = (now, now + 1_000, f"{self.customer.id}/")
        with store.bell.ear("feed") as ear:
            while True:
                ear.clear()
                busy, first = await store.client.call(names[0], "EVAL", STANDING, len(names), *names, *given)
                if not busy:
                    break
                await heard(ear, 0.05)
        self.customer = await store.customers.load(self.customer.id) or self.customer
        for name, entry in reversed(await store.customers.timeline(self.customer.id, 500)):
            if name not in self._read:
                self._read.add(name)
                self.decisions.append(Decision(entry=entry, customer=self.customer))
        return (EPOCH + timedelta(microseconds=int(first))).astimezone(self.now.tzinfo) if first else None


def play(story: stories.Story, simulation: OnTheCluster) -> list[str]:
    """Play a story as bot.engine.stories does, by its own steps and its own judgement; gives the faults."""
    if "booking" in story:
        simulation.book(moment(story["booking"]))
    faults: list[str] = []
    for number, turn in enumerate(story["turns"], 1):
        arrived, decided = len(simulation.said), len(simulation.decisions)
        stories.take(simulation, turn)
        effects = [effect.kind for one in simulation.decisions[decided:] for effect in one.entry.effects]
        found = stories.differences(turn, simulation.said[arrived:], effects, simulation)
        faults += [f"{story['title']}, turn {number} ({stories.named(turn)}): {fault}" for fault in found]
    return faults


@pytest.fixture
def time(tmp_path: Path) -> TheTime:
    return TheTime(tmp_path / "now")


@pytest.fixture
async def cluster(cluster_server: str, vault: Vault, time: TheTime) -> AsyncIterator[Store]:
    client = await connect(cluster_server)
    for node in client.primaries():
        await node.flushall()
    await client.close()
    opened = await open_store(cluster_server, vault, LOOKUP_KEY, time, partitions=PARTITIONS)
    bell = asyncio.create_task(opened.bell.run())
    yield opened
    bell.cancel()
    await asyncio.gather(bell, return_exceptions=True)
    await opened.close()


@pytest.fixture
async def two_workers(
    cluster_server: str, cluster: Store, provider: Provider, tmp_path: Path
) -> AsyncIterator[Counter[bytes]]:
    """Two processes that hold three partitions each; gives how many each holds."""
    told = {
        "redis_url": cluster_server,
        "provider_url": provider.url,
        "clock_file": str(tmp_path / "now"),
        "facts": FACTS,
    }
    command = (sys.executable, "-m", "tests.chaos.thinker", json.dumps(told))
    running = [await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE) for _ in range(2)]
    try:
        async with asyncio.timeout(60):
            for process in running:
                assert process.stdout
                assert await process.stdout.readline() == b"ready\n"
        yield await shared(cluster)
    finally:
        for process in running:
            if process.returncode is None:
                process.terminate()
        await asyncio.gather(*(process.communicate() for process in running))


async def shared(store: Store) -> Counter[bytes]:
    """Wait until two workers share the partitions evenly; the leases are all that tells."""
    leases = [keys.of(partition).lease for partition in range(store.partitions)]
    async with asyncio.timeout(30):
        while True:
            owners = await asyncio.gather(*(store.client.call(key, "HGET", key, "owner") for key in leases))
            held = Counter(owner for owner in owners if owner)
            if sorted(held.values()) == [PARTITIONS // 2] * 2:
                return held
            await asyncio.sleep(0.1)


def test_the_stories_facts_do_not_contradict_each_other() -> None:
    said = [fact for story in TOLD for fact in story.get("facts", {}).items()]
    assert len(set(said)) == len(FACTS)


async def test_every_story_comes_out_the_same(
    cluster: Store, provider: Provider, two_workers: Counter[bytes], time: TheTime
) -> None:
    loop = asyncio.get_running_loop()
    faults: list[str] = []
    played: list[str] = []
    lived_on: set[int] = set()
    for nth, story in enumerate(TOLD):
        if story["title"] in NOT_PLAYED:
            continue
        start = moment(story["start"]) if "start" in story else START
        simulation = OnTheCluster(start, f"+86139{nth:08d}", cluster, time, provider, loop)
        faults += await asyncio.to_thread(play, story, simulation)
        played.append(story["title"])
        lived_on.add(partition_of(simulation.customer.id, PARTITIONS))
    assert not faults, "\n".join(faults)
    assert sorted([*played, *NOT_PLAYED]) == sorted(story["title"] for story in TOLD)
    assert await shared(cluster) == two_workers
    assert lived_on == set(range(PARTITIONS))
    sizes = [await node.dbsize() for node in cluster.client.primaries()]
    assert len(sizes) == 3
    assert min(sizes) > 0
