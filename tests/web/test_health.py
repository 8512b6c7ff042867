"""Life, readiness and counts."""

from bot.errors import StoreUnavailable
from bot.web.deps import Probe
from tests.web.conftest import OpenWorld, World


async def test_a_living_process_says_so(world: World) -> None:
    answer = await world.client.get("/healthz")
    assert (answer.status, await answer.json()) == (200, {"status": "ok", "version": "0.1.0"})


async def test_a_watcher_may_ask_for_the_status_alone(open_world: OpenWorld) -> None:
    async def away() -> Probe:
        return Probe(ready=False, state="away")

    world = await open_world(probes={"redis": away})
    for path, status in (("/healthz", 200), ("/readyz", 503)):
        answer = await world.client.head(path)
        assert (answer.status, await answer.read()) == (status, b"")


async def test_readiness_is_told_part_by_part(open_world: OpenWorld) -> None:
    async def good() -> Probe:
        return Probe(ready=True, state="ok")

    async def warming() -> Probe:
        return Probe(ready=True, state="warming")

    async def away() -> Probe:
        raise StoreUnavailable("Redis is away")

    ready = await open_world(probes={"redis": good, "language": warming})
    answer = await ready.client.get("/readyz")
    assert answer.status == 200
    assert await answer.json() == {
        "ready": True,
        "checks": {"redis": {"ready": True, "state": "ok"}, "language": {"ready": True, "state": "warming"}},
    }
    broken = await open_world(probes={"redis": away, "content": good})
    answer = await broken.client.get("/readyz")
    assert answer.status == 503
    assert (await answer.json())["checks"]["redis"] == {"ready": False, "state": "Redis is away"}


async def test_counts_are_prometheus_text(open_world: OpenWorld) -> None:
    async def measures() -> dict[str, float]:
        return {"inbox_live": 3}

    world = await open_world(measures=measures)
    await world.client.get("/gateways/ours/wrong/inbound")
    answer = await world.client.get("/metrics")
    text = await answer.text()
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert "huixin_inbox_live 3.0" in text
    assert "huixin_store_up 1.0" in text
    assert "huixin_callbacks_total" in text


async def test_a_scrape_with_redis_away_still_answers(open_world: OpenWorld) -> None:
    async def away() -> dict[str, float]:
        raise StoreUnavailable("Redis is away")

    world = await open_world(measures=away)
    assert "huixin_store_up 0.0" in await (await world.client.get("/metrics")).text()
