"""What this process counts of its own doing, for /metrics."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

CALLBACKS: Final = Counter(
    "huixin_callbacks_total", "Callbacks of gateways by what became of them", ("account", "outcome")
)
EVENTS: Final = Counter("huixin_api_events_total", "Events that the shop's systems posted", ("outcome",))
SIGN_INS: Final = Counter("huixin_sign_ins_total", "Tries to sign in at the console", ("outcome",))
VIEWERS: Final = Gauge("huixin_feed_viewers", "Browsers that follow the live feed on this process")
REQUESTS: Final = Histogram(
    "huixin_request_seconds",
    "Time to answer pages and API calls; callbacks are counted apart",
    ("kind",),
    buckets=(0.005, 0.02, 0.1, 0.5, 2.0),
)
