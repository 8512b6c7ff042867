"""The servers to compare with: a bare handler that stores nothing, and one that awaits a plain XADD a request."""

from __future__ import annotations

import sys

import uvloop
from aiohttp import web
from redis.asyncio import Redis


async def bare(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(text="OK")


def xadd(url: str) -> web.Application:
    redis = Redis.from_url(url, max_connections=1000)

    async def handler(request: web.Request) -> web.Response:
        await redis.xadd("plain", {"body": await request.read()})
        return web.Response(text="OK")

    app = web.Application()
    app.router.add_post("/inbound", handler)
    return app


def main() -> None:
    kind, port, url = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    uvloop.install()
    if kind == "bare":
        app = web.Application()
        app.router.add_post("/inbound", bare)
    else:
        app = xadd(url)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main()
