"""`huixin user`: the people of an installation, also while it runs with a Redis of its own."""

import asyncio
from pathlib import Path

from bot.app import upkeep
from bot.settings import read
from tests.app.service import running


async def test_people_are_added_while_huixin_runs_with_a_redis_of_its_own(tmp_path: Path) -> None:
    async with running(tmp_path, "port = 0\n", "serve") as huixin:
        await huixin.says("listening")
        settings = read(tmp_path / "huixin.toml")
        assert await asyncio.to_thread(upkeep.add_user, settings, "xiaolin", "staff")
        there = await asyncio.to_thread(upkeep.users, settings)
    assert [person.name for person in there] == ["admin", "xiaolin"]
