"""Whether Redis answers, and whether it keeps what it says it keeps."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from bot.errors import StoreUnavailable
from bot.store.client import Client


async def ping(client: Client) -> None:
    """Ask every primary for a sign of life. Raises StoreUnavailable."""
    for server in client.primaries():
        try:
            await server.ping()
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis is away: {type(error).__name__}") from error


async def warnings(client: Client) -> list[str]:
    """Name each setting of a primary that puts acknowledged messages at risk, with what to set instead."""
    found: list[str] = []
    for server in client.primaries():
        found += await _warnings(server)
    return found


async def _warnings(server: Redis) -> list[str]:
    try:
        told = {
            name: (await server.config_get(name)).get(name, "")
            for name in ("appendonly", "appendfsync", "maxmemory-policy")
        }
    except ResponseError:
        return ["CONFIG GET is not allowed here: see to it that appendonly is yes and appendfsync always"]
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis is away: {type(error).__name__}") from error
    wanted = {
        "appendonly": ("yes", "what was acknowledged is lost with the server"),
        "appendfsync": ("always", "up to a second of acknowledged messages is lost with the machine"),
        "maxmemory-policy": ("noeviction", "customers are thrown away when memory runs out"),
    }
    return [
        f"{name} is {told[name]!r}, set it to {value}: else {risk}"
        for name, (value, risk) in wanted.items()
        if told[name] != value
    ]
