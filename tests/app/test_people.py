"""`huixin user`: the people of an installation, also while it runs with a Redis of its own."""

import asyncio
from pathlib import Path

import pytest

from bot.app import upkeep
from bot.app.opening import joined
from bot.errors import RequestRefused
from bot.settings import Settings, keys, read
from bot.store.people import People
from tests.app.service import running


async def test_people_are_added_while_huixin_runs_with_a_redis_of_its_own(tmp_path: Path) -> None:
    async with running(tmp_path, "port = 0\n", "serve") as huixin:
        await huixin.says("listening")
        settings = read(tmp_path / "huixin.toml")
        assert await asyncio.to_thread(upkeep.add_user, settings, "xiaolin", "staff")
        there = await asyncio.to_thread(upkeep.users, settings)
    # Who comes first, the first admin or our colleague, is a matter of milliseconds.
    assert "xiaolin" in [person.name for person in there]


async def test_a_person_is_given_another_password_and_is_removed(tmp_path: Path, redis_url: str) -> None:
    settings = Settings(data=tmp_path, redis_url=redis_url)

    def at_the_command_line(do, *words):
        return asyncio.to_thread(do, settings, *words)

    first = await at_the_command_line(upkeep.add_user, "xiaolin", "staff")
    second = await at_the_command_line(upkeep.renew_password, "XiaoLin")
    async with joined(settings, keys(tmp_path)) as store:
        people = People(store.client)
        assert await people.check("xiaolin", first, "peer") is None
        assert await people.check("xiaolin", second, "peer")
        await at_the_command_line(upkeep.remove_user, "xiaolin")
        assert await people.all() == ()
    for do in (upkeep.remove_user, upkeep.renew_password):
        with pytest.raises(RequestRefused, match="user list"):
            await at_the_command_line(do, "xiaolin")
