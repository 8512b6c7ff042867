"""Who may use the console: accounts with hashed passwords, sessions, one-time links, and who did what."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Literal

from bot.errors import RequestRefused
from bot.store.client import Client, script
from bot.store.journal import Journal

Role = Literal["admin", "staff", "viewer"]

# One hash tag: what belongs together lies on one slot of a Cluster.
_PEOPLE: Final = "huixin:{console}:people"
_AUDIT: Final = "huixin:{console}:audit"
_SESSION: Final = "huixin:{console}:session:"
_LINK: Final = "huixin:{console}:link:"
_TRIES: Final = "huixin:{console}:tries:"

MIN_PASSWORD: Final = 8
MAX_PASSWORD: Final = 256
_MAX_NAME: Final = 40
_IDLE_S: Final = 12 * 3600
_LONGEST: Final = timedelta(days=7)
_LINK_GOOD_FOR_S: Final = 30 * 60
_TRIES_SPAN_S: Final = 15 * 60
_TRIES_PER_NAME_AND_PEER: Final = 5
_TRIES_PER_PEER: Final = 30
_TRIES_PER_NAME: Final = 50
_AUDIT_KEPT: Final = 100_000

# 16 MiB and some 50 ms a password: dear for who guesses, and two at a time never starve the replies.
_COST: Final = {"n": 2**14, "r": 8, "p": 1}
_HASHING: Final = ThreadPoolExecutor(2, thread_name_prefix="password")


class TooManyTries(RequestRefused):
    """Signing in failed too often; `wait` says for how many seconds nobody is let in."""

    def __init__(self, wait: int) -> None:
        super().__init__("too many tries, wait a while")
        self.wait = wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may sign in."""

    name: str
    role: Role
    created_at: str = ""
    changed: int = 0
    """Counts changes of the password: sessions that began before the last one are over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that is signed in. `token` is its cookie; only its hash is stored."""

    token: str
    csrf: str
    person: Person


class People:
    """The accounts. Names are case-folded; passwords are scrypt hashes with a salt each."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def add(self, name: str, password: str, now: datetime, role: Role = "staff") -> Person:
        """Make an account. Raises RequestRefused where the name is taken or the password too short."""
        person = Person(name=_name(name), role=role, created_at=now.isoformat())
        line = json.dumps({**asdict(person), "password": await _hash(_checked(password))})
        if not await self._client.call(_PEOPLE, "HSETNX", _PEOPLE, person.name, line):
            raise RequestRefused(f"there is already a {person.name!r}; choose another name")
        return person

    async def set_password(self, name: str, password: str) -> None:
        """Change a password; every session of that person ends. Raises RequestRefused for nobody we know."""
        told = await self._told(name)
        told |= {"password": await _hash(_checked(password)), "changed": told["changed"] + 1}
        await self._client.call(_PEOPLE, "HSET", _PEOPLE, told["name"], json.dumps(told))

    async def remove(self, name: str) -> bool:
        """Take an account away, and with it its sessions."""
        return bool(await self._client.call(_PEOPLE, "HDEL", _PEOPLE, _name(name)))

    async def all(self) -> tuple[Person, ...]:
        """Give everybody, by name."""
        lines = await self._client.call(_PEOPLE, "HVALS", _PEOPLE)
        return tuple(sorted((_person(json.loads(line)) for line in lines), key=lambda person: person.name))

    async def find(self, name: str) -> Person | None:
        """Give one person."""
        line = await self._client.call(_PEOPLE, "HGET", _PEOPLE, name)
        return _person(json.loads(line)) if line else None

    async def ensure_admin(self, now: datetime) -> str | None:
        """Make `admin` where nobody is there yet, and give its password, which is shown this once."""
        if await self._client.call(_PEOPLE, "HLEN", _PEOPLE):
            return None
        password = secrets.token_urlsafe(9)
        try:
            await self.add("admin", password, now, role="admin")
        except RequestRefused:
            return None  # another process was quicker, and shows it
        return password

    async def check(self, name: str, password: str, peer: str) -> Person | None:
        """Give the person if the password is theirs. Raises TooManyTries before any password is looked at.

        Tries are counted by peer and name, by peer, and by name: a guesser is slowed down, and nobody can lock
        a colleague out from one address alone.
        """
        folded = name.strip().casefold()[:_MAX_NAME]
        counted = {
            f"{_TRIES}both:{_digest(f'{peer}|{folded}')}": _TRIES_PER_NAME_AND_PEER,
            f"{_TRIES}peer:{_digest(peer)}": _TRIES_PER_PEER,
            f"{_TRIES}name:{_digest(folded)}": _TRIES_PER_NAME,
        }
        # Counted first and given back on success, so that many at once are no way around.
        for key, most in counted.items():
            count, left = await self._client.run(script("try"), [key], _TRIES_SPAN_S)
            if int(count) > most:
                raise TooManyTries(max(1, int(left)))
        line = await self._client.call(_PEOPLE, "HGET", _PEOPLE, folded)
        # A name that is not there costs the same time as one that is.
        stored = json.loads(line)["password"] if line else _NOBODY
        if not await _fits(password[:MAX_PASSWORD], stored) or not line:
            return None
        of_both, *of_each = counted
        await self._client.call(of_both, "DEL", of_both)
        # What others tried from this address or for this name still counts; this try does not.
        for key in of_each:
            await self._client.run(script("untry"), [key])
        return _person(json.loads(line))

    async def _told(self, name: str) -> dict[str, Any]:
        line = await self._client.call(_PEOPLE, "HGET", _PEOPLE, _name(name))
        if not line:
            raise RequestRefused(f"there is no {name!r}; `huixin user list` shows who is there")
        told: dict[str, Any] = json.loads(line)
        return told


class Sessions:
    """Who is signed in. A session ends after twelve idle hours, after a week, and with a changed password."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._people = People(client)

    async def begin(self, person: Person, now: datetime) -> Session:
        """Sign somebody in, always under a new token."""
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        line = json.dumps({"name": person.name, "csrf": csrf, "changed": person.changed, "began": now.timestamp()})
        key = _SESSION + _digest(token)
        await self._client.call(key, "SET", key, line, "EX", _IDLE_S)
        return Session(token=token, csrf=csrf, person=person)

    async def find(self, token: str, now: datetime, *, idle: bool = False) -> Session | None:
        """Give the session of a cookie, and let its idle time begin anew unless nobody did anything (`idle`)."""
        if not token:
            return None
        key = _SESSION + _digest(token)
        line = await self._client.call(key, *(("GET", key) if idle else ("GETEX", key, "EX", _IDLE_S)))
        if not line:
            return None
        told = json.loads(line)
        person = await self._people.find(told["name"])
        began = datetime.fromtimestamp(told["began"], UTC)
        if person is None or person.changed != told["changed"] or now - began > _LONGEST:
            await self.end(token)
            return None
        return Session(token=token, csrf=told["csrf"], person=person)

    async def end(self, token: str) -> None:
        """Sign out."""
        key = _SESSION + _digest(token)
        await self._client.call(key, "DEL", key)

    async def make_link(self, name: str) -> str:
        """Give a token that signs this person in once, within half an hour."""
        token = secrets.token_urlsafe(24)
        key = _LINK + _digest(token)
        await self._client.call(key, "SET", key, name, "EX", _LINK_GOOD_FOR_S)
        return token

    async def take_link(self, token: str) -> Person | None:
        """Give the person of a one-time token and use it up."""
        key = _LINK + _digest(token)
        name = await self._client.call(key, "GETDEL", key)
        return await self._people.find(name.decode()) if name else None


class Audit:
    """Who did what at the console; numbers appear masked only."""

    def __init__(self, client: Client) -> None:
        self._journal = Journal(client, _AUDIT, _AUDIT_KEPT)

    async def write(self, actor: str, action: str, now: datetime, about: Mapping[str, str] | None = None) -> None:
        """Note one act."""
        await self._journal.add({"at": now.isoformat(), "actor": actor, "action": action, "about": dict(about or {})})

    async def read(self, limit: int = 200) -> tuple[Mapping[str, Any], ...]:
        """Give the newest acts, newest first."""
        return tuple(told for _, told in await self._journal.newest(limit))


def _person(told: Mapping[str, Any]) -> Person:
    return Person(**{key: told[key] for key in Person.__dataclass_fields__ if key in told})


def _name(name: str) -> str:
    folded = name.strip().casefold()
    if not folded or len(folded) > _MAX_NAME or not folded.isprintable():
        raise RequestRefused(f"a name has 1 to {_MAX_NAME} printable characters")
    return folded


def _checked(password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise RequestRefused(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return password


def _digest(text: str) -> str:
    # A cookie may hold any octets; they come as surrogates.
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


async def _hash(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"{_text(salt)}.{_text(await _scrypt(password, salt))}"


async def _fits(password: str, stored: str) -> bool:
    salt, _, expected = stored.partition(".")
    found = await _scrypt(password, base64.b64decode(salt))
    return hmac.compare_digest(found, base64.b64decode(expected))


async def _scrypt(password: str, salt: bytes) -> bytes:
    hashed = partial(hashlib.scrypt, password.encode(), salt=salt, dklen=32, **_COST)
    return await asyncio.get_running_loop().run_in_executor(_HASHING, hashed)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


_NOBODY: Final = f"{_text(bytes(16))}.{_text(bytes(32))}"
