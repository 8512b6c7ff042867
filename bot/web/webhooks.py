"""Where callbacks of gateways knock: the account's door, the request as a callback, the answer as a response."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final

import structlog
from aiohttp import web

from bot.domain.gateway import Ack, Callback
from bot.web.accounts import Account
from bot.web.addresses import origin, remote
from bot.web.deps import DEPS, WebDeps
from bot.web.intake import counter

MAX_BODY = 512 * 1024
_PLAIN: Final = re.compile(r"[\w/.-]+", re.ASCII)
_METHODS: Final = frozenset(("POST", "GET"))
"""By which providers bring texts and receipts; what else knocks (a scanner, a browser's preflight) brings none."""
_NOWHERE = Ack(status=404)
_RETRY_AFTER_S = "5"

log = structlog.get_logger("web.webhooks")


def doors(deps: WebDeps) -> Iterable[tuple[str, Callable[[web.Request], Awaitable[web.Response]]]]:
    """Give each account's own two paths, which are found faster than a pattern is matched.

    They are found by their hash, which is keyed anew in each process: how long that takes tells nothing of a token.

    `inbound` and `receipt` are the same door, for many providers know only one. An address with blanks or the like
    is left to the pattern.
    """
    for account in deps.accounts.values():
        for kind in ("inbound", "receipt"):
            if _PLAIN.fullmatch(path := f"/gateways/{account.name}/{account.token}/{kind}"):
                yield path, partial(_through, deps, account)


async def callback(request: web.Request) -> web.Response:
    """Take a callback by an address that is nobody's door of its own, or answer that nobody lives there."""
    deps = request.app[DEPS]
    account = _account(deps, request.match_info["account"], request.match_info["token"])
    return _response(_NOWHERE) if account is None else await _through(deps, account, request)


async def receive(deps: WebDeps, account: Account, told: Callback) -> Ack:
    """Take a callback that came by another way than HTTP. Never raises for what a stranger sent."""
    return await deps.intake.take(account, lambda: told, len(told.body))


async def _through(deps: WebDeps, account: Account, request: web.Request) -> web.Response:
    if request.method not in _METHODS:
        return web.Response(status=405, headers={"Allow": "GET, POST"})
    if (request.content_length or 0) > MAX_BODY:
        return _too_large(account)
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return _too_large(account)
    except web.RequestPayloadError:
        counter(account.name, "unreadable").inc()
        log.warning("callback_unreadable", account=account.name, reason="not what its Content-Encoding says")
        return web.Response(status=400)
    if len(body) > MAX_BODY:
        return _too_large(account)
    return _response(await deps.intake.take(account, partial(_callback, deps, request, body), len(body)))


def _callback(deps: WebDeps, request: web.Request, body: bytes) -> Callback:
    return Callback(
        method=request.method,
        url=origin(request, deps.public_url, deps.trusted_proxies) + request.raw_path,
        # As it came: aiohttp's query_string is decoded, and signatures and GBK need the octets.
        query=request.raw_path.partition("?")[2],
        headers=request.headers,
        body=body,
        remote=remote(request, deps.trusted_proxies),
    )


def _account(deps: WebDeps, name: str, token: str) -> Account | None:
    account = deps.accounts.get(name)
    # An unknown name costs the same time as a wrong token.
    expected = account.token if account else "no such account, and nobody can guess this"
    right = hmac.compare_digest(expected.encode(), token.encode())
    return account if right else None


def _too_large(account: Account) -> web.Response:
    counter(account.name, "too_large").inc()
    log.warning("callback_refused", account=account.name, reason=f"more than {MAX_BODY} bytes")
    return web.Response(status=413)


def _response(ack: Ack) -> web.Response:
    headers = {"Content-Type": f"{ack.content_type}; charset=utf-8"}
    if ack.status == 503:
        headers["Retry-After"] = _RETRY_AFTER_S
    return web.Response(status=ack.status, body=ack.body.encode(), headers=headers)
