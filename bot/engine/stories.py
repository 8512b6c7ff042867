"""Stories: whole conversations as data, played through the true decisions, and written down from them.

A story is `{"title"?, "start"?, "facts"?, "turns": [...]}`. A turn is one of
`{"they": text, "sent_at"?, "message_id"?}`, `{"ask": kind, "text"?, "options"?, "slots"?, "lasts"?}`,
`{"tell": event type, "data"?}`, `{"staff": action, "text"?, "data"?}`, `{"wait": ISO duration}`, `{"until": time}`.
After any of them may stand `we` (words of our answer in order of the texts that arrived; null: silence), `does` and
`doesnt` (kinds of effects), `open` (kinds of open prompts, newest first) and `then` (conditions on the customer).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter

from bot.domain.customer import Customer
from bot.domain.decision import Decision
from bot.domain.effects import OpenPrompt
from bot.domain.events import BusinessEvent, ReplyReceived, StaffActed
from bot.engine.mind import Mind
from bot.engine.simulate import START, Simulation, moment
from bot.templating import condition

_DURATION: Final = TypeAdapter(timedelta)

Story = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a story: the faults (none: it is as it says), and the customer's simulation."""

    faults: list[str]
    simulation: Simulation


def play(story: Story, mind: Mind, *, between: Callable[[Customer], Customer] | None = None) -> Played:
    """Play a story and note what did not come out as it says; `between` stands for saving and loading."""
    start = moment(story["start"]) if "start" in story else START
    simulation = Simulation(_with_facts(mind, story.get("facts", {})), start, between=between)
    if "booking" in story:
        simulation.book(moment(story["booking"]))
    faults: list[str] = []
    for number, turn in enumerate(story["turns"], 1):
        arrived, decided = len(simulation.phone), len(simulation.decisions)
        take(simulation, turn)
        said = [text.text for text in simulation.phone[arrived:]]
        effects = [effect.kind for one in simulation.decisions[decided:] for effect in one.entry.effects]
        faults += [f"turn {number} ({named(turn)}): {fault}" for fault in differences(turn, said, effects, simulation)]
    return Played(faults, simulation)


def write_down(simulation: Simulation) -> dict[str, Any]:
    """Give the story of what was said: what `huixin chat` prints when it ends."""
    turns: list[dict[str, Any]] = []
    last: datetime | None = None
    for decision in simulation.decisions:
        turn = _turn(decision)
        if turn is None:
            continue
        now = decision.entry.decided_at
        if last is not None and now > last:
            turns.append({"wait": _DURATION.dump_python(now - last, mode="json")})
        last = now
        turns.append(turn)
    if not turns:
        return {"turns": []}
    bookings = simulation.begun_with.appointments
    booked = {"booking": bookings[0].start.isoformat()} if bookings else {}
    return {"start": simulation.decisions[0].entry.decided_at.isoformat(), **booked, "turns": turns}


def take(simulation: Simulation, turn: Story) -> None:
    """Let happen what one turn says. Raises ValueError for what is no turn."""
    match turn:
        case {"they": text}:
            sent_at = moment(turn["sent_at"]) if "sent_at" in turn else None
            simulation.say(str(text), sent_at=sent_at, message_id=turn.get("message_id"))
        case {"ask": kind}:
            simulation.ask(
                kind,
                str(turn.get("text", kind)),
                options=turn.get("options", ()),
                slots=[moment(slot) for slot in turn.get("slots", ())],
                lasts=_DURATION.validate_python(turn["lasts"]) if "lasts" in turn else None,
                appointment="a1" if kind == "appointment" else None,
            )
        case {"tell": what}:
            simulation.tell(what, turn.get("data", {}), event_id=turn.get("id"))
        case {"staff": action}:
            simulation.staff(action, str(turn.get("text", "")), data=turn.get("data", {}))
        case {"wait": span}:
            simulation.wait(_DURATION.validate_python(span))
        case {"until": end}:
            simulation.wait_until(moment(end))
        case _:
            raise ValueError(f"a turn is one of they, ask, tell, staff, wait, until; this has {sorted(turn)}")


def differences(turn: Story, said: Sequence[str], effects: Sequence[str], simulation: Simulation) -> list[str]:
    """Tell what did not come out as one turn says."""
    faults: list[str] = []
    if "we" in turn:
        faults += _unsaid(turn["we"], said)
    missing = set(turn.get("does", ())) - set(effects)
    unwanted = set(turn.get("doesnt", ())) & set(effects)
    if missing:
        faults.append(f"does not {', '.join(sorted(missing))}; does {', '.join(effects)}")
    if unwanted:
        faults.append(f"does {', '.join(sorted(unwanted))}")
    if "open" in turn and list(turn["open"]) != list(simulation.open_prompts):
        faults.append(f"open are {list(simulation.open_prompts)}, not {list(turn['open'])}")
    values = asdict(simulation.customer)
    then = turn.get("then", ())
    faults += [
        f"not so: {expression}"
        for expression in ([then] if isinstance(then, str) else then)
        if not condition(expression, values)
    ]
    return faults


def _unsaid(wanted: Any, said: Sequence[str]) -> list[str]:
    if wanted is None:
        return [f"should be silent, says {said[0]}"] if said else []
    words = [wanted] if isinstance(wanted, str) else list(wanted)
    whole = "\n".join(said)
    return [f"does not say “{word}” but “{whole}”" for word in words if word not in whole]


def _turn(decision: Decision) -> dict[str, Any] | None:
    effects = decision.entry.effects
    did = {"does": [effect.kind for effect in effects]} if effects else {}
    answer = {"we": decision.outbox[0].text} if decision.outbox else {}
    match decision.entry.event.what:
        case ReplyReceived() as reply:
            return {"they": reply.message.text, **(answer or {"we": None}), **did}
        case BusinessEvent() as news:
            return {"tell": news.type, "data": dict(news.data), **answer, **did}
        case StaffActed(action="open_prompt"):
            prompt = next((effect.prompt for effect in effects if isinstance(effect, OpenPrompt)), None)
            return {"ask": prompt.kind, "options": list(prompt.options), **answer} if prompt else None
        case StaffActed() as act:
            return {"staff": act.action, "text": act.text, **did}
        case _:
            return None


def _with_facts(mind: Mind, facts: Mapping[str, str]) -> Mind:
    shops = {name: replace(shop, facts={**shop.facts, **facts}) for name, shop in mind.shops.items()}
    return replace(mind, shops=shops)


def named(turn: Story) -> str:
    """Name a turn by what it lets happen."""
    return " ".join(f"{key} {turn[key]}" for key in ("they", "ask", "tell", "staff", "wait", "until") if key in turn)
