"""The first journeys as customers live them: words in, the true engine, texts out."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.engine.simulate import Simulation
from tests.engine.minds import packaged_mind, saved_and_loaded

ZONE = ZoneInfo("Asia/Shanghai")
BOOKED = {
    "appointment_id": "a1",
    "start": "2025-07-10T14:00:00+08:00",
    "service": "面部护理",
    "slots": ["2025-07-10T16:00:00+08:00", "2025-07-11T10:00:00+08:00"],
}


class Phone:
    """A customer's phone, some days with a shop."""

    def __init__(self, at: str = "2025-07-02T10:00:00") -> None:
        now = datetime.fromisoformat(at).replace(tzinfo=ZONE)
        self.life = Simulation(packaged_mind(), now, between=saved_and_loaded)

    def news(self, kind: str, **data: object) -> "Phone":
        self.life.tell(kind, data)
        return self

    def wait(self, **span: float) -> "Phone":
        self.life.wait(timedelta(**span))
        return self

    def say(self, text: str) -> "Phone":
        self.wait(seconds=5)
        self.life.say(text)
        return self

    @property
    def last(self) -> str:
        return self.life.phone[-1].text


def test_a_bad_score_is_apologised_for_and_staff_are_called():
    phone = Phone().news("order.delivered", order_id="o1", item="明前龙井").wait(days=1, hours=1)
    assert phone.last.startswith("您好,您的明前龙井已签收")
    phone.say("2分")
    assert "抱歉" in phone.last
    assert phone.life.customer.suppressed
    assert phone.life.customer.ratings[0].subject == "o1"
    assert phone.life.customer.alerts
    phone.say("包装都破了").wait(days=4)
    assert "问题解决了吗" in phone.last
    phone.say("还没有")
    assert "加急" in phone.last
    assert phone.life.customer.runs == ()


def test_a_good_score_is_thanked_for():
    phone = Phone().news("order.delivered", order_id="o1").wait(days=1, hours=1).say("五分,很好喝")
    assert "5分" in phone.last
    assert "好评顾客" in phone.life.customer.tags
    assert phone.wait(days=5).life.customer.runs == ()


def test_confirmed_and_reminded_on_the_evening_before():
    phone = Phone().news("appointment.booked", **BOOKED)
    assert phone.last == "已为您约好7月10日(周四)14:00的面部护理,回复1确认,2改期,3取消。"
    phone.say("1").wait(days=7, hours=8)
    assert phone.life.customer.appointments[0].state == "confirmed"
    assert phone.last == "明天7月10日(周四)14:00见!面部护理已为您准备好。临时有事请回复2改期,3取消。"


def test_another_offered_time_is_taken_and_reminded_of():
    phone = Phone().news("appointment.booked", **BOOKED).say("2")
    assert "1)7月10日(周四)16:00 2)7月11日(周五)10:00" in phone.last
    phone.say("第二个")
    assert phone.life.customer.appointments[0].start == datetime.fromisoformat("2025-07-11T10:00:00+08:00")
    phone.news("appointment.moved", appointment_id="a1", start="2025-07-11T10:00:00+08:00")
    assert phone.last == "您的预约已改好:7月11日(周五)10:00,面部护理,到时见!"
    phone.wait(days=8, hours=8)
    assert phone.last.startswith("提醒您明天7月11日(周五)10:00有预约")


@pytest.mark.parametrize("by_shop", [True, False])
def test_a_cancelled_booking_is_not_reminded_of(by_shop):
    phone = Phone().news("appointment.booked", **BOOKED)
    phone.news("appointment.cancelled", appointment_id="a1") if by_shop else phone.say("3")
    texts = len(phone.life.phone)
    assert len(phone.wait(days=10).life.phone) == texts
    assert phone.life.customer.runs == ()


def test_a_quiz_is_answered_and_rewarded_once():
    phone = Phone().news("quiz.opened", quiz="lichun").say("萝卜")
    assert list(phone.life.customer.rewards.values()) == ["term_gift"]
    assert next(iter(phone.life.customer.rewards)) in phone.last
    assert "节气小礼一份" in phone.last


def test_a_quiz_at_night_waits_for_the_morning_and_a_second_one_for_another_day():
    phone = Phone("2025-07-02T22:00:00").news("quiz.opened", quiz="dongzhi")
    assert phone.life.phone == []
    phone.wait(hours=10, minutes=1)
    assert [text.message_class for text in phone.life.phone] == ["marketing"]
    phone.say("一年里最短")
    assert phone.life.customer.rewards
    texts = len(phone.life.phone)
    assert len(phone.news("quiz.opened", quiz="lichun").life.phone) == texts
    assert phone.life.customer.runs == ()


def test_a_stop_ends_what_runs_and_lets_nothing_begin():
    phone = Phone().news("cart.abandoned", item="青瓷杯").wait(hours=2).say("TD")
    texts = len(phone.life.phone)
    phone.wait(days=3).news("quiz.opened", quiz="lichun").wait(days=3)
    assert len(phone.life.phone) == texts
    assert (phone.life.customer.runs, phone.life.dropped) == ((), [])


def test_a_birthday_gift_is_claimed_by_a_word():
    fields = {"name": "张伟", "gender": "男", "birthday": "1990-07-05"}
    phone = Phone().news("customer.updated", fields=fields).wait(days=3, hours=1)
    assert phone.last.startswith("张先生生日快乐")
    phone.say("领取")
    assert "生日礼一份" in phone.last
