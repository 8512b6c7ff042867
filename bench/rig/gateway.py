"""The gateway that both benchmarks of the service write by: its settings, and replies signed as it signs them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

from rig.load import post

_TOKEN = "benchmark-token-0123456789"
_SECRET = "benchmark-secret"
_NOBODY = "http://127.0.0.1:9/out"
_SETTINGS = """
redis_url = "{redis}"
log = "warning"
[gateways.bench]
provider = "generic"
token = "{token}"
secret = "{secret}"
url = "{out}"
rate_per_second = 0
same_text_seconds = 0
"""


def settings(redis: str, out: str = _NOBODY) -> str:
    """Write Huixin's settings; texts go to `out`."""
    return _SETTINGS.format(redis=redis, token=_TOKEN, secret=_SECRET, out=out)


def reply(number: int, text: str, customers: int) -> bytes:
    """Write the nth reply; so many customers write."""
    return post(f"/gateways/bench/{_TOKEN}/inbound", *_signed(number, text, customers))


def to_plain(number: int, text: str, customers: int) -> bytes:
    """Write the same to a server to compare with: the same size and headers, so the same reading."""
    return post("/inbound", *_signed(number, text, customers))


def _signed(number: int, text: str, customers: int) -> tuple[bytes, str]:
    phone = 13800000000 + number * 7919 % customers
    body = json.dumps({"id": f"m{number}", "from": str(phone), "text": text}).encode()
    stamp = str(int(time.time()))
    proof = hmac.new(_SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return body, f"X-Huixin-Timestamp: {stamp}\r\nX-Huixin-Signature: sha256={proof}\r\n"
