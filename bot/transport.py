"""The way out: HTTP requests to providers, told apart by whether a failed one can have been taken."""

import asyncio
from typing import Final

import aiohttp

from bot.domain.gateway import HttpReply, HttpRequest
from bot.errors import NotTaken, Unanswered

MOST_REPLY_BYTES: Final = 1024 * 1024
_CONNECT_SECONDS: Final = 5.0
_KEEP_SECONDS: Final = 4.0
"""Common servers hang up after five: a connection that dies under a request leaves its fate unknown."""
_CONNECTIONS: Final = 256


class Transport:
    """A pool of connections; it follows no redirect, for a provider has no reason to send us elsewhere."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: HttpRequest, timeout: float) -> HttpReply:
        """Make a request and read the whole answer, within `timeout` seconds.

        Raises NotTaken where not one byte of it can have arrived, else Unanswered.
        """
        limits = aiohttp.ClientTimeout(total=timeout, connect=min(timeout, _CONNECT_SECONDS))
        try:
            async with self._open().request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body,
                timeout=limits,
                allow_redirects=False,
            ) as reply:
                body = b""
                while len(body) < MOST_REPLY_BYTES and (chunk := await reply.content.readany()):
                    body += chunk
                headers = {name.lower(): value for name, value in reply.headers.items()}
                return HttpReply(status=reply.status, headers=headers, body=body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotTaken(f"no connection: {_without_url(error)}") from error
        except aiohttp.InvalidURL as error:
            raise NotTaken("the URL of the settings is none") from error
        except (TimeoutError, aiohttp.ClientError, asyncio.IncompleteReadError, OSError) as error:
            raise Unanswered(f"no answer: {_without_url(error)}") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_KEEP_SECONDS)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), middlewares=(_once,)
            )
        return self._session


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating by itself what a GET or a PUT lost its connection under: it may have been taken."""
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise Unanswered(f"no answer: {_without_url(error)}") from error


def _without_url(error: BaseException) -> str:
    """Name an error; its text may hold a URL with a key in it."""
    return type(error).__name__
