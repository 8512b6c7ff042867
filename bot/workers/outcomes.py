"""What became of a text, as the event that its customer's log gets, and how long to wait before it is tried again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

from bot.domain.events import Event, SendFinished
from bot.domain.gateway import SendOutcome, SendResult
from bot.domain.ids import extension_of
from bot.domain.messages import MessageClass, OutboundMessage
from bot.domain.verdict import Never

_FIRST_PAUSE: Final = timedelta(seconds=2)
_LONGEST_PAUSE: Final = timedelta(minutes=10)
_MOST_DOUBLINGS: Final = 10
_OTHER_ACCOUNT: Final = timedelta(seconds=1)
_WORTH_TRYING: Final[Mapping[MessageClass, timedelta]] = {
    "conversation": timedelta(hours=24),
    "service": timedelta(hours=24),
    "marketing": timedelta(hours=4),
}
_FEWEST_ATTEMPTS: Final = 8
"""So many a text has in any case, also where something else held it back for long before the first."""


def finished_event(
    text: OutboundMessage,
    outcome: SendOutcome | Literal["dropped", "expired"],
    reason: str,
    now: datetime,
    account: str = "",
    ext: str | None = None,
    gate: str = "",
) -> Event:
    """Say what became of a text; `ext` is the extension code it left with."""
    return Event(
        id=f"sent:{text.id}:{outcome}",
        shop=text.shop,
        customer=text.customer,
        # The state knows the number.
        phone="",
        at=now,
        received_at=now,
        what=SendFinished(
            message_id=text.id,
            outcome=outcome,
            message_class=text.message_class,
            reason=reason,
            gate=gate,
            gateway=account,
            prompt=text.prompt,
            ext=ext if text.prompt and ext == extension_of(text.prompt) else None,
            run=text.run,
            journey=text.journey,
        ),
        lane="bulk" if text.message_class == "marketing" else "live",
    )


def dropped_event(text: OutboundMessage, verdict: Never, now: datetime) -> Event:
    """Say that a gate dropped a text."""
    return finished_event(text, "dropped", verdict.reason, now, gate=verdict.gate)


def failed_event(text: OutboundMessage, why: str, now: datetime) -> Event:
    """Say that a fault of ours keeps a text from ever leaving."""
    return finished_event(text, "permanent", why, now, gate="fault")


def given_up(text: OutboundMessage, attempts: int, again_at: datetime) -> bool:
    """Tell whether a text that was tried so often in vain is not worth trying again then; its own expiry is a gate."""
    since = max(text.created_at, text.not_before or text.created_at)
    return attempts >= _FEWEST_ATTEMPTS and again_at > since + _WORTH_TRYING[text.message_class]


def pause(attempts: int, result: SendResult) -> timedelta:
    """Double the pause with each attempt, unless the provider says how long."""
    if result.retry_after is not None:
        return min(timedelta(seconds=result.retry_after), _LONGEST_PAUSE)
    if result.outcome == "account":
        return _OTHER_ACCOUNT
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, _MOST_DOUBLINGS)), _LONGEST_PAUSE)
