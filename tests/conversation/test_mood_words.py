"""The segmenter: a private cache, a background start, and no need of a disk."""

import stat

from bot.conversation.words import Segmenter


def test_it_cuts_and_keeps_its_cache_to_itself(tmp_path):
    folder = tmp_path / "words"
    segmenter = Segmenter(folder, words=["森茶拿铁"])
    assert not segmenter.ready
    assert segmenter.cut("森茶拿铁很好喝") == ["森茶拿铁", "很", "好喝"]
    assert segmenter.ready
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir())


def test_it_starts_in_the_background():
    segmenter = Segmenter()
    segmenter.warm_up().join()
    assert segmenter.ready
    assert "".join(segmenter.cut("物流太慢了")) == "物流太慢了"


def test_it_works_where_nothing_can_be_written(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    assert Segmenter(blocked / "words").cut("服务员来了") == ["服务员", "来", "了"]
