"""From a reply to its meaning: replies in their contexts, late answers, corrections, staff's word, the trace."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.conversation.memory import forget
from bot.engine.evaluate import run_dialogue
from bot.engine.understand import explain, stop_scope, understand
from tests.conversation.contexts import BOOKING, TEAS, context, prompt
from tests.engine.minds import packaged_mind

HERE = Path(__file__).parent.parent
NEVER_INVENTED = ("rating", "option", "date", "time", "phone")


def meaning(text, light):
    return understand(text, light, packaged_mind().language)


def written():
    for line in (HERE / "conversation" / "replies.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, text, intents, slots = line.split("|")
            yield pytest.param(
                kind, text, intents.split(","), dict(part.split("=") for part in slots.split()), id=f"{kind}-{text}"
            )


@pytest.mark.parametrize(("kind", "text", "intents", "slots"), list(written()))
def test_reply(kind, text, intents, slots):
    found = meaning(text, context(kind))
    assert found.intent == intents[0], found.chosen
    if len(intents) > 1:
        assert set(found.intents) == set(intents)
    given = {name: getattr(found.slots, name) for name in {*slots, *NEVER_INVENTED} if getattr(found.slots, name)}
    assert {name: ",".join(v) if isinstance(v, tuple) else str(v) for name, v in given.items()} == slots


@pytest.mark.parametrize(
    ("folder", "least"),
    [("", 0.98), ("second", 0.96), ("third", 0.98), ("fourth", 0.96), ("fifth", 0.98), ("sixth", 0.98)],
)
def test_an_independent_set_stays_understood(folder, least):
    right = wrong_stops = 0
    replies = HERE / "understanding" / folder / "replies.jsonl"
    lines = [json.loads(line) for line in replies.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        light = context(line["context"])
        if line["context"] == "quiz":
            light = replace(light, prompts=(prompt("quiz", options=tuple(line["quiz_options"])),))
        found = meaning(line["text"], light)
        right += found.intent == line["intent"]
        wrong_stops += ("unsubscribe" in found.intents) != (line["intent"] == "unsubscribe")
    assert right / len(lines) >= least
    assert wrong_stops == 0


@pytest.mark.parametrize("folder", ["", "second", "third", "fourth", "fifth", "sixth"])
def test_the_dialogues_of_an_independent_set_stay_right(folder):
    dialogues = HERE / "understanding" / folder / "dialogues.jsonl"
    lines = [json.loads(line) for line in dialogues.read_text(encoding="utf-8").splitlines()]
    wrong = [row for line in lines for row in run_dialogue(line, packaged_mind()) if not row["passed"]]
    assert len(wrong) <= len(lines) / 20, wrong


def answered(kind, answer):
    return prompt(kind, id=f"old {kind}", answered=answer)


def test_a_taken_back_rating_is_corrected_though_a_text_prompt_is_open():
    found = meaning("打反了,是5分", context("text", lately=(answered("rating", "rating:1"),)))
    assert found.intent == "rating"
    assert found.slots.rating == 5
    assert found.chosen[0].corrects


def test_a_second_bare_answer_replaces_the_first():
    found = meaning("5", context("none", lately=(answered("rating", "rating:4"),)))
    assert (found.intent, found.slots.rating, found.chosen[0].corrects) == ("rating", 5, True)


def test_a_late_answer_finds_its_expired_prompt():
    found = meaning("5", context("none", lately=(prompt("rating", expired=True),)))
    assert (found.intent, found.chosen[0].late) == ("rating", True)


def test_the_newest_prompt_that_fits_takes_the_number():
    assert meaning("1", context("appointment", "rating")).intent == "appointment_confirm"
    assert meaning("1", context("promo", "appointment", booking=BOOKING)).intent == "affirm"
    both = meaning("4分", context("appointment", "rating"))
    assert both.intents == ("rating",)
    assert both.chosen[0].prompt == "rating"


def test_meant_for_the_other_prompt():
    light = context("rating", lately=(answered("appointment", "appointment:confirmed"),))
    found = meaning("我是说打1分", light)
    assert (found.intent, found.slots.rating, found.chosen[0].corrects) == ("rating", 1, True)


def test_an_offered_slot_is_picked_by_number_or_by_its_time():
    slots = tuple(datetime.fromisoformat(f"2025-07-04T{clock}:00+08:00") for clock in ("13:30", "16:30"))
    light = replace(context("appointment"), prompts=(prompt("appointment", slots_offered=slots),))
    for text in ("2", "第二个", "四点半那个", "16:30吧"):
        found = meaning(text, light)
        assert found.intent == "appointment_reschedule", text
        assert (found.slots.date, found.slots.time) == ("2025-07-04", "16:30"), text


def test_agreeing_to_a_proposed_time_gives_no_time_of_its_own():
    light = replace(context("appointment"), prompts=(prompt("appointment", proposed=BOOKING),))
    for text in ("好的", "可以", "那就按你说的改", "行,就这个时间"):
        found = meaning(text, light)
        assert found.intent == "appointment_confirm", text
        assert found.slots.date is None


@pytest.mark.parametrize(("last", "letters", "text", "intent"), [
    ("marketing", (), "T", "unsubscribe"),
    ("marketing", (), "n", "unsubscribe"),
    ("service", ("N",), "N", "unsubscribe"),
    ("service", (), "T", "other"),
    ("conversation", (), "R", "other"),
    ("marketing", ("R",), "我选择R", "unsubscribe"),
])  # fmt: skip
def test_a_single_letter_stops_only_where_it_may(last, letters, text, intent):
    assert meaning(text, context("none", last_class=last, last_stop_letters=letters)).intent == intent


@pytest.mark.parametrize(
    "kind", ["none", "rating", "quiz", "appointment", "survey", "promo", "preference", "order", "text"]
)
@pytest.mark.parametrize("text", ["退订", "TD", "请不要再发短信了", "转人工"])
def test_stops_and_persons_count_in_every_state(kind, text):
    wanted = "human_handoff" if text == "转人工" else "unsubscribe"
    for light in (context(kind), context(kind, with_staff=True), context(kind, opted_out=True)):
        assert meaning(text, light).intent == wanted


def test_what_is_written_after_a_low_score_is_the_reason():
    light = context("text", lately=(answered("rating", "rating:2"),))
    found = meaning("蓝色的那一款", light)
    assert found.intent == "complaint"
    assert found.chosen[0].prompt == "text"


def test_staffs_correction_wins_at_once():
    language = packaged_mind().language
    text = "那边的事"
    assert meaning(text, context()).intent == "other"
    corrected = context(corrections={language.normalise(text): "human_handoff"})
    assert meaning("那邊的事", corrected).intent == "human_handoff"
    assert meaning("那边的事", corrected).chosen[0].layer == "correction"


def test_abuse_is_noticed():
    assert meaning("你们这帮骗子", context("order")).abusive
    assert not meaning("什么时候到", context("order")).abusive


def test_a_forwarded_code_is_kept_out_of_sight():
    found = meaning("验证码 482913 请勿告诉他人", context())
    assert found.silence == "code"
    assert "482913" not in json.dumps(explain(found), ensure_ascii=False)


def test_unsure_is_told():
    assert meaning("asdf qwer", context()).unsure
    assert not meaning("退订", context()).unsure


def test_the_trace_is_plain_json_and_says_why():
    told = explain(meaning("4分,就是快递慢,别再发了", context("rating")))
    again = json.loads(json.dumps(told, ensure_ascii=False))
    assert again["intent"] == "unsubscribe"
    assert [each["intent"] for each in again["intents"]] == ["unsubscribe", "rating", "complaint"]
    assert again["slots"] == {"rating": 4, "scope": "marketing", "also": ["rating", "complaint"]}
    assert "别再发了" in again["why"]
    assert {"layer", "score", "reason"} <= set(again["candidates"][0])


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("退订", "marketing"),
        ("T D", "marketing"),
        ("请不要再发了", "marketing"),
        ("不退订", None),
        ("取消退订", None),
        ("好的", None),
    ],
)
def test_the_stop_that_leans_on_nothing(text, scope):
    assert stop_scope(text) == scope


def test_quiz_options_of_any_kind():
    light = replace(context("quiz"), prompts=(prompt("quiz", options=("10号", "20号")),))
    assert meaning("20号", light).slots.option == 2
    assert meaning("A", replace(light, prompts=(prompt("quiz", options=TEAS),))).slots.option == 1


def test_what_is_remembered_of_a_text_says_nothing_of_who_wrote_it_or_when():
    lines = (HERE / "understanding" / "third" / "replies.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines][:120]
    lights = [
        context("none"),
        context("rating"),
        context("appointment"),
        replace(context("quiz", "rating"), now=context("none").now + timedelta(days=40)),
    ]

    def trace(text, light):
        return json.dumps(explain(meaning(text, light)), ensure_ascii=False, default=str)

    alone = []
    for text in texts:
        for light in lights:
            forget()
            alone.append(trace(text, light))
    assert [trace(text, light) for text in texts for light in lights] == alone
    assert [trace(text, light) for text in reversed(texts) for light in reversed(lights)] == alone[::-1]
