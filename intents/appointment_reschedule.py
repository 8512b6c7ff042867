"""The customer wants another day or hour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.domain.booking import booking_of, reschedule, unknown, which
from bot.domain.effects import Effect
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import NO_SLOTS, Candidate, PromptView, ReplyContext, Slots

SURE = 0.8
_MAY_WE: Final = re.compile("约|改|换|吗|么|不$|没|行|可以|能|有|方便|好|^呢$")
"""A question in these words may well ask for that time."""
_PROMISES: Final = re.compile("会提前.{0,8}[到去来]")
"""Who will be early keeps the time."""
_OF_ELSE: Final = re.compile(
    "(?:告诉|回复|回话|答复|通知)(?:你|您)|再(?:告诉|给你)|(?:晚上|明天|明早|今晚)再定|(?:下班|放学|接孩子"
    "|接娃|还要去|感冒|过生日|[真好]热|的会)$|^(?:上次|上回|上把|顶摆)"
    "|(?:前一|第二|早上|当).{0,2}能(?:不能)?(?:喝|吃|洗|化妆|做)|是(?:明|后|今)天还是|提醒.{0,6}(?:提前|前一"
    "|头一)|(?:提前|前一).{0,8}提醒|别(?:天天|提醒)"
    "|(?:给|俾|畀)第二|(?:不用|甭)留|也[来去]不了|[来去]不了了?[,。]?算了|不搞.{0,4}了|帮我退掉|大雪"
    "|今天.{0,2}下[雨雪]|八号波|发错了\\)?$"
)
"""A time of something else: of an answer to come, of one's own day, of the last visit, of reminders."""
_LATE: Final = re.compile(
    "(?:迟到|会晚个?|可能迟个?|提前|提早)(?:了|大概|大约)?[\\d一二两三五十几]+多?分钟(?!.{0,3}(?:行|可以|能"
    "|好))|迟一?点点|晚[\\d一二两三五十几]+分钟号"
)
"""Some minutes early or late move nothing."""
_OF_SHOP: Final = re.compile("营业|开门|开不开|关门|上班|休息|放假|打烊|下班|开到|停车|收费|多少钱|需要|发货|活动|带")
"""A question with these is about us."""


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim a change: an offered slot, the menu's 2, words, or a day or hour named in answer to the prompt."""
    asked = next((prompt for prompt in context.prompts if prompt.kind == "appointment"), None)
    booked = asked is not None or context.booking is not None
    words = [] if _LATE.search(reading.text) else reading.claimed("appointment_reschedule")
    slots = _slots(reading) if reading.when else NO_SLOTS
    found = [
        Candidate(
            intent="appointment_reschedule",
            score=claim.score,
            layer=claim.layer,
            reason=claim.reason,
            clause=claim.clause,
            slots=slots,
            prompt=asked.id if asked else None,
        )
        for claim in words
        if booked or claim.layer == "exact" or "约" in reading.text or "改期" in reading.text
    ]
    if asked is None:
        return found
    pick = reading.picks.get(asked.id)
    if asked.slots_offered and (offered := _offered(reading, asked)):
        return [offered, *found]
    if not asked.slots_offered and pick and not pick.undecided and pick.options == (2,):
        found.append(
            Candidate(
                intent="appointment_reschedule",
                score=0.97,
                layer="prompt",
                reason=f"{pick.reason}是菜单的“改期”",
                slots=slots,
                prompt=asked.id,
            )
        )
    if (reading.when.undecided or (reading.when and _asks(reading, context))) and not _speaks_of_else(reading):
        found.append(
            Candidate(
                intent="appointment_reschedule",
                score=0.9,
                layer="prompt",
                reason=f"说了别的时间:{reading.when.reason}",
                slots=slots,
                prompt=asked.id,
            )
        )
    return found


def _speaks_of_else(reading: Reading) -> bool:
    """Tell whether the time stands in words about something else ("你们周六开到几点", "晚上好", "今天的汤绝了")."""
    if _PROMISES.search(reading.text) or _OF_ELSE.search(reading.text) or _LATE.search(reading.text):
        return True
    at = reading.clause_at(reading.when.at)
    if at in reading.preference.clauses:
        return True
    about = "" if at is None else reading.text_of(at)
    return any(
        hit.clause == at
        and hit.score >= SURE
        and (
            hit.intent in {"greeting", "complaint", "praise"}
            or (hit.intent == "question" and (not _MAY_WE.search(hit.words) or _OF_SHOP.search(about)))
        )
        for hit in reading.hits
    )


def _asks(reading: Reading, context: ReplyContext) -> bool:
    """Tell whether the time named is another than the booked one."""
    when, booking = reading.when, context.booking
    if booking is None:
        return True
    same_day = when.date is None or when.date == booking.date().isoformat()
    same_time = when.time is None or when.time == booking.strftime("%H:%M")
    if when.period and not when.time:
        same_time = when.period == _period(booking)
    return not (same_day and same_time)


def _period(moment: datetime) -> str:
    if moment.hour < 12:
        return "morning"
    return "afternoon" if moment.hour < 18 else "evening"


def _slots(reading: Reading) -> Slots:
    when = reading.when
    return Slots(date=when.date, time=when.time, period=when.period)


def _offered(reading: Reading, asked: PromptView) -> Candidate | None:
    """Claim one of the offered slots, by number or by what the customer says of its time."""
    pick = reading.picks.get(asked.id)
    chosen: datetime | None = None
    if pick and not pick.undecided and len(pick.options) == 1:
        chosen = asked.slots_offered[pick.options[0] - 1]
    elif reading.when:
        fitting = [slot for slot in asked.slots_offered if _fits(reading, slot)]
        chosen = fitting[0] if len(fitting) == 1 else None
    elif len(asked.slots_offered) == 1 and reading.of("affirm"):
        chosen = asked.slots_offered[0]
    if chosen is None:
        return None
    return Candidate(
        intent="appointment_reschedule",
        score=0.98,
        layer="prompt",
        reason=f"选了可选时间{chosen:%m-%d %H:%M}",
        slots=Slots(date=chosen.date().isoformat(), time=chosen.strftime("%H:%M")),
        prompt=asked.id,
    )


def _fits(reading: Reading, slot: datetime) -> bool:
    when = reading.when
    if when.date and when.date != slot.date().isoformat():
        return False
    if when.time and when.time != slot.strftime("%H:%M"):
        return False
    return not when.period or when.period == _period(slot) or (when.period == "noon" and 11 <= slot.hour < 14)


def respond(turn: Turn) -> list[Effect]:
    """Propose another time and read it back; done only when the customer agrees or picks an offered one."""
    if (asked := which(turn)) is not None:
        return asked
    booking = booking_of(turn) or booking_of(turn, cancelled=True)
    return reschedule(turn, booking, turn.understanding.slots) if booking else unknown(turn)


INTENT = Intent("appointment_reschedule", claims, respond)
