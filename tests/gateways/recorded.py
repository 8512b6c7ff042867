"""Fixtures of the gateways: how they are read, and how what came out is held against what was expected."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import yaml

from bot.domain.gateway import HttpReply, HttpRequest, SendResult

HERE = Path(__file__).parent
FIXTURES = HERE / "fixtures"
NOW = datetime(2025, 7, 2, 2, 0, tzinfo=UTC)
NONCE = "45e25e9b-0a6f-4070-8c85-2956eda1b466"
PUBLIC = "https://sms.example.com/cb"
TIMES = {"received_at", "done_at"}


@cache
def fixture(name: str) -> dict[str, Any]:
    path = FIXTURES / f"{name}.yaml"
    if not path.exists():
        raise AssertionError(
            f"the gateway {name!r} has no fixture: add tests/gateways/fixtures/{name}.yaml "
            "(settings, callbacks, sends, replies; any other file there shows the shape)"
        )
    return yaml.safe_load(path.read_text("utf-8"))


def lines(file: str) -> Iterator[dict[str, Any]]:
    with (HERE / file).open(encoding="utf-8") as stream:
        yield from (json.loads(line) for line in stream if line.strip())


def as_line(callback: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """A fixture's callback as a line for `huixin gateway parse`; `form` and `json` write the body."""
    line: dict[str, Any] = {"method": "POST", "headers": {}, "query": "", "body": "", **callback}
    if "form" in callback:
        line["body"] = urlencode(callback["form"])
        kind = "application/x-www-form-urlencoded;charset=utf-8"
    else:
        kind = "application/json;charset=utf-8"
    if "json" in callback:
        line["body"] = json.dumps(callback["json"], ensure_ascii=False)
    if isinstance(line["query"], Mapping):
        line["query"] = urlencode(line["query"])
    line["headers"] = {"Content-Type": kind, **line["headers"]} if line["body"] else line["headers"]
    proved = callback.get("auth", {}) is not False
    line["auth"] = {**settings, "url": PUBLIC, **callback.get("auth", {})} if proved else {}
    return line


def check(got: Mapping[str, Any], expect: Mapping[str, Any]) -> None:
    """Every given field of `expect` must be equal; extra ones are free."""
    for word in ("rejected", "ignored", "verified"):
        if word in expect:
            assert got.get(word) == expect[word], got
    for kind in ("messages", "reports"):
        if kind in expect:
            assert len(got.get(kind, [])) == len(expect[kind]), got
            for one, wanted in zip(got[kind], expect[kind], strict=True):
                for field, value in wanted.items():
                    same_value(one, field, value)
    if "faults" in expect:
        assert len(got.get("faults", [])) == expect["faults"], got
    if "ack" in expect:
        check_ack(got["ack"], expect["ack"])


def check_ack(ack: Mapping[str, Any], expect: Mapping[str, Any]) -> None:
    for field, value in expect.items():
        if field == "json":
            body = json.loads(ack["body"])
            assert {name: body.get(name) for name in value} == value
        elif field == "body_any_of":
            assert ack["body"] in value
        elif field in {"status", "content_type", "body"}:
            assert ack[field] == value


def same_value(one: Mapping[str, Any], field: str, value: Any) -> None:
    got = one.get(field)
    if field in TIMES and value is not None:
        assert got is not None, (field, one)
        assert datetime.fromisoformat(got) == datetime.fromisoformat(str(value)), (field, got, value)
    else:
        assert got == value, (field, one)


def check_request(request: HttpRequest, expect: Mapping[str, Any]) -> None:
    assert request.method == expect.get("method", "POST")
    url, _, query = request.url.partition("?")
    assert url == expect["url"]
    if "query" in expect:
        assert dict(parse_qsl(query, keep_blank_values=True)) == expect["query"]
    for header, value in expect.get("headers", {}).items():
        assert request.headers.get(header) == value, (header, request.headers)
    if "form" in expect:
        assert dict(parse_qsl(request.body.decode(), keep_blank_values=True)) == expect["form"]
    if "json" in expect:
        assert json.loads(request.body) == expect["json"]
    if "body" in expect:
        assert request.body.decode() == expect["body"]


def as_reply(reply: Mapping[str, Any]) -> HttpReply:
    body = json.dumps(reply["json"]) if "json" in reply else reply.get("body", "")
    headers = {name.lower(): str(value) for name, value in reply.get("headers", {}).items()}
    return HttpReply(status=reply.get("status", 200), headers=headers, body=body.encode())


def check_result(result: SendResult, expect: Mapping[str, Any]) -> None:
    for field, value in expect.items():
        assert getattr(result, field) == value, result
