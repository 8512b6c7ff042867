"""What stands around every page and API call: request ids, security headers, errors turned into answers.

Callbacks of gateways do not pass here: they are the hot path and answer every error of their own.
"""

from __future__ import annotations

import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from aiohttp import web

from bot.errors import HuixinError, NotBuiltYet, RequestRefused, StoreUnavailable
from bot.web.measures import REQUESTS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ErrorPage = Callable[[web.Request, int, str], Awaitable[web.StreamResponse]]

STATUSES: Final[tuple[tuple[type[HuixinError], int], ...]] = (
    (RequestRefused, 400),
    (StoreUnavailable, 503),
    (NotBuiltYet, 501),
)

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}

log = structlog.get_logger("web")


def guarded(handler: Handler, kind: str, error_page: ErrorPage) -> Handler:
    """Put request id, time, security headers and the error table around a handler."""

    async def answer(request: web.Request) -> web.StreamResponse:
        request_id = secrets.token_hex(6)
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request=request_id):
            response = await _answered(handler, request, request_id, error_page)
        REQUESTS.labels(kind).observe(time.perf_counter() - began)
        if not response.prepared:
            secure(response, request_id)
        return response

    return answer


def secure(response: web.StreamResponse, request_id: str = "") -> None:
    """Put the security headers on a response; what it has already stays."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request_id:
        response.headers["X-Request-Id"] = request_id


async def _answered(
    handler: Handler, request: web.Request, request_id: str, error_page: ErrorPage
) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as response:
        if response.status < 400:
            raise
        return await error_page(request, response.status, response.reason)
    except HuixinError as reason:
        status = next((status for kind, status in STATUSES if isinstance(reason, kind)), 500)
        log.warning("request_refused", status=status, reason=str(reason))
        return await error_page(request, status, str(reason))
    except (ConnectionResetError, TimeoutError):
        raise
    except Exception as fault:  # noqa: BLE001 — the last net
        # The last net: one broken page must answer, and be found by its id.
        log.critical("request_crashed", method=request.method, fault=crash(fault))
        return await error_page(request, 500, request_id)


def crash(fault: BaseException) -> str:
    """Tell what broke and where, without the values that stand in a traceback's messages."""
    frames = traceback.extract_tb(fault.__traceback__)
    where = " < ".join(f"{frame.filename.rsplit('/bot/')[-1]}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return f"{type(fault).__name__} at {where}"
