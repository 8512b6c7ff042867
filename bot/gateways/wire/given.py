"""The settings of one account, read with a sentence ready for what is missing or wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import GatewayError


class Watched(Mapping[str, Any]):
    """Settings that remember by which names they were asked, so that a slip of the pen does not pass unseen."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.asked: set[str] = set()
        """Also those that were not there."""

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def unread(self) -> tuple[str, ...]:
        """Name those that are there and that nobody asked for."""
        return tuple(name for name in self._values if name not in self.asked)


@dataclass(frozen=True, slots=True)
class Given:
    """The settings of one account of a provider. Every reader raises GatewayError on a value it cannot use."""

    gateway: str
    values: Mapping[str, Any]

    def need(self, name: str, where: str) -> str:
        """Give a setting without which the gateway does not start; `where` tells where to find it."""
        if value := self.text(name):
            return value
        raise GatewayError(f"gateway {self.gateway}: set `{name}` ({where})")

    def text(self, name: str, default: str = "") -> str:
        """Give a text or number as text; a missing, null or empty one is the default."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise GatewayError(f"gateway {self.gateway}: `{name}` must be a text")
        return str(value).strip()

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Give a yes or no."""
        value = self.values.get(name, default)
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        raise GatewayError(f"gateway {self.gateway}: `{name}` must be true or false")

    def number(self, name: str, default: float, *, least: float = 0, most: float = 1e9) -> float:
        """Give a number between two bounds."""
        try:
            value = float(self.text(name, str(default)))
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise GatewayError(f"gateway {self.gateway}: `{name}` must be a number from {least:g} to {most:g}")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Give one of a few words."""
        value = self.text(name, default)
        if value not in choices:
            raise GatewayError(f"gateway {self.gateway}: `{name}` must be one of {', '.join(choices)}")
        return value

    def url(self, name: str, default: str = "") -> str:
        """Give an http or https address without its closing slash; required where there is no default."""
        value = self.text(name, default) or self.need(name, "an address that begins with https://")
        if not value.startswith(("https://", "http://")):
            raise GatewayError(f"gateway {self.gateway}: `{name}` must begin with https:// or http://")
        return value.rstrip("/")

    def table(self, name: str) -> Mapping[str, Any]:
        """Give a table of further settings; empty where there is none."""
        value = self.values.get(name) or {}
        if not isinstance(value, Mapping):
            raise GatewayError(f"gateway {self.gateway}: `{name}` must be a table")
        return value
