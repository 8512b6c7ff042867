"""Moods: what the rules decide, what the model weighs, and what must never change a reading."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import mood
from bot.conversation.mood_metrics import measure
from bot.conversation.mood_model import dumps, loads
from bot.errors import ContentError

SETS = Path(__file__).parents[1] / "understanding"


@pytest.fixture(scope="module")
def scorer():
    return mood.load()


def labelled(scorer, pairs):
    return {text: scorer.score(text).label for text in pairs}


@pytest.mark.parametrize(
    ("label", "texts"),
    [
        ("pos", ["5星", "满分", "10/10", "四颗星", "9分", "100分", "4.5星", "打5分"]),
        ("neu", ["3星", "三分", "60分", "6分", "2", "1001", "B", "T", "TD"]),
        ("neg", ["1星", "一颗星", "0分", "负分", "-1分", "2/10", "两星", "给1分"]),
    ],
)
def test_ratings_stars_and_bare_digits(scorer, label, texts):
    assert labelled(scorer, texts) == dict.fromkeys(texts, label)


@pytest.mark.parametrize(
    ("label", "texts"),
    [
        ("pos", ["👍", "❤️", "👏🏻👏🏻", "[赞]", "😋"]),
        ("neg", ["👎", "😡", "💩", "[怒]"]),
        ("neu", ["👌", "🙏", "❓"]),
    ],
)
def test_pictures_alone(scorer, label, texts):
    assert labelled(scorer, texts) == dict.fromkeys(texts, label)


def test_thanks_and_acknowledgements_are_neutral(scorer):
    texts = ["谢谢", "好的", "收到,谢谢", "嗯嗯", "知道了", "ok", "辛苦了", "好的收到", "謝謝"]
    assert labelled(scorer, texts) == dict.fromkeys(texts, "neu")


@pytest.mark.parametrize(
    ("text", "rating", "label"),
    [
        ("2", 2, "neg"),
        ("3", 3, "neu"),
        ("5分", 5, "pos"),
        ("5,很好", 5, "pos"),
        ("1分,太差了", 1, "neg"),
        ("4分,服务太差,别再发了", 4, "neg"),
        ("5分？你们也配,骗子", 5, "neg"),
        ("打4分吧,味道不错", 4, "pos"),
    ],
)
def test_a_rating_is_evidence_and_words_may_overrule_it(scorer, text, rating, label):
    told = scorer.score(text, prompt="rating", rating=rating)
    assert told.label == label
    assert told.layer.startswith("rating")
    assert "评分" in told.reason


def test_what_comes_after_the_turn_weighs_more(scorer):
    assert scorer.score("东西不错,但是客服太差").label == "neg"
    assert scorer.score("虽然有点远,但是真的好吃").label == "pos"
    assert scorer.score("味道可以,就是有点小贵").label == "neu"


def test_negation_turns_a_word_round(scorer):
    pairs = {"不满意": "neg", "没有不满意": "pos", "一点都不差": "pos", "不是很好吃": "neg", "没让人失望": "pos"}
    assert labelled(scorer, pairs) == pairs


def test_a_whether_question_is_no_complaint(scorer):
    texts = ["送不送货", "停不停车", "收不收现金"]
    assert labelled(scorer, texts) == dict.fromkeys(texts, "neu")


def test_slips_of_the_thumb_are_mended(scorer):
    pairs = {"很满义": "pos", "查评": "neg", "态度很查": "neg", "质量垃级": "neg"}
    assert labelled(scorer, pairs) == pairs


def test_script_width_and_closing_marks_do_not_change_the_mood(scorer):
    for one, other in [
        ("服务态度恶劣", "服務態度惡劣"),
        ("非常满意", "非常滿意。"),
        ("5星", "５星"),
        ("太慢了", "太慢了！！！！！！"),
        ("nice", "NICE"),
        ("很好吃", "很\u200b好\u200b吃"),
    ]:
        assert scorer.score(one).label == scorer.score(other).label


def test_a_reason_a_person_can_read(scorer):
    told = scorer.score("味道不错,但是服务太差")
    assert told.layer == "model"
    assert "太差" in told.reason
    assert "之后的话更重" in told.reason
    assert scorer.score("👍").reason == "只有表情 👍"


def test_probabilities_score_and_abstention_agree(scorer):
    for text in ["很好", "太差了", "几点开门", "还行", "呵呵,真棒", "不说了", "一般般吧，凑合"]:
        told = scorer.score(text)
        assert sum(told.p) == pytest.approx(1)
        assert told.score == pytest.approx(told.p[2] - told.p[0], abs=1e-3)
        if told.abstained:
            assert told.label == "neu"
            assert max(told.p) < 0.5


@given(st.text(max_size=400))
def test_nothing_raises(text):
    told = mood_scorer().score(text)
    assert told.label in ("neg", "neu", "pos")
    assert -1 <= told.score <= 1


def mood_scorer(kept=[]):  # noqa: B006 - loaded once for all examples
    if not kept:
        kept.append(mood.load())
    return kept[0]


def test_a_long_reply_is_cut_not_choked_on(scorer):
    assert scorer.score("差" * 100_000).label == "neg"
    assert scorer.score("很好吃。" + "的" * 50_000).label in ("pos", "neu")


def test_empty_and_blank(scorer):
    assert scorer.score("").label == scorer.score(" \u3000\n").label == "neu"


def test_a_shop_decides_its_own_words(tmp_path):
    table = tmp_path / "mood.yaml"
    table.write_text("phrases:\n  pos: [森气满满]\nwhole:\n  neg: [老规矩]\n", encoding="utf-8")
    own = mood.load(table=table)
    assert own.score("今天又是森气满满").layer == "override"
    assert own.score("老规矩").label == "neg"


@pytest.mark.parametrize("text", ["- a", "whole:\n  good: [a]", "ends:\n  pos: [a]", "whole: [a]"])
def test_a_table_that_does_not_check_is_refused(text):
    with pytest.raises(ContentError):
        mood.read_table(text, "mood.yaml")


def test_a_file_that_is_no_model_is_refused(tmp_path):
    wrong = tmp_path / "model.json.gz"
    wrong.write_bytes(b"not a model")
    with pytest.raises(ValueError, match="not a mood model"):
        mood.load(wrong)


def test_packing_and_unpacking_give_the_same_bytes(scorer):
    data = dumps(scorer._model)
    assert dumps(loads(data)) == data
    assert len(data) < 2_000_000


@pytest.mark.parametrize("folder", ["", "second", "third", "fourth", "fifth"])
def test_the_shipped_model_keeps_its_promises(scorer, folder):
    """Aims on hard replies: macro-F1 0.87, reversed 5 %, alerts 0.93 at 0.5, calibration 0.08."""
    hard = SETS / folder / "moods.jsonl"
    lines = [json.loads(line) for line in hard.read_text(encoding="utf-8").splitlines()]
    figures = measure([scorer.score(line["text"]) for line in lines], [line["label"] for line in lines])
    assert figures.macro_f1 >= 0.9
    assert figures.reversed <= 0.05
    assert figures.alert_precision >= 0.93
    assert figures.alert_recall >= 0.5
    assert figures.ece <= 0.08
