"""Whether this process lives, whether it is ready, and what it counts."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, generate_latest

from bot.errors import StoreUnavailable
from bot.web.deps import DEPS, Probe, WebDeps

_PATIENCE_S = 2.0


async def healthz(request: web.Request) -> web.Response:
    """Say that the process answers; nothing else is looked at."""
    return web.json_response({"status": "ok", "version": request.app[DEPS].version})


async def readyz(request: web.Request) -> web.Response:
    """Say part by part whether work can be taken; 503 while one part cannot."""
    deps = request.app[DEPS]
    probes = await asyncio.gather(*(_ask(deps, name) for name in deps.probes))
    ready = all(probe.ready for probe in probes)
    checks = {
        name: {"ready": probe.ready, "state": probe.state} for name, probe in zip(deps.probes, probes, strict=True)
    }
    text = json.dumps({"ready": ready, "checks": checks}, ensure_ascii=False)
    return web.json_response(text=text, status=200 if ready else 503)


async def metrics(request: web.Request) -> web.Response:
    """Give what this process counted and what the installation measures, as Prometheus text."""
    deps = request.app[DEPS]
    text = generate_latest(REGISTRY) + generate_latest(await _installation(deps))
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _ask(deps: WebDeps, name: str) -> Probe:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await deps.probes[name]()
    except TimeoutError:
        return Probe(ready=False, state=f"no answer within {_PATIENCE_S:.0f} s")
    except (StoreUnavailable, OSError) as reason:
        return Probe(ready=False, state=str(reason))


async def _installation(deps: WebDeps) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    up = Gauge("huixin_store_up", "Whether Redis answered this scrape", registry=registry)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            measures = await deps.measures() if deps.measures else {}
    except (TimeoutError, StoreUnavailable):
        up.set(0)
        return registry
    up.set(1)
    for name, value in measures.items():
        Gauge(f"huixin_{name}", name.replace("_", " "), registry=registry).set(value)
    return registry
