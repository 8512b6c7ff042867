"""One contract for every gateway: what it must read, answer, send and understand stands in its fixture file."""

from typing import Any

import pytest

from bot.domain.gateway import (
    AnswersQueries,
    Callback,
    CanBePulled,
    Gateway,
    HttpReply,
    ProvesWithoutBody,
    SendsBatches,
    Submission,
)
from bot.errors import CallbackUnreadable, GatewayError
from bot.gateways import available, capabilities, load
from bot.gateways.workbench.lines import compose_line, parse_line
from tests.gateways.recorded import (
    NONCE,
    NOW,
    as_line,
    as_reply,
    check,
    check_request,
    check_result,
    fixture,
)

NAMES = available()
OUTCOMES = {"sent", "throttled", "permanent", "unknown"}


def cases(part: str) -> list[Any]:
    found = []
    for name in NAMES:
        try:
            entries = fixture(name).get(part) or []
        except AssertionError:
            continue  # test_has_a_fixture says it
        found += [pytest.param(name, entry, id=f"{name}: {entry['name']}") for entry in entries]
    return found


def built(name: str, entry: dict[str, Any] | None = None) -> Gateway:
    return load(name, {**fixture(name)["settings"], **(entry or {}).get("settings", {})})


def submission(entry: dict[str, Any]) -> Submission:
    given = {"text": "", "client_ref": "p07-1", **entry}
    lists = {key: tuple(given[key]) for key in ("template_params", "template_names") if key in given}
    return Submission(**{**given, **lists})


@pytest.mark.parametrize("name", NAMES)
def test_has_a_fixture(name: str) -> None:
    sheet = fixture(name)
    can = capabilities(name)
    expected = [callback["expect"] for callback in sheet["callbacks"]]
    if can.receives:
        assert any(e.get("messages") for e in expected), f"{name}.yaml shows no reply"
    if can.reports:
        assert any(e.get("reports") for e in expected), f"{name}.yaml shows no receipt"
    if can.sends:
        assert sheet.get("sends"), f"{name}.yaml shows no send"
        shown = {reply["expect"]["outcome"] for reply in sheet["replies"]}
        assert shown >= OUTCOMES, f"{name}.yaml shows no answer that is {OUTCOMES - shown}"


@pytest.mark.parametrize("name", NAMES)
def test_does_not_start_without_its_settings(name: str) -> None:
    settings = fixture(name)["settings"]
    gateway = load(name, settings)
    assert isinstance(gateway.name, str)
    for needed in gateway.capabilities.required:
        without = {key: value for key, value in settings.items() if key != needed}
        with pytest.raises(GatewayError, match=needed):
            load(name, without)


@pytest.mark.parametrize(("name", "callback"), cases("callbacks"))
def test_callback(name: str, callback: dict[str, Any]) -> None:
    settings = {**fixture(name)["settings"], **callback.get("settings", {})}
    check(parse_line(name, as_line(callback, settings)), callback["expect"])


@pytest.mark.parametrize(("name", "send"), cases("sends"))
def test_send(name: str, send: dict[str, Any]) -> None:
    gateway = built(name, send)
    if "error" in send:
        with pytest.raises(GatewayError, match=send["error"]):
            gateway.compose(submission(send["submission"]), NOW, NONCE)
        return
    if "batch" in send:
        assert isinstance(gateway, SendsBatches)
        many = tuple(submission(one) for one in send["batch"])
        request = gateway.compose_batch(many, NOW, NONCE)
        check_request(request, send["expect"])
        for reply in send.get("replies", []):
            results = gateway.read_batch(as_reply(reply), many)
            assert len(results) == len(many)
            for result, expect in zip(results, reply["expect"], strict=True):
                check_result(result, expect)
        return
    check_request(gateway.compose(submission(send["submission"]), NOW, NONCE), send["expect"])


@pytest.mark.parametrize(("name", "send"), [c for c in cases("sends") if "submission" in c.values[1]])
def test_masked_request_shows_no_secret(name: str, send: dict[str, Any]) -> None:
    if "error" in send:
        return
    settings = {**fixture(name)["settings"], **send.get("settings", {})}
    line = {"settings": settings, "submission": send["submission"]}
    shown = repr(compose_line(name, line, NOW, NONCE, mask=True))
    for secret in capabilities(name).secrets:
        if isinstance(settings.get(secret), str):
            assert settings[secret] not in shown


@pytest.mark.parametrize(("name", "reply"), cases("replies"))
def test_reply_to_a_send(name: str, reply: dict[str, Any]) -> None:
    check_result(built(name, reply).read(as_reply(reply)), reply["expect"])


@pytest.mark.parametrize(("name", "query"), cases("queries"))
def test_query(name: str, query: dict[str, Any]) -> None:
    gateway = built(name, query)
    assert isinstance(gateway, AnswersQueries)
    message_id = query.get("message_id")
    request = gateway.compose_query(message_id, submission(query["submission"]), NOW, NONCE)
    check_request(request, query["expect"])
    for reply in query["replies"]:
        report = gateway.read_query(as_reply(reply))
        if reply["expect"] is None:
            assert report is None
        else:
            assert report is not None
            for field, value in reply["expect"].items():
                assert getattr(report, field) == value, report


@pytest.mark.parametrize(("name", "pull"), cases("pulls"))
def test_pull(name: str, pull: dict[str, Any]) -> None:
    gateway = built(name, pull)
    assert isinstance(gateway, CanBePulled)
    what = pull["what"]
    check_request(gateway.compose_pull(what, NOW, NONCE), pull["expect"])
    for reply in pull["replies"]:
        if reply["expect"] == "unreadable":
            with pytest.raises(CallbackUnreadable):
                gateway.read_pull(what, as_reply(reply))
            continue
        parsed = gateway.read_pull(what, as_reply(reply))
        got = getattr(parsed, what)
        assert len(got) == len(reply["expect"])
        for one, wanted in zip(got, reply["expect"], strict=True):
            for field, value in wanted.items():
                assert getattr(one, field) == value, one


@pytest.mark.parametrize("name", NAMES)
def test_nonsense_is_never_taken_for_sent(name: str) -> None:
    gateway = built(name)
    pair = (Submission(to="+8613800138000", text="a", client_ref="1"),) * 2
    for status in (0, 200, 201, 204, 302, 400, 408, 429, 500, 503, 504):
        for body in (b"", b"null", b"[]", b'{"code":{}}', b"<html>502</html>", b"\xff\xfe", b"[" * 9999):
            reply = HttpReply(status=status, body=body)
            # Our own JSON counts an empty 2xx as taken.
            if body or name not in {"generic", "simulator"}:
                assert gateway.read(reply).outcome != "sent"
            if isinstance(gateway, SendsBatches):
                assert [r.outcome != "sent" for r in gateway.read_batch(reply, pair)] == [True, True]
            if isinstance(gateway, AnswersQueries):
                assert gateway.read_query(reply) is None


def test_a_proof_that_does_not_cover_the_body_can_be_remembered() -> None:
    submail, plivo = built("submail"), built("plivo")
    assert isinstance(submail, ProvesWithoutBody)
    assert isinstance(plivo, ProvesWithoutBody)
    form = b"events=mo&address=13800000000&content=T&token=067ef7e2"
    assert submail.proof(Callback(method="POST", url="", body=form)) == "067ef7e2"
    v2 = {"x-plivo-signature-v2": "x", "x-plivo-signature-v2-nonce": "12345"}
    assert plivo.proof(Callback(method="POST", url="", headers=v2)) == "12345"
    assert plivo.proof(Callback(method="POST", url="", headers={**v2, "x-plivo-signature-v3": "y"})) is None
    assert not isinstance(built("twilio"), ProvesWithoutBody)


def test_an_unknown_gateway_is_named_with_those_there_are() -> None:
    with pytest.raises(GatewayError, match="there is no gateway 'nokia'"):
        load("nokia", {})
