"""Width, case, script, stray characters, variants and sounds fold into one plain form."""

import pytest

from bot.conversation.emojis import Emojis
from bot.conversation.sounds import Sounds
from bot.conversation.text import MAX_CHARS, Variants, joined, period_of, plain, script_of, squeezed


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("ＴＤ", "td"),
        ("４分", "4分"),
        ("4️⃣分", "4分"),
        ("②", "2"),
        ("①②", "1 2"),
        ("⭐⭐⭐", "★★★"),
        ("請不要再傳廣告簡訊給我,謝謝", "请不要再传广告简讯给我,谢谢"),
        ("退\u200b订", "退订"),
        ("好\ufe0f的", "好的"),
        ("\x00\x07好", "好"),
        ("周五 3 点", "周五 3点"),
        ("  \t 好　的 \r\n\n 谢谢 ", "好 的\n谢谢"),
        ("", ""),
    ],
)
def test_plain_form(raw, folded):
    assert plain(raw) == folded


@pytest.mark.parametrize(
    ("text", "whole"), [("退 订", "退订"), ("t.d", "t.d"), ("不 退订", "不退订"), ("好 明天见", "好 明天见")]
)
def test_spelled_out_words_are_joined(text, whole):
    assert joined(text) == whole


def test_a_long_text_is_cut():
    assert len(plain("好" * 5000)) == MAX_CHARS
    assert len(plain("ﷺ" * 5000)) <= MAX_CHARS


def test_script_is_told():
    assert script_of("謝謝") == "traditional"
    assert script_of("谢谢") == "simplified"


def test_what_a_text_repeats():
    assert period_of("tdtdtd") == "td"
    assert period_of("5555") == "5555"
    assert period_of("好的") == "好的"


def test_variants_fold_and_settle():
    variants = Variants.of({"退订": ("推订", "tuiding"), "不": ("唔",), "不要": ("唔好",)})
    assert variants.fold("唔好推订,tuiding") == "不要退订,退订"
    assert variants.fold("atuiding") == "atuiding"
    with pytest.raises(ValueError, match="settle"):
        Variants.of({"推订啦": ("x1",), "退订": ("推订",)})


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("腿钉", "退订"),
        ("取肖", "取消"),
        ("取消", None),
        ("五芬", "五分"),
        ("好的", None),
        ("", None),
    ],
)
def test_key_words_are_heard(text, word):
    sounds = Sounds.of(
        {"tui": "退推腿", "ding": "订定丁钉", "qu": "取去", "xiao": "消肖", "wu": "五舞", "fen": "分芬"},
        {"退订": "tui ding", "取消": "qu xiao", "五分": "wu fen"},
    )
    assert sounds.word(squeezed(text)) == word


def test_emoji_become_meanings():
    emojis = Emojis.of({"praise": ("👍", "[赞]"), "affirm": ("👌",)})
    assert emojis.take("不错[赞]👍🏻") == ("不错,,", ("praise", "praise"))
    assert emojis.take("好👌") == ("好,", ("affirm",))
    assert emojis.take("🦔") == (",", ("",))
    assert emojis.take("★★★") == ("★★★", ())
