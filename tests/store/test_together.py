import asyncio
from collections.abc import Sequence

import pytest

from bot.store.together import Together


class Carrier:
    """Carries calls when told to, and notes its groups."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.gate = asyncio.Event()

    async def __call__(self, calls: Sequence[int]) -> list[int]:
        self.groups.append(list(calls))
        await self.gate.wait()
        if 13 in calls:
            raise ValueError("13")
        return [call * 2 for call in calls]


async def asked(together: Together[int, int], *calls: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(together.ask(call)) for call in calls]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_what_is_asked_while_others_travel_goes_with_the_next() -> None:
    carrier = Carrier()
    together = Together(carrier)
    tasks = [
        *await asked(together, 1, 2),
        *await asked(together, 3),
        *await asked(together, 4, 5),
        *await asked(together, 6),
    ]
    assert carrier.groups == [[1, 2], [3]]
    carrier.gate.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6, 8, 10, 12]
    assert carrier.groups == [[1, 2], [3], [4, 5, 6]]


async def test_a_group_is_no_larger_than_it_may_be_and_nobody_is_forgotten() -> None:
    carrier = Carrier()
    carrier.gate.set()
    together = Together(carrier, lambda calls: min(2, len(calls)))
    assert await asyncio.gather(*await asked(together, *range(7))) == [0, 2, 4, 6, 8, 10, 12]
    assert [len(group) for group in carrier.groups] == [2, 2, 2, 1]


async def test_a_fault_is_told_to_its_group_and_to_no_other() -> None:
    carrier = Carrier()
    together = Together(carrier)
    tasks = [*await asked(together, 13, 1), *await asked(together, 2)]
    carrier.gate.set()
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(answer) for answer in told] == ["13", "13", "4"]
    assert await together.ask(3) == 6


async def test_who_has_gone_keeps_nobody_waiting() -> None:
    carrier = Carrier()
    together = Together(carrier)
    gone, stays = await asked(together, 1, 2)
    gone.cancel()
    carrier.gate.set()
    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_nobody_waits_for_a_journey_that_was_cancelled() -> None:
    carrier = Carrier()
    together = Together(carrier)
    (waiting,) = await asked(together, 1)
    for task in asyncio.all_tasks() - {asyncio.current_task(), waiting}:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
