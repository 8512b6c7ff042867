"""What an intent's `respond` sees of the moment: the reply, the customer, the shop, and words to answer with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from bot.domain.content import Content, Faq
from bot.domain.customer import ClosedPrompt, Customer, Prompt, PromptKind
from bot.domain.effects import AppendToTicket, Effect, OpenTicket, Reply
from bot.domain.events import Event
from bot.domain.ids import Ids
from bot.domain.shop import Shop
from bot.domain.understanding import Candidate, IntentName, Understanding

STAFF_ANSWER_WITHIN: Final = timedelta(minutes=30)
"""How soon a person answers while the shop is open."""

GRACE: Final = timedelta(hours=72)
"""An answer to a question that ran out is still recorded, as late."""
_WEEKDAYS: Final = "一二三四五六日"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One meaning of one reply, in the light of everything that its answer may depend on."""

    event: Event
    at: datetime
    """When the customer wrote it, as far as anybody knows."""
    now: datetime
    customer: Customer
    shop: Shop
    content: Content
    understanding: Understanding
    candidate: Candidate
    ids: Ids
    answer_for: Callable[[str], Faq | None]
    gateway_confirms: bool = False
    """The gateway has answered, or answers, a stop word itself."""
    abuse_after_complaint: bool = False
    """Which is a demand to stop, and wants no answer."""
    so_far: tuple[Effect, ...] = ()
    """What the meanings before this one asked for."""

    @property
    def words(self) -> str:
        """What the customer wrote, fit to be kept: a forwarded code is masked."""
        return self.understanding.masked or self.understanding.text

    @property
    def intents(self) -> tuple[IntentName, ...]:
        """All meanings of the reply, the primary first."""
        return self.understanding.intents

    @property
    def open_prompts(self) -> tuple[Prompt, ...]:
        """The prompts that were open when the customer wrote, newest first."""
        return tuple(prompt for prompt in reversed(self.customer.prompts) if prompt.asked_at <= self.at)

    @property
    def prompt(self) -> Prompt | None:
        """The open prompt that this meaning answers."""
        return next((prompt for prompt in self.open_prompts if prompt.id == self.candidate.prompt), None)

    @property
    def closed(self) -> ClosedPrompt | None:
        """The closed prompt that this meaning answers late or corrects."""
        return next((past for past in reversed(self.customer.closed) if past.prompt.id == self.candidate.prompt), None)

    def missed(self, *kinds: PromptKind) -> Prompt | None:
        """Give the newest question of these kinds that ran out lately without an answer."""
        return next(
            (
                past.prompt
                for past in reversed(self.customer.closed)
                if past.reason == "expired"
                and past.answer is None
                and past.prompt.kind in kinds
                and self.at - past.closed_at <= GRACE
            ),
            None,
        )

    @property
    def idle_after_stop(self) -> bool:
        """Whether the customer has stopped us and nothing is open: politeness then wants no answer."""
        return self.customer.stopped("marketing") and not self.open_prompts

    def has_words(self, name: str) -> bool:
        """Tell whether the reply has one of the words that content/words/acting.yaml lists by this name."""
        listed = self.content.words.get("acting", {}).get(name, ())
        return any(word in self.understanding.normalized for word in listed)

    def knows(self, need: str) -> bool:
        """Tell whether an answer has the fact it needs: of the shop, or `booking` and `code` of the customer."""
        match need:
            case "booking":
                return any(one.state != "cancelled" and one.start >= self.at for one in self.customer.appointments)
            case "code":
                return bool(self.customer.rewards)
            case _:
                return bool(self.shop.facts.get(need))

    def newest(self, *kinds: PromptKind) -> Prompt | None:
        """Give the newest open prompt, of these kinds if any are named."""
        return next((prompt for prompt in self.open_prompts if not kinds or prompt.kind in kinds), None)

    def say(self, text: str, **variables: object) -> Reply:
        """Answer with a text of content/; times go in as ISO, what is None is left out."""
        return Reply(
            text="", template=text, variables={key: _plain(v) for key, v in variables.items() if v is not None}
        )

    def ask_again(self, prompt: Prompt) -> Reply | None:
        """Repeat an open question shortly, in the words of its kind; None where there is nothing to repeat."""
        plan = self.content.prompts.get(prompt.kind)
        if plan is None or plan.again is None:
            return None
        offered = [self.label(slot) for slot in prompt.slots_offered]
        options = " ".join(f"{place}){option}" for place, option in enumerate(prompt.options or offered, 1))
        booking = next((one for one in self.customer.appointments if one.id == prompt.appointment), None)
        return self.say(
            plan.again,
            options=options or None,
            question=prompt.text or None,
            proposed=prompt.proposed,
            start=booking.start if booking else None,
        )

    def label(self, moment: datetime) -> str:
        """Name a time as customers read it: 7月4日(周五)13:30."""
        return label(self.shop, moment)

    def local(self, moment: datetime) -> datetime:
        """Bring a time to the shop's zone."""
        return moment.astimezone(self.shop.tz)


def label(shop: Shop, moment: datetime) -> str:
    """Name a time in the shop's zone as customers read it: 7月4日(周五)13:30."""
    local = moment.astimezone(shop.tz)
    return f"{local.month}月{local.day}日(周{_WEEKDAYS[local.weekday()]}){local:%H:%M}"


def open_ticket(turn: Turn, reason: str) -> Effect | None:
    """Bring what was written before a person: a new case, or a line in the open one; None if this turn has done so."""
    if any(isinstance(effect, OpenTicket | AppendToTicket) for effect in turn.so_far):
        return None
    if case := turn.customer.open_case:
        # While a person has the customer, the engine has passed the words on already.
        return None if turn.customer.paused_by else AppendToTicket(ticket=case.id, text=turn.words)
    due = answer_due(turn.shop, turn.now)
    return OpenTicket(ticket=turn.ids.make("ticket"), reason=reason, text=turn.words, due_at=due)


def waiting(turn: Turn) -> dict[str, object]:
    """Give what texts need to tell how long a person will take: `now` while open, else `from_time`."""
    return {"now": "1" if is_open(turn.shop, turn.now) else "", "from_time": next_opening(turn.shop, turn.now)}


def is_open(shop: Shop, now: datetime) -> bool:
    """Tell whether the shop is open."""
    clock = f"{now.astimezone(shop.tz):%H:%M}"
    if shop.opens < shop.closes:
        return shop.opens <= clock < shop.closes
    return clock >= shop.opens or clock < shop.closes


def next_opening(shop: Shop, now: datetime) -> datetime:
    """Give the moment from which somebody is there: now, or the next opening."""
    if is_open(shop, now):
        return now
    local = now.astimezone(shop.tz)
    opening = datetime.combine(local.date(), time.fromisoformat(shop.opens), shop.tz)
    return opening if opening > local else opening + timedelta(days=1)


def answer_due(shop: Shop, now: datetime) -> datetime:
    """Tell by when a person will have answered, by the shop's opening hours."""
    return next_opening(shop, now) + STAFF_ANSWER_WITHIN


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
