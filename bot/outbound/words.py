"""Forbidden words, found also where they are split, widened or written with look-alikes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

# Cyrillic and Greek letters and the nought that look like Latin ones; NFKC folds width and circled forms, not these.
_LOOK_ALIKES: Final = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u043a\u043d\u0432\u043c\u0442\u0456\u0455"
    "0\u03b1\u03bf\u03c1\u03bd\u03c7",
    "aeopcyxkhbmtisoaopvx",
)
_ENDS: Final = frozenset("。!?;,:\n，！？；：")
"""A word does not reach over these; other marks and blanks in a word are taken for a disguise."""


def forbidden_word(text: str, forbidden: Iterable[str]) -> str | None:
    """Give the first forbidden word that a text holds, as the shop wrote it."""
    folded = _fold(text)
    return next((word for word in forbidden if word and (bare := _bare(word)) and bare in folded), None)


@lru_cache(maxsize=1024)
def _bare(word: str) -> str:
    return _fold(word).replace("\n", "")


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_LOOK_ALIKES)
    return "".join("\n" if letter in _ENDS else letter for letter in plain if letter in _ENDS or letter.isalnum())
