"""Who may send now: an account's rate and circuit, a number's rest; shared by all workers, by the clock of Redis."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

from bot.store import keys
from bot.store.client import Client, script

PROBE_SECONDS: Final = 20.0
"""So long a probe of an account that failed may take before another is let through."""

Answer = Literal["go", "busy", "open"]
"""`go`: there is a place; `busy`: the rate is used up; `open`: the account's circuit is, it failed too often."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What was answered; `wait` seconds before a place is taken, or before it is worth asking again."""

    answer: Answer
    wait: float


class Rates:
    """Deals out the places."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def ask(self, account: str, per_second: float, longest_wait: float) -> Pass:
        """Ask for a place on an account; one that is free within `longest_wait` seconds is kept for the asker.

        `per_second` 0: no limit, only the circuit counts.
        """
        answer, wait = await self._client.run(
            script("pass"), [keys.way(account)], per_second, int(longest_wait * 1000), int(PROBE_SECONDS * 1000)
        )
        said: Answer = answer.decode()
        return Pass(said, int(wait) / 1000)

    async def rest(
        self, account: str, customer: str, text: str, message: str, *, apart: float, most_a_minute: int = 0
    ) -> float:
        """Tell how many seconds one number must be left alone before this text; 0 notes that it goes now.

        `apart`: seconds between equal texts. The same message asks as often as it likes.
        """
        digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).hexdigest()
        wait = await self._client.run(
            script("again"), [keys.texts_to(account, customer)], digest, message, int(apart), most_a_minute
        )
        return int(wait) / 1000
