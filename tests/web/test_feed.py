"""The live feed: cards that hold what belongs together, filters, and a stream that goes on where it was cut off."""

import asyncio
import html
import json
import re
from typing import Any

import pytest
import yarl

from bot.web.console.states import States, state_of
from tests.web.conftest import World
from tests.web.told import READING, feed_line, put_in_feed

ANSWER = {"kind": "text", "text": "谢谢您的评分", "detail": {"message": "m1", "class": "conversation"}}


def moved(state: str) -> Any:
    return feed_line(kind="state", event=f"s-{state}", text=None, detail={"message": "m1", "state": state})


async def listen(world: World, query: str, count: int, headers: Any = None) -> list[tuple[str, Any]]:
    heard, name = [], ""
    async with asyncio.timeout(5), world.client.get(f"/feed/stream?{query}", headers=headers or {}) as answer:
        async for line in answer.content:
            if line.startswith(b"event:"):
                name = line.decode().split()[1]
            if line.startswith(b"data:"):
                heard.append((name, json.loads(line.removeprefix(b"data:"))))
                if len(heard) == count:
                    return heard
    raise AssertionError


async def test_a_turn_is_one_card(inside: World) -> None:
    alert = feed_line(kind="alert", text="快递太慢", detail={"reason": "low_rating", "severity": "urgent"})
    await put_in_feed(inside.store, feed_line(), feed_line(**ANSWER), alert, moved("sent"), moved("delivered"))
    page = await (await inside.client.get("/")).text()
    assert page.count('class="card') == 1
    for words in (
        "4分,就是快递慢",
        "谢谢您的评分",
        "已送达",
        "低分",
        "评分 <b>4</b>",
        "物流",
        "数字带“分”",
        "记下评分",
    ):
        assert words in page, words
    assert "138****0000" in page


async def test_the_newest_stands_first(inside: World) -> None:
    await put_in_feed(inside.store, *(feed_line(event=f"e{n}", text=f"第{n}条") for n in range(3)))
    page = await (await inside.client.get("/")).text()
    assert page.index("第2条") < page.index("第1条") < page.index("第0条")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("mood=neg", ["慢"]),
        ("mood=pos", ["好"]),
        ("intent=praise", ["好"]),
        ("text=慢", ["慢"]),
        ("shop=tea", ["茶"]),
        ("mood=neg&intent=praise", []),
        ("", ["慢", "好", "茶"]),
    ],
)
async def test_filters(inside: World, query: str, shown: list[str]) -> None:
    praise = READING | {"intents": [{"intent": "praise", "score": 1}], "mood": {"label": "pos", "score": 0.9}}
    neutral = READING | {"mood": {"label": "neu", "score": 0}}
    await put_in_feed(
        inside.store,
        feed_line(event="e1", text="慢"),
        feed_line(event="e2", text="好", understanding=praise),
        feed_line(event="e3", text="茶", shop="tea", understanding=neutral),
    )
    page = (await (await inside.client.get(f"/?part=1&{query}")).json())["html"]
    assert [text for text in ("慢", "好", "茶") if f'said">{text}' in page] == shown


async def test_the_stream_goes_on_after_the_last_line_seen(inside: World) -> None:
    await put_in_feed(inside.store, feed_line(event="e1", text="第一"), feed_line(event="e2", text="第二"))
    first, second = await inside.store.feed.read(None, 2)
    ((name, told),) = await listen(inside, f"after={first.id}", 1)
    assert (name, told["event"]) == ("item", "e2")
    waiting = asyncio.create_task(listen(inside, "", 2, {"Last-Event-ID": second.id}))
    await put_in_feed(inside.store, feed_line(**ANSWER, event="e2"), moved("delivered"))
    (_, answer), (name, state) = await waiting
    assert answer["inside"]
    assert "谢谢您的评分" in answer["html"]
    assert (name, state["message"], state["state"], state["name"]) == ("state", "m1", "delivered", "已送达")


async def test_the_stream_sends_what_fits_the_filters_only(inside: World) -> None:
    await put_in_feed(inside.store, feed_line(event="e0"))
    (first,) = await inside.store.feed.read(None, 1)
    calm = READING | {"mood": {"label": "neu", "score": 0}}
    await put_in_feed(inside.store, feed_line(event="e1", understanding=calm), feed_line(event="e2"))
    ((_, told),) = await listen(inside, f"mood=neg&after={first.id}", 1)
    assert told["event"] == "e2"


@pytest.mark.parametrize(
    "place", ["0", "x-y", "1-1 \n\nevent: x", "9" * 50 + "-1", "-", "9" * 20 + "-0", f"1-{2**64 - 1}"]
)
async def test_a_place_that_is_none_begins_at_now(inside: World, place: str) -> None:
    await put_in_feed(inside.store, feed_line(event="e1"))
    waiting = asyncio.create_task(listen(inside, "", 1, {"Last-Event-ID": place.replace("\n", "")}))
    while not waiting.done():
        await put_in_feed(inside.store, feed_line(event="e2", text="新的"))
        await asyncio.sleep(0.02)
    assert (await waiting)[0][1]["event"] == "e2"


async def test_a_stopping_server_does_not_wait_for_viewers(inside: World) -> None:
    async with inside.client.get("/feed/stream") as answer:
        await answer.content.readline()
        async with asyncio.timeout(5):
            await inside.client.server.close()


def test_a_text_takes_no_step_back() -> None:
    states = States()
    for state in ("sent", "delivered", "failed", "sent"):
        states.put("m", state, "")
    assert states.of("m") == ("delivered", "")
    assert [state_of(word) for word in ("permanent", "throttled", "dropped", "unknown", "opted_out")] == [
        "failed",
        "failed",
        "dropped",
        "unknown",
        "failed",
    ]


async def test_english_is_a_switch(inside: World) -> None:
    await inside.client.get("/language/en")
    page = await (await inside.client.get("/")).text()
    assert 'lang="en"' in page
    assert "Live feed" in page
    await inside.client.get("/language/zh")
    assert "动态" in await (await inside.client.get("/")).text()


async def test_the_switch_leads_back_to_what_was_looked_at(inside: World) -> None:
    for language in ("en", "zh"):
        page = await (await inside.client.get("/?mood=neg&text=慢")).text()
        switch = html.unescape(re.search(rf'href="(/language/{language}[^"]+)"', page)[1])
        answer = await inside.client.get(yarl.URL(switch, encoded=True), allow_redirects=False)
        assert yarl.URL(answer.headers["Location"]).query == {"mood": "neg", "text": "慢"}


async def test_our_own_words_are_told_in_the_pages_language(inside: World) -> None:
    await put_in_feed(inside.store, feed_line())
    page = await (await inside.client.get("/")).text()
    for words, name in (("<small>", "句式"), ('value="throttled"', "太快了"), ('title="快递慢"', "物流")):
        assert re.search(rf"{words}[^<]*{name}<", page), name
    await inside.client.get("/language/en")
    page = await (await inside.client.get("/")).text()
    for name in (">pattern<", ">Too fast<", ">Shipping<"):
        assert name in page
