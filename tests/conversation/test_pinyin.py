"""Whole replies in pinyin, and what is none."""

from __future__ import annotations

import pytest

from bot.conversation.pinyin import MAX_CHARS, loads, packaged
from bot.training.pinyin import table


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("wo bu yao shou duanxin le", "我不要收短信了"),
        ("biefale", "别发了"),
        ("Quxiao Dingyue", "取消订阅"),
        ("gai dao zhouwu xiawu 3dian", "改到周五下午3点"),
        ("hao chi,xia ci hai lai", "好吃,下次还来"),
        ("hen hao 👍", "很好 👍"),
        ("4fen", "4分"),
        ("zan!", "赞!"),
        ("mei you ren jie dian hua", "没有人接电话"),
    ],
)
def test_pinyin_becomes_chinese(written: str, meant: str) -> None:
    assert packaged().read(written) == meant


@pytest.mark.parametrize(
    "written",
    ["", "4", "td", "TD", "stop", "STOP ALL", "women", "see you", "take me", "you can do it", "ok thanks", "T", "xyz",
     "退订 tuiding", "Привет", "ni" * MAX_CHARS, "can", "hi", "he", "https://a.cn/x"],
)  # fmt: skip
def test_what_is_no_pinyin_stays(written: str) -> None:
    assert packaged().read(written) is None


def test_a_hostile_text_costs_no_more_than_its_letters() -> None:
    assert packaged().read("xian" * 39 + "q") is None


def test_a_table_knows_the_words_that_were_cut() -> None:
    read = loads(table([["我们", "几点", "关门"]] * 4, ["退订"])).read
    assert read("wo men jidian guanmen") == "我们几点关门"
    assert read("tui ding") == "退订"
    assert read("ni hao") is None
