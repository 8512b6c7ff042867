"""What is passed over unread cannot hold what is looked for: every gate lets through all that its patterns find."""

from __future__ import annotations

import random
import re
from itertools import product
from pathlib import Path

import pytest

from bot.conversation import artefacts, clauses, days, numbers, picks, scores, sending, times
from bot.conversation.words import Segmenter

REPLIES = (Path(__file__).parent / "replies.txt").read_text(encoding="utf-8").splitlines()
GATES = {
    "times": (
        times._MAY_HOLD,
        [times._SHIFT_RE, times._RANGE_RE, times._CLOCK_RE, times._MERIDIEM_RE, times._PERIOD_RE, times._SAME_RE],
    ),
    "times by hours": (times._HOURS, [times._RANGE_RE, times._CLOCK_RE, times._MERIDIEM_RE, times._SAME_RE]),
    "times by units": (times._UNITS, [times._SHIFT_RE]),
    "parts of a day": (times._PARTS, [times._PERIOD_RE, times._SHORT_PERIOD_RE]),
    "days by units": (days._UNITS, [days._SHIFT_RE]),
    "weekdays": (days._WEEK, [days._WEEK_RE]),
    "days later": (days._LATER, [days._LATER_RE, days._PASS_RE]),
    "dates with a dash": (days._DASH, [days._DASHED_RE]),
    "dates by a month": (re.compile("月"), [days._FULL_RE]),
    "days of a month": (re.compile("[号日]"), [days._DAY_RE]),
    "related days": (re.compile("[天日]"), [pattern for pattern, _ in days._RELATED]),
    "scores": (
        scores._MAY_HOLD,
        [scores._STARS, scores._FULL, scores._TOP, scores._LOWEST, scores._RANGE, scores._HALF, scores._FRACTION],
    ),
    "places in a list": (picks._PLACE, [picks._ORDINAL, picks._LAST, picks._FIRST, picks._MIDDLE]),
    "how often": (sending._SPAN, list(sending._FREQUENCY.values())),
    "codes": (artefacts._MAY_BE_CODE, [artefacts._CODE_WORD]),
    "digits": (re.compile(r"\d"), [numbers._PHONE, numbers._ORDER_TAIL]),
}


def texts(pattern: re.Pattern[str]) -> list[str]:
    """Throw the pieces of a pattern itself together, besides the replies: much of that it finds."""
    draw = random.Random(pattern.pattern)
    pieces = [
        *re.findall(r"[\u4e00-\u9fff]{1,4}|[a-z]{2,9}", pattern.pattern),
        *"0123456789一二三十半两:./- ★",
        "am",
        "10",
    ]
    return [*REPLIES, *("".join(draw.choices(pieces, k=draw.randint(1, 6))) for _ in range(3000))]


@pytest.mark.parametrize("name", GATES)
def test_nothing_that_would_be_found_is_passed_over(name):
    gate, patterns = GATES[name]
    for pattern in patterns:
        found = [text for text in texts(pattern) if pattern.search(text)]
        assert found, pattern.pattern
        assert all(gate.search(text) for text in found), pattern.pattern


def test_every_particle_is_stripped_by_its_last_character():
    inner = clauses._TRAIL.pattern.removeprefix("(?:").removesuffix(")++$")
    for word in inner.split("|"):
        parts = re.findall(r"(.)(\?)?", word)
        for chars in product(*((char, "") if maybe else (char,) for char, maybe in parts)):
            assert "".join(chars)[-1] in clauses._TRAIL_ENDS, word


def test_breaks_and_questions_begin_as_is_said():
    for pattern in (clauses._BREAK, clauses._INTERROGATIVE, sending._FEWER, numbers._NUMBER):
        ahead, rest = re.fullmatch(r"\(\?=(\[(?:\\.|[^\]\\])*\])\)(.*)", pattern.pattern, re.DOTALL).groups()
        bare = re.compile(rest)
        for text in texts(bare):
            assert [found.span() for found in bare.finditer(text)] == [found.span() for found in pattern.finditer(text)]
        assert re.compile(ahead)


def test_words_are_cut_as_jieba_cuts_them(tmp_path):
    import jieba  # noqa: PLC0415 - half a second

    plain, quick = jieba.Tokenizer(), Segmenter()
    plain.tmp_dir = str(tmp_path)
    jieba.setLogLevel(60)
    for text in REPLIES[::4]:
        assert quick.cut(text) == plain.lcut(text)
