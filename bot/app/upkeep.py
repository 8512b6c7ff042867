"""The commands on an installation: its people, and what is wrong with it."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.app.accounts import SIMULATOR, build_accounts
from bot.app.asking import check_all_content
from bot.app.opening import joined
from bot.errors import HuixinError, RequestRefused, SettingsError, StoreUnavailable
from bot.settings import Settings
from bot.settings import keys as read_keys
from bot.store import health
from bot.store.embedded import find_server
from bot.store.people import People, Person, Role
from bot.store.store import Store

_LEAST_FREE_BYTES = 500 * 1024 * 1024


def add_user(settings: Settings, name: str, role: Role) -> str:
    """Make an account and give its password, which is shown this once."""
    password = secrets.token_urlsafe(9)

    async def add(store: Store) -> None:
        await People(store.client).add(name, password, datetime.now(UTC), role)

    _with_store(settings, add)
    return password


def remove_user(settings: Settings, name: str) -> None:
    """Take an account away; whoever is signed in by it is out at once. Raises RequestRefused for nobody we know."""

    async def remove(store: Store) -> None:
        if not await People(store.client).remove(name):
            raise RequestRefused(f"there is no {name!r}; `huixin user list` shows who is there")

    _with_store(settings, remove)


def renew_password(settings: Settings, name: str) -> str:
    """Give an account another password, which is shown this once; its sessions end."""
    password = secrets.token_urlsafe(9)

    async def renew(store: Store) -> None:
        await People(store.client).set_password(name, password)

    _with_store(settings, renew)
    return password


def users(settings: Settings) -> tuple[Person, ...]:
    """Give the people."""
    found: list[Person] = []

    async def read(store: Store) -> None:
        found.extend(await People(store.client).all())

    _with_store(settings, read)
    return tuple(found)


def _with_store(settings: Settings, work: Callable[[Store], Awaitable[None]]) -> None:
    async def run() -> None:
        async with joined(settings, read_keys(settings.data)) as store:
            await work(store)

    asyncio.run(run())


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    says: str


def doctor(settings: Settings) -> list[Finding]:
    """Look at everything that an installation needs; what a first start would make (folder, keys) is made here too."""
    return [
        Finding("python", True, f"{sys.version_info.major}.{sys.version_info.minor}"),
        _look("data folder", lambda: _data(settings)),
        _look("keys", lambda: f"{len(read_keys(settings.data).seals)} to seal with"),
        _look("gateways", lambda: _gateways(settings)),
        _look("content", lambda: _content(settings)),
        _look("redis", lambda: _redis(settings)),
    ]


def _look(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except (HuixinError, OSError) as reason:
        return Finding(what, False, str(reason))


def _data(settings: Settings) -> str:
    folder = settings.data
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise SettingsError(f"{folder} cannot be written: choose another with HUIXIN_DATA")
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE_BYTES:
        raise SettingsError(f"only {free // 2**20} MB are free under {folder}")
    return f"{folder.resolve()}, {free // 2**30} GB free"


def _gateways(settings: Settings) -> str:
    accounts = build_accounts(settings, read_keys(settings.data))
    if not settings.public_url and any(told.provider != SIMULATOR for told in settings.gateways.values()):
        raise SettingsError("public_url is not set: providers that sign by URL, or ask where receipts go, need it")
    return ", ".join(f"{name} ({gateway.name})" for name, gateway in accounts.gateways.items())


def _content(settings: Settings) -> str:
    reports = check_all_content(settings)
    if faults := {fault for report in reports.values() for fault in report.faults}:
        raise SettingsError(f"{len(faults)} faults; huixin content check lists them")
    warnings = {warning for report in reports.values() for warning in report.warnings}
    versions = ", ".join(report.content.version for report in reports.values() if report.content)
    return f"version {versions}, {len(warnings)} warnings"


def _redis(settings: Settings) -> str:
    url = settings.redis_url.get_secret_value()
    if not url:
        return f"of our own: {find_server()}"
    found: list[str] = []

    async def read(store: Store) -> None:
        found.extend(await health.warnings(store.client))

    try:
        _with_store(settings, read)
    except StoreUnavailable as reason:
        raise SettingsError(f"{reason}; is it running, and is HUIXIN_REDIS_URL right?") from reason
    if found:
        raise SettingsError("; ".join(found))
    return "answers, and writes to disk before it does"
