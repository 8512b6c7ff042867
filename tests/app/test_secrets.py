"""A gateway that lacks a secret does not start, and no secret is ever shown."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from typer.main import get_command
from typer.testing import CliRunner

from bot.__main__ import cli
from bot.app.accounts import build_accounts
from bot.errors import SettingsError
from bot.gateways import available, capabilities
from bot.settings import GatewaySettings, Keys, Settings, read
from tests.app.service import free_port, running
from tests.gateways.recorded import fixture

TOKEN = "an-unguessable-token"
KEYS = Keys(lookup=b"k", seals={"k1": b"0" * 32}, codes=b"c", simulator_token="the-token-of-the-phone", api_token="a")
REQUIRED = [(name, needed) for name in available() for needed in capabilities(name).required]


def settings_of(name: str, own: dict[str, Any]) -> Settings:
    return Settings(gateways={"x": GatewaySettings(provider=name, token=TOKEN, **own)})


@pytest.mark.parametrize("name", available())
def test_every_gateway_starts_with_what_it_needs(name: str) -> None:
    assert "x" in build_accounts(settings_of(name, fixture(name)["settings"]), KEYS).gateways


@pytest.mark.parametrize(("name", "needed"), [pair for pair in REQUIRED if pair[0] != "simulator"])
def test_a_gateway_without_a_setting_it_needs_does_not_start(name: str, needed: str) -> None:
    own = {key: value for key, value in fixture(name)["settings"].items() if key != needed}
    with pytest.raises(SettingsError, match=rf"gateways\.x: .*{needed}"):
        build_accounts(settings_of(name, own), KEYS)


def test_a_guessable_path_does_not_start(tmp_path: Path) -> None:
    file = tmp_path / "huixin.toml"
    file.write_text('[gateways.x]\nprovider = "yunpian"\napikey = "k"\ntoken = "short"\n')
    with pytest.raises(SettingsError, match="unguessable"):
        read(file)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("pull_every = 60", "nothing can be fetched"),
        ("tie_replies = true", "no extension codes"),
        ('classes = ["spam"]', "classes"),
        ('carriers = ["nokia"]', "carriers"),
        ('regions = ["86"]', "regions"),
        ("rate_per_second = -1", "rate_per_second"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(tmp_path: Path, line: str, says: str) -> None:
    file = tmp_path / "huixin.toml"
    told = f'account_sid = "AC1"\nauth_token = "t"\nsender = "+12015550123"\n{line}\n'
    file.write_text(f'[gateways.x]\nprovider = "twilio"\ntoken = "{TOKEN}"\n{told}')
    with pytest.raises(SettingsError, match=says):
        build_accounts(read(file), KEYS)


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


def test_help_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = "a-secret-that-nobody-may-see"
    monkeypatch.setenv("HUIXIN_REDIS_URL", f"redis://:{hidden}@localhost")
    monkeypatch.setenv("HUIXIN_GATEWAYS__X__TOKEN", hidden)
    monkeypatch.setenv("HUIXIN_KEYS", hidden)
    runner = CliRunner()
    pages = [runner.invoke(cli, [*path, "--help"]) for path in commands(get_command(cli))]
    assert len(pages) > 15
    for page in pages:
        assert page.exit_code == 0
        assert hidden not in page.output


@pytest.mark.parametrize("name", [name for name in available() if name != "simulator"])
def test_settings_print_no_secret(name: str) -> None:
    own = fixture(name)["settings"]
    shown = repr(settings_of(name, own)) + str(settings_of(name, own))
    for secret in capabilities(name).secrets:
        if isinstance(own.get(secret), str) and len(own[secret]) > 3:
            assert own[secret] not in shown
    assert TOKEN not in shown


async def test_the_log_of_a_service_shows_no_secret(tmp_path: Path) -> None:
    port = free_port()
    secrets = {"secret": "hmac-secret-of-the-gateway", "token": TOKEN, "api": "token-of-the-api-for-the-shop"}
    told = f"""
port = {port}
log = "debug"
api_tokens = ["{secrets["api"]}"]
[gateways.ours]
provider = "generic"
token = "{secrets["token"]}"
secret = "{secrets["secret"]}"
url = "http://127.0.0.1:9/out?key={secrets["secret"]}"
"""
    async with running(tmp_path, told, "serve") as huixin, ClientSession() as session:
        await huixin.says("worker_ready")
        base = f"http://127.0.0.1:{port}/gateways/ours/{TOKEN}/inbound"
        reply = json.dumps({"id": "1", "from": "13800000000", "text": "转人工"}).encode()
        bodies: list[tuple[bytes, dict[str, str]]] = [
            (reply, {"X-Huixin-Signature": "sha256=" + secrets["secret"], "X-Huixin-Timestamp": "1"}),
            (b"\xff{", {}),
            (b"", {"Authorization": "Bearer " + secrets["secret"]}),
        ]
        for body, headers in bodies:
            async with session.post(base, data=body, headers=headers) as answer:
                assert answer.status < 500
        for bad in ("/api/events", "/nowhere"):
            async with session.post(f"http://127.0.0.1:{port}{bad}", headers={"Authorization": "Bearer x"}) as answer:
                assert answer.status < 500
        async with session.get(f"{base}?x={'1' * 9_000}") as answer:
            assert answer.status == 400
        async with asyncio.timeout(30):
            await huixin.stop()
    assert "callback_refused" in huixin.log
    events = [json.loads(line) for line in huixin.log.splitlines() if line.startswith("{")]
    assert [each["level"] for each in events if each.get("fault", "").startswith("LineTooLong at ")] == ["warning"]
    assert "Traceback" not in huixin.log
    keys = (tmp_path / "data" / "keys.toml").read_text()
    kept = [line.split('"')[1] for line in keys.splitlines() if '"' in line]
    for hidden in (*secrets.values(), *kept):
        assert hidden not in huixin.log
    assert "13800000000" not in huixin.log
