"""Callbacks of gateways: prove, read, make durable, and only then say so."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import cache, partial
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import Counter

from bot.domain.gateway import Ack, Callback
from bot.errors import CallbackIgnored, CallbackRefused, CallbackUnreadable, StoreUnavailable
from bot.web.addresses import origin, remote, within
from bot.web.deps import DEPS, Account, WebDeps
from bot.web.measures import CALLBACKS
from bot.web.middleware import crash

MAX_BODY = 512 * 1024
_PLAIN: Final = re.compile(r"[\w/.-]+", re.ASCII)
_NOWHERE = Ack(status=404)
_REFUSED = Ack(status=403)
_UNREADABLE = Ack(status=400)
_AGAIN_LATER = Ack(status=503)
_RETRY_AFTER_S = "5"
_TOLD_APART = frozenset({"duplicate", "limited", "spooled"})

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


async def _through(deps: WebDeps, account: Account, request: web.Request) -> web.Response:
    if (request.content_length or 0) > MAX_BODY:
        return _too_large(account)
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return _too_large(account)
    if len(body) > MAX_BODY:
        return _too_large(account)
    told = Callback(
        method=request.method,
        url=origin(request, deps.public_url, deps.trusted_proxies) + request.raw_path,
        # As it came: aiohttp's query_string is decoded, and signatures and GBK need the octets.
        query=request.raw_path.partition("?")[2],
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        remote=remote(request, deps.trusted_proxies),
    )
    return _response(await receive(deps, account, told))


async def receive(deps: WebDeps, account: Account, told: Callback) -> Ack:
    """Verify, parse, make durable, acknowledge. Never raises for what a stranger sent."""
    now = deps.clock()
    gateway = account.gateway
    try:
        await _verify(deps, account, told, now)
        parsed = gateway.parse(told)
        for fault in parsed.faults:
            log.warning("callback_item_unreadable", account=account.name, reason=fault)
        spool = None if gateway.capabilities.repeats_on_error else deps.spool
        kept = await deps.store.arrivals.keep(account.source, parsed, now, spool)
        for outcome in _TOLD_APART & kept.keys():
            _counter(account.name, outcome).inc(kept[outcome])
    except CallbackIgnored as reason:
        _count(account, "ignored")
        log.debug("callback_ignored", account=account.name, reason=str(reason))
    except CallbackRefused as reason:
        _count(account, "refused")
        log.warning("callback_refused", account=account.name, reason=str(reason), remote=told.remote)
        return _REFUSED
    except CallbackUnreadable as reason:
        _count(account, "unreadable")
        log.warning("callback_unreadable", account=account.name, reason=str(reason), bytes=len(told.body))
        return _UNREADABLE
    except StoreUnavailable as reason:
        _count(account, "unavailable")
        log.warning("callback_not_kept", account=account.name, reason=str(reason))
        return _AGAIN_LATER
    except Exception as fault:  # noqa: BLE001 — the last net
        # A parser's own fault must not look like an outage: the provider would repeat it for hours.
        _count(account, "crashed")
        log.critical("callback_crashed", account=account.name, bytes=len(told.body), fault=crash(fault))
        return _UNREADABLE
    else:
        _count(account, "taken")
    return gateway.acknowledge(told)


async def _verify(deps: WebDeps, account: Account, told: Callback, now: datetime) -> None:
    if account.allow and not within(told.remote, account.allow):
        raise CallbackRefused(f"{told.remote} is not among allow_ips")
    proved = account.gateway.verify(told, now)
    if not proved or account.prover is None:
        return
    proof = account.prover.proof(told)
    if proof and not await _first_with(deps, account, proof, told):
        raise CallbackRefused("this proof came with another body before")


async def _first_with(deps: WebDeps, account: Account, proof: str, told: Callback) -> bool:
    try:
        return await deps.store.proofs.holds(account.name, proof, told)
    except StoreUnavailable:
        if account.gateway.capabilities.repeats_on_error:
            raise
        # It proved itself, and it will not come again: what is spooled must not be lost for want of a memory.
        return True


def _account(deps: WebDeps, name: str, token: str) -> Account | None:
    account = deps.accounts.get(name)
    # An unknown name costs the same time as a wrong token.
    expected = account.token if account else "no such account, and nobody can guess this"
    right = hmac.compare_digest(expected.encode(), token.encode())
    return account if right else None


def _too_large(account: Account) -> web.Response:
    _count(account, "too_large")
    log.warning("callback_refused", account=account.name, reason=f"more than {MAX_BODY} bytes")
    return web.Response(status=413)


def _response(ack: Ack) -> web.Response:
    headers = {"Content-Type": f"{ack.content_type}; charset=utf-8"}
    if ack.status == 503:
        headers["Retry-After"] = _RETRY_AFTER_S
    return web.Response(status=ack.status, body=ack.body.encode(), headers=headers)


def _count(account: Account, outcome: str) -> None:
    _counter(account.name, outcome).inc()


@cache
def _counter(account: str, outcome: str) -> Counter:
    return CALLBACKS.labels(account, outcome)
