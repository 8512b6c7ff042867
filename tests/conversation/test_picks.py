"""What a reply picks from numbered options: by number, letter, place or name."""

import pytest

from bot.conversation.clauses import split
from bot.conversation.numbers import find_numbers
from bot.conversation.picks import pick
from bot.conversation.text import plain
from tests.conversation.contexts import prompt


def picked(text, kind="quiz", **more):
    clean = plain(text)
    clauses = split(clean)
    return pick(prompt(kind, **more), clean, clauses, find_numbers(clean, clauses))


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("2", 2),
        ("②", 2),
        ("贰号", 2),
        ("选C", 3),
        ("B", 2),
        ("答:A", 1),
        ("第一个", 1),
        ("最后一个", 3),
        ("中间那个", 2),
        ("碧螺春吧", 2),
        ("碧罗春", 2),
        ("鐵觀音", 3),
        ("不是A,我选B", 2),
        ("不是龙井,是碧螺春", 2),
        ("1,不对,选3", 3),
        ("我猜是第三个", 3),
        ("option C", 3),
    ],
)
def test_one_option(text, option):
    found = picked(text)
    assert found.options == (option,)
    assert not found.undecided


@pytest.mark.parametrize("text", ["A还是B呢", "1或者2", "龙井或者碧螺春"])
def test_wavering(text):
    assert picked(text).undecided


@pytest.mark.parametrize("text", ["4", "D", "哈哈哈哈", "3点到", "买了2盒", "再发我就打12321投诉", "等我3分钟"])
def test_nothing(text):
    assert picked(text) is None


@pytest.mark.parametrize(
    ("text", "options"), [("1和3", (1, 3)), ("13", (1, 3)), ("全都要", (1, 2, 3)), ("只要2", (2,)), ("1、2", (1, 2))]
)
def test_several_preferences(text, options):
    assert picked(text, "preference").options == options


def test_a_refused_option():
    assert picked("不要1", "preference").refused == (1,)


def test_names_that_share_their_end():
    assert picked("红的", options=("红色", "黄色", "蓝色")).options == (1,)
