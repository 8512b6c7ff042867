"""Makes the table by which whole replies in pinyin are read: the words of our own labelled replies, by their sound."""

from __future__ import annotations

import importlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import yaml

from bot.content import packaged
from bot.conversation.pinyin import LONGEST, dumps
from bot.training.typos import spoken

_COMMON: Final = 4
"""A word must occur this often in the replies to be listed."""
_KEYWORD: Final = 50
"""Key words count as if they occurred so often more."""
_TOLD: Final = {
    "了": "le", "得": "de", "重": "zhong", "差": "cha", "长": "chang", "都": "dou", "还": "hai", "便": "bian",
    "行": "xing", "会": "hui", "觉": "jue", "地": "di", "着": "zhe", "给": "gei", "没": "mei",
    "说": "shuo", "吗": "ma", "哪": "na", "那": "na", "这": "zhe", "谁": "shui", "啥": "sha", "约": "yue", "和": "he",
    "吧": "ba", "呢": "ne", "啊": "a", "大": "da", "什": "shen", "么": "me", "只": "zhi", "单": "dan", "发": "fa",
    "们": "men", "别": "bie", "少": "shao", "宝": "bao", "转": "zhuan", "打": "da", "分": "fen", "系": "xi",
    "调": "tiao", "看": "kan", "空": "kong", "乐": "le", "卡": "ka", "号": "hao",
}  # fmt: skip
"""Characters of several sounds: the one they have by themselves and in most of our words."""
_WORDS: Final = {
    "便宜": "pian yi", "重新": "chong xin", "银行": "yin hang", "觉得": "jue de", "睡觉": "shui jiao",
    "音乐": "yin yue", "店长": "dian zhang", "校长": "xiao zhang", "队长": "dui zhang", "家长": "jia zhang",
    "重复": "chong fu", "自行车": "zi xing che", "大夫": "dai fu", "首都": "shou du", "出差": "chu chai",
    "退还": "tui huan", "还钱": "huan qian", "会计": "kuai ji", "着急": "zhao ji", "头发": "tou fa", "得了": "de le",
}  # fmt: skip


def table(cut: Iterable[Sequence[str]], keywords: Iterable[str] = ()) -> bytes:
    """Give the table's file from replies cut by jieba; words that stand side by side are told together, too."""
    heard = spoken() | _TOLD
    counts: Counter[str] = Counter()
    for words in cut:
        counts.update(words)
        counts.update(map("".join, pairwise(words)))
    counts.update(dict.fromkeys(keywords, _KEYWORD))
    rows: dict[tuple[str, ...], tuple[str, int]] = {}
    for word, number in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        sound = _sound(word, heard) if len(word) <= LONGEST and number >= _COMMON else None
        if sound is not None:
            rows.setdefault(sound, (word, number))
    return dumps(rows)


def shipped() -> Iterator[list[str]]:
    """Give the replies and mood texts that ship, cut into words."""
    jieba: Any = importlib.import_module("jieba")
    jieba.setLogLevel(logging.CRITICAL)
    for file in sorted((packaged() / "replies").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            yield jieba.lcut(json.loads(line)["text"])
    for file in sorted((packaged() / "moods").glob("*.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if not line.startswith(("#", "[")):
                yield jieba.lcut(line)


def keywords() -> list[str]:
    """Give the key words that are known by their sound."""
    words = yaml.safe_load((packaged() / "words" / "sounds.yaml").read_text(encoding="utf-8"))["words"]
    return list(words)


def _sound(word: str, heard: Mapping[str, str]) -> tuple[str, ...] | None:
    if word in _WORDS:
        return tuple(_WORDS[word].split())
    sounds = [heard.get(char) for char in word]
    return tuple(filter(None, sounds)) if word and all(sounds) else None
