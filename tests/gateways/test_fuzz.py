"""Ten thousand generated callbacks: no gateway lets anything out but the declared errors."""

from tests.gateways.fuzz import run

SEED = 20250702
COUNT = 10_000


def test_generated_callbacks() -> None:
    outcomes = run(COUNT, SEED)
    assert sum(outcomes.values()) == COUNT
    read = sum(often for outcome, often in outcomes.items() if outcome.endswith("read"))
    assert read > COUNT // 10, f"the cases are too broken to try anything: {outcomes}"
