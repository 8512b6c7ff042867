"""Phone numbers in texts: masked however they are written."""

import pytest

from bot.phone import mask_in

PHONE = "+8613800600077"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我的手机13800600077,打我+8613800600077", "我的手机138****0077,打我+86138****0077"),
        ("138-0060-0077 或 138 0060 0077", "138****0077 或 138****0077"),
        ("+86 138 006 00077", "+86 138****0077"),
        ("13800600077", "138****0077"),
        ("打13900600077,4分", "打13900600077,4分"),
        ("4分", "4分"),
        ("", ""),
    ],
)
def test_one_number_is_masked_and_no_other(text: str, masked: str) -> None:
    assert mask_in(text, PHONE) == masked


def test_a_foreign_number_is_masked_with_its_country() -> None:
    assert mask_in("call +1 201-555-0123", "+12015550123") == "call +12****23"


def test_where_no_number_is_known_nothing_is_masked() -> None:
    assert mask_in("13800600077", "") == "13800600077"
