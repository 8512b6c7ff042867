"""What staff said a reply means: normalised text → intent, known to every worker as soon as it is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

import structlog

from bot.domain.understanding import INTENTS, IntentName
from bot.errors import RequestRefused, StoreUnavailable
from bot.store import keys
from bot.store.bell import Bell
from bot.store.client import Client
from bot.store.journal import START, Journal

BELL_NAME: Final = "corrections"
_KEY: Final = "huixin:{console}:corrections"
MAX_CORRECTED: Final = 200
_BATCH: Final = 500
_LOOK_AT_LEAST_EVERY_S: Final = 5.0

log = structlog.get_logger("store.corrections")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One label put right. `intent` None takes an earlier correction of the same text away."""

    text: str
    """Normalised, as understanding gives it."""
    intent: IntentName | None
    was: str
    actor: str
    at: str
    event: str = ""


class Corrections:
    """The corrections of this installation, kept as a log: `current` is its fold, always up to date while followed.

    A log and not a broadcast: a worker that was away for a moment misses nothing.
    """

    def __init__(self, client: Client, bell: Bell) -> None:
        self._client = client
        self._journal = Journal(client, _KEY)
        self._bell = bell
        self._known: dict[str, IntentName] = {}
        self._seen = START

    @property
    def current(self) -> Mapping[str, IntentName]:
        """The live mapping; it is the same object all the time, so it can be handed out once."""
        return self._known

    async def add(self, correction: Correction) -> None:
        """Say what a text means, from now on and everywhere. Raises RequestRefused for what is no intent or no text."""
        if correction.intent is not None and correction.intent not in INTENTS:
            raise RequestRefused(f"{correction.intent!r} is no intent")
        if not correction.text.strip() or len(correction.text) > MAX_CORRECTED:
            raise RequestRefused(f"only texts of 1 to {MAX_CORRECTED} characters can be corrected")
        await self._journal.add(asdict(correction))
        await self._client.call(keys.BELL, "PUBLISH", keys.BELL, BELL_NAME)

    async def load(self) -> None:
        """Read what was said since the last look; what cannot be read is passed by once and for all."""
        async for entry_id, correction in self._entries(self._seen):
            self._seen = entry_id
            if correction is None:
                log.error("correction_unreadable", entry=entry_id)
            elif correction.intent is None:
                self._known.pop(correction.text, None)
            else:
                self._known[correction.text] = correction.intent

    async def follow(self) -> None:
        """Keep `current` up to date until cancelled; Redis away is waited out."""
        with self._bell.ear(BELL_NAME) as ear:
            while True:
                ear.clear()
                with suppress(StoreUnavailable):
                    await self.load()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AT_LEAST_EVERY_S):
                        await ear.wait()

    async def cases(self) -> tuple[Mapping[str, str | None], ...]:
        """Give the corrections that stand, as single-reply lines for `huixin eval`."""
        standing: dict[str, Correction] = {}
        async for _, correction in self._entries():
            if correction is None:
                continue
            standing.pop(correction.text, None)
            if correction.intent is not None:
                standing[correction.text] = correction
        return tuple(
            {
                "id": f"staff-{nth}",
                "context": "none",
                "text": each.text,
                "intent": each.intent,
                "note": f"was {each.was}",
            }
            for nth, each in enumerate(standing.values(), 1)
        )

    async def _entries(self, after: str = START) -> AsyncIterator[tuple[str, Correction | None]]:
        while lines := await self._journal.after(after, _BATCH):
            for place, told in lines:
                after = place
                yield place, _read(told)


def _read(told: Mapping[str, Any]) -> Correction | None:
    """Read one correction; None where it is none that we know, as after a return to an older version."""
    text, intent = told.get("text"), told.get("intent")
    if not isinstance(text, str) or (intent is not None and str(intent) not in INTENTS):
        return None
    try:
        return Correction(**{name: told[name] for name in Correction.__slots__ if name in told})
    except TypeError:
        return None
