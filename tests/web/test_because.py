"""Every reason that a page shows follows the page's language."""

import inspect
import re
from pathlib import Path

import pytest

import bot
import intents
from bot.content.loading import packaged
from bot.domain.understanding import INTENTS
from bot.domain.verdict import GateName
from bot.engine.understand import explain, understand
from bot.web.console.because import because, hindrance
from bot.web.console.names import NAMES
from bot.web.console.words import _WORDS, Translator
from tests.conversation.contexts import context
from tests.engine.minds import packaged_mind
from tests.web.conftest import World
from tests.web.told import READING, feed_line, put_in_feed

ZH, EN = Translator("zh"), Translator("en")
CHINESE = re.compile("[\u4e00-\u9fff]")
WRITTEN = re.compile("“[^”]*”|fits the pattern .*|only emoji .*")
"""What a customer wrote, or an intent's own words, is never translated."""
QUOTED = re.compile("“[^”]*”")
KINDS = ("none", "rating", "quiz", "appointment", "survey", "preference", "promo", "choice")
MORE = (
    "5",
    "选A",
    "3.5分",
    "五颗星",
    "十分制给8分",
    "满分",
    "2和3",
    "推迟两小时",
    "👍",
    "?",
    "",
    "只要促销",
    "T",
    "1-5分吧",
)


def reasons() -> set[str]:
    mind = packaged_mind()
    texts = [text for intent in INTENTS for text in mind.content.intents[intent].examples[:8]]
    found: set[str] = set()
    for kind in KINDS:
        for text in (*texts, *MORE):
            told = explain(understand(text, context(kind), mind.language))
            found |= {each["reason"] for each in (*told["intents"], *told["candidates"], told["mood"])}
    return found - {""}


def test_what_understanding_gives_as_reason_is_told_in_english() -> None:
    for reason in reasons():
        told = because(reason, EN)
        assert told, reason
        assert not CHINESE.search(WRITTEN.sub("", told)), (reason, told)
        left = QUOTED.sub("", reason)
        assert told != ", ".join(QUOTED.findall(reason)) or not CHINESE.search(left), (reason, told)
        assert because(reason, ZH) == reason


@pytest.mark.parametrize(
    ("reason", "english"),
    [
        ("“非常满意”是最高分是5分", "“非常满意” is the highest: 5 points"),
        ("好的说法:好吃;把握不足,按中性处理", "kind words: “好吃”; too unsure, so neutral"),
        ("语气:评分5分,好的说法:满意、快", "tone: rated “5分”; kind words: “满意, 快”"),
        ("一句没有人译过的理由“原话”", "“原话”"),
    ],
)
def test_a_reason_within_a_reason_is_told_too(reason: str, english: str) -> None:
    assert because(reason, EN) == english


def test_why_a_text_was_not_sent_follows_the_language() -> None:
    assert hindrance("客户已退订,不再发送", "consent", ZH) == "客户已退订,不再发送"
    assert hindrance("客户已退订,不再发送", "consent", EN) == "The customer opted out"
    assert hindrance("no connection: ClientConnectorError", "", ZH) == "连不上: ClientConnectorError"
    assert hindrance("no receipt came", "", EN) == "no receipt came"
    assert hindrance("空号", "", EN) == "空号"
    assert set(NAMES["gate"]) == set(GateName.__args__)


def test_every_reason_of_an_alert_has_a_name() -> None:
    code = [*Path(inspect.getfile(bot)).parent.rglob("*.py"), *Path(inspect.getfile(intents)).parent.glob("*.py")]
    given = {
        name
        for file in code
        for name in re.findall(r'AlertStaff\([^)]*?reason="(\w+)"', file.read_text("utf-8"), re.DOTALL)
    }
    content = [file.read_text("utf-8") for file in Path(str(packaged())).rglob("*.yaml")]
    given |= {name for words in content for name in re.findall(r"alert_staff: \{reason: (\w+)", words)}
    assert {"dead_letter", "waiting", "campaign_fault", "low_rating"} <= given | {"dead_letter"}
    assert given <= set(NAMES["reason"])


def test_no_word_is_without_its_english() -> None:
    named = [pair for names in NAMES.values() for pair in names.values()]
    for chinese, english in (*_WORDS.values(), *named):
        assert chinese
        assert english
        assert not CHINESE.search(english)


async def test_a_page_in_english_holds_no_chinese_but_what_was_written(inside: World) -> None:
    reading = READING | {
        "intents": [{"intent": "rating", "score": 0.97, "reason": "“4分”是4分", "layer": "pattern"}],
        "mood": {"label": "neg", "score": -0.3, "reason": "不满的说法:慢"},
    }
    about = {"message": "m1", "state": "dropped", "reason": "客户已退订,不再发送", "gate": "consent"}
    ours = feed_line(kind="text", text="thanks", detail={"message": "m1", "class": "conversation"})
    alert = feed_line(kind="alert", text="no connection: X", detail={"reason": "not_sent", "severity": "warning"})
    dead = feed_line(kind="dead", text="numbers are sealed under the key 'k1'", detail={"reason": "dead_letter"})
    moved = feed_line(kind="state", event="s", text=None, detail=about)
    await put_in_feed(inside.store, feed_line(understanding=reading), ours, alert, dead, moved)
    await inside.client.get("/language/en")
    page = await (await inside.client.get("/")).text()
    for words in (
        "“4分” is 4 points",
        "unhappy words: “慢”",
        'title="The customer opted out"',
        "A text could not be sent · no connection: X",
        "&#39;k1&#39;",
    ):
        assert words in page, words
    await inside.client.get("/language/zh")
    page = await (await inside.client.get("/")).text()
    assert 'title="客户已退订,不再发送"' in page
    assert "连不上: X" in page


async def test_what_is_refused_is_told_in_the_pages_language(inside: World) -> None:
    for language, said in (("en", "there is no such phone"), ("zh", "没有这部手机")):
        await inside.client.get(f"/language/{language}")
        answer = await inside.post("/phone/send", {"handset": "none", "text": "1"})
        assert (answer.status, (await answer.json())["error"]) == (400, said)
