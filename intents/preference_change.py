"""The customer chooses what to be sent, how often or when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.domain.customer import Prompt
from bot.domain.effects import ClosePrompt, Effect, OpenPrompt, RecordLateReply, SetPreference
from bot.domain.intent import Intent, Pick, Preference, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, PromptView, ReplyContext, Slots, Topic

MENU: tuple[Topic, ...] = ("promo", "service", "knowledge")
"""What the numbers of a preference prompt stand for."""


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim a choice from the preference menu, or wishes in the customer's own words."""
    asked = next((prompt for prompt in context.asked if prompt.kind == "preference"), None)
    found = reading.claimed("preference_change")
    wish = reading.preference
    if asked is not None:
        pick = reading.picks.get(asked.id)
        named = wish.only or wish.on or (wish.off and not (pick and pick.options))  # "促销就算了,光要2" leaves 2
        if pick is not None and (pick.options or pick.refused) and not named:
            return [_menu(asked, pick, wish), *found]
    if wish.on and _only_asks(reading):
        return found
    if _TOLD.search(reading.text) and not _RATHER.search(reading.text):
        return found
    if (wish and (asked is not None or _is_choice(wish))) or (wish.keeps and wish.clauses):
        return [_wish(wish, asked)]
    return found


_TOLD: Final = re.compile("(?:说好|说是|说只|说改成|设了|勾了|选了|关了|停了).{0,12}(?:结果|又|还(?!能|要|想)|天天)")
"""What was done to the customer changes no preference ("说好一周一条,结果天天来")."""
_RATHER: Final = re.compile("改(?:成|为|一)|换成|少|合并成|就[好行]")
"""With one of these a wish follows."""
_ASKS: Final = re.compile("(?:还|会|是否|是不是|有没有).{0,8}(?:吗|么|不|没|吧)$")
"""Who asks whether something goes on does not wish it yet ("服务提醒还继续发吗")."""


def _only_asks(reading: Reading) -> bool:
    wish = reading.preference
    said = [clause.text for clause in reading.clauses if clause.index in wish.clauses]
    return not (wish.off or wish.only or wish.frequency or wish.send_time) and any(_ASKS.search(text) for text in said)


def _is_choice(wish: Preference) -> bool:
    """Turning promotion down and nothing else is a stop, unless the menu was asked."""
    return (
        wish.keeps
        or bool(wish.only or wish.frequency or wish.send_time or wish.quiet_after)
        or (bool(wish.off) and "promo" not in wish.off)
        or bool(wish.on)
    )


def _menu(asked: PromptView, pick: Pick, wish: Preference) -> Candidate:
    slots = Slots(
        only=tuple(MENU[option - 1] for option in pick.options if option <= len(MENU)),
        off=tuple(MENU[option - 1] for option in pick.refused if option <= len(MENU)),
        frequency=wish.frequency,
        send_time=wish.send_time,
        quiet_after=wish.quiet_after,
    )
    return Candidate(
        intent="preference_change", score=0.97, layer="prompt", reason=pick.reason, slots=slots, prompt=asked.id
    )


def _wish(wish: Preference, asked: PromptView | None) -> Candidate:
    return Candidate(
        intent="preference_change",
        score=0.93,
        layer="wish",
        reason=wish.reason or "说到什么时候不要发",
        clause=wish.clauses[0] if len(wish.clauses) == 1 else None,
        slots=wish.slots,
        prompt=asked.id if asked else None,
    )


def respond(turn: Turn) -> list[Effect]:
    """Keep what is wanted and read it back; where nothing is named, ask."""
    slots = turn.understanding.slots
    wish = SetPreference(
        only=slots.only,
        on=slots.on,
        off=slots.off,
        frequency=slots.frequency,
        send_time=slots.send_time,
        quiet_after=slots.quiet_after,
    )
    prompt, past = turn.newest("preference"), turn.closed
    if wish == SetPreference():
        return _ask(turn, prompt)
    read_back = turn.say(
        "preference_set",
        only=",".join(slots.only) or None,
        on=",".join(slots.on) or None,
        off=",".join(slots.off) or None,
        frequency=slots.frequency,
        send_time=slots.send_time,
        quiet_after=slots.quiet_after,
    )
    if prompt is None and past is not None and past.prompt.kind == "preference" and past.reason == "expired":
        return [RecordLateReply(prompt=past.prompt.id, answer=turn.words), wish, read_back]
    if prompt is None:
        return [wish, read_back]
    closed = ClosePrompt(prompt=prompt.id, reason="answered", answer="set", answered_at=turn.event.at)
    return [wish, closed, read_back]


def _ask(turn: Turn, prompt: Prompt | None) -> list[Effect]:
    asked = prompt or Prompt(id=turn.ids.make("prompt", "preference"), kind="preference", opened_at=turn.now)
    again = turn.ask_again(asked)
    return [*([] if prompt else [OpenPrompt(prompt=asked)]), *([again] if again else [])]


INTENT = Intent("preference_change", claims, respond)
