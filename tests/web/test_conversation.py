"""A customer's page and what a colleague can do there."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.content import Content, Journey, Trigger
from bot.domain.customer import Customer, Emotion, JourneyRun
from bot.domain.decision import LogEntry
from bot.domain.effects import AlertStaff, Effect, RecordRating, Reply, SendTemplate
from bot.domain.events import BusinessEvent, Event, Happening, ReceiptReceived, ReplyReceived, SendFinished, StaffActed
from bot.domain.messages import DeliveryReport, InboundMessage
from bot.domain.understanding import Candidate, Mood, Slots, Understanding
from bot.engine.texts import message_id
from bot.web.console.timeline import Block, blocks
from bot.web.console.words import Translator
from tests.web.conftest import NOW, OpenWorld, World
from tests.web.told import put_customer

NUMBER = "+8613800000001"
KNOWN = "0" * 24
UNDERSTOOD = Understanding(
    text="4分",
    normalized="4分",
    script="simplified",
    chosen=(Candidate(intent="rating", score=0.97, layer="rule", reason="数字带“分”"),),
    slots=Slots(rating=4),
    mood=Mood(label="pos", score=0.5),
)


DELIVERED = BusinessEvent(type="order.delivered")
ASK = SendTemplate(template="t", text="请打分", message_class="service")


def entry(what: Happening, *effects: Effect, event: str = "e1", understanding: Understanding | None = None) -> LogEntry:
    happened = Event(id=event, shop="default", customer="c" * 24, phone=NUMBER, at=NOW, received_at=NOW, what=what)
    return LogEntry(event=happened, decided_at=NOW, content_version="1", effects=effects, understanding=understanding)


def shown(*entries: LogEntry) -> list[Block]:
    return blocks(entries, Translator("zh"))


def test_both_sides_stand_in_order_with_what_was_done() -> None:
    wrote = ReplyReceived(message=InboundMessage(sender=NUMBER, text="4分"))
    reply = (RecordRating(prompt="p", rating=4), Reply(text="谢谢"), AlertStaff(alert="a", reason="low_rating"))
    asked = entry(
        BusinessEvent(type="order.delivered"), SendTemplate(template="t", text="请打分", message_class="service")
    )
    laid = shown(asked, entry(wrote, *reply, event="e2", understanding=UNDERSTOOD))
    assert [(block.kind, block.text or block.label) for block in laid] == [
        ("happened", "已签收"),
        ("us", "请打分"),
        ("them", "4分"),
        ("us", "谢谢"),
        ("alert", "低分"),
    ]
    assert laid[2].done == ("记下评分",)
    assert laid[2].reading
    assert laid[2].reading.intents == (("评分", "4"),)


def test_a_text_shows_how_far_it_got() -> None:
    message = message_id("e1", 0)
    asked = entry(
        BusinessEvent(type="order.delivered"), SendTemplate(template="t", text="请打分", message_class="service")
    )
    sent = entry(SendFinished(message_id=message, outcome="sent", message_class="service"), event="e2")
    report = DeliveryReport(state="delivered")
    receipt = entry(ReceiptReceived(message_id=message, report=report), event="e3")
    late = entry(ReceiptReceived(message_id=message, report=DeliveryReport(state="sent")), event="e4")
    assert [shown(*told)[1].state for told in ((asked,), (asked, sent), (asked, sent, receipt, late))] == [
        "queued",
        "sent",
        "delivered",
    ]
    dropped = SendFinished(message_id=message, outcome="dropped", reason="客户已退订,不再发送", message_class="service")
    text = shown(asked, entry(dropped, event="e2"))[1]
    assert (text.state, text.reason) == ("dropped", "客户已退订,不再发送")


def test_a_code_that_was_hidden_stays_hidden() -> None:
    wrote = ReplyReceived(message=InboundMessage(sender=NUMBER, text="验证码 123456"))
    hidden = Understanding(
        text="验证码 123456",
        normalized="",
        script="simplified",
        chosen=(Candidate(intent="other", score=1, layer="silence", reason="验证码"),),
        slots=Slots(),
        mood=Mood(),
        silence="code",
        masked="验证码 ******",
    )
    (block,) = shown(entry(wrote, understanding=hidden))
    assert block.text == "验证码 ******"


async def test_a_phone_can_be_looked_at_before_anything_happened(inside: World) -> None:
    phone = await inside.deps.simulator.take_up("phone", "default", NUMBER, NOW)
    page = await (await inside.client.get(f"/customers/{phone.id}")).text()
    assert "138****0001" in page
    assert "还没有往来" in page
    assert (await inside.client.get("/customers/" + "0" * 24)).status == 404


async def test_journeys_stand_by_their_titles(open_world: OpenWorld) -> None:
    plan = Journey(name="after_delivery", title="签收后请评分", trigger=Trigger(event="order.delivered"), steps=())
    older = replace(plan, title="签收后请打分", version="old")
    content = Content(version="1", journeys={"after_delivery": plan}, pinned={"old": older})
    world = await open_world(content=lambda: content)
    await world.deps.people.add("li", "a good password", NOW)
    await world.sign_in()
    runs = tuple(
        JourneyRun(id=name + version, journey=name, version=version, key="k", step="next_day", began_at=NOW)
        for name, version in (("after_delivery", "new"), ("after_delivery", "old"), ("gone", "x"))
    )
    await put_customer(world.store, Customer(id=KNOWN, shop="default", phone=NUMBER, created_at=NOW, runs=runs))
    page = await (await world.client.get(f"/customers/{KNOWN}")).text()
    assert re.findall(r"next_day\"><span>([^<]+)</span>", page) == ["签收后请评分", "签收后请打分", "gone"]


async def test_the_emotion_index_is_the_one_of_the_docs(inside: World) -> None:
    # One furious reply half a lifetime ago: 50 + 50 · (-0.5 / (0.5 + 2)).
    felt = Emotion(total=-1, weight=1, at=NOW - timedelta(days=60))
    await put_customer(inside.store, Customer(id=KNOWN, shop="default", phone=NUMBER, created_at=NOW, emotion=felt))
    page = await (await inside.client.get(f"/customers/{KNOWN}")).text()
    assert '情绪指数 <span class="num">40</span>' in page
    assert '<rect x="39.0"' in page


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": "take_over"}, 200),
        ({"action": "hand_back"}, 200),
        ({"action": "reply", "text": "您好"}, 200),
        ({"action": "note", "text": "记一下"}, 200),
        ({"action": "undo", "event": "e1"}, 200),
        ({"action": "reply", "text": "  "}, 400),
        ({"action": "reply", "text": "长" * 501}, 400),
        ({"action": "erase"}, 400),
        ({}, 400),
    ],
)
async def test_acts_become_events(inside: World, fields: dict[str, str], status: int) -> None:
    phone = await inside.deps.simulator.take_up("phone", "default", NUMBER, NOW)
    answer = await inside.post(f"/customers/{phone.id}/act", fields)
    assert answer.status == status
    events = await inside.inbox()
    assert len(events) == (1 if status == 200 else 0)
    for event in events:
        assert isinstance(event.what, StaffActed)
        assert (event.what.actor, event.what.action, event.phone) == ("li", fields["action"], NUMBER)
        assert event.at - NOW < timedelta(seconds=1)


async def test_a_plain_form_does_without_a_script(inside: World) -> None:
    phone = await inside.deps.simulator.take_up("phone", "default", NUMBER, NOW)
    fields = {"csrf": await inside.csrf(), "action": "take_over"}
    answer = await inside.client.post(f"/customers/{phone.id}/act", data=fields, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"/customers/{phone.id}")


async def test_a_label_is_only_put_right_where_it_stands(inside: World) -> None:
    phone = await inside.deps.simulator.take_up("phone", "default", NUMBER, NOW)
    path = f"/customers/{phone.id}/correct"
    assert (await inside.post(path, {"intent": "deny", "event": "none"})).status == 400
    assert (await inside.post(path, {"intent": "nothing", "event": "none"})).status == 400
