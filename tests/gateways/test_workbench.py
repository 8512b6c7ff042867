"""What a person looks at: recorded lines, composed requests, the table and its pages."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.domain.gateway import Callback
from bot.errors import GatewayError, RequestRefused
from bot.gateways import available
from bot.gateways.simulator import Simulator, answer, build, habits, receipts, signed_headers
from bot.gateways.workbench.lines import compose_line, parse_line
from bot.gateways.workbench.table import markdown

DOCS = Path(__file__).parents[2] / "docs" / "gateways"
NOW = datetime(2025, 7, 2, 2, 0, tzinfo=UTC)
REPLY = '{"from":"13800138000","text":"好"}'


def test_the_table_is_up_to_date() -> None:
    assert (DOCS / "README.md").read_text("utf-8") == markdown(), (
        "write it anew: python -m bot.gateways.workbench.table > docs/gateways/README.md"
    )


@pytest.mark.parametrize("name", available())
def test_every_gateway_has_a_page(name: str) -> None:
    assert (DOCS / f"{name}.md").exists(), f"add docs/gateways/{name}.md"


def test_a_line_without_secrets_is_read_but_not_verified() -> None:
    got = parse_line("generic", {"method": "POST", "body": REPLY})
    assert got["verified"] is False
    assert got["messages"] == [{"from": "+8613800138000", "text": "好"}]
    assert "faults" not in got


def test_a_line_with_its_time_is_checked_for_age() -> None:
    simulator = build({"secret": "s"})
    headers = signed_headers(REPLY.encode(), "s", NOW)
    assert isinstance(simulator, Simulator)
    assert simulator.verify(Callback(method="POST", url="", headers=headers, body=REPLY.encode()), NOW)
    line: dict[str, Any] = {"headers": dict(headers), "body": REPLY, "auth": {"secret": "s"}}
    assert parse_line("generic", {**line, "now": "2025-07-02T10:05:00+08:00"})["verified"] is True
    assert parse_line("generic", {**line, "now": 1751421600})["verified"] is True
    late = parse_line("generic", {**line, "now": "2025-07-02T10:05:01+08:00"})
    assert late["rejected"] == "signature"
    assert "300 s" in late["detail"]


def test_field_names_may_stand_flat_in_the_settings() -> None:
    settings = {"from": "mobile", "text": "content", "signature": "none"}
    got = parse_line("generic", {"body": '{"mobile":"13800138000","content":"好"}', "settings": settings})
    assert got["messages"] == [{"from": "+8613800138000", "text": "好"}]


@pytest.mark.parametrize(
    "line",
    [
        {"body": 7},
        {"body": "***", "body_encoding": "base64"},
        {"body": "x", "body_encoding": "klingon"},
        {"body": "x", "headers": ["x"]},
        {"body": "x", "now": "soon"},
        {"body": "x", "auth": "secret"},
    ],
)
def test_a_line_that_is_no_callback_is_refused(line: dict[str, Any]) -> None:
    with pytest.raises(RequestRefused):
        parse_line("generic", {"auth": {"secret": "s"}, **line})


def test_compose_shows_everything_and_mask_hides_the_secrets() -> None:
    line = {
        "settings": {"account_sid": "AC1", "auth_token": "hush hush", "sender": "+12028831111"},
        "submission": {"to": "+8613800138000", "text": "您好", "client_ref": "p07-1"},
    }
    shown = compose_line("twilio", line, NOW, "n")
    assert shown["method"] == "POST"
    assert "To=%2B8613800138000" in shown["body"]
    assert shown["headers"]["authorization"].startswith("Basic ")
    assert compose_line("twilio", line, NOW, "n", mask=True)["headers"]["authorization"] == "***"


def test_mask_hides_secrets_in_urls_and_bodies() -> None:
    send = {"submission": {"to": "+8613800138000", "text": "hi"}}
    kannel = {"url": "http://192.0.2.7", "username": "u", "password": "a b/c"}
    masked = compose_line("kannel", {"settings": kannel, **send}, NOW, "n", mask=True)
    assert "password=***" in masked["url"]
    values = {"secret": "s", "send": {"url": "https://x.example", "values": {"key": "hush"}, "fields": {"k": "{key}"}}}
    assert "hush" not in repr(compose_line("generic", {"settings": values, **send}, NOW, "n", mask=True))


@pytest.mark.parametrize(
    ("submission", "error"),
    [
        ({}, RequestRefused),
        ({"to": "+8613800138000", "colour": "red"}, RequestRefused),
        ({"to": "+8613800138000", "text": ""}, GatewayError),
    ],
)
def test_a_line_that_is_no_send_is_refused(submission: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        compose_line("yunpian", {"settings": {"apikey": "k"}, "submission": submission}, NOW, "n")


def posted(**wish: Any) -> list[tuple[float, str]]:
    simulator = build({})
    found = []
    for due in receipts("a", "+8613800138000", "p07-1", habits(wish), NOW):
        parsed = simulator.parse(Callback(method="POST", url="", body=due.body))
        found.append((due.after, parsed.reports[0].state))
    return found


def test_the_phone_reports_as_it_is_asked_to() -> None:
    assert posted() == [(0, "sent"), (1, "delivered")]
    assert posted(delay=5, end="failed") == [(5, "sent"), (6, "failed")]
    assert posted(reorder=True) == [(0, "delivered"), (1, "sent")]
    assert posted(repeat=2, end="sent") == [(0, "sent"), (0, "sent")]
    assert posted(lose=True) == []
    assert posted(refuse="throttled") == []


@pytest.mark.parametrize("refuse", ["throttled", "temporary", "permanent", "opted_out", "account", "unknown"])
def test_the_phone_refuses_as_it_is_asked_to(refuse: str) -> None:
    assert build({}).read(answer("a", habits({"refuse": refuse}))).outcome == refuse


def test_the_phone_takes_a_text() -> None:
    result = build({}).read(answer("a", habits({})))
    assert (result.outcome, result.message_id) == ("sent", "a")


@pytest.mark.parametrize("wish", [{"refuse": "maybe"}, {"repeat": 99}, {"delay": "long"}, {"lose": "perhaps"}])
def test_the_phone_knows_no_other_habits(wish: dict[str, Any]) -> None:
    with pytest.raises(GatewayError):
        habits(wish)
