"""Key words by their sound: a whole reply misspelt by ear becomes the word it sounds like.

A table of the few syllables that matter, not a pinyin library: the one at hand takes 57 MB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 4
"""Characters of the longest key word."""


@dataclass(frozen=True, slots=True)
class Sounds:
    """Key words under every form of their sound."""

    syllables: Mapping[str, frozenset[str]]
    """Character → the syllables it is taken for."""
    by_sound: Mapping[tuple[str, ...], str]

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
        return Sounds({character: frozenset(found) for character, found in heard.items()}, by_sound)

    def word(self, text: str) -> str | None:
        """Give the key word that a squeezed text sounds like; None where it is written right or is another."""
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
