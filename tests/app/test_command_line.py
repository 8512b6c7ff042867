"""The command line as a person meets it: results on stdout, sentences on stderr, exit codes that mean something."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = (
    ["serve"], ["chat"], ["understand"], ["eval"], ["gateway", "list"], ["gateway", "parse"], ["gateway", "compose"],
    ["gateway", "test"], ["content", "check"], ["content", "schema"], ["user", "add"], ["user", "list"],
    ["user", "password"], ["user", "remove"],
    ["train", "mood"], ["train", "intents"], ["doctor"],
)  # fmt: skip

SEND = '{"settings": {"apikey": "k"}, "submission": {"to": %s, "text": "a"}}'


def huixin(*words: str, typed: str = "", folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *words]
    path = str(Path(__file__).parents[2])
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": path, "HOME": str(folder or "/tmp"), "LANG": "C.UTF-8"}
    return subprocess.run(
        command, input=typed, capture_output=True, text=True, cwd=folder, env=environment, timeout=60, check=False
    )


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_helps_with_an_example(command: list[str]) -> None:
    told = huixin(*command, "--help")
    assert told.returncode == 0
    assert f"Example: huixin {command[0]}" in told.stdout
    usage, _, example = told.stdout.partition("Example:")
    for option in re.findall(r"--[a-z-]+", example):
        assert option in usage, f"the example uses {option}, which there is not"


@pytest.mark.parametrize(
    "command",
    [
        ["report"],
        ["archive"],
        ["customer", "export"],
        ["customer", "erase", "x"],
        ["content", "preview"],
        ["content", "simulate"],
    ],
)
def test_what_comes_later_says_so(command: list[str]) -> None:
    told = huixin(*command)
    assert (told.returncode, told.stdout) == (2, "")
    assert "a later version" in told.stderr
    changes = (Path(__file__).parents[2] / "CHANGELOG.md").read_text("utf-8")
    assert f"`huixin {command[0]}" in changes.partition("### Planned")[2]
    assert f"{command[min(1, len(command) - 1)]}`" in changes.partition("### Planned")[2]


def test_one_reply_is_understood(tmp_path: Path) -> None:
    told = huixin("understand", "4分,就是快递慢,别再发了", "--context", "rating", folder=tmp_path)
    found = json.loads(told.stdout)
    assert [one["intent"] for one in found["intents"]] == ["unsubscribe", "rating", "complaint"]
    assert found["slots"]["rating"] == 4
    assert not list(tmp_path.iterdir())


def test_lines_are_understood_one_by_one(tmp_path: Path) -> None:
    told = huixin("understand", typed='{"id":"a","text":"退订"}\n\n{"text":"你好"}\n', folder=tmp_path)
    first, second = map(json.loads, told.stdout.splitlines())
    assert (first["id"], first["intent"], second["intent"]) == ("a", "unsubscribe", "greeting")


@pytest.mark.parametrize(
    ("words", "typed", "says"),
    [
        (["understand"], "{nonsense", "line 1 is not JSON"),
        (["understand", "好", "--context", "nothing"], "", "no kind of prompt"),
        (["serve", "--config", "nowhere.toml"], "", "nowhere.toml is not there"),
        (["serve", "--role", "web"], "", "--role web shares its Redis"),
        (["serve", "--role", "worker"], "", "set redis_url (or HUIXIN_REDIS_URL)"),
        (["gateway", "parse", "nobody"], "{}", "no gateway 'nobody'"),
        (["gateway", "parse", "yunpian"], "[1]", "one JSON object"),
        (["gateway", "parse", "yunpian"], "[" * 200_000, "nested too deep"),
        (["gateway", "parse", "yunpian"], '{"body":"\\ud800"}', "half a character"),
        (["gateway", "compose", "yunpian"], SEND % "7", "`submission.to`: Input should be a valid string"),
        (
            ["gateway", "compose", "yunpian"],
            SEND % '"+8613800000000", "template_names": 5',
            "`submission.template_names`",
        ),
        (["understand"], '{"text":"好"}\n{"text":"\\ud800"}', "line 2 holds half a character"),
        (["understand"], '{"text":"好","quiz_options":5}', "line 1: `quiz_options`"),
        (["understand"], '{"text":"好","now":"0001-01-01"}', "line 1: `now`"),
        (["understand"], '{"txt":"好"}', "line 1: `text`: Field required"),
        (["understand"], "null", "line 1: `text`"),
    ],
)
def test_wrong_input_is_answered_with_a_sentence(words: list[str], typed: str, says: str, tmp_path: Path) -> None:
    told = huixin(*words, typed=typed, folder=tmp_path)
    assert told.returncode == 1
    assert not told.stdout or typed.startswith('{"text":"好"}')
    assert says in told.stderr
    assert "Traceback" not in told.stderr


def refused(says: str, *words: str, folder: Path, code: int = 1, typed: bytes = b"", **variables: str) -> None:
    command = [sys.executable, "-m", "bot", *words]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2]), "LANG": "C.UTF-8"}
    told = subprocess.run(
        command, input=typed, capture_output=True, cwd=folder, env=environment | variables, timeout=60, check=False
    )
    said = told.stderr.decode()
    assert told.returncode == code, said
    assert says in said
    assert "Traceback" not in said


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"{}\n\xff\n")
    refused("binary:2 is not UTF-8", "eval", "binary", folder=tmp_path)
    refused("stdin, line 1 is not UTF-8", "understand", typed=b"\xff\n", folder=tmp_path)
    refused("is a directory", "eval", ".", folder=tmp_path, code=2)


def test_a_line_that_cannot_be_scored_is_named(tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text('{"text":"差评","label":"neg"}\n\n{"text":"差评","label":"bad"}\n', "utf-8")
    refused("lines.jsonl:3 is not as `huixin eval` reads lines: 'bad'", "eval", "lines.jsonl", folder=tmp_path)


def test_rows_that_cannot_be_written_are_named_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text('{"text":"差评","label":"neg"}\n')
    refused("nowhere/x: No such file", "eval", "lines.jsonl", "--rows", "nowhere/x", folder=tmp_path)


def test_an_address_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused(f"on 127.0.0.1:{port}", "serve", folder=tmp_path, HUIXIN_PORT=port)
    refused("on 999.1.1.1:8080", "serve", folder=tmp_path, HUIXIN_HOST="999.1.1.1")


@pytest.mark.parametrize("data", ["file", "file/x", "/proc", "/proc/x"])
def test_a_data_folder_that_cannot_be_used_is_named(data: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(f"{data}/keys.toml cannot be used", "user", "list", folder=tmp_path, HUIXIN_DATA=data)


def test_a_setting_that_does_not_fit_is_named(tmp_path: Path) -> None:
    (tmp_path / "huixin.toml").write_text('[shops.default]\nzone = "Mars"\n')
    told = huixin("doctor", folder=tmp_path)
    assert told.returncode == 1
    assert "shops.default.zone" in told.stderr
    assert "Asia/Shanghai" in told.stderr


def test_the_doctor_looks_at_everything(tmp_path: Path) -> None:
    told = huixin("doctor", "--json", folder=tmp_path)
    found = {one["what"]: one for one in json.loads(told.stdout)}
    assert set(found) == {"python", "data folder", "keys", "gateways", "content", "redis"}
    assert told.returncode == 0, told.stdout


def test_a_shop_s_own_content_is_checked(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (tmp_path / "huixin.toml").write_text(f'[shops.a]\ncontent = "{own}"\n')
    for command in (["content", "check"], ["doctor"]):
        told = huixin(*command, folder=tmp_path)
        assert told.returncode == 1
        assert "is no folder" in told.stdout + told.stderr
        assert "shops.a.content" in told.stdout + told.stderr
    (own / "templates").mkdir(parents=True)
    (own / "templates" / "words.yaml").write_text("{", "utf-8")
    told = huixin("content", "check", folder=tmp_path)
    assert told.returncode == 1
    assert "words.yaml:" in told.stdout
    assert "faults; huixin content check" in huixin("doctor", folder=tmp_path).stdout
    (own / "templates" / "words.yaml").write_text("{}", "utf-8")
    told = huixin("content", "check", folder=tmp_path)
    assert told.returncode == 0
    assert f"in order with {own}" in told.stdout


def test_replies_are_evaluated(tmp_path: Path) -> None:
    line = {
        "id": "x1",
        "context": "rating",
        "text": "5",
        "intent": "rating",
        "slots": {"rating": 5},
        "sentiment": "pos",
    }
    (tmp_path / "lines.jsonl").write_text(json.dumps(line) + "\n" + json.dumps({"text": "差评", "label": "neg"}) + "\n")
    told = huixin("eval", "lines.jsonl", "--json", "--rows", "rows.jsonl", folder=tmp_path)
    report = json.loads(told.stdout)
    assert report["singles"]["intent_accuracy"] == 1.0
    assert report["sentiment"]["n"] == 1
    row = json.loads((tmp_path / "rows.jsonl").read_text().splitlines()[0])
    assert row["effects"]
    assert row["passed"] is True


def test_a_chat_goes_on_after_a_slip(tmp_path: Path) -> None:
    typed = "/tell x [1]\n/tell x {\n/wait 999999w\n退订\n"
    told = huixin("chat", typed=typed, folder=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "must be a JSON object" in told.stderr
    assert "beyond the calendar" in told.stderr
    assert "they: 退订" in told.stdout


def test_a_chat_ends_with_its_story(tmp_path: Path) -> None:
    typed = "/ask rating\n4分,就是快递慢,别再发了\n/wait 3d\n/why\n/nothing\n/quit\n"
    told = huixin("chat", typed=typed, folder=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "they: 4分,就是快递慢,别再发了" in told.stdout
    assert "there is no /nothing" in told.stderr


def test_the_schemas_are_json(tmp_path: Path) -> None:
    found = json.loads(huixin("content", "schema", folder=tmp_path).stdout)
    assert {"journeys", "prompts", "faq"} <= set(found)


def test_the_version_is_told() -> None:
    told = huixin("--version")
    assert told.returncode == 0
    assert re.fullmatch(r"huixin \d+\.\d+\.\d+\n", told.stdout)
