"""Emoji and bracketed faces ("[赞]") as meanings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import emoji

_MAYBE: Final = re.compile("[\u00a9\u00ae\u203c-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]")
_STARS: Final = "★☆"
_STRIP: Final = str.maketrans("", "", "\ufe0f\ufe0e\u200d🏻🏼🏽🏾🏿")


@dataclass(frozen=True, slots=True)
class Emojis:
    """What emoji mean, compiled from `content/words/emoji.yaml`."""

    meanings: Mapping[str, str]
    names: re.Pattern[str] | None

    @staticmethod
    def of(words: Mapping[str, tuple[str, ...]]) -> Emojis:
        """Compile meaning → emoji and names."""
        meanings = {
            symbol.translate(_STRIP).lower(): meaning for meaning, symbols in words.items() for symbol in symbols
        }
        names = sorted((name for name in meanings if len(name) > 1 and not _MAYBE.match(name)), key=lambda n: -len(n))
        return Emojis(meanings, re.compile("|".join(re.escape(name) for name in names)) if names else None)

    def take(self, text: str) -> tuple[str, tuple[str, ...]]:
        """Part a text from its emoji: each becomes a comma, and its meaning ("" for an unknown one) is listed."""
        found: list[str] = []
        if self.names is not None and ("[" in text or "^" in text or ":" in text or "_" in text):

            def name(match: re.Match[str]) -> str:
                found.append(self.meanings[match[0]])
                return ","

            text = self.names.sub(name, text)
        if _MAYBE.search(text):
            text = emoji.replace_emoji(text, lambda symbol, _: self._replace(symbol, found))
        return text, tuple(found)

    def _replace(self, symbol: str, found: list[str]) -> str:
        if symbol in _STARS or symbol.translate(_STRIP) in "ⓜ㊗㊙":
            return symbol
        found.append(self.meanings.get(symbol.translate(_STRIP), ""))
        return ","
