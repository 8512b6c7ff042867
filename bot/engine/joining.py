"""Long replies that come in parts: kept until all are there or their time is up, then understood as one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.customer import LongReply
from bot.domain.effects import CancelSchedule, Effect, IgnoreDuplicate, Reply, Schedule
from bot.domain.events import ReplyReceived, TimerDue
from bot.domain.messages import Part
from bot.domain.undoing import UNDOABLE, can_undo, take_back
from bot.engine.apply import ahead
from bot.engine.mind import Scene
from bot.engine.pieces import JOIN, JOIN_WITHIN, is_piece, known_to, of_piece, timer


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a piece, or the end of waiting for one, comes to."""

    scene: Scene
    """With the whole reply as its event, where it is `whole`, and the customer as it is after `effects`."""
    effects: tuple[Effect, ...] = ()
    whole: bool = False


def gather(scene: Scene) -> Gathered:
    """Put a piece to the others of its reply. Anything else that happened is whole as it is."""
    what = scene.event.what
    if isinstance(what, TimerDue) and what.what == JOIN and scene.customer.timers.get(what.timer) == what.due_at:
        long = next((one for one in scene.customer.long_replies if timer(one) == what.timer), None)
        return _whole(scene, long) if long and long.joined is None else Gathered(scene, whole=True)
    if not isinstance(what, ReplyReceived) or not is_piece(what.message):
        return Gathered(scene, whole=True)
    message, part = what.message, what.message.part
    assert part is not None  # noqa: S101 - a piece has a part
    known = known_to(scene.customer, message, scene.event.received_at)
    if known is not None and known.pieces[part.number - 1] is not None:
        return Gathered(scene, (IgnoreDuplicate(key=f"part:{known.key}/{part.number}"),))
    long = of_piece(scene.customer, scene.event)
    if long.joined is not None or None not in long.pieces:
        return _whole(scene, long)
    if known is not None:
        return Gathered(scene)
    return Gathered(scene, (Schedule(timer=timer(long), what=JOIN, due_at=scene.now + JOIN_WITHIN),))


def unsaid(scene: Scene, effects: list[Effect]) -> list[Effect]:
    """Leave away an answer that was given to the first parts already."""
    return [effect for effect in effects if not (isinstance(effect, Reply) and effect.text == scene.customer.last_said)]


def amends(scene: Scene) -> bool:
    """Tell whether this reply was answered before, when parts of it were missing."""
    what = scene.event.what
    key = what.message.part.ref if isinstance(what, ReplyReceived) and what.message.pieces and what.message.part else ""
    return any(long.key == key and long.joined is not None for long in scene.customer.long_replies)


def _whole(scene: Scene, long: LongReply) -> Gathered:
    """Make one reply of what there is; what its first parts alone led to is taken back."""
    effects: list[Effect] = []
    customer = scene.customer
    if timer(long) in customer.timers and not isinstance(scene.event.what, TimerDue):
        effects.append(CancelSchedule(timer=timer(long)))
    act = customer.last_act
    answered = long.joined is not None and act is not None and act.event == long.joined
    if act is not None and answered and can_undo(customer, scene.now) and UNDOABLE & set(act.effects):
        effects += take_back(customer, scene.now)
    message = replace(
        long.message,
        text="".join(piece or "" for piece in long.pieces),
        pieces=long.pieces,
        part=Part(ref=long.key, total=len(long.pieces), number=1),
    )
    event = replace(scene.event, at=long.written, what=ReplyReceived(message=message))
    told = replace(scene, event=event)
    return Gathered(told.on(ahead(customer, event, effects, scene.now)), tuple(effects), whole=True)
