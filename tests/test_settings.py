"""The settings at their border: what is misspelt, wrong or not there is refused with what to write instead."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import keys, read


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
        ("HUIXIN", "1"),
        ("HUIXINA_PROT", "1"),
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUIXIN_SHOPS", "x"),
        ("HUIXIN_API_TOKENS", "abc"),
        ("HUIXIN_TRUSTED_PROXIES", "10.0.0.1"),
        ("HUIXIN_SHOPS__A__GATEWAYS", "phone"),
        ("HUIXIN_SHOPS__A", "x"),
        ("HUIXIN_API_TOKENS", "5"),
    ],
)
def test_a_list_in_a_variable_that_is_not_json_says_so(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="lists and tables are written as JSON") as told:
        read()
    assert value == "x" or value not in str(told.value).partition("written as JSON")[0]


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "huixin.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"huixin\.toml is not TOML in UTF-8"):
        read(tmp_path / "huixin.toml")
    (tmp_path / "keys.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"keys\.toml cannot be read \(it is not UTF-8\)"):
        keys(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("lookup = ", "lookup = 5 # ", "lookup"),
        ("lookup = ", 'lookup = "c2hvcnQ=" # ', "lookup"),
        ("[seals]\nk1", "seals = 5 # ", "seals"),
        ("k1 = ", 'k1 = "c2hvcnQ=" # ', "seals.k1: .*16 or 32"),
        ("k1 = ", "# ", "seals"),
        ("api_token = ", "# ", "api_token"),
    ],
)
def test_keys_that_do_not_fit_are_named_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, says: str
) -> None:
    first = keys(tmp_path)
    assert keys(tmp_path) == first
    text = (tmp_path / "keys.toml").read_text().replace(old, new)
    (tmp_path / "keys.toml").write_text(text)
    with pytest.raises(SettingsError, match=rf"keys\.toml cannot be read \(.*{says}") as told:
        keys(tmp_path)
    assert first.api_token not in str(told.value)
    monkeypatch.setenv("HUIXIN_KEYS", text)
    with pytest.raises(SettingsError, match=rf"HUIXIN_KEYS cannot be read \(.*{says}"):
        keys(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('trusted_proxies = ["nonsense"]', r"trusted_proxies\.0: .*like 10\.0\.0\.1"),
        ("shops = {}", "shops: .*at least 1"),
        ("partitions = 1025", "partitions: .*1024"),
        ('public_url = "not a url"', "public_url: .*like https://"),
        ('public_url = "sms.example.com"', "public_url: .*like https://"),
        ('api_tokens = ["x"]', r"api_tokens\.0: .*at least 16"),
        ('api_tokens = [""]', r"api_tokens\.0: .*at least 16"),
        ('[gateways."a/b"]\nprovider = "simulator"', r"gateways\.a/b.*letters, digits"),
        ('[gateways.a]\nprovider = "simulator"\nallow_ips = ["nonsense"]', r"gateways\.a\.allow_ips\.0: .*like 10\.0"),
        ('[shops.a]\nwebhook = "not-url"', r"shops\.a\.webhook: .*like https://"),
        ('[shops.a.policy]\ncaps = {"marketing/fortnight" = 3}', r"policy\.caps\..*day, week, month"),
        ('[shops.a.policy]\ncaps = {"spam/day" = 3}', r"policy\.caps\..*conversation, service, marketing"),
        ('[shops.a.policy]\ntier_caps = {gold = {"marketing/day" = -1}}', r"policy\.tier_caps\.gold.*greater"),
        ('[shops.a.policy]\nholidays = ["garbage"]', r"policy\.holidays\.0: .*like 2026-02-17"),
        ('[shops.a.policy]\nonly_to = ["abc"]', r"policy\.only_to\.0: .*like \+8613800000000"),
    ],
)
def test_what_does_not_fit_is_named_with_what_to_write(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        read(written(tmp_path, text))


def test_what_fits_is_taken(tmp_path: Path) -> None:
    text = """
public_url = "https://sms.example.com:8443/cb/"
trusted_proxies = ["10.0.0.0/8", "::1"]
api_tokens = ["sixteen-letters-"]
[gateways."云片-1"]
provider = "simulator"
[shops."Sen Cha"]
webhook = "http://user:word@crm.internal/hook?key=1"
[shops."Sen Cha".policy]
caps = {"marketing/day" = 0, "service/week" = 9}
holidays = ["2026-02-17"]
only_to = ["13800000000", "+12015550123"]
"""
    told = read(written(tmp_path, text))
    assert told.shop("Sen Cha").policy.caps == {"marketing/day": 0, "service/week": 9}
    assert told.public_url == "https://sms.example.com:8443/cb/"
