"""Counting and cutting: the published limits, and that nothing is lost or cut in two."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.outbound.segments import is_gsm, segments, split


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("茶" * 70, 1),
        ("茶" * 71, 2),
        ("茶" * 134, 2),
        ("茶" * 135, 3),
        ("a" * 70, 1),
        ("a" * 71, 2),
        ("a" * 210, 4),
        ("🍵" * 35, 1),
        ("🍵" * 36, 2),
        ("【森茶】" + "茶" * 66, 1),
        ("【森茶】" + "茶" * 67, 2),
    ],
)
def test_mainland_pieces(text, count):
    assert segments(text) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "b" * 151, 2),
        ("a" * 152 + "€" + "b" * 152, 3),
        ("a" * 70 + "茶", 2),
        ("á" * 71, 2),
    ],
)
def test_pieces_elsewhere(text, count):
    assert segments(text, china_billing=False) == count


def units(piece: str) -> int:
    return len(piece.encode("utf-16-le")) // 2


def septets(piece: str) -> int:
    return sum(2 if letter in "^{}\\[~]|€\f" else 1 for letter in piece)


TEXTS = st.text(st.sampled_from("茶a€{1🍵\n é") | st.characters(codec="utf-8"), max_size=200)
GSM_TEXTS = st.text(st.sampled_from("abc €{}~[]\\^|\fÅΩ1"), max_size=340)


@settings(max_examples=60, deadline=None)
@given(TEXTS | GSM_TEXTS, st.booleans())
def test_pieces_join_to_the_text_and_keep_the_limits(text, china):
    pieces = split(text, china_billing=china)
    assert "".join(pieces) == text
    assert all(pieces)
    size, single, part = (septets, 160, 153) if not china and is_gsm(text) else (units, 70, 67)
    assert len(pieces) <= 1 or all(size(piece) <= part for piece in pieces)
    assert len(pieces) > 1 or size(text) <= single
    # Greedy: no piece could have taken the first character of the next.
    assert all(size(a) + size(b[0]) > part for a, b in pairwise(pieces))
