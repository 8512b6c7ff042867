import pytest

from bot.errors import SettingsError, StoreUnavailable
from bot.store.client import connect
from bot.store.meta import agree
from bot.store.store import open_store
from bot.store.vault import Vault
from tests.conftest import Clock


async def test_partitions_and_key_are_fixed_at_the_first_start(redis_url: str) -> None:
    client = await connect(redis_url)
    assert await agree(client, b"key", 8) == 8
    assert await agree(client, b"key") == 8
    with pytest.raises(SettingsError, match="8 partitions"):
        await agree(client, b"key", 16)
    with pytest.raises(SettingsError, match="customer key"):
        await agree(client, b"another", 8)
    await client.close()


@pytest.mark.parametrize("url", ["http://x", "redis://h:port", "redis+cluster://", "nonsense"])
async def test_a_url_that_is_none_is_a_setting_to_mend(url: str, vault: Vault, clock: Clock) -> None:
    with pytest.raises(SettingsError):
        await open_store(url, vault, b"key", clock)


async def test_no_redis_is_said_at_once(vault: Vault, clock: Clock) -> None:
    with pytest.raises(StoreUnavailable):
        await open_store("unix:///nowhere/redis.sock", vault, b"key", clock)
