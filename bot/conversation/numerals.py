"""Chinese numerals as numbers.

By hand and not with a library (cn2an, say): a reply needs places of the numeral in the text, "两三" must stay
undecided, and the words "一般" and "十分" must not be touched; what is left to a library is these few lines.
"""

from __future__ import annotations

from typing import Final

DIGITS: Final = {
    **{char: value for value, char in enumerate("零一二三四五六七八九")},
    **{char: value for value, char in enumerate("零壹贰叁肆伍陆柒捌玖")},
    "两": 2,
    "俩": 2,
    "仨": 3,
    "弌": 1,
    "弍": 2,
    "弎": 3,
}
TENS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10_000}
NUMERALS: Final = "".join(DIGITS) + "".join(TENS)
_ENGLISH: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ENGLISH: Final = {word: value for value, word in enumerate(_ENGLISH)}


def value_of(text: str) -> float | None:
    """Read one numeral: Arabic, Chinese, financial or an English word; None where it is none."""
    if text.isascii():
        if text in ENGLISH:
            return float(ENGLISH[text])
        try:
            return float(text[:12])
        except ValueError:
            return None
    if all(char in DIGITS for char in text):  # "二零二五", but "四五" is a choice, which the caller tells by its length
        return float("".join(str(DIGITS[char]) for char in text[:12]))
    return _with_tens(text[:16])


def _with_tens(text: str) -> float | None:
    total, section, digit = 0, 0, 0
    for char in text:
        if char in DIGITS:
            digit = DIGITS[char]
        elif char == "万":
            total, section, digit = (section + digit or 1) * 10_000, 0, 0
        elif char in TENS:
            section += (digit or 1) * TENS[char]
            digit = 0
        else:
            return None
    return float(total + section + digit)


def is_choice(text: str) -> bool:
    """Tell whether two digits in a row name a range ("四五分", "两三点"), not a number."""
    return (
        len(text) == 2
        and text[0] in DIGITS
        and text[1] in DIGITS
        and DIGITS[text[1]] - DIGITS[text[0]] == 1
        and DIGITS[text[0]] > 0
    )
