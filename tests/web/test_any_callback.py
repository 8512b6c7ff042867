"""Generated callbacks of every gateway through the door, down to Redis: whatever comes, no 5xx and no crash."""

from collections import Counter

import pytest

from bot.gateways import available
from bot.web.accounts import Account
from bot.web.webhooks import receive
from tests.gateways.fuzz import Breaker, built, seeds
from tests.web.conftest import TOKEN, World

SEED = 20250703
COUNT = 2_000


async def test_nothing_breaks_the_door(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    accounts = {
        name: Account(name=name, provider=name, token=f"{TOKEN}-{name}", gateway=built(name), shop="default")
        for name in available()
    }
    breaker, names, statuses = Breaker(SEED, seeds()), sorted(accounts), Counter[int]()
    for number in range(COUNT):
        name = names[number % len(names)]
        statuses[(await receive(world.deps, accounts[name], breaker.case(name, number))).status] += 1
    assert max(statuses) < 500, statuses
    assert statuses[200] > COUNT // 10, statuses
    assert "callback_crashed" not in capsys.readouterr().out
    for event in await world.inbox():
        assert event.phone.startswith("+") or not event.phone
