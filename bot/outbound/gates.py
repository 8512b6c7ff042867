"""May this text leave now? The gates in their order, each with a reason that staff can read.

They are asked twice: when the text is made, and again at the moment of sending.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.customer import Customer
from bot.domain.messages import OutboundMessage
from bot.domain.shop import Shop
from bot.domain.verdict import Later, Never, Send, Verdict
from bot.outbound.caps import cap_reached, care_owed
from bot.outbound.hours import next_open
from bot.outbound.words import forbidden_word

LOOK_AGAIN_AFTER: Final = timedelta(minutes=30)
"""When a text is looked at again that the kill switch or a person's conversation holds back."""
READ_FIRST: Final = timedelta(minutes=1)
"""When a text is looked at again that waits until the customer's reply was read."""
_SUPPRESSED: Final = {
    "complaint": "有未处理完的投诉",
    "wrong_number": "号码可能不是本人",
    "converted": "已经下单或到店",
}
_TOPICS: Final = {"promo": "促销活动", "service": "服务提醒", "knowledge": "知识资讯", "order": "订单通知"}


@dataclass(frozen=True, slots=True)
class Case:
    """What every gate looks at."""

    message: OutboundMessage
    customer: Customer
    shop: Shop
    now: datetime
    unread: int = 0
    """Replies of this customer that wait to be read."""

    @property
    def promotes(self) -> bool:
        """Tell whether the text is marketing."""
        return self.message.message_class == "marketing"

    @property
    def answers(self) -> bool:
        """Tell whether the text answers what the customer wrote."""
        return self.message.message_class == "conversation"


Gate = Callable[[Case], Later | Never | None]


def check(message: OutboundMessage, customer: Customer, shop: Shop, now: datetime, *, unread: int = 0) -> Verdict:
    """Ask every gate in order; the first that objects decides."""
    case = Case(message, customer, shop, now, unread)
    for gate in GATES:
        if (verdict := gate(case)) is not None:
            if isinstance(verdict, Later) and message.not_after and verdict.at > message.not_after:
                return Never(f"{verdict.reason};到那时已经过了有效时间,不再发送", verdict.gate)
            return verdict
    return Send()


def switch(case: Case) -> Later | None:
    """Hold everything while the shop's kill switch is on."""
    if case.shop.policy.sending:
        return None
    return Later(case.now + LOOK_AGAIN_AFTER, "发送总开关已关闭,打开后再发", "switch")


def allow_list(case: Case) -> Never | None:
    """Write to nobody else where the shop names the only customers it writes to."""
    only_to = case.shop.policy.only_to
    return (
        Never("只发给名单内的号码,该客户不在名单里", "allow_list")
        if only_to and case.customer.id not in only_to
        else None
    )


def too_late(case: Case) -> Never | None:
    """Drop what is no longer worth sending."""
    not_after = case.message.not_after
    return Never("已经过了有效时间,不再发送", "too_late") if not_after and case.now > not_after else None


def consent(case: Case) -> Never | None:
    """Send nothing in a stopped scope, save the one confirmation of the stop."""
    message, customer = case.message, case.customer
    if message.opt_out_confirmation:
        return None
    if case.answers:
        return _answer_after_stop(case)
    if customer.stopped(message.message_class):
        return Never("客户已退订,不再发送", "consent")
    known = customer.consent.get("marketing")
    if case.promotes and case.shop.policy.marketing_needs_opt_in and (known is None or known.state != "in"):
        return Never("没有客户同意接收营销短信的记录", "consent")
    return None


def _answer_after_stop(case: Case) -> Never | None:
    """After "什么都别发" answer only what the customer writes later."""
    stopped = case.customer.consent.get("all")
    if stopped is None or stopped.state == "in":
        return None
    if case.message.created_at < (stopped.decided_at or stopped.at):
        return Never("客户已要求不再联系,之前的答复不再发送", "consent")
    wrote = case.customer.last_reply_at
    # The stop is itself a reply: only one that reached us after it counts.
    if case.message.by_staff and (wrote is None or wrote <= (stopped.heard_at or stopped.at)):
        return Never("客户已要求不再联系,之后也没有来信,不能主动发送", "consent")
    return None


def topic(case: Case) -> Never | None:
    """Keep to the topics that the customer chose."""
    if case.answers:
        return None
    wanted = case.message.topic
    topics = (wanted,) if wanted else (("promo",) if case.promotes else ("service", "order"))
    if all(_refuses(case.customer, one) for one in topics):
        named = "、".join(_TOPICS.get(one, one) for one in topics)
        return Never(f"客户选择了不接收{named}", "topic")
    return None


def _refuses(customer: Customer, topic: str) -> bool:
    chosen = customer.preferences
    known = customer.consent.get(topic)
    return (
        topic in chosen.off
        or bool(chosen.only and topic not in chosen.only)
        or (known is not None and known.state == "out" and topic not in chosen.on)
    )


def number(case: Case) -> Never | None:
    """Write first to no number that is dead or not our customer's."""
    if case.answers:
        return None
    if case.customer.wrong_number:
        return Never("客户说发错人了,号码待核实", "number")
    if case.customer.number_state == "bad":
        return Never("号码已停用或是空号", "number")
    return None


def suppression(case: Case) -> Later | Never | None:
    """Hold marketing back from a customer who complains, has bought, or is talking with a person."""
    customer = case.customer
    if not case.promotes:
        return None
    if customer.suppressed:
        return Never(f"暂不发营销:{'、'.join(_SUPPRESSED.get(why, why) for why in customer.suppressed)}", "suppressed")
    if customer.open_case:
        return Never("暂不发营销:还有人工在处理的问题", "suppressed")
    if customer.paused_by and (customer.paused_until is None or customer.paused_until > case.now):
        return Later(case.now + LOOK_AGAIN_AFTER, f"{customer.paused_by}正在与客户沟通,稍后再发", "suppressed")
    return None


def unread_reply(case: Case) -> Later | None:
    """Read what the customer wrote before sending marketing: it may be a stop."""
    if case.promotes and case.unread:
        return Later(case.now + READ_FIRST, "客户刚回了短信,先看完再发", "unread_reply")
    return None


def cap(case: Case) -> Never | None:
    """Keep to the most that a customer is sent a day, a week, a month."""
    if case.message.opt_out_confirmation:
        return None
    reason = cap_reached(case.message, case.customer, case.shop, case.now)
    return Never(reason, "cap") if reason else None


def care_ratio(case: Case) -> Never | None:
    """Send no promotion before the care texts that are owed."""
    owed = care_owed(case.message, case.customer, case.shop) if case.promotes else 0
    return Never(f"距上次促销还差{owed}条关怀短信", "care_ratio") if owed else None


def quiet_hours(case: Case) -> Later | None:
    """Send marketing in the shop's hours, and nothing unasked after the customer's own."""
    if case.answers:
        return None
    at = next_open(case.customer, case.shop, case.now, promotes=case.promotes)
    return Later(at, f"不在可发送时段,{at:%m-%d %H:%M}再发", "quiet_hours") if at > case.now else None


def words(case: Case) -> Never | None:
    """Send no forbidden word, however it is written."""
    if case.message.opt_out_confirmation:
        return None
    found = forbidden_word(case.message.text, case.shop.policy.forbidden_words)
    return Never(f"内容含有禁用词“{found}”", "words") if found else None


GATES: Final[tuple[Gate, ...]] = (
    switch,
    allow_list,
    too_late,
    consent,
    topic,
    number,
    suppression,
    unread_reply,
    cap,
    care_ratio,
    quiet_hours,
    words,
)
