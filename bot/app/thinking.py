"""What deciding needs, built from content/ and the shops: a mind per shop, renewed when content changes."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

import structlog

import intents
from bot.content import load, packaged, reload
from bot.conversation import guessing, mood, topics
from bot.conversation.faq import Answers
from bot.conversation.words import Segmenter
from bot.domain.content import Content
from bot.domain.customer import Customer
from bot.domain.decision import Decision
from bot.domain.events import Event
from bot.domain.intent import Intent
from bot.domain.shop import Shop
from bot.domain.understanding import INTENTS, IntentName
from bot.engine.decide import Mind, decide
from bot.engine.understand import Language
from bot.errors import Fault, HuixinError

log = structlog.get_logger("content")

LOOK_EVERY_SECONDS = 2.0


@cache
def discovered() -> Mapping[IntentName, Intent]:
    """Find the intents by walking their folder. Raises HuixinError where a file does not hold what its name says."""
    found: dict[IntentName, Intent] = {}
    for module in pkgutil.iter_modules(intents.__path__):
        intent = getattr(importlib.import_module(f"intents.{module.name}"), "INTENT", None)
        if not isinstance(intent, Intent) or intent.name != module.name:
            raise HuixinError(f"intents/{module.name}.py must define INTENT = Intent(name={module.name!r}, …)")
        found[intent.name] = intent
    if missing := set(INTENTS) - set(found):
        raise HuixinError(f"intents/ has no file for: {', '.join(sorted(missing))}")
    return found


class Models:
    """The language models of a process, loaded once: words, mood, topics, guesses."""

    def __init__(self, cache_folder: Path | None, scorer: str = "huixin") -> None:
        self.words = Segmenter(cache_folder)
        self.mood: mood.MoodScorer = mood.load_snownlp() if scorer == "snownlp" else mood.load()
        self.topics = topics.load(self.words.cut, self.mood.feel)
        self.guesser = guessing.load()

    def language(self, content: Content) -> Language:
        """Compile one content's words into a language."""
        return Language.of(
            content, intents=tuple(discovered().values()), mood=self.mood, topics=self.topics, guesser=self.guesser
        )


class Thinking:
    """The minds of an installation's shops. `mind` is cheap; `read`, `warm_up` and `renew` are not."""

    def __init__(
        self,
        shops: Mapping[str, Shop],
        code_key: bytes,
        *,
        kept: Path | None = None,
        corrections: Mapping[str, IntentName] | None = None,
    ) -> None:
        self._shops = shops
        self._code_key = code_key
        self._kept = kept
        self._corrections = corrections if corrections is not None else {}
        self._models: Models | None = None
        self._contents: dict[str, Content] = {}
        self._minds: dict[str, Mind] = {}
        self._stamps: dict[str, Mapping[Path, int | None]] = {}
        self.faults: tuple[Fault, ...] = ()
        """What keeps the newest content from being taken; the old one stays in force."""

    def read(self) -> None:
        """Read and check the content of every shop. Raises ContentError with every fault."""
        for folder in {shop.content for shop in self._shops.values()} | {""}:
            self._stamps[folder] = self._stamp(folder)
            self._contents[folder] = load(self._folders(folder), kept=self._kept)

    def warm_up(self, models: Models) -> None:
        """Build the minds; takes a second or two."""
        self._models = models
        for folder, content in self._contents.items():
            self._minds[folder] = self._mind(content)

    def content(self, shop: str = "") -> Content:
        """Give the content in force."""
        return self._contents[self._folder_of(shop)]

    def mind(self, shop: str) -> Mind:
        """Give what a shop's decisions are made with."""
        return self._minds[self._folder_of(shop)]

    def decide(self, customer: Customer | None, event: Event, now: datetime) -> Decision:
        """Decide with the mind of the event's shop."""
        return decide(customer, event, self.mind(event.shop), now)

    def renew(self) -> None:
        """Take content that changed on disk, whole or not at all."""
        for folder, old in list(self._contents.items()):
            stamp = self._stamp(folder)
            if stamp == self._stamps[folder]:
                continue
            new = reload(old, self._folders(folder), kept=self._kept)
            if isinstance(new, Content):
                # A process that only takes events in has no models, and makes no minds.
                if self._models is not None:
                    self._minds[folder] = self._mind(new)
                self.faults = ()
                self._contents[folder] = new
                log.info("content_renewed", version=new.version)
            else:
                self.faults = new
                log.error("content_kept", faults=[str(fault) for fault in new[:20]])
            self._stamps[folder] = stamp

    def _mind(self, content: Content) -> Mind:
        if self._models is None:
            raise HuixinError("content was renewed before the language models were there")
        language = self._models.language(content)
        return Mind(
            content=content,
            language=language,
            intents=discovered(),
            shops=self._shops,
            code_key=self._code_key,
            corrections=self._corrections,
            answer_for=Answers.of(content.faq).find,
        )

    def _folder_of(self, shop: str) -> str:
        return self._shops[shop].content if shop in self._shops else ""

    @staticmethod
    def _folders(folder: str) -> Sequence[Path]:
        return [packaged(), *([Path(folder)] if folder else [])]

    def _stamp(self, folder: str) -> Mapping[Path, int | None]:
        return {file: _changed_at(file) for root in self._folders(folder) for file in root.rglob("*.y*ml")}


def _changed_at(file: Path) -> int | None:
    """Tell when a file was changed; None: it is gone already, or a link to nothing, as editors make for a lock."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None
