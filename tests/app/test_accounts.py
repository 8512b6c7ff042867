"""What a misspelt setting of an account says: one that nobody reads would be a rule that is not there."""

import re
from pathlib import Path

import pytest

from bot.app.accounts import build_accounts
from bot.app.upkeep import doctor
from bot.errors import SettingsError
from bot.gateways import available, load
from bot.gateways.wire.given import Watched
from bot.settings import Keys, read
from tests.gateways.recorded import fixture

KEYS = Keys(lookup=b"k", seals={"k1": b"0" * 32}, codes=b"c", simulator_token="the-token-of-the-phone", api_token="a")
YUNPIAN = 'provider = "yunpian"\ntoken = "an-unguessable-token"\napikey = "k"\n'
GENERIC = 'provider = "generic"\ntoken = "an-unguessable-token"\nsecret = "k"\n'
DOCS = Path(__file__).parents[2] / "docs" / "gateways"


@pytest.mark.parametrize(
    ("told", "line", "near"),
    [
        (YUNPIAN, 'allow_ip = ["10.0.0.1"]', "`allow_ip`; did you mean `allow_ips`"),
        (YUNPIAN, "rate_per_secnod = 5", "`rate_per_secnod`; did you mean `rate_per_second`"),
        (YUNPIAN, 'ulr = "https://x"', "`ulr`; did you mean `url`"),
        (YUNPIAN, "weather = 1", "`weather`; there are: .*apikey.*tie_replies"),
        (GENERIC, 'signatur = "none"', "`signatur`; did you mean `signature`"),
        ('provider = "simulator"\n', 'allow_ip = ["10.0.0.1"]', "`allow_ip`; did you mean `allow_ips`"),
    ],
)
def test_a_setting_that_nobody_reads_is_named_with_the_nearest(tmp_path: Path, told: str, line: str, near: str) -> None:
    file = tmp_path / "huixin.toml"
    file.write_text(f'data = "{tmp_path / "data"}"\n[gateways.a]\n{told}{line}\n')
    with pytest.raises(SettingsError, match=rf"gateways\.a: \w+ has no setting {near}"):
        build_accounts(read(file), KEYS)
    [finding] = [one for one in doctor(read(file)) if one.what == "gateways"]
    assert not finding.ok
    assert re.search(near, finding.says)


@pytest.mark.parametrize("name", available())
def test_every_setting_that_a_page_tells_of_is_read(name: str) -> None:
    page = (DOCS / f"{name}.md").read_text("utf-8")
    table = page.partition("| setting |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([^|]+) \|", table.partition("|---|")[2], re.MULTILINE)
    told = {word.split(".")[0] for row in rows for word in re.findall(r"\w[\w.]*", row)}
    watched = Watched(fixture(name)["settings"])
    load(name, watched)
    assert told
    assert told <= watched.asked
