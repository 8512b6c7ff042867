"""Reading content folders: what is refused and where, whose file counts, and what is kept."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot import content
from bot.errors import ContentError

JOURNEY = """
title: 下单后回访
trigger: {event: order.paid}
key: order_id
steps:
  - {id: later, kind: wait, wait: PT48H}
  - {id: done, kind: end}
"""


def folder(tmp_path: Path, name: str, **files: str) -> Path:
    for path, text in files.items():
        there = tmp_path / name / f"{path.replace('__', '/')}.yaml"
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text, encoding="utf-8")
    return tmp_path / name


def faults(*folders: Path) -> list[str]:
    return [f"{Path(fault.file).name}:{fault.line}: {fault.reason}" for fault in content.check(folders).faults]


def test_a_journey_is_read_with_its_durations_and_a_version(tmp_path):
    read = content.load([folder(tmp_path, "a", journeys__follow_up=JOURNEY)])
    journey = read.journeys["follow_up"]
    assert journey.steps[0].wait == timedelta(hours=48)
    assert read.pinned == {journey.version: journey}
    assert len(read.version) == 12


def test_every_fault_is_told_with_file_and_line(tmp_path):
    broken = JOURNEY.replace("wait: PT48H", "wiat: PT48H").replace("key: order_id", "kye: order_id\nversion: x")
    top = folder(
        tmp_path,
        "a",
        campaigns__number="text: x\nname: other",
        journeys__follow_up=broken,
        quizzes__lichun="question: 立春吃什么?\noptions: [春饼, [1]]\ncloses_in: soon\n",
        templates__texts="hello: 您好\nhello: 再见\nnumber: 12\n",
        faq__hours="answer: 九点\n",
        prompts__raiting="again: x\n",
        words__bad="a: [1, 2\n",
        words__empty="",
        journey__typo="a: 1",
    )
    (top / "words" / "gbk.yaml").write_bytes("中文".encode("gbk"))
    told = faults(top)
    assert "follow_up.yaml:4: `kye` is not known here; did you mean `key`?" in told
    assert "follow_up.yaml:5: `version` is worked out from the plan; leave it out" in told
    assert "follow_up.yaml:7: `steps.0.wiat` is not known here; did you mean `wait`?" in told
    assert "lichun.yaml:2: `options.1` must be a text; put it in quotes" in told
    assert any(line.startswith("lichun.yaml:3: `closes_in`") for line in told)
    assert "texts.yaml:2: `hello` stands here twice; keep one" in told
    assert "texts.yaml:3: `number` must be a text, or names and values" in told
    assert "hours.yaml:1: `examples` is missing" in told
    assert any(line.startswith("raiting.yaml:1: `kind`") for line in told)
    assert any(line.startswith("bad.yaml:2: is no YAML") for line in told)
    assert "empty.yaml:1: is empty; delete it or fill it" in told
    assert "gbk.yaml:1: is not UTF-8; save it as UTF-8" in told
    assert any(line.startswith("typo.yaml:1: lies in no known folder") for line in told)
    assert "number.yaml:2: `name` must be number, as it is filed; or leave it out" in told
    with pytest.raises(ContentError) as error:
        content.load([top])
    assert len(error.value.faults) == len(told)


def test_yaml_is_read_as_people_mean_it(tmp_path):
    top = folder(tmp_path, "a", words__plain="on: 12:30\noff: 2025-02-03\nyes: no\nn: 012\n")
    assert content.load([top]).words["plain"] == {"on": "12:30", "off": "2025-02-03", "yes": "no", "n": "012"}


def test_a_number_stands_for_a_text_where_a_text_is_meant(tmp_path):
    quiz = "question: 520\noptions: [1314, 3.10, true]\nright: 2\n"
    top = folder(tmp_path, "a", quizzes__love=quiz, templates__texts="quiz_right: a\nquiz_wrong: b")
    quiz = content.load([top]).quizzes["love"]
    assert (quiz.question, quiz.options, quiz.right) == ("520", ("1314", "3.10", "true"), 2)


def test_a_bomb_of_aliases_is_refused(tmp_path):
    levels = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    assert any("values" in line for line in faults(folder(tmp_path, "a", words__bomb=levels)))


def test_a_shops_own_file_wins(tmp_path):
    ours = folder(tmp_path, "ours", templates__texts="hello: 您好\nbye: 再见", faq__park="examples: [停车]\nanswer: a")
    shops = folder(tmp_path, "shops", templates__mine="hello: 亲,您好", faq__park="examples: [停车]\nanswer: b")
    read = content.load([ours, shops])
    assert read.texts["hello"].text == "亲,您好"
    assert read.texts["bye"].text == "再见"
    assert read.faq["park"].answer == "b"
    twice = folder(tmp_path, "twice", templates__a="x: a", templates__b="x: b")
    assert any("`x` is already in" in line for line in faults(twice))


def test_plans_are_kept_by_version(tmp_path):
    top = folder(tmp_path, "a", journeys__follow_up=JOURNEY)
    kept = tmp_path / "kept"
    first = content.load([top], kept=kept).journeys["follow_up"]
    folder(tmp_path, "a", journeys__follow_up=JOURNEY.replace("PT48H", "PT24H"))
    (kept / "old.json").write_text("{}")
    again = content.load([top], kept=kept)
    assert again.pinned[first.version] == first
    assert again.journeys["follow_up"].version != first.version


def test_a_reload_is_all_or_nothing(tmp_path):
    top = folder(tmp_path, "a", journeys__follow_up=JOURNEY)
    old = content.load([top])
    folder(tmp_path, "a", journeys__follow_up=JOURNEY.replace("PT48H", "soon"))
    broken = content.reload(old, [top])
    assert isinstance(broken, tuple)
    folder(tmp_path, "a", journeys__follow_up=JOURNEY.replace("PT48H", "P2D"))
    new = content.reload(old, [top])
    assert not isinstance(new, tuple)
    assert set(old.pinned) < set(new.pinned)


def test_the_schema_names_every_kind():
    shapes = content.schema()
    assert set(shapes) == set(content.FOLDERS) - {"words"}
    assert shapes["journeys"]["required"] == ["title", "trigger", "steps"]
    assert shapes["journeys"]["additionalProperties"] is False
