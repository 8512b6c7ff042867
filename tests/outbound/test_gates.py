"""Every gate with its reason, their order, and that nothing passes a stop."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.customer import Consent, Customer, Preferences, Sent, Ticket
from bot.domain.messages import OutboundMessage
from bot.domain.shop import Policy, Shop
from bot.domain.verdict import Later, Never, Send
from bot.outbound.gates import check

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2025, 7, 2, 10, tzinfo=ZONE)  # a Wednesday
SHOP = Shop(name="tea", signature="森茶")
MESSAGE = OutboundMessage(
    id="m1", shop="tea", customer="c1", message_class="marketing", text="新茶上市", created_at=NOW, cause="e1"
)
CUSTOMER = Customer(id="c1", shop="tea", phone="+8613800000000", created_at=NOW - timedelta(days=90))
OUT = Consent(state="out", at=NOW - timedelta(days=1), how="reply")
IN = Consent(state="in", at=NOW - timedelta(days=9), how="api")


def at(clock: str, day: int = 2) -> datetime:
    return datetime.fromisoformat(f"2025-07-{day:02}T{clock}:00").replace(tzinfo=ZONE)


def sent(*days_ago: float, cls: str = "marketing", care: bool = False) -> tuple[Sent, ...]:
    return tuple(Sent(at=NOW - timedelta(days=ago), message_class=cls, care=care) for ago in days_ago)


def policy(**changes: object) -> Shop:
    return replace(SHOP, policy=replace(Policy(), **changes))


def test_nothing_against_it():
    assert check(MESSAGE, CUSTOMER, SHOP, NOW) == Send()


@pytest.mark.parametrize(
    ("customer", "shop", "gate", "words"),
    [
        ({}, policy(only_to=("c2",)), "allow_list", "名单"),
        ({"consent": {"marketing": OUT}}, SHOP, "consent", "退订"),
        ({"consent": {"all": OUT}}, SHOP, "consent", "退订"),
        ({}, policy(marketing_needs_opt_in=True), "consent", "同意"),
        ({"preferences": Preferences(off=("promo",))}, SHOP, "topic", "促销"),
        ({"preferences": Preferences(only=("order",))}, SHOP, "topic", "促销"),
        ({"consent": {"promo": OUT}}, SHOP, "topic", "促销"),
        ({"wrong_number": True}, SHOP, "number", "发错"),
        ({"number_state": "bad"}, SHOP, "number", "空号"),
        ({"suppressed": {"complaint": "e0"}}, SHOP, "suppressed", "投诉"),
        ({"ticket": Ticket(id="t", reason="x", opened_at=NOW)}, SHOP, "suppressed", "人工"),
        ({"sent": sent(0)}, SHOP, "cap", "今天已发1条营销短信,上限1条"),
        ({"sent": sent(1, 2, 3)}, SHOP, "cap", "7天内"),
        ({"sent": sent(1, 8, 9, 10, 11)}, SHOP, "cap", "30天内"),
        ({"sent": sent(3), "preferences": Preferences(frequency="weekly")}, SHOP, "cap", "少发"),
        (
            {"sent": (*sent(5), *sent(4, 3, cls="service", care=True))},
            policy(care_per_promotion=3),
            "care_ratio",
            "1条",
        ),
        ({}, policy(forbidden_words=("新茶",)), "words", "新茶"),
    ],
)
def test_never_with_a_reason(customer, shop, gate, words):
    verdict = check(MESSAGE, replace(CUSTOMER, **customer), shop, NOW)
    assert isinstance(verdict, Never)
    assert (verdict.gate, words in verdict.reason) == (gate, True), verdict


@pytest.mark.parametrize(
    ("customer", "shop", "now", "open_at"),
    [
        ({}, SHOP, at("21:00"), at("08:00", 3)),
        ({}, SHOP, at("20:59"), None),
        ({}, SHOP, at("07:59"), at("08:00")),
        ({}, SHOP, at("08:00"), None),
        ({"fields": {"zone": "Europe/London"}}, SHOP, at("14:00"), at("15:00")),
        ({"fields": {"zone": "Nowhere/Land"}}, SHOP, at("14:00"), None),
        ({"preferences": Preferences(quiet_after="18:00")}, SHOP, at("18:30"), at("08:00", 3)),
        ({"preferences": Preferences(send_time="evening")}, SHOP, at("10:00"), at("18:00")),
        ({"preferences": Preferences(send_time="14:00")}, SHOP, at("16:30"), at("14:00", 3)),
        ({"preferences": Preferences(send_time="weekend")}, SHOP, at("10:00"), at("08:00", 5)),
        ({"preferences": Preferences(send_time="weekday")}, SHOP, at("21:30", 4), at("08:00", 7)),
        ({"preferences": Preferences(send_time="evening", quiet_after="12:00")}, SHOP, at("10:00"), None),
        ({}, policy(marketing_from="10:30", marketing_until="11:00"), at("10:00"), at("10:30")),
    ],
)
def test_quiet_hours_wait_in_the_customers_zone(customer, shop, now, open_at):
    verdict = check(MESSAGE, replace(CUSTOMER, **customer), shop, now)
    if open_at is None:
        assert verdict == Send()
    else:
        assert isinstance(verdict, Later)
        assert (verdict.at, verdict.gate) == (open_at, "quiet_hours")


def test_the_kill_switch_and_a_person_at_work_hold_back():
    assert isinstance(check(MESSAGE, CUSTOMER, policy(sending=False), NOW), Later)
    held = check(MESSAGE, replace(CUSTOMER, paused_by="小李"), SHOP, NOW)
    assert isinstance(held, Later)
    assert "小李" in held.reason
    assert check(MESSAGE, replace(CUSTOMER, paused_by="小李", paused_until=NOW), SHOP, NOW) == Send()


def test_marketing_waits_while_a_reply_lies_unread():
    assert isinstance(check(MESSAGE, CUSTOMER, SHOP, NOW, unread=1), Later)
    assert check(replace(MESSAGE, message_class="service"), CUSTOMER, SHOP, NOW, unread=1) == Send()


def test_a_text_that_would_come_too_late_is_dropped():
    assert isinstance(check(replace(MESSAGE, not_after=NOW - timedelta(1)), CUSTOMER, SHOP, NOW), Never)
    night = check(replace(MESSAGE, not_after=at("23:00")), CUSTOMER, SHOP, at("22:00"))
    assert isinstance(night, Never)
    assert "有效时间" in night.reason


def test_service_answers_and_the_confirmation_after_a_stop():
    stopped = replace(CUSTOMER, consent={"marketing": OUT})
    everything = replace(CUSTOMER, consent={"all": OUT})
    service = replace(MESSAGE, message_class="service")
    answer = replace(MESSAGE, message_class="conversation")
    assert check(service, stopped, SHOP, NOW) == Send()
    assert isinstance(check(service, everything, SHOP, NOW), Never)
    assert check(answer, everything, SHOP, NOW) == Send()
    assert isinstance(check(replace(answer, created_at=OUT.at - timedelta(1)), everything, SHOP, NOW), Never)
    assert isinstance(check(replace(answer, by_staff="小李"), everything, SHOP, NOW), Never)
    wrote = replace(everything, last_reply_at=NOW)
    assert check(replace(answer, by_staff="小李"), wrote, SHOP, NOW) == Send()
    confirmation = replace(MESSAGE, message_class="conversation", opt_out_confirmation=True)
    assert check(confirmation, everything, SHOP, NOW) == Send()


def test_a_stop_counts_from_when_we_heard_it_and_acted_on_it():
    second = timedelta(seconds=1)
    stop = replace(OUT, heard_at=OUT.at + 20 * second, decided_at=OUT.at + 30 * second)
    stopped = replace(CUSTOMER, consent={"all": stop}, last_reply_at=stop.heard_at)
    answer = replace(MESSAGE, message_class="conversation")
    assert isinstance(check(replace(answer, created_at=OUT.at + 29 * second), stopped, SHOP, NOW), Never)
    assert check(replace(answer, created_at=OUT.at + 30 * second), stopped, SHOP, NOW) == Send()
    by_staff = replace(answer, by_staff="小李")
    assert isinstance(check(by_staff, stopped, SHOP, NOW), Never), "the stop itself is no letter to answer"
    wrote = replace(stopped, last_reply_at=OUT.at + 21 * second)
    assert check(by_staff, wrote, SHOP, NOW) == Send()


def test_caps_know_the_text_itself_tiers_and_holidays():
    counted = replace(CUSTOMER, sent=(Sent(at=NOW, message_class="marketing", message="m1"),))
    assert check(MESSAGE, counted, SHOP, NOW) == Send()
    today = replace(CUSTOMER, sent=sent(0))
    gold = replace(today, tags=("tier:gold",))
    assert check(MESSAGE, gold, policy(tier_caps={"gold": {"marketing/day": 2}}), NOW) == Send()
    feast = policy(holidays=("2025-07-02",), holiday_caps={"marketing/day": 3})
    assert check(MESSAGE, today, feast, NOW) == Send()
    late_last_night = replace(CUSTOMER, sent=(Sent(at=at("20:30", 1), message_class="marketing"),))
    assert check(MESSAGE, late_last_night, SHOP, at("08:30")) == Send()


def test_a_service_topic_is_refused_only_where_all_of_it_is():
    service = replace(MESSAGE, message_class="service")
    only_orders = replace(CUSTOMER, preferences=Preferences(only=("order",)))
    assert check(service, only_orders, SHOP, NOW) == Send()
    only_promo = replace(CUSTOMER, preferences=Preferences(only=("promo",)))
    assert isinstance(check(service, only_promo, SHOP, NOW), Never)
    assert isinstance(check(replace(service, topic="service"), only_orders, SHOP, NOW), Never)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("代开发票", True),
        ("代开 发 票", True),
        ("代开发*票", True),
        ("代开發票", False),
        ("加ＶＸ", True),
        ("加v.x", True),
        ("加v\u200bx", True),
        ("\u0430bc", True),
        ("研发。票价", False),
        ("正常文字", False),
    ],
)
def test_forbidden_words_however_written(text, found):
    shop = policy(forbidden_words=("发票", "vx", "abc"))
    assert isinstance(check(replace(MESSAGE, text=text), CUSTOMER, shop, NOW), Never) is found


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2026, 1, 1), timezones=st.sampled_from([ZONE]))  # noqa: DTZ001
CLOCKS = st.times().map(lambda clock: f"{clock:%H:%M}")
WISHES = st.builds(
    Preferences,
    quiet_after=st.none() | CLOCKS,
    send_time=st.none() | CLOCKS | st.sampled_from(["morning", "noon", "evening", "weekend", "weekday"]),
    only=st.sampled_from([(), ("order",), ("promo",)]),
)
ZONES = st.sampled_from(["", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe"])


@settings(max_examples=80, deadline=None)
@given(MOMENTS, WISHES, ZONES)
def test_what_waits_may_leave_when_its_time_comes(now, wishes, zone):
    customer = replace(CUSTOMER, preferences=wishes, fields={"zone": zone})
    verdict = check(MESSAGE, customer, SHOP, now)
    if isinstance(verdict, Later):
        assert verdict.at > now
        assert not isinstance(check(MESSAGE, customer, SHOP, verdict.at), Later)
        local = verdict.at.astimezone(ZoneInfo(zone or "Asia/Shanghai"))
        assert 8 <= local.hour < 21


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["marketing", "service", "conversation"]),
    st.dictionaries(st.sampled_from(["marketing", "service", "all"]), st.sampled_from([IN, OUT])),
    MOMENTS,
)
def test_nothing_in_a_stopped_scope_passes(message_class, consent, now):
    customer = replace(CUSTOMER, consent=consent)
    message = replace(MESSAGE, message_class=message_class)
    if customer.stopped(message_class):
        assert isinstance(check(message, customer, SHOP, now), Never)
