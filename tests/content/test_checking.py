"""Cross-checks: every kind of mistake is found, at its line; and what ships has none."""

from datetime import datetime
from pathlib import Path

import pytest

from bot import content
from bot.content import checking
from bot.content.checking import ALWAYS, DOINGS
from bot.domain.customer import Customer
from bot.domain.effects import EFFECTS
from bot.domain.shop import Shop
from bot.journeys.audience import about
from bot.outbound import render

HEAD = "title: t\ntrigger: {event: order.paid}\n"
TEXTS = """
hello: 您好
ask: 您好{{ order_id }}
needs: 您好{{ name }}
filled: {text: '{{ name }}', defaults: {name: 顾客}}
"""


def told(tmp_path: Path, **files: str) -> list[str]:
    files = {"templates/texts": TEXTS} | files
    for name, text in files.items():
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    report = content.check([tmp_path])
    return [f"{fault.line}: {fault.reason}" for fault in (*report.faults, *report.warnings)]


def steps(*lines: str) -> str:
    return HEAD + "steps:\n" + "".join(f"  - {{{line}}}\n" for line in lines)


def test_what_ships_checks():
    report = content.check([content.packaged()])
    assert [str(fault) for fault in (*report.faults, *report.warnings)] == []
    assert report.content is not None


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["id: a, kind: send, text: helo"], "4: there is no `helo` in templates/; did you mean `hello`?"),
        (["id: a, kind: send"], "4: `a`: a step `send` needs `text`"),
        (["id: a, kind: ask, text: hello"], "4: `a`: a step `ask` needs `prompt`"),
        (["id: a, kind: wait, wait: P1D, text: hello"], "4: `a`: `text` means nothing in a step `wait`"),
        (["id: a, kind: wait, at: '9:30'"], '4: `9:30` is no time of day; write it like "09:30"'),
        (["id: a, kind: wait_for, event: x.y"], "4: `a`: a step `wait_for` needs `timeout`"),
        (["id: a, kind: goto, to: b"], "4: there is no step `b`; name one that is there, or `end`"),
        (["id: one, kind: wait, wait: P1D, to: oen"], "4: there is no step `oen`; did you mean `one`?"),
        (["id: a, kind: split, branches: [{to: end}]"], "4: a split needs two branches at least"),
        (["id: a, kind: branch, branches: [{to: end, when: 'x =='}]"], "4: does not compile:"),
        (
            ["id: a, kind: branch, branches: [{to: end, when: appointmnt}]"],
            "4: `appointmnt` would be a value of the event",
        ),
        (["id: a, kind: end", "id: b, kind: end"], "5: no way leads to `b`; lead one there or take it out"),
        (["id: a, kind: end", "id: a, kind: end"], "5: there are two steps `a`; give one another name"),
        (["id: end, kind: tag, add: [x]"], "4: `end` is where a run ends; give the step another name"),
        (["id: a, kind: tag, add: [x]", "id: b, kind: goto, to: a"], "4: `a` comes back to itself without a wait"),
        (["id: a, kind: send, text: needs"], "4: `needs` uses name, which the event may not say"),
        (["id: a, kind: do, do: [{alert_stuff: {}}]"], "4: `alert_stuff` is nothing that content can ask for"),
        (["id: a, kind: do, do: [{tag: {ad: [x]}}]"], "4: `tag` knows no `ad`; it takes add, remove"),
        (["id: a, kind: do, do: [{issue_reward: {reward: x}}]"], "4: there is no reward `x`; say what it is in"),
        (["id: a, kind: ask, prompt: quiz, text: hello, quiz: x"], "4: there is no `x` in quizzes/; write it into"),
        (["id: a, kind: ask, prompt: text, text: hello, on_answer: [{reply: x}]"], "4: there is no `x` in templates/"),
        (["id: a, kind: wait, until: 'b.('"], "4: does not compile:"),
        (["id: a, kind: sned"], "4: `steps.0.kind`: input should be"),
    ],
)
def test_mistakes_in_journeys(tmp_path, lines, fault):
    assert any(line.startswith(fault) for line in told(tmp_path, **{"journeys/x": steps(*lines)})), fault


@pytest.mark.parametrize(
    "lines",
    [
        ["id: a, kind: send, text: ask"],
        ["id: a, kind: send, text: filled"],
        ["id: a, kind: ask, prompt: rating, text: hello, branches: [{when: rating > 3, to: end}, {to: a}]"],
        ["id: a, kind: wait, wait: P1D, to: a"],
        ["id: a, kind: tag, add: [x]", "id: w, kind: wait, wait: P1D, to: a"],
    ],
)
def test_no_mistakes(tmp_path, lines):
    assert told(tmp_path, **{"journeys/x": steps(*lines)}) == []


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("templates/a", "x: '{{ open'", "1: does not compile:"),
        ("templates/a", "x: {text: ok, variants: {again: '{% if %}'}}", "1: does not compile:"),
        ("templates/a", "x: 喜欢请回复T", "1: offers T as an answer"),
        ("templates/a", "x: 回复N参加", "1: offers N as an answer"),
        ("templates/a", "x: 【森茶】您好", "1: holds 【】"),
        ("templates/a", f"x: {'茶' * 65}", "1: has 65 characters of its own"),
        ("templates/a", "x: {text: ok, filed: {aliyun: {code: '1', variables: ['a b']}}}", "1: does not compile:"),
        ("quizzes/a", "question: q\noptions: [a, b]\nright: 3", "3: `right` counts the options from 1; there are 2"),
        ("quizzes/a", "question: q\noptions: [a, TD]", "2: TD as an option is a stop word"),
        ("quizzes/a", "question: q\noptions: [a]", "2: a question needs two options"),
        ("quizzes/a", "question: q\noptions: [a, b]\nreward: x", "3: there is no reward `x`"),
        ("prompts/rating", "again: nope", "1: there is no `nope` in templates/"),
        ("prompts/rating", "on_answer:\n  - when: rating <\n", "2: does not compile:"),
        ("faq/where", "examples: [在哪]\nanswer: '{{ facts.address }}'", "2: tells facts.address; list address under"),
        ("faq/where", "examples: []\nanswer: x", "1: a question needs examples"),
        ("campaigns/a", "text: nope", "1: there is no `nope` in templates/"),
        ("journeys/a", "title: t\ntrigger: {event: a, keyword: b}\nsteps: [{id: a, kind: end}]", "2: a journey begins"),
        ("journeys/a", "title: t\ntrigger: {event: a}\nsteps: []", "3: a journey needs a step"),
    ],
)
def test_mistakes_elsewhere(tmp_path, file, text, fault):
    texts = TEXTS + "quiz_right: a\nquiz_wrong: b\n"
    found = told(tmp_path, **{"templates/texts": texts, file: text})
    assert any(line.startswith(fault) for line in found), found


def test_letters_that_stop_may_be_told(tmp_path):
    texts = "a: 回复TD就不再发营销短信\nb: 不想收时回复TD即可\nc: 拒收请回复R\nd: 回复1确认\ne: 回复TEA试试\n"
    assert told(tmp_path, **{"templates/texts": texts}) == []


def test_one_mistake_is_told_once(tmp_path):
    journey = steps("id: a, kind: send, text: broken")
    found = told(tmp_path, **{"templates/a": "broken: {txet: x}", "journeys/x": journey})
    assert found == [
        "1: `text` is missing",
        "1: `txet` is not known here; did you mean `text`?",
    ]


def test_the_names_told_here_are_the_names_there_are(tmp_path):
    now = datetime.fromisoformat("2025-07-02T10:00:00+08:00")
    customer = Customer(id="c", shop="s", phone="+86", created_at=now)
    assert set(about(customer, Shop(), now)) | {"journey"} == ALWAYS
    assert set(DOINGS) <= set(EFFECTS)


def test_marketing_is_measured_with_the_words_that_leave_with_it() -> None:
    assert len(f",{render.OPT_OUT}") == checking.OPT_OUT
