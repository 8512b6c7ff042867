"""Coming in: passwords, one-time links, sessions, and everything a stranger may try."""

import asyncio
import html
import re
from datetime import timedelta

import pytest
import yarl

from bot.errors import RequestRefused
from bot.store import people
from bot.store.people import TooManyTries
from bot.store.store import Store
from bot.web.console.visit import SESSION_COOKIE
from tests.web.conftest import NOW, OpenWorld, World


def cookie(world: World) -> str:
    found = [each.value for each in world.client.session.cookie_jar if each.key == SESSION_COOKIE]
    return found[0] if found else ""


async def someone(world: World) -> None:
    await world.deps.people.add("li", "a good password", NOW)


async def test_pages_ask_to_sign_in_and_lead_back(world: World) -> None:
    await someone(world)
    answer = await world.client.get("/?mood=neg", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/signin?next=%2F%3Fmood%3Dneg")
    answer = await world.sign_in(next="/?mood=neg")
    assert (answer.status, answer.headers["Location"]) == (303, "/?mood=neg")
    assert (await world.client.get("/")).status == 200


async def test_the_session_cookie_is_out_of_a_scripts_reach(world: World, open_world: OpenWorld) -> None:
    await someone(world)
    told = (await world.sign_in()).headers.getall("Set-Cookie")
    (session,) = [each for each in told if each.startswith(SESSION_COOKIE)]
    assert "HttpOnly" in session
    assert "SameSite=Lax" in session
    assert "Secure" not in session
    encrypted = await open_world(public_url="https://sms.example.cn")
    told = (await encrypted.client.get("/signin")).headers.getall("Set-Cookie")
    assert all("Secure" in each for each in told)


@pytest.mark.parametrize(("name", "password"), [("li", "wrong password"), ("nobody", "a good password"), ("", "")])
async def test_the_wrong_password_stays_outside(world: World, name: str, password: str) -> None:
    await someone(world)
    answer = await world.sign_in(name, password)
    assert answer.status == 401
    assert "用户名或密码不对" in await answer.text()
    assert not cookie(world)


async def test_guessing_is_held_back_also_when_many_try_at_once(world: World) -> None:
    await someone(world)
    answers = await asyncio.gather(*(world.sign_in("li", f"guess number {n}") for n in range(9)))
    assert sorted(answer.status for answer in answers) == [401] * 5 + [429] * 4
    # From now on even the right one waits.
    right = await world.sign_in()
    assert right.status == 429
    assert int(right.headers["Retry-After"]) > 0
    # A colleague is not locked out by it.
    await world.deps.people.add("wang", "another password", NOW)
    assert (await world.sign_in("wang", "another password")).status == 303


async def test_one_address_cannot_try_many_names(world: World) -> None:
    for n in range(30):
        assert await world.deps.people.check(f"name{n}", "guess", "198.51.100.1") is None
    with pytest.raises(TooManyTries):
        await world.deps.people.check("name31", "guess", "198.51.100.1")


async def test_who_knows_the_password_never_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_TRIES_PER_PEER", 3)
    monkeypatch.setattr(people, "_TRIES_PER_NAME", 3)
    await someone(world)
    assert await world.deps.people.check("li", "guess", "198.51.100.1") is None
    for _ in range(4):
        assert await world.deps.people.check("li", "a good password", "198.51.100.1")
    # Wrong tries are not forgotten for it: another one from there, and one for another name.
    for name in ("li", "wang"):
        assert await world.deps.people.check(name, "guess", "198.51.100.1") is None
    with pytest.raises(TooManyTries):
        await world.deps.people.check("zhao", "guess", "198.51.100.1")


async def test_the_switch_on_the_door_keeps_where_to_go_on(world: World) -> None:
    page = await (await world.client.get("/signin", params={"next": "/?mood=neg&text=慢"})).text()
    switch = yarl.URL(html.unescape(re.search(r'href="(/language/en[^"]+)"', page)[1]), encoded=True)
    answer = await world.client.get(switch, allow_redirects=False)
    assert yarl.URL(answer.headers["Location"]).query == {"next": "/?mood=neg&text=慢"}


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "http:evil",
        "",
    ],
)
async def test_signing_in_leads_nowhere_else(world: World, target: str) -> None:
    await someone(world)
    answer = await world.sign_in(next=target)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    answer = await world.client.get("/language/en", params={"next": target}, allow_redirects=False)
    assert answer.headers["Location"] == "/"


async def test_a_planted_session_is_never_taken_over(world: World) -> None:
    await someone(world)
    world.client.session.cookie_jar.update_cookies({SESSION_COOKIE: "planted-by-somebody"}, world.client.make_url("/"))
    await world.sign_in()
    first = cookie(world)
    assert first != "planted-by-somebody"
    await world.sign_in()
    assert cookie(world) != first
    assert await world.deps.sessions.find(first, NOW) is None


async def test_signing_in_needs_our_own_form(world: World) -> None:
    await someone(world)
    answer = await world.client.post("/signin", data={"name": "li", "password": "a good password"})
    assert answer.status == 403
    assert not cookie(world)


async def test_signing_out_ends_the_session_on_the_server(inside: World) -> None:
    kept = cookie(inside)
    assert (await inside.post("/signout", {})).status == 303
    assert await inside.deps.sessions.find(kept, NOW) is None


async def test_a_link_signs_in_once(world: World) -> None:
    assert await world.deps.people.ensure_admin(NOW)
    token = await world.deps.sessions.make_link("admin")
    answer = await world.client.get("/signin", params={"once": token}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert cookie(world)
    again = await world.client.get("/signin", params={"once": token}, allow_redirects=False)
    assert (again.status, "这个链接用过了" in await again.text()) == (200, True)


async def test_the_first_password_is_made_once(store: Store, world: World) -> None:
    password = await world.deps.people.ensure_admin(NOW)
    assert password
    assert await world.deps.people.ensure_admin(NOW) is None
    assert (await world.deps.people.check("admin", password, "::1")).role == "admin"
    raw = await store.client.call("huixin:{console}:people", "HGETALL", "huixin:{console}:people")
    assert password.encode() not in repr(raw).encode()


async def test_sessions_end(world: World) -> None:
    known, sessions = world.deps.people, world.deps.sessions
    person = await known.add("li", "a good password", NOW)
    token = (await sessions.begin(person, NOW)).token
    assert await sessions.find(token, NOW + timedelta(days=6))
    assert await sessions.find(token, NOW + timedelta(days=8)) is None
    token = (await sessions.begin(person, NOW)).token
    await known.set_password("li", "a better password")
    assert await sessions.find(token, NOW) is None
    renewed = await known.find("li")
    token = (await sessions.begin(renewed, NOW)).token
    await known.remove("li")
    assert await sessions.find(token, NOW) is None


async def test_accounts_are_checked(world: World) -> None:
    known = world.deps.people
    await known.add(" Li ", "a good password", NOW)
    for name, password in (
        ("li", "a good password"),
        ("", "a good password"),
        ("a\nb", "a good password"),
        ("w", "short"),
    ):
        with pytest.raises(RequestRefused):
            await known.add(name, password, NOW)
    with pytest.raises(RequestRefused):
        await known.set_password("nobody", "a good password")
    assert [person.name for person in await known.all()] == ["li"]


async def test_a_password_is_changed_by_its_owner(inside: World) -> None:
    wrong = await inside.post("/people/password", {"old": "not mine", "new": "a better password"})
    assert wrong.status == 400
    short = await inside.post("/people/password", {"old": "a good password", "new": "short"})
    assert (short.status, "密码要有 8 到 256 个字符" in await short.text()) == (400, True)
    good = await inside.post("/people/password", {"old": "a good password", "new": "a better password"})
    assert good.status == 200
    assert (await inside.client.get("/people")).status == 200
    assert await inside.deps.people.check("li", "a better password", "::1")
    assert [act["action"] for act in await inside.deps.audit.read()] == ["change_password", "sign_in"]


async def test_only_what_somebody_does_keeps_a_session_from_idling(world: World) -> None:
    person = await world.deps.people.add("li", "a good password", NOW)
    session = await world.deps.sessions.begin(person, NOW)
    redis = world.store.client.primaries()[0]
    (key,) = [key async for key in redis.scan_iter("*:session:*")]
    await redis.expire(key, 100)
    assert await world.deps.sessions.find(session.token, NOW, idle=True)
    assert await redis.ttl(key) <= 100
    assert await world.deps.sessions.find(session.token, NOW)
    assert await redis.ttl(key) > 100
