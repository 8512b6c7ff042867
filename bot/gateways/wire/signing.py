"""Signatures: digests, percent-encoding as signers want it, JWT by HMAC, and comparison in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from bot.domain.gateway import Callback
from bot.errors import CallbackRefused

HASHES: Final = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
LEEWAY: Final = 5.0
"""Seconds that two honest clocks may differ at the bounds of a token."""


def same(given: str | None, expected: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest((given or "").encode("utf-8", "replace"), expected.encode())


def refuse_unless(*, good: bool, reason: str = "the signature does not hold") -> None:
    """Raise CallbackRefused unless the proof is good."""
    if not good:
        raise CallbackRefused(reason)


def fresh(signed_at: datetime | None, now: datetime | None, seconds: float) -> None:
    """Raise CallbackRefused where a signature's time is missing or further from now than so many seconds.

    With `now` None nothing is checked.
    """
    if now is None:
        return
    if signed_at is None:
        raise CallbackRefused("the signature has no time that can be read")
    if abs((now - signed_at).total_seconds()) > seconds:
        raise CallbackRefused(f"the signature's time is more than {seconds:g} s away")


def percent(text: str) -> str:
    """Encode as RFC 3986 has it: blanks as %20, the tilde left alone. A lone surrogate is a question mark."""
    return quote(text, safe="~", errors="replace")


def query(fields: Mapping[str, str]) -> str:
    """Write sorted, percent-encoded `k=v&k=v`, as most signers canonicalise it."""
    return "&".join(f"{percent(name)}={percent(value)}" for name, value in sorted(fields.items()))


def digest(kind: str, data: str | bytes) -> str:
    """Hash to lower-case hex."""
    # md5 and sha1 are what these protocols prescribe.
    return hashlib.new(kind, _octets(data), usedforsecurity=False).hexdigest()


def mac(kind: str, key: str | bytes, data: str | bytes) -> bytes:
    """HMAC to raw octets."""
    return hmac.digest(_octets(key), _octets(data), kind)


def b64(raw: str | bytes) -> str:
    """Write standard base64."""
    return base64.b64encode(_octets(raw)).decode("ascii")


def basic(user: str, password: str) -> str:
    """Write the value of a Basic Authorization header."""
    return f"Basic {b64(f'{user}:{password}')}"


def basic_holds(callback: Callback, user: str, password: str) -> bool:
    """Check the Basic credentials of a callback; False where none are asked for. Raises CallbackRefused on others."""
    if not password:
        return False
    good = same(callback.headers.get("authorization"), basic(user, password))
    refuse_unless(good=good, reason="the callback's credentials are not ours")
    return True


def jwt_claims(token: str, key: str, now: datetime | None) -> Mapping[str, Any]:
    """Give the claims of a JWT signed by HMAC. Raises CallbackRefused.

    `nbf` and `exp` hold where `now` is known.
    """
    head, _, rest = token.strip().partition(".")
    body, _, signature = rest.partition(".")
    header, claims = _unpacked(head), _unpacked(body)
    kind = HASHES.get(str(header.get("alg")))
    if kind is None:
        raise CallbackRefused("the token is not signed by HMAC")
    wanted = base64.urlsafe_b64encode(mac(kind, key, f"{head}.{body}")).decode().rstrip("=")
    refuse_unless(good=same(signature.rstrip("="), wanted))
    if now is not None:
        at = now.timestamp()
        for name, sign in (("exp", -1), ("nbf", 1)):
            bound = claims.get(name)
            if isinstance(bound, int | float) and (bound - at) * sign > LEEWAY:
                raise CallbackRefused(f"the token's {name} does not hold now")
    return claims


def _unpacked(part: str) -> Mapping[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part.encode() + b"=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, Mapping):
        raise CallbackRefused("not a signed token")
    return value


def _octets(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "replace")
