"""What became of a text, as the event that its customer's log gets, and how long to wait before it is tried again."""

from datetime import datetime, timedelta
from typing import Final, Literal

from bot.domain.events import Event, SendFinished
from bot.domain.gateway import SendOutcome, SendResult
from bot.domain.ids import extension_of
from bot.domain.messages import OutboundMessage

_FIRST_PAUSE: Final = timedelta(seconds=2)
_LONGEST_PAUSE: Final = timedelta(minutes=10)
_OTHER_ACCOUNT: Final = timedelta(seconds=1)


def finished_event(
    text: OutboundMessage,
    outcome: SendOutcome | Literal["dropped", "expired"],
    reason: str,
    now: datetime,
    account: str = "",
    ext: str | None = None,
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
            gateway=account,
            prompt=text.prompt,
            ext=ext if text.prompt and ext == extension_of(text.prompt) else None,
            run=text.run,
            journey=text.journey,
        ),
        lane="bulk" if text.message_class == "marketing" else "live",
    )


def pause(attempts: int, result: SendResult) -> timedelta:
    """Double the pause with each attempt, unless the provider says how long."""
    if result.retry_after is not None:
        return min(timedelta(seconds=result.retry_after), _LONGEST_PAUSE)
    if result.outcome == "account":
        return _OTHER_ACCOUNT
    return min(_FIRST_PAUSE * float(1 << (attempts - 1)), _LONGEST_PAUSE)
