"""What stands around every page: headers, forms of our own, escaping, errors that tell nothing."""

import asyncio
import json
import re

import pytest
import yarl

from bot.domain.events import Event, StaffActed
from bot.store.simulator import PhoneText
from bot.web.console.visit import SESSION_COOKIE
from bot.web.routes import ROUTES
from tests.web.conftest import NOW, OpenWorld, World
from tests.web.told import feed_line, put_in_feed

PAGES = ["/", "/people", "/signin", "/nowhere", "/customers/none"]


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_carries_the_headers(inside: World, path: str) -> None:
    answer = await inside.client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_has_script_or_style_of_its_own(inside: World, path: str) -> None:
    page = await (await inside.client.get(path)).text()
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=|javascript:", page)


async def test_everything_that_changes_something_needs_a_token_of_ours(inside: World) -> None:
    routes = [route for route in ROUTES if route.method == "POST" and route.kind in {"page", "act"}]
    assert len(routes) > 5
    for route in routes:
        path = re.sub(r"{\w+}", "x", route.path)
        assert (await inside.post(path, {}, csrf="")).status == 403, path
        assert (await inside.post(path, {}, csrf="wrong")).status == 403, path
        plain = await inside.client.post(path, data={"csrf": "wrong"}, allow_redirects=False)
        assert plain.status == 403, path
    assert await inside.inbox() == []


async def test_a_form_sent_from_elsewhere_is_refused(inside: World) -> None:
    headers = {"X-CSRF-Token": await inside.csrf(), "Sec-Fetch-Site": "cross-site"}
    assert (await inside.client.post("/signout", headers=headers)).status == 403


async def test_strangers_get_in_nowhere(world: World) -> None:
    for route in ROUTES:
        if route.kind not in {"page", "act"}:
            continue
        path = re.sub(r"{\w+}", "x", route.path)
        answer = await world.client.request(route.method, path, allow_redirects=False)
        assert answer.status in {303, 401}, path
        if answer.status == 303:
            assert answer.headers["Location"].startswith("/signin")


async def test_who_may_only_look_changes_nothing(world: World) -> None:
    await world.deps.people.add("li", "a good password", NOW, role="viewer")
    await world.sign_in()
    assert (await world.client.get("/")).status == 200
    for route in ROUTES:
        if route.kind == "act":
            assert (await world.post(re.sub(r"{\w+}", "x", route.path), {})).status == 403


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*7}}"


async def test_what_a_customer_writes_is_never_markup(inside: World) -> None:
    await put_in_feed(
        inside.store, feed_line(text=HOSTILE, event="e1"), feed_line(kind="alert", text=HOSTILE, event="e1")
    )
    page = await (await inside.client.get("/")).text()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{7*7}}" in page


async def test_what_a_customer_writes_is_never_markup_in_the_stream_either(inside: World) -> None:
    await put_in_feed(inside.store, feed_line(text="before", event="e0"))
    await put_in_feed(inside.store, feed_line(text=HOSTILE + "\nid: 9\n\nevent: item", event="e1"))
    first, second = await inside.store.feed.read(None, 2)
    async with inside.client.get(f"/feed/stream?after={first.id}") as answer:
        assert answer.content_type == "text/event-stream"
        lines = []
        async for line in answer.content:
            lines.append(line.decode())
            if line.startswith(b"data:"):
                break
    told = json.loads(lines[-1].removeprefix("data: "))
    assert "<script>" not in told["html"]
    assert "&lt;script&gt;" in told["html"]
    assert [line for line in lines if line.startswith(("id:", "event:"))] == [f"id: {second.id}\n", "event: item\n"]


async def test_what_a_customer_writes_turns_no_words_round(inside: World) -> None:
    tricks = "退\u202e订\u2066了\x07吗\x9b\n真的"
    phone = await inside.deps.simulator.take_up("phone", "default", "+8613800000000", NOW)
    await inside.deps.simulator.put(phone.id, PhoneText(way="out", text=tricks, at=NOW.isoformat()))
    await put_in_feed(inside.store, feed_line(text=tricks, event="e1"))
    assert 'said">退订了吗\n真的<' in await (await inside.client.get("/")).text()
    async with inside.client.get(f"/phone/{phone.id}/stream") as answer:
        while not (line := await answer.content.readline()).startswith(b"data:"):
            pass
    assert json.loads(line.removeprefix(b"data:"))["text"] == "退订了吗\n真的"


async def test_a_page_that_breaks_tells_its_number_and_nothing_else(
    open_world: OpenWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ValueError("+8613800000000 is in this message")

    world = await open_world(content=broken)
    await world.deps.people.add("li", "a good password", NOW)
    await world.sign_in()
    (handset,) = [await world.deps.simulator.take_up("phone", "default", "+8613800000000", NOW)]
    answer = await world.post("/phone/sample", {"handset": handset.id, "kind": "quiz"})
    assert answer.status == 500
    text = await answer.text()
    assert "13800000000" not in text
    told = capsys.readouterr().out
    assert (await answer.json())["error"] in told
    assert "ValueError at" in told
    assert "13800000000" not in told


async def test_programs_and_people_are_told_errors_in_their_way(world: World) -> None:
    assert (await world.client.get("/nowhere")).content_type == "text/html"
    answer = await world.client.get("/api/nowhere")
    assert (answer.status, await answer.json()) == (404, {"error": "Not Found"})
    answer = await world.client.post("/phone/add", headers={"Accept": "text/html"})
    assert (answer.status, "请先登录" in await answer.text()) == (401, True)
    answer = await world.client.post("/phone/add", headers={"X-Requested-With": "console"})
    assert (answer.status, await answer.json()) == (401, {"error": "请先登录"})
    assert (await world.client.get("/static/x/../../routes.py")).status == 404
    assert (await world.client.get("/static/x/%2e%2e%2froutes.py")).status == 404


HALF = '"\\ud800"'
FORM = "f" * 40


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (f'{{"form": "{FORM}", "name": {HALF}}}', "application/json"),
        (f'{{"form": "{FORM}", "name": "li", "password": {HALF}}}', "application/json"),
        (f'{{"form": {HALF}}}', "application/json"),
        ("{}", "application/json; charset=base64"),
        ("form=a", "application/x-www-form-urlencoded; charset=nonsense"),
        (b"form=\xff", "application/x-www-form-urlencoded"),
        ("--x", "multipart/form-data; boundary=y"),
        ("--x", "multipart/form-data"),
    ],
)
async def test_what_no_form_of_ours_sends_is_refused(
    world: World, capsys: pytest.CaptureFixture[str], body: str | bytes, kind: str
) -> None:
    headers = {"Content-Type": kind, "Cookie": f"huixin_form={FORM}; huixin_language=en"}
    answer = await world.client.post("/signin", data=body, headers=headers)
    assert answer.status == 400
    assert (await answer.json())["error"].startswith(("the body cannot be read", "the text holds", "send a"))
    assert "critical" not in capsys.readouterr().out


async def test_a_body_that_does_not_unpack_is_refused(world: World) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await world.client.post("/signin", data=b"no gzip", headers=headers)).status == 400


async def raw(world: World, line: str, *headers: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(world.client.host, world.client.port)
    told = (line.encode(), b"Host: localhost", b"Content-Length: 0", b"Connection: close", *headers, b"", b"")
    writer.write(b"\r\n".join(told))
    answer = await reader.read()
    writer.close()
    return answer.split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("line", "header", "status"),
    [
        ("GET / HTTP/1.1", b"Cookie: huixin_session=\xff", b"303"),
        ("GET /signin HTTP/1.1", b"Cookie: huixin_form=" + b"\xff" * 40, b"200"),
        ("POST /signin HTTP/1.1", b"Cookie: huixin_form=\xff", b"403"),
        ("POST /signout HTTP/1.1", b"X-CSRF-Token: \xff", b"403"),
    ],
)
async def test_headers_may_hold_any_octets(inside: World, line: str, header: bytes, status: bytes) -> None:
    cookies = inside.client.session.cookie_jar.filter_cookies(inside.client.make_url("/"))
    mine = () if header.startswith(b"Cookie") else (f"Cookie: {cookies[SESSION_COOKIE].OutputString()}".encode(),)
    assert (await raw(inside, line, header, *mine)).split()[1] == status


@pytest.mark.parametrize("customer", ["zzz", "%00", "0" * 23, "C" * 24])
async def test_what_is_no_customers_id_is_nowhere(inside: World, customer: str) -> None:
    path = yarl.URL(f"/customers/{customer}", encoded=True)
    assert (await inside.client.get(path)).status == 404
    assert (await inside.post(f"/customers/{customer}/act", {"action": "take_over"})).status == 404


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/customers/{held}/act", {"action": "note", "text": "\ud800"}),
        ("/customers/{held}/act", {"action": "undo", "event": "\ud800"}),
        ("/phone/send", {"handset": "{held}", "text": "\ud800"}),
        ("/phone/send", {"handset": "\ud800", "text": "a"}),
        ("/people/password", {"old": "a good password", "new": "\ud800 and seven more"}),
        ("/signout", {"csrf": "\ud800"}),
    ],
)
async def test_half_a_character_is_refused(inside: World, path: str, fields: dict[str, str]) -> None:
    phone = await inside.deps.simulator.take_up("phone", "default", "+8613800000000", NOW)
    told = {name: value.format(held=phone.id) for name, value in fields.items()}
    # Where the token is the field, nothing else may tell it.
    csrf = "" if "csrf" in told else await inside.csrf()
    assert (await inside.post(path.format(held=phone.id), told, csrf=csrf)).status == 400


async def test_the_number_looked_for_stands_in_no_address(inside: World) -> None:
    answer = await inside.post("/find", {"phone": "13800000000"})
    assert answer.status == 400
    assert "没有这位顾客" in (await answer.json())["error"]


async def test_an_act_is_noted_with_the_number_masked(inside: World) -> None:
    handset = await inside.deps.simulator.take_up("phone", "default", "+8613800000000", NOW)
    answer = await inside.post("/phone/sample", {"handset": handset.id, "kind": "rating"})
    assert answer.status == 200
    event: Event = (await inside.inbox())[0]
    assert isinstance(event.what, StaffActed)
    assert event.what.actor == "li"
    newest = (await inside.deps.audit.read(1))[0]
    assert newest["about"]["phone"] == "138****0000"
    assert "13800000000" not in json.dumps(newest)
