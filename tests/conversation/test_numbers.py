"""What a number stands for, and which of several is the score."""

import pytest

from bot.conversation.clauses import split
from bot.conversation.numbers import find_numbers, find_order_tail, find_phone
from bot.conversation.numerals import is_choice, value_of
from bot.conversation.scores import find_score
from bot.conversation.text import plain


def roles(text):
    clean = plain(text)
    return [(number.text, number.role) for number in find_numbers(clean, split(clean)) if number.role != "other"]


def score(text):
    clean = plain(text)
    clauses = split(clean)
    return find_score(clean, clauses, find_numbers(clean, clauses))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("五", 5),
        ("伍", 5),
        ("两", 2),
        ("十二", 12),
        ("二十", 20),
        ("一百零八", 108),
        ("two", 2),
        ("4.5", 4.5),
        ("零", 0),
    ],
)
def test_numerals(text, value):
    assert value_of(text) == value


def test_two_digits_in_a_row_are_a_choice():
    assert is_choice("四五")
    assert not is_choice("十五")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("买了3件", [("3", "quantity")]),
        ("3点到", [("3", "clock")]),
        ("1个小时后到", [("1", "duration")]),
        ("等了五天", [("五", "duration")]),
        ("7月5号", [("7", "date"), ("5", "date")]),
        ("花了500块", [("500", "price")]),
        ("13812345678", [("13812345678", "phone")]),
        ("打12321投诉", [("12321", "phone")]),
        ("尾号8826", [("8826", "order")]),
        ("第3次来", [("3", "ordinal")]),
        ("打4分", [("4", "score")]),
        ("五颗星", [("五", "score")]),
        ("5", [("5", "bare")]),
        ("一般般", []),
        ("十分满意", []),
        ("万一不行", []),
    ],
)
def test_roles(text, found):
    assert roles(text) == found


def test_phone_and_order():
    assert find_phone("打我 138-1234-5678") == "13812345678"
    assert find_phone("+86 13812345678") == "13812345678"
    assert find_phone("12315") is None
    assert find_order_tail("尾号8826少了一盒") == "8826"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("给个四分吧", 4),
        ("★★★★☆", 4),
        ("⭐ ⭐ ⭐", 3),
        ("十分满意", 5),
        ("满分", 5),
        ("最低分都嫌多", 1),
        ("1星都不想给", 1),
        ("本来想打5分,结果送错货了,2分", 2),
        ("不是3分,是4分", 4),
        ("打反了,是5分", 5),
        ("8分,满分10分", 4),
        ("8/10", 4),
        ("要不是太慢就5分了,给4分", 4),
        ("扣一分,给4分", 4),
        ("4或5吧,算了5分", 5),
        ("5,很好", 5),
    ],
)
def test_the_last_valid_claim_counts(text, value):
    assert score(text).value == value


@pytest.mark.parametrize("text", ["4或5吧", "三四分", "4.5分", "四分半", "7/10"])
def test_an_undecided_score_is_none(text):
    found = score(text)
    assert found.value is None
    assert found.undecided


@pytest.mark.parametrize("text", ["8", "0分", "10分"])
def test_out_of_range(text):
    found = score(text)
    assert found.value is None
    assert found.out_of_range


@pytest.mark.parametrize(
    "text",
    [
        "1个小时后到",
        "买了3件",
        "等了五天",
        "别想我给5分",
        "下次快点才给5分",
        "5分是最高吗",
        "一分钱一分货",
        "3楼",
        "十一点来",
    ],
)
def test_no_score_at_all(text):
    found = score(text)
    assert found is None or found.value is None
