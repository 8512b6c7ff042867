"""One file per provider, sans-IO: verify, parse, acknowledge, compose, read.

A provider is a module of this folder with `CAPABILITIES` and `build(settings)`; nothing lists them. The
folders beside them hold what they share (`wire`) and what a person looks at (`workbench`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, cast

from bot.domain.gateway import Capabilities, Gateway
from bot.errors import GatewayError


def available() -> tuple[str, ...]:
    """Name every provider that there is an adapter for, in alphabetical order."""
    return tuple(sorted(module.name for module in iter_modules(__path__) if not module.ispkg))


def capabilities(name: str) -> Capabilities:
    """Tell what a provider can do, before any setting is known. Raises GatewayError for an unknown name."""
    return cast("Capabilities", _module(name).CAPABILITIES)


def load(name: str, settings: Mapping[str, Any]) -> Gateway:
    """Build a provider's adapter from the settings of one account.

    Raises GatewayError, naming the setting and what to do, where one is missing or wrong.
    """
    return cast("Callable[[Mapping[str, Any]], Gateway]", _module(name).build)(settings)


def _module(name: str) -> Any:
    if name not in available():
        raise GatewayError(f"there is no gateway {name!r}; there are: {', '.join(available())}")
    return import_module(f"bot.gateways.{name}")
