"""Logging: events with fields, readable at a terminal, JSON elsewhere; numbers and secrets are taken out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

from bot.web.middleware import crash

_NUMBER: Final = re.compile(r"(\+?\d{3})\d{4,9}(\d{4})(?!\d)")
"""As long as numbers with or without their country are; its ends stay, so that people can tell two apart."""
_SECRET: Final = re.compile(r"secret|password|token|apikey|api_key|authorization|cookie", re.IGNORECASE)
_IDS: Final = frozenset({"request", "entry", "event_id", "message", "account", "customer"})
"""Ours and the settings' own, which nobody finds again with half of their digits gone; no number is among them."""


class _HttpFaults(logging.Handler):
    """Tells of what the HTTP server met as one event, by its kind and place.

    Its own words quote what was read, which may be a path with a token in it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        fault = record.exc_info[1] if record.exc_info else None
        structlog.get_logger("http").warning("request_failed", fault=crash(fault) if fault else record.levelname)


def hide(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask numbers in every text and drop values whose names say that they are secret."""
    for name, value in event.items():
        if name in {"timestamp", "level", "event"} or name in _IDS:
            continue
        if _SECRET.search(name):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = _NUMBER.sub(r"\1****\2", value)
    return event


def configure(level: str, shape: str) -> None:
    """Send everything to stderr: stdout is for results."""
    plain = shape == "text" or (shape == "auto" and sys.stderr.isatty())
    renderer = structlog.dev.ConsoleRenderer() if plain else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            hide,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    server = logging.getLogger("aiohttp.server")
    server.handlers, server.propagate = [_HttpFaults()], False
