"""One customer on a made-up phone: the true decisions, with time travel and a sender that sends at once.

Stories, `huixin chat`, `huixin eval` and tests of journeys drive the engine through this.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from bot.domain.copying import changed
from bot.domain.customer import Appointment, Customer, PromptKind
from bot.domain.decision import Decision
from bot.domain.effects import Schedule
from bot.domain.events import (
    BusinessEvent,
    Event,
    Happening,
    ReplyReceived,
    SendFinished,
    StaffActed,
    StaffAction,
    TimerDue,
)
from bot.domain.messages import InboundMessage, MessageClass, OutboundMessage
from bot.domain.shop import Shop
from bot.domain.verdict import Later, Never, Send
from bot.engine.decide import Mind, decide
from bot.outbound.gates import check

START: Final = datetime.fromisoformat("2025-07-02T10:00:00+08:00")
"""When stories and labelled dialogues begin, unless they say otherwise: a Wednesday."""
PHONE: Final = "+8613800000000"
CUSTOMER: Final = "000000000000000000000000"
TIMERS_AT_ONCE: Final = 1_000
"""A plan that sets a timer for now again and again is stopped here."""
ANNOUNCED: Final[Mapping[str, MessageClass]] = {"promo": "marketing", "quiz": "marketing", "survey": "marketing"}
"""The class of text that opens a kind of prompt; the others are service."""


class Simulation:
    """A customer, a clock, what was sent to the phone, and every decision so far."""

    def __init__(
        self,
        mind: Mind,
        now: datetime,
        *,
        shop: str = "default",
        customer: Customer | None = None,
        between: Callable[[Customer], Customer] | None = None,
    ) -> None:
        self.mind = mind
        self.now = now
        self.shop = shop
        self.customer = customer or Customer(id=CUSTOMER, shop=shop, phone=PHONE, created_at=now)
        self.begun_with = self.customer
        """The customer before the first event."""
        self.decisions: list[Decision] = []
        self.phone: list[OutboundMessage] = []
        """What arrived, oldest first."""
        self.dropped: list[tuple[OutboundMessage, str]] = []
        self._between = between
        self._timers: dict[str, Schedule] = {}
        self._waiting: list[OutboundMessage] = []
        self._events = 0
        self._by_hand = ""

    def say(self, text: str, *, sent_at: datetime | None = None, message_id: str | None = None) -> Decision:
        """The customer writes, now; `sent_at` is the gateway's time of it where that is another.

        With neither time nor id given the phone gives an id of its own, as ours does.
        """
        if sent_at is None and message_id is None:
            message_id = f"said-{self._events}"
        message = InboundMessage(
            sender=PHONE,
            text=text,
            gateway="simulator",
            account="simulator",
            message_id=message_id,
            received_at=sent_at or self.now,
        )
        return self._decide(ReplyReceived(message=message), at=sent_at)

    def ask(
        self,
        kind: PromptKind,
        text: str,
        *,
        options: Sequence[str] = (),
        slots: Sequence[datetime] = (),
        lasts: timedelta | None = None,
        appointment: str | None = None,
    ) -> Decision:
        """We send a text by hand that opens a question."""
        data = {
            "kind": kind,
            "options": json.dumps(list(options)),
            "slots": json.dumps([slot.isoformat() for slot in slots]),
            "class": ANNOUNCED.get(kind, "service"),
            "stop_letters": json.dumps(["R"] if kind == "promo" else []),
            **({"hours": str(lasts / timedelta(hours=1))} if lasts else {}),
            **({"appointment": appointment} if appointment else {}),
        }
        return self.staff("open_prompt", text, data=data)

    def remark(self, text: str) -> Decision:
        """We send a text by hand that asks nothing."""
        return self.staff("open_prompt", text, data={"kind": "none"})

    def tell(self, type: str, data: Mapping[str, Any], *, event_id: str | None = None) -> Decision:  # noqa: A002 - as the API has it
        """The shop says that something happened."""
        return self._decide(BusinessEvent(type=type, data=data), event_id=event_id)

    def staff(
        self, action: StaffAction, text: str = "", *, actor: str = "小王", data: Mapping[str, str] | None = None
    ) -> Decision:
        """A person at the console acts."""
        return self._decide(StaffActed(actor=actor, action=action, text=text, data=data or {}))

    def post(self, text: OutboundMessage) -> None:
        """Put a text into the outbox that was made elsewhere (a campaign's); it leaves when the gates let it."""
        self._waiting.append(text)
        self._send_due()

    def repeat(self, decision: Decision) -> Decision:
        """The same event comes once more, as gateways and crashed workers make it."""
        return self._settle(decision.entry.event)

    def book(self, start: datetime, *, appointment: str = "a1", service: str = "") -> None:
        """Give the customer a booking, without the event that would begin journeys."""
        booking = Appointment(id=appointment, start=start, service=service)
        self.customer = changed(self.customer, appointments=(*self.customer.appointments, booking))
        if not self.decisions:
            self.begun_with = self.customer

    def wait(self, span: timedelta) -> None:
        """Let time go by; timers that come due fire in their order, and texts that waited leave."""
        self.wait_until(self.now + span)

    def wait_until(self, moment: datetime) -> None:
        """Let time go by until a moment."""
        for _ in range(TIMERS_AT_ONCE):
            timer = min(self._timers.values(), key=lambda one: one.due_at, default=None)
            text = min(self._waiting, key=_leaves_at, default=None)
            next_text = _leaves_at(text) if text else None
            if next_text is not None and next_text <= moment and (timer is None or next_text <= timer.due_at):
                self.now = max(self.now, next_text)
                self._send_due()
            elif timer is not None and timer.due_at <= moment:
                self.now = max(self.now, timer.due_at)
                del self._timers[timer.timer]
                due = TimerDue(timer=timer.timer, what=timer.what, due_at=timer.due_at, data=timer.data)
                self._decide(due)
            else:
                break
        self.now = max(self.now, moment)

    @property
    def open_prompts(self) -> tuple[str, ...]:
        """The kinds of the open prompts, newest first."""
        return tuple(prompt.kind for prompt in reversed(self.customer.prompts))

    @property
    def _shop(self) -> Shop:
        return self.mind.shops.get(self.shop) or Shop(name=self.shop)

    def _decide(self, what: Happening, *, at: datetime | None = None, event_id: str | None = None) -> Decision:
        self._events += 1
        event = Event(
            id=event_id or f"{self.customer.id[:6]}-{self._events}",
            shop=self.shop,
            customer=self.customer.id,
            phone=self.customer.phone,
            at=at or self.now,
            received_at=self.now,
            what=what,
        )
        return self._settle(event)

    def _settle(self, event: Event) -> Decision:
        what = event.what
        decision = decide(self.customer, event, self.mind, self.now)
        self.customer = self._between(decision.customer) if self._between else decision.customer
        self.decisions.append(decision)
        for timer in decision.timers:
            self._timers[timer.timer] = timer
        for cancelled in decision.cancelled:
            self._timers.pop(cancelled, None)
        if isinstance(what, StaffActed) and what.action == "open_prompt":
            self._by_hand = event.id
        self._waiting += decision.outbox
        self._send_due()
        return decision

    def _send_due(self) -> None:
        """Do as the sender does: ask the gates once more, and tell the customer's log what became of it."""
        due = [text for text in self._waiting if _leaves_at(text) <= self.now]
        self._waiting = [text for text in self._waiting if _leaves_at(text) > self.now]
        for text in due:
            # What a person at the phone lets us say was said; the gates are for what the bot sends.
            by_hand = text.cause == self._by_hand
            verdict = Send() if by_hand else check(text, self.customer, self._shop, self.now)
            if isinstance(verdict, Later):
                self._waiting.append(replace(text, not_before=verdict.at))
                continue
            outcome: Literal["dropped", "sent"] = "dropped" if isinstance(verdict, Never) else "sent"
            reason = verdict.reason if isinstance(verdict, Never) else ""
            if isinstance(verdict, Never):
                self.dropped.append((text, reason))
            else:
                self.phone.append(text)
            finished = SendFinished(
                message_id=text.id,
                outcome=outcome,
                message_class=text.message_class,
                reason=reason,
                gate=verdict.gate if isinstance(verdict, Never) else "",
                prompt=text.prompt,
                run=text.run,
                journey=text.journey,
            )
            self._decide(finished)


def moment(told: object) -> datetime:
    """Read a time of a story or a dialogue; one without a zone is in that of START. Raises ValueError."""
    found = told if isinstance(told, datetime) else datetime.fromisoformat(str(told))
    return found if found.tzinfo else found.replace(tzinfo=START.tzinfo)


def _leaves_at(text: OutboundMessage) -> datetime:
    return max(text.created_at, text.not_before or text.created_at)
