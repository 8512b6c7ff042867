"""Who is asking and by which address: peers and public URLs, also behind proxies that we trust."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from aiohttp import web

Network = IPv4Network | IPv6Network
_LONGEST_CHAIN = 16


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Read addresses and networks ("10.0.0.0/8"). Raises ValueError for what is neither."""
    return tuple(ip_network(text, strict=False) for text in texts)


def within(address: str | None, allowed: Sequence[Network]) -> bool:
    """Tell whether an address lies in one of the networks; what is no address lies in none."""
    try:
        found = ip_address((address or "").split("%", 1)[0])
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in network for network in allowed)


def remote(request: web.Request, trusted: Sequence[Network]) -> str:
    """Give the address of the one who asks; a forwarded one is believed only from a trusted proxy.

    The chain is read from its end, where our own proxies wrote: what a stranger put at its start never counts.
    """
    peer = request.remote or ""
    if not trusted or not within(peer, trusted):
        return peer
    chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")[-_LONGEST_CHAIN:]]
    for hop in reversed(chain):
        if not within(hop, trusted):
            return hop or peer
    return peer


def origin(request: web.Request, public_url: str, trusted: Sequence[Network]) -> str:
    """Give scheme and host as the outside world writes them, without a slash at the end."""
    if public_url:
        return public_url.rstrip("/")
    scheme, host = request.scheme, request.host
    if trusted and within(request.remote, trusted):
        scheme = request.headers.get("X-Forwarded-Proto", scheme).split(",")[0].strip().lower()
        host = request.headers.get("X-Forwarded-Host", host).split(",")[0].strip()
    return f"{'https' if scheme == 'https' else 'http'}://{host}"
