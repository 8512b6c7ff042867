"""Training: the same bytes for the same seed, honest figures, clear faults, and no worse model by accident."""

import gzip
import json

import pytest

from bot.conversation import mood
from bot.conversation.mood_model import loads
from bot.errors import ContentError
from bot.training.corpora import Columns, Sample, read
from bot.training.frames import Frames
from bot.training.mood import WorseModel, lexicon, train
from bot.training.softmax import Plan
from bot.training.typos import slips

PLAN = Plan(keep=5_000, steps=60)
GOOD = ["很好吃", "服务热情", "味道不错", "非常满意", "下次还来", "老板人好", "送得很快", "环境干净"]
BAD = ["很难吃", "服务恶劣", "味道太差", "非常失望", "再也不来", "老板骂人", "送得太慢", "环境很脏"]
PLAIN = ["几点开门", "收到了", "在哪里", "改到周五", "两个人", "怎么付款", "明天下午来", "放在门口"]


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.jsonl"
    lines = [
        {"text": f"{text}{tail}", "label": label}
        for label, texts in (("pos", GOOD), ("neg", BAD), ("neu", PLAIN))
        for text in texts
        for tail in ("", "。", "，谢谢", "，今天")
    ]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    return path


def test_the_same_seed_gives_the_same_bytes(texts, tmp_path):
    one = train([texts], tmp_path / "one.json.gz", plan=PLAN, builtin=False)
    train([texts], tmp_path / "two.json.gz", plan=PLAN, builtin=False)
    assert (tmp_path / "one.json.gz").read_bytes() == (tmp_path / "two.json.gz").read_bytes()
    assert one.before is None
    assert one.figures.n == 9
    assert loads((tmp_path / "one.json.gz").read_bytes()).about["texts"] == 96
    assert mood.load(tmp_path / "one.json.gz").score("服务太差了").label == "neg"


def test_a_worse_model_is_not_written_unless_forced(texts, tmp_path):
    out = tmp_path / "model.json.gz"
    dev = tmp_path / "dev.csv"
    dev.write_text("text,label\n很好吃呀,pos\n服务恶劣啊,neg\n几点关门,neu\n", encoding="utf-8")
    train([texts], out, dev=dev, plan=PLAN, builtin=False)
    kept = out.read_bytes()
    upside_down = tmp_path / "wrong.tsv"
    rows = [(text, "neg") for text in GOOD] + [(text, "pos") for text in BAD] + [(text, "neu") for text in PLAIN]
    upside_down.write_text("text\tlabel\n" + "\n".join("\t".join(row) for row in rows * 2), encoding="utf-8")
    with pytest.raises(WorseModel, match="nothing was written"):
        train([upside_down], out, dev=dev, plan=PLAN, builtin=False)
    assert out.read_bytes() == kept
    forced = train([upside_down], out, dev=dev, plan=PLAN, builtin=False, force=True)
    assert forced.before is not None
    assert forced.before.macro_f1 > forced.figures.macro_f1
    assert out.read_bytes() != kept


def test_all_three_moods_are_needed(tmp_path):
    path = tmp_path / "two.txt"
    path.write_text("[pos]\n很好\n[neg]\n很差\n", encoding="utf-8")
    with pytest.raises(ContentError, match="all three"):
        train([path], tmp_path / "out", builtin=False)


def test_files_of_every_kind(tmp_path):
    (tmp_path / "a.csv").write_text("review,stars\n很好,5\n很差,1\n", encoding="utf-8-sig")
    columns = Columns(text="review", label="stars", meaning={"5": "pos", "1": "neg"})
    assert [(one.text, one.label) for one in read(tmp_path / "a.csv", columns)] == [("很好", "pos"), ("很差", "neg")]
    with gzip.open(tmp_path / "b.jsonl.gz", "wt", encoding="utf-8") as packed:
        packed.write('{"text": "还行", "label": "neu"}\n')
    assert [one.label for one in read(tmp_path / "b.jsonl.gz")] == ["neu"]
    (tmp_path / "c.txt").write_text("# why\n[neu]\n几点了\n", encoding="utf-8")
    assert [(one.text, one.batch) for one in read(tmp_path / "c.txt")] == [("几点了", "c")]


def test_every_faulty_line_is_named(tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"text": "好", "label": "pos"}\nnot json\n{"text": "差", "label": "-1"}\n', encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        read(path)
    assert [fault.line for fault in caught.value.faults] == [2, 3]
    (tmp_path / "x.pdf").touch()
    with pytest.raises(ContentError, match="kind of file"):
        read(tmp_path / "x.pdf")


def test_the_shipped_lexicon_and_replies_check():
    words = lexicon()
    assert len(words) > 5_000
    with pytest.raises(ContentError, match="two lists"):
        lexicon("praise: 好吃\ncomplaint: 好吃\n")
    with pytest.raises(ContentError, match="unknown list"):
        lexicon("nice: 好吃\n")


def test_slips_sound_alike_and_are_no_words():
    texts = ["我很满意"] * 20 + ["意义重大"] * 20 + ["公益活动"] * 20
    found = slips(["满意"], texts, frozenset({"满益"}))
    assert found.get("满义") == "满意"
    assert "满益" not in found


def test_composed_replies_follow_the_conventions():
    text = (
        "aspects:\n  味道: 好 | 差 | 淡了点 | 一般\n"
        "alone:\n  - 满意 | 失望 | 小贵 | 凑合\n"
        "degree: 很\nturn: 但是\nyield: 虽然\nending_good: 赞\nending_bad: 差评\n"
        "irony: 真行啊\nquestion: 几点\nneutral: 收到\n"
    )
    told = list(read_seed())
    samples = Frames(text, told, 7).compose(170, 0.5)
    assert samples == Frames(text, told, 7).compose(170, 0.5)
    assert all(one.weight == 0.5 for one in samples)
    assert all(one.label == "neg" for one in samples if one.text.startswith("真行啊"))


def read_seed():
    for label, words in (("pos", GOOD), ("neg", BAD), ("neu", PLAIN)):
        yield from (Sample(text=text, label=label) for text in words)
