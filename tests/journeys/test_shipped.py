"""Every journey that ships, walked to its ends."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.effects import AlertStaff, OpenPrompt, SendTemplate, Tag
from bot.domain.verdict import Later, Never
from bot.outbound.segments import segments

BOOKED = {"appointment_id": "a1", "start": "2025-07-10T14:00:00+08:00", "service": "面部护理"}


def clock(walker) -> str:
    return f"{walker.now:%m-%d %H:%M}"


class TestAfterDelivery:
    def test_asks_for_a_score_the_next_morning(self, walker):
        walker.tell("order.delivered", order_id="o1", item="明前龙井").wait(hours=24)
        assert walker.texts == []
        walker.wait(hours=1)
        assert walker.texts == ["您好,您的明前龙井已签收,满意吗?回复1-5打分,5为非常满意;有话想说也可直接回复。"]
        assert (walker.prompt.kind, walker.prompt.subject) == ("rating", "o1")
        assert walker.prompt.expires_at - walker.prompt.opened_at == timedelta(hours=72)

    def test_a_good_score_ends_it(self, walker):
        walker.tell("order.delivered", order_id="o1").wait(days=1, hours=1).answer("5", rating=5)
        assert walker.customer.tags == ("好评顾客",)
        assert walker.customer.runs == ()

    @pytest.mark.parametrize(("choice", "tags", "urgent"), [("解决了", (), False), ("还没有", ("待挽回",), True)])
    def test_a_bad_score_is_looked_back_at(self, walker, choice, tags, urgent):
        walker.tell("order.delivered", order_id="o1").wait(days=1, hours=1).answer("1", rating=1)
        assert walker.customer.tags == ("待挽回",)
        walker.wait(days=4)
        assert "问题解决了吗" in walker.texts[-1]
        walker.answer(choice, choice=choice)
        assert walker.customer.tags == tags
        assert [alert.severity for alert in walker.of(AlertStaff)] == (["urgent"] if urgent else [])
        assert walker.customer.runs == ()

    def test_silence_ends_it_without_another_word(self, walker):
        walker.tell("order.delivered", order_id="o1").wait(days=10)
        assert len(walker.texts) == 1
        assert (walker.customer.runs, walker.customer.prompts) == ((), ())

    def test_two_orders_run_side_by_side_and_one_is_returned(self, walker):
        walker.tell("order.delivered", order_id="o1").tell("order.delivered", order_id="o2")
        walker.tell("order.delivered", order_id="o2")
        assert [run.key for run in walker.customer.runs] == ["o1", "o2"]
        walker.tell("order.returned", order_id="o1")
        assert [run.key for run in walker.customer.runs] == ["o2"]


class TestAppointment:
    def test_confirm_then_a_reminder_on_the_evening_before(self, walker):
        walker.tell("appointment.booked", **BOOKED)
        assert walker.texts == ["已为您约好7月10日(周四)14:00的面部护理,回复1确认,2改期,3取消。"]
        assert walker.prompt.appointment == "a1"
        walker.answer("confirmed").wait(days=7, hours=7)
        assert len(walker.texts) == 1
        walker.wait(hours=1)
        assert walker.texts[1].startswith("提醒您明天7月10日(周四)14:00有预约:面部护理")
        walker.wait(days=2)
        assert (walker.customer.runs, walker.customer.prompts) == ((), ())

    def test_one_who_never_answers_is_reminded_all_the_same(self, walker):
        walker.tell("appointment.booked", **BOOKED | {"start": "2025-07-03T16:00:00+08:00"})
        assert walker.prompt.expires_at == datetime.fromisoformat("2025-07-02T18:00:00+08:00")
        walker.wait(hours=8)
        assert len(walker.texts) == 2
        assert walker.prompt.kind == "appointment"
        assert walker.prompt.expires_at == datetime.fromisoformat("2025-07-03T16:00:00+08:00")

    def test_booked_for_today_or_late_the_evening_before_asks_once(self, walker):
        walker.wait(hours=10).tell("appointment.booked", **BOOKED | {"start": "2025-07-03T10:00:00+08:00"})
        walker.answer("confirmed").wait(days=3)
        assert len(walker.texts) == 1
        assert walker.customer.runs == ()

    def test_cancelled_by_the_customer_or_by_the_shop(self, walker):
        walker.tell("appointment.booked", **BOOKED).answer("cancelled").wait(days=10)
        assert len(walker.texts) == 1
        walker.tell("appointment.booked", **BOOKED | {"appointment_id": "a2", "start": "2025-07-20T14:00:00+08:00"})
        walker.tell("appointment.cancelled", appointment_id="a2").wait(days=10)
        assert (len(walker.texts), walker.customer.runs, walker.customer.prompts) == (2, (), ())

    def test_moved_by_the_shop_asks_again_and_reminds_at_the_new_time(self, walker):
        walker.tell("appointment.booked", **BOOKED).answer("confirmed")
        walker.tell("appointment.moved", appointment_id="a1", start="2025-07-08T15:00:00+08:00")
        assert walker.texts[-1].startswith("非常抱歉,您的预约需调整到7月8日(周二)15:00(面部护理)")
        assert [run.journey for run in walker.customer.runs] == ["appointment_moved"]
        walker.answer("confirmed").wait(days=5, hours=8)
        assert "明天7月8日(周二)15:00" in walker.texts[-1]
        walker.wait(days=10)
        assert len(walker.texts) == 3

    def test_moved_as_the_customer_wished_is_told_not_asked(self, walker):
        walker.tell("appointment.booked", **BOOKED).answer("rescheduled")
        walker.tell("appointment.moved", appointment_id="a1", start="2025-07-08T15:00:00+08:00")
        assert walker.texts[-1] == "您的预约已改好:7月8日(周二)15:00,面部护理,到时见!"
        assert walker.prompt is None


class TestQuiz:
    def test_asks_with_numbers_and_tags_who_was_right(self, walker):
        walker.tell("quiz.opened", quiz="lichun")
        assert walker.texts == ["立春有“咬春”的老习俗,咬的是哪一样?1粽子 2萝卜 3月饼 回复数字作答"]
        sent = walker.of(SendTemplate)[0]
        assert (sent.message_class, sent.topic) == ("marketing", "promo")
        assert (walker.prompt.options[1], walker.prompt.right, walker.prompt.subject) == ("萝卜", 2, "lichun")
        assert walker.prompt.stop_letters == ("R",)
        walker.answer("2", option=2, right=True)
        assert (walker.customer.tags, walker.customer.runs) == (("节气问答答对",), ())

    def test_every_quiz_fits_one_text(self, walker, content):
        for name in content.quizzes:
            walker.tell("quiz.opened", quiz=name)
            assert segments(f"【森茶】{walker.texts[-1]},拒收请回复R") == 1, name

    def test_a_quiz_that_is_not_there_calls_staff(self, walker):
        walker.tell("quiz.opened", quiz="nope")
        assert "nope" in walker.of(AlertStaff)[0].text
        assert (walker.texts, walker.customer.runs) == ([], ())


class TestMarketing:
    def test_a_cart_is_reminded_of_until_it_is_paid(self, walker):
        walker.tell("cart.abandoned", item="青瓷杯").wait(hours=2)
        assert walker.texts == ["您挑的青瓷杯还在购物车里,喜欢的话别错过。有什么拿不准的,直接回复问我们就好"]
        walker.tell("order.paid", order_id="o1").wait(days=3)
        assert (len(walker.texts), walker.customer.runs) == (1, ())
        walker.tell("cart.abandoned", item="青瓷杯")
        assert walker.customer.runs == ()
        walker.wait(days=7).tell("cart.abandoned", item="青瓷杯")
        assert len(walker.customer.runs) == 1

    def test_a_capped_step_goes_on_and_a_quiet_one_waits(self, walker):
        walker.verdicts = [Later(walker.now + timedelta(hours=10), "不在可发送时段", "quiet_hours")]
        walker.tell("cart.abandoned").wait(hours=2)
        assert walker.texts == []
        walker.wait(hours=8)
        assert len(walker.texts) == 1
        walker.verdicts = [Never("今天已发1条营销短信,上限1条", "cap")]
        walker.wait(hours=23)
        assert len(walker.texts) == 1
        assert walker.customer.counts == {"held/cart_abandoned/keep_it/cap": 1}
        assert (walker.customer.runs, walker.customer.prompts) == ((), ())

    def test_keeping_the_goods_calls_staff(self, walker):
        walker.tell("cart.abandoned", item="青瓷杯").wait(days=1, hours=1).answer("帮我留着", choice="帮我留着")
        assert walker.of(AlertStaff)[0].text == "顾客回复短信要留购物车里的青瓷杯,请跟进"

    def test_a_birthday_comes_every_year(self, walker):
        fields = {"birthday": "1990-07-05", "name": "张伟", "gender": "男"}
        walker.tell("customer.updated", fields=fields)
        walker.customer = replace(walker.customer, fields=fields)
        walker.wait(days=3)
        assert walker.texts == ["张先生生日快乐!为您备了一份生日礼,回复1领取,三天内有效"]
        first = walker.prompt.subject
        walker.answer("yes")
        assert walker.customer.tags == ("领过生日礼",)
        walker.wait(days=366)
        assert len(walker.texts) == 2
        assert walker.prompt.subject != first

    def test_arms_of_the_win_back_stick(self, walker):
        walker.tell("customer.dormant")
        arm = walker.of(SendTemplate)[0].arm
        walker.wait(days=30)
        assert walker.customer.runs == ()
        walker.wait(days=60).tell("customer.dormant")
        assert walker.of(SendTemplate)[0].arm == arm
        assert arm in ("wording=warm", "wording=gift")
        walker.wait(days=8).tell("visit.completed", visit_id="v1")
        assert ("已唤回" in walker.customer.tags) is True

    def test_the_unhappy_are_not_won_back(self, walker):
        walker.tell("order.delivered", order_id="o1").wait(days=1, hours=1).answer("1", rating=1)
        walker.tell("customer.dormant")
        assert [run.journey for run in walker.customer.runs] == ["after_delivery"]


def test_welcome_shipping_and_visits(walker):
    walker.tell("customer.joined").wait(days=3)
    assert walker.prompt.kind == "preference"
    walker.tell("order.shipped", order_id="o1", item="新茶", carrier="顺丰", tracking="SF1")
    assert walker.texts[-1] == "您的新茶已发出,顺丰,单号SF1。有问题直接回复本短信。"
    walker.tell("order.delivered", order_id="o1")
    assert "order_shipped" not in [run.journey for run in walker.customer.runs]
    walker.tell("visit.completed", visit_id="v1", service="洗剪吹").wait(days=1, hours=1)
    assert "您好,感谢昨天到店!请为洗剪吹打分,回复1-5,5为非常满意。" in walker.texts


def test_every_step_of_every_journey_can_be_reached(content):
    for journey in content.journeys.values():
        reached, new = set(), [journey.steps[0].id]
        while new:
            step = journey.step(new.pop())
            if step and step.id not in reached:
                reached.add(step.id)
                new += journey.ways(step)
        assert reached == {step.id for step in journey.steps}, journey.name


def test_tags_and_prompts_are_what_they_say(walker):
    walker.tell("order.delivered", order_id="o1").wait(days=1, hours=1)
    prompt = walker.prompt
    assert (prompt.run, prompt.journey, prompt.step) == (walker.customer.runs[0].id, "after_delivery", "ask_score")
    assert walker.customer.runs[0].waiting_for == prompt.id
    assert not walker.of(Tag)
    assert walker.of(OpenPrompt) or walker.texts
