"""What must never change a meaning: width, script, punctuation, politeness; and what a further clause must do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opencc import OpenCC

from bot.engine.understand import explain, understand
from tests.conversation.contexts import context
from tests.engine.minds import packaged_mind

BASES = [
    (kind, text)
    for kind, texts in {
        "rating": (
            "5 | 4分 | 给个四分吧 | 五星好评 | 2分,等了一个小时 | 十分满意 | 服务态度差死了 | "
            "不是3分,是4分 | 8 | 1个小时后到"
        ),
        "quiz": ("2 | 选C | 碧螺春 | 不是A,我选B | 第一个 | 有啥区别"),
        "appointment": (
            "1 | 好的,准时到 | 没问题,明天见 | 临时有事去不了了,取消吧 | 改到周五下午3点 | 推迟一天行吗 | "
            "明天不行,后天下午都可以 | 停车方便吗"
        ),
        "promo": ("领一个 | 1 | 不需要 | 这个券跟满减能一起用吗"),
        "survey": ("可以啊 | 没空 | 短信太多了,看着烦"),
        "order": ("快递盒都压烂了 | 等了五天还没发货,太离谱了 | 包装很用心,宝宝特别喜欢 | 我的快递到哪了 | 怎么退货"),
        "none": ("转人工 | 我要重新订阅 | 发错人了吧,我不姓张 | 帮助 | 你好 | 你们周日几点开门"),
    }.items()
    for text in texts.split(" | ")
]
STOPS = [
    ("promo", "TD"),
    ("promo", "退订"),
    ("promo", "别给我发了"),
    ("none", "不要再发短信了"),
    ("rating", "别再发了"),
]
EVERY = [*BASES, *STOPS]
ALIKE = st.sampled_from(EVERY)

_traditional = OpenCC("s2t")


def intent(text, kind):
    return understand(text, context(kind), packaged_mind().language).intent


def wide(text):
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


@pytest.mark.parametrize(("kind", "text"), EVERY)
def test_width_and_script_change_nothing(kind, text):
    wanted = intent(text, kind)
    assert intent(wide(text), kind) == wanted
    assert intent(_traditional.convert(text), kind) == wanted
    assert intent(text.upper(), kind) == wanted


@settings(max_examples=300, deadline=None)
@given(
    base=ALIKE,
    end=st.sampled_from(["", "。", "!", "!!!", "~", "…", " ", ".", "。。。"]),
    before=st.sampled_from(["", "您好,", "你好 ", "麻烦", "请问,", "不好意思,", "亲,"]),
    after=st.sampled_from(["", ",谢谢", " 谢谢啦", ",麻烦了", ",辛苦了", "哈"]),
)
def test_punctuation_and_politeness_change_nothing(base, end, before, after):
    kind, text = base
    if after == "哈" and text[-1].isascii():
        after = ""
    if text == "你好":
        before = ""
    assert intent(before + text + after + end, kind) == intent(text, kind)


@pytest.mark.parametrize(("kind", "text"), BASES)
@pytest.mark.parametrize("comma", [",", "。", " ", "\n"])
def test_a_demand_to_stop_is_heard_behind_anything(kind, text, comma):
    assert intent(f"{text}{comma}以后不要再发了", kind) == "unsubscribe"


@pytest.mark.parametrize(("kind", "text"), EVERY)
@pytest.mark.parametrize("comma", [",", "。", " "])
def test_not_stopping_never_stops(kind, text, comma):
    found = understand(f"{text}{comma}不退订", context(kind), packaged_mind().language)
    assert "unsubscribe" not in found.intents


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("none", "【自动回复】开车中,稍后回您,以后不要再发了", "other"),
        ("none", "以后除了快递通知,其他都别发了,以后不要再发了", "preference_change"),
        ("promo", "再发我就投诉,不退订", "unsubscribe"),
    ],
)
def test_the_exceptions(kind, text, wanted):
    assert intent(text, kind) == wanted


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=300))
def test_normalising_twice_is_once(text):
    normalise = packaged_mind().language.normalise
    assert normalise(normalise(text)) == normalise(text)


_PIECES = (
    "退订 不 别 再 发 5 五 分 第 号 点 周 下 上午 改到 明天 除了 促销 只要 你们 吗 ? ， 。 【 "
    "】 验证码 👍 ① ★ T 以后 前 半 一 千 万 年 月 日 / . - : “ 「 国庆 推迟 小时"
)
WORDS = st.sampled_from(
    [
        " ",
        "\n",
        *_PIECES.split(),
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=30).map("".join)),
    st.sampled_from(["none", "rating", "quiz", "appointment", "preference", "promo", "text"]),
)
def test_nothing_raises_and_everything_is_told(text, kind):
    found = understand(text, context(kind), packaged_mind().language)
    assert found.chosen
    assert explain(found)["intent"] == found.intent
    assert found.slots.rating in {None, 1, 2, 3, 4, 5}
    assert -1 <= found.mood.score <= 1
