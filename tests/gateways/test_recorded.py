"""The recorded callbacks of every provider give their expectation."""

from typing import Any

import pytest

from bot.gateways import available
from bot.gateways.workbench.lines import parse_line
from tests.gateways.recorded import check, lines

LINES = [pytest.param(line, id=line["id"]) for line in lines("callbacks.jsonl") if line["gateway"] in available()]


@pytest.mark.parametrize("line", LINES)
def test_recorded_callback(line: dict[str, Any]) -> None:
    got = parse_line(line["gateway"], line)
    check(got, line["expect"])
    if "auth" not in line and "verified" in got:
        assert got["verified"] is False
