"""The settings at their border: what is misspelt, wrong or not there is refused with what to write instead."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import read


def written(folder: Path, text: str) -> Path:
    file = folder / "huixin.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_file_named_by_the_environment_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIXIN_CONFIG", str(tmp_path / "nothere.toml"))
    with pytest.raises(SettingsError, match=r"nothere\.toml is not there; .*unset HUIXIN_CONFIG"):
        read()
    assert read(written(tmp_path, "port = 1\n")).port == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("HUIXIN_PROT", "HUIXIN_PORT"),
        ("huixin_prot", "HUIXIN_PORT"),
        ("HUIXIN_GATEWAY__X__TOKEN", "HUIXIN_GATEWAYS__X__TOKEN"),
        ("HUIXIN_COLOUR_OF_THE_SKY", "lists the settings"),
        ("HUIXIN_WEB_PORT", "HUIXIN_"),
    ],
)
def test_a_variable_that_means_nothing_is_refused(name: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match=f"{name}.*{says}"):
        read()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUIXIN_PORT", "1"),
        ("HUIXIN_SHOPS__SENCHA__SIGNATURE", "森茶"),
        ("HUIXIN_KEYS", "x"),
        ("HUIXIN_CONFIG", ""),
        ("HUIXIN_REDIS_SERVICE_HOST", "10.0.0.1"),
        ("HUIXIN_REDIS_SERVICE_PORT_REDIS", "6379"),
        ("HUIXIN_REDIS_PORT", "tcp://10.0.0.1:6379"),
        ("HUIXIN_REDIS_PORT_6379_TCP_ADDR", "10.0.0.1"),
    ],
)
def test_variables_that_mean_something_or_are_another_s_pass(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    read()
