"""`huixin eval`: labelled replies and dialogues against the true decisions, and moods against the true scorer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any, Final, get_args

from pydantic import TypeAdapter

from bot.domain.customer import PromptKind
from bot.domain.decision import Decision
from bot.domain.effects import Reply
from bot.domain.understanding import INTENTS, Mood, MoodLabel, Slots, Understanding
from bot.engine.context import reply_context
from bot.engine.measures import Line, Row, score_dialogues, score_moods, score_singles, slots_hold
from bot.engine.mind import Mind, Scene
from bot.engine.simulate import START, Simulation, moment
from bot.engine.understand import understand

Scorer = Callable[[str], Mood]

BOOKING: Final = datetime.fromisoformat("2025-07-03T14:00:00+08:00")
MOODS: Final[tuple[MoodLabel, ...]] = get_args(MoodLabel)
_DURATION: Final = TypeAdapter(timedelta)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out: one report, and a row for each reply or user turn."""

    report: dict[str, Any]
    rows: list[Row]


class UnfitLine(ValueError):
    """A line that cannot be scored; `number` counts from nought among those given."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number


def evaluate(lines: Iterable[Line], mind: Mind, scorer: Scorer) -> Evaluation:
    """Score labelled lines; a part of the report is there if the lines had its kind. Raises UnfitLine."""
    singles: list[tuple[Line, Row, Decision]] = []
    dialogues: list[list[Row]] = []
    moods: list[tuple[str, Mood]] = []
    for number, line in enumerate(lines):
        try:
            _check(line)
            if "turns" in line:
                dialogues.append(run_dialogue(line, mind))
            elif "label" in line:
                moods.append((line["label"], scorer(_text(line, "text"))))
            else:
                row, decision = run_single(line, mind)
                singles.append((line, row, decision))
        except KeyError as error:
            raise UnfitLine(number, f"{error} is missing") from error
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            raise UnfitLine(number, str(error)) from error
    report: dict[str, Any] = {}
    if singles:
        report["singles"] = score_singles(singles)
    if dialogues:
        report["dialogues"] = score_dialogues(dialogues)
    if moods:
        report["sentiment"] = score_moods(moods)
    rows = [row for _, row, _ in singles] + [row for dialogue in dialogues for row in dialogue]
    return Evaluation(report=report, rows=rows)


def run_single(line: Line, mind: Mind) -> tuple[Row, Decision]:
    """Run one labelled reply: its context was opened a minute before."""
    simulation = Simulation(mind, START - timedelta(minutes=1))
    context = line.get("context", "none")
    if context != "none":
        _open(simulation, context, "", {"quiz_options": line.get("quiz_options", [])})
    simulation.wait_until(START)
    decision = simulation.say(_text(line, "text"))
    given = {name: line[name] for name in ("intent", "slots", "sentiment") if name in line}
    return _row(line.get("id", ""), 0, line["text"], given, simulation, decision), decision


def run_dialogue(line: Line, mind: Mind) -> list[Row]:
    """Run one labelled dialogue; turns are handled in their order of arrival."""
    simulation = Simulation(mind, START)
    rows: list[Row] = []
    said: tuple[str, datetime] | None = None
    for number, turn in enumerate(line["turns"]):
        _move_clock(simulation, turn)
        expected = turn.get("expect", {})
        if "bot" in turn:
            _open(simulation, expected.get("opens", "none"), turn["bot"], expected)
            continue
        text = _text(turn, "user")
        if said == (text, simulation.now) and not {"after", "at", "sent_at", "msg_id"} & set(turn):
            # The same words once more, with nothing that makes them a repeat: written a moment later.
            simulation.wait(timedelta(seconds=1))
        sent_at = moment(turn["sent_at"]) if "sent_at" in turn else simulation.now
        said = (text, simulation.now)
        decision = simulation.say(text, sent_at=sent_at, message_id=turn.get("msg_id"))
        rows.append(_row(line.get("id", ""), number, text, expected, simulation, decision))
    return rows


def _check(line: Line) -> None:
    """Refuse a line of no kind, and a name that nothing can be scored against: it would count as the bot's mistake."""
    if not {"turns", "label"} & set(line) and not {"text", "intent"} <= set(line):
        raise ValueError(f"neither reply, dialogue nor mood line: {sorted(line)}")
    if "label" in line:
        _one_of(MOODS, line["label"])
    for given in (line, *(turn.get("expect", {}) for turn in line.get("turns", ()))):
        if "sentiment" in given:
            _one_of(MOODS, given["sentiment"])
        for intent in (*([given["intent"]] if "intent" in given else ()), *given.get("slots", {}).get("also", ())):
            _one_of(INTENTS, intent)


def _one_of(names: Sequence[str], name: Any) -> None:
    if name not in names:
        raise ValueError(f"{name!r} is none of {', '.join(names)}")


def _text(line: Line, name: str) -> str:
    text = line[name]
    if not isinstance(text, str):
        raise TypeError(f"`{name}` must be a text")
    return text


def passes(given: Line, row: Row) -> bool:
    """Tell whether everything that is given of a reply holds."""
    effects = set(row["effects"])
    return (
        given.get("intent", row["intent"]) == row["intent"]
        and ("slots" not in given or slots_hold(given["slots"], row["slots"]))
        and given.get("sentiment", row["sentiment"]) == row["sentiment"]
        and set(given.get("actions", ())) <= effects
        and not set(given.get("not_actions", ())) & effects
        and given.get("context_after", _newest(row)) == _newest(row)
    )


def _open(simulation: Simulation, kind: str, text: str, expected: Line) -> None:
    if kind == "none":
        simulation.remark(text)
        return
    if kind not in get_args(PromptKind):
        raise ValueError(f"there is no prompt called {kind}")
    appointment = None
    if kind == "appointment":
        appointment = "a1"
        if not simulation.customer.appointments:
            simulation.book(BOOKING, appointment=appointment)
    simulation.ask(
        kind,  # type: ignore[arg-type]  # checked above
        text or kind,
        options=expected.get("quiz_options", ()),
        slots=[_slot(option) for option in expected.get("options", ()) if isinstance(option, Mapping)],
        lasts=_DURATION.validate_python(expected["expires_in"]) if "expires_in" in expected else None,
        appointment=appointment,
    )


def _slot(option: Line) -> datetime:
    day = datetime.fromisoformat(option["date"]).date()
    return datetime.combine(day, time.fromisoformat(option["time"]), START.tzinfo)


def _move_clock(simulation: Simulation, turn: Line) -> None:
    if "at" in turn:
        simulation.wait_until(moment(turn["at"]))
    elif "after" in turn:
        simulation.wait(_DURATION.validate_python(turn["after"]))


def _row(name: str, number: int, text: str, given: Line, simulation: Simulation, decision: Decision) -> Row:
    understood = decision.entry.understanding or _understood(simulation, decision, text)
    effects = decision.entry.effects
    answers = [effect.text for effect in effects if isinstance(effect, Reply)]
    row: Row = {
        "id": name,
        "turn": number,
        "text": text,
        "intent": understood.intent,
        "intents": list(understood.intents),
        "slots": _slots(understood),
        "sentiment": understood.mood.label,
        "score": round(understood.mood.score, 4),
        "effects": [effect.kind for effect in effects],
        "open_prompts": list(simulation.open_prompts),
        "reply": answers[0] if answers else None,
    }
    row["passed"] = passes(given, row)
    return row


def _understood(simulation: Simulation, decision: Decision, text: str) -> Understanding:
    """A repeat is not understood again by the engine; its row says all the same what it says."""
    event = decision.entry.event
    scene = Scene(customer=decision.customer, event=event, mind=simulation.mind, now=decision.entry.decided_at)
    return understand(text, reply_context(scene, text), simulation.mind.language)


def _slots(understood: Understanding) -> dict[str, Any]:
    """Give the slots that were found, and the further intents as `also`."""
    found: dict[str, Any] = {}
    for slot in fields(Slots):
        value = getattr(understood.slots, slot.name)
        if value not in (None, ()):
            found[slot.name] = list(value) if isinstance(value, tuple) else value
    if len(understood.intents) > 1:
        found["also"] = list(understood.intents[1:])
    return found


def _newest(row: Row) -> str:
    return str(row["open_prompts"][0]) if row["open_prompts"] else "none"
