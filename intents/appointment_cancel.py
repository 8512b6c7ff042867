"""The customer gives the appointment up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.domain.booking import booking_of, cancel, question_of, unknown, which
from bot.domain.effects import Effect, RecordLateReply
from bot.domain.intent import Intent, Reading
from bot.domain.turn import Turn
from bot.domain.understanding import Candidate, ReplyContext

_OF_ELSE: Final = re.compile(
    "(?:会议?|航班|飞机|火车|高铁|比赛|聚会|饭局|演出|演唱会|婚礼|考试|行程|旅行|出游|聚餐|应酬|那事|(?:本来"
    "|原来|那天|刚才)[^,。]{0,2}有事|公众号|健身卡|学校"
    "|春游)[^,。 ]{0,2}取消|取消(?:了|掉)?(?:上午|下午|晚上)的(?:会|班)|取消关注|取消了[^,。]{0,3}(?:健身卡"
    "|春游|会员)|隔壁[^,。]{0,3}不去"
)
"""Something else was cancelled, which may well make room ("会议取消了,我能去")."""
_UNSURE: Final = re.compile(
    "还不(?:知道|晓得)能不能|能不能去还|(?:可能|也许|说不准|不一定|不好说|未必|没准)[^,。]{0,4}(?:[来去到]不|不[来去])"
    "|(?:[来去到]不[来去到])(?!了).{0,4}(?:说不准|还不|看|再说|不好说|难说|也不)"
    "|(?:说不准|决定|看).{0,6}[来去]不[来去]|能不能去看"
)
"""Who does not know yet has given nothing up."""
_TAKES_BACK: Final = re.compile(
    "(?:别|不要|哪能|怎么能|千万别)(?:给我|把我|再)?[^,。 ]{0,2}取消|取消啥|取消.{0,3}(?:是)?(?:开玩笑|没作数"
    "|不作数|不算数|冇作数)|ignore .{0,8}cancel"
    "|(?:可能|说要?|以为|本来|原来).{0,4}(?:[来去]不了|取消|不来|不去).{0,12}(?:[能会可][以]?[来去]|解决"
    "|没事了|又[能可]|如约|照常)"
)
"""A cancelling that is called off."""


def claims(reading: Reading, context: ReplyContext) -> Sequence[Candidate]:
    """Claim a cancellation: the menu's 3, or words."""
    found = [
        claim
        for claim in reading.claimed("appointment_cancel")
        if not _TAKES_BACK.search(reading.text) and not _is_none(reading.text_of(claim.clause))
    ]
    for prompt in context.asked:
        if prompt.kind != "appointment":
            continue
        found += reading.from_menu(prompt, 3, "appointment_cancel", "取消")
        break
    return found


def _is_none(text: str) -> bool:
    return any(said.search(text) for said in (_OF_ELSE, _UNSURE))


def respond(turn: Turn) -> list[Effect]:
    """Cancel the booking and nothing else; the answer offers another time."""
    if (asked := which(turn)) is not None:
        return asked
    past, booking = turn.closed, booking_of(turn)
    late: list[Effect] = []
    if question_of(turn) is None and past is not None and past.reason != "answered":
        late = [RecordLateReply(prompt=past.prompt.id, answer="cancelled")]
        if booking is None or booking.start <= turn.now:
            return late
    if booking is None and (gone := booking_of(turn, cancelled=True)):
        return [*late, turn.say("appointment_cancelled", start=gone.start)]
    return [*late, *(cancel(turn, booking) if booking else unknown(turn))]


INTENT = Intent("appointment_cancel", claims, respond)
