"""Texts that an account could never send are named with the reason."""

import json
from pathlib import Path

from typer.testing import CliRunner

from bot.__main__ import cli
from bot.domain.content import Filed, Text
from bot.domain.gateway import Capabilities
from bot.outbound.sendable import unsendable

NAMES = ("ali", "aliyun")
PLAIN = Text(name="plain", text="您好")
LINKED = Text(name="linked", text="请看 https://example.com/a")
LONG = Text(name="long", text="长" * 80 + "{{ name }}" + "{{ name }}")
BY_ACCOUNT = Text(name="by_account", text="您好", filed={"ali": Filed(code="SMS_1")})
BY_PROVIDER = Text(name="by_provider", text="您好", filed={"aliyun": Filed(code="SMS_2")})
CARRIER = Text(name="carrier", text="{{ text }}", filed={"aliyun": Filed(code="SMS_3", variables=("text",))})


def refused(can: Capabilities, *texts: Text, carrier: Text | None = None) -> dict[str, str]:
    return unsendable({text.name: text for text in texts}, can, NAMES, carrier)


def test_what_is_not_filed_is_named() -> None:
    found = refused(Capabilities(free_text=False), PLAIN, BY_ACCOUNT, BY_PROVIDER)
    assert list(found) == ["plain"]
    assert "filed.ali" in found["plain"]


def test_a_carrier_carries_what_is_not_filed() -> None:
    assert not refused(Capabilities(free_text=False), PLAIN, LINKED, CARRIER, carrier=CARRIER)


def test_links_and_length_are_named() -> None:
    found = refused(Capabilities(links=False, max_chars=70), PLAIN, LINKED, LONG)
    assert set(found) == {"linked", "long"}
    assert "links" in found["linked"]
    assert "80" in found["long"]


def test_who_sends_nothing_refuses_nothing() -> None:
    assert not refused(Capabilities(sends=False, free_text=False), PLAIN)


def test_content_check_names_them(tmp_path: Path) -> None:
    file = tmp_path / "huixin.toml"
    file.write_text('[gateways.ali]\nprovider = "aliyun"\ntoken = "an-unguessable-token"\n')
    told = CliRunner().invoke(cli, ["content", "check", "--config", str(file), "--json"])
    assert told.exit_code == 0, "they are a warning: another account may send them"
    rows = json.loads(told.stdout)
    assert {row["account"] for row in rows} == {"ali"}
    assert all("filed.ali" in row["reason"] for row in rows)
    assert "gateways.ali cannot send" in told.stderr
    file.write_text("")
    assert json.loads(CliRunner().invoke(cli, ["content", "check", "--config", str(file), "--json"]).stdout) == []
