"""Topics: several a reply, each with the words that led to it and good or bad by clause."""

import pytest

from bot.conversation import mood, topics
from bot.conversation.words import Segmenter
from bot.errors import ContentError


@pytest.fixture(scope="module")
def find(tmp_path_factory):
    cut = Segmenter(tmp_path_factory.mktemp("jieba")).cut
    found = topics.load(cut, mood.load().feel)
    return lambda text: found.find(text, text.replace("，", ",").split(","))


def told(hits):
    return {hit.topic: hit.polarity for hit in hits}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("物流太慢了，但是质量好", {"物流": "neg", "质量": "pos"}),
        ("服务态度恶劣", {"态度": "neg"}),
        ("包装破了，快递员态度倒好", {"包装": "neg", "配送": "pos", "态度": "pos"}),
        ("價格實惠，環境乾淨", {"价格": "pos", "环境": "pos"}),
        ("一点都不贵", {"价格": "pos"}),
        ("房间不干净", {"环境": "neg"}),
        ("排队排了两个小时", {"排队": "neg"}),
        ("又放我鸽子，约了也没用", {"预约": "neg"}),
        ("售后踢皮球", {"售后": "neg"}),
        ("好的", {}),
        ("3", {}),
        ("", {}),
    ],
)
def test_topics_and_their_colour(find, text, expected):
    hits = told(find(text))
    assert {topic: hits.get(topic) for topic in expected} == expected
    assert bool(hits) == bool(expected)


def test_the_words_are_named(find):
    (hit,) = find("价格太贵，不划算")
    assert (hit.topic, hit.polarity) == ("价格", "neg")
    assert set(hit.words) >= {"太贵", "划算"}


def test_a_weak_word_yields_to_a_named_topic(find):
    assert "速度" not in told(find("物流慢"))
    assert told(find("太慢")) == {"速度": "neg"}


def test_no_word_is_cut_where_no_topic_stands():
    def refuse(text):
        raise AssertionError(text)

    assert topics.load(refuse).find("谢谢，知道了") == ()


def test_without_a_scorer_words_still_speak_for_themselves():
    found = topics.load(lambda text: [text])
    assert told(found.find("死贵")) == {"价格": "neg"}
    assert told(found.find("物流")) == {"物流": "neu"}


def test_a_shop_may_bring_its_own_taxonomy(tmp_path):
    own = tmp_path / "topics.yaml"
    own.write_text("采耳:\n  words: [采耳, 掏耳朵]\n  bad: [掏疼了]\n", encoding="utf-8")
    found = topics.load(lambda text: [text], path=own)
    assert told(found.find("采耳", ["采耳掏疼了"])) == {"采耳": "neg"}


def test_every_fault_is_named_with_its_line():
    with pytest.raises(ContentError) as caught:
        topics.read("物流:\n  words: [快递]\n包装: 盒子\n价格:\n  words: [贵]\n  ugly: [丑]\n", "t.yaml")
    assert [(fault.file, fault.line) for fault in caught.value.faults] == [("t.yaml", 3), ("t.yaml", 4)]
    with pytest.raises(ContentError):
        topics.read("- 物流", "t.yaml")


def test_words_that_rise_are_hot_and_steady_ones_are_not():
    before = {"包装": 40, "态度": 40, "物流": 40}
    assert topics.rising({"包装": 42, "态度": 39, "漏水": 9, "物流": 80}, before)[:2] == ("漏水", "物流")
    assert topics.rising({"包装": 41, "态度": 40, "物流": 40}, before) == ()
    assert topics.rising({}, before) == ()
    assert topics.rising({"漏水": 5}, {}) == ("漏水",)


def test_a_long_reply_is_read_to_its_first_part_only():
    read = []

    def cut(text):
        read.append(text)
        return [text]

    clauses = ["物流" + "的" * 98] * 30
    topics.load(cut).find(",".join(clauses), clauses)
    assert sum(map(len, read)) <= 256
