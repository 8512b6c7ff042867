"""Key words by their sound: a whole reply misspelt by ear, or written in pinyin, becomes the word it sounds like.

A table of the few syllables that matter, not a pinyin library: the one at hand takes 57 MB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 4
"""Characters of the longest key word."""
MAX_LETTERS: Final = 24


@dataclass(frozen=True, slots=True)
class Sounds:
    """Key words under every form of their sound."""

    syllables: Mapping[str, frozenset[str]]
    """Character → the syllables it is taken for."""
    by_sound: Mapping[tuple[str, ...], str]
    by_letters: Mapping[str, str]

    @staticmethod
    def of(syllables: Mapping[str, str], words: Mapping[str, str]) -> Sounds:
        """Compile syllable → characters and word → its syllables. Raises ValueError for an unknown syllable."""
        heard: dict[str, set[str]] = {}
        for syllable, characters in syllables.items():
            for character in characters:
                heard.setdefault(character, set()).add(syllable)
        by_sound = {tuple(sound.split()): word for word, sound in words.items()}
        if unknown := {syllable for sound in by_sound for syllable in sound} - set(syllables):
            raise ValueError(f"sounds.yaml: no characters for {', '.join(sorted(unknown))}")
        return Sounds(
            {character: frozenset(found) for character, found in heard.items()},
            by_sound,
            {"".join(sound): word for sound, word in by_sound.items()},
        )

    def word(self, text: str) -> str | None:
        """Give the key word that a squeezed text sounds like; None where it is written right or is another."""
        if text.isascii():
            return self.by_letters.get(text) if len(text) <= MAX_LETTERS else None
        if not 2 <= len(text) <= LONGEST:
            return None
        heard = [self.syllables.get(character) for character in text]
        if not all(heard):
            return None
        for sound, word in self.by_sound.items():
            if (
                len(sound) == len(text)
                and word != text
                and all(s in (h or ()) for s, h in zip(sound, heard, strict=True))
            ):
                return word
        return None
