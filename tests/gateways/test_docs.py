"""The example of docs/adding-a-gateway.md is a gateway: found by its file, and as its fixture says."""

import re
import sys
from pathlib import Path

import pytest
import yaml

from bot import gateways
from bot.domain.gateway import Submission
from bot.errors import GatewayError
from bot.gateways.workbench.lines import parse_line
from tests.gateways.recorded import NONCE, NOW, as_line, as_reply, check, check_request, check_result

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-gateway.md"


@pytest.fixture
def sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = PAGE.read_text("utf-8")
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    [fixture] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "haixin.py").write_text(code, "utf-8")
    monkeypatch.setattr(gateways, "__path__", [*gateways.__path__, str(tmp_path)])
    yield yaml.safe_load(fixture)
    sys.modules.pop("bot.gateways.haixin", None)


def test_the_example_does_what_its_fixture_says(sheet) -> None:
    assert "haixin" in gateways.available()
    settings = sheet["settings"]
    gateway = gateways.load("haixin", settings)
    for callback in sheet["callbacks"]:
        check(parse_line("haixin", as_line(callback, settings)), callback["expect"])
    for send in sheet["sends"]:
        check_request(gateway.compose(Submission(**send["submission"]), NOW, NONCE), send["expect"])
    for reply in sheet["replies"]:
        check_result(gateway.read(as_reply(reply)), reply["expect"])
    for needed in gateway.capabilities.required:
        with pytest.raises(GatewayError, match=needed):
            gateways.load("haixin", {name: value for name, value in settings.items() if name != needed})
