"""Lines of the feed: the number is masked wherever it may stand, for the feed is not sealed."""

import re
from datetime import datetime

import pytest

from bot.domain.decision import LogEntry
from bot.domain.understanding import ReplyContext
from bot.engine.understand import explain, understand
from bot.workers.lines import lines
from tests.engine.minds import packaged_mind
from tests.smallbot import reply

NOW = datetime.fromisoformat("2025-07-02T10:00:00+08:00")


@pytest.mark.parametrize(
    "text",
    [
        "我的手机13800600077,打我+8613800600077",
        "能打我13800600077吗",
        "别打138-0060-0077,打138 0060 0077",
        "13800600077",
    ],
)
def test_the_feed_shows_the_number_nowhere(text: str) -> None:
    understood = understand(text, ReplyContext(now=NOW), packaged_mind().language)
    event = reply(text, phone="+8613800600077")
    entry = LogEntry(event=event, decided_at=NOW, content_version="1", effects=(), understanding=understood)
    (line,) = lines(entry, explain)
    # A probability may hold any digits.
    shown = re.sub(r"\d\.\d+", "", f"{line.text} {line.understanding} {line.detail}")
    assert "0060" not in shown
    assert "138****0077" in shown
    assert line.understanding is not None
    assert {"intents", "mood", "slots", "candidates"} <= set(line.understanding)
    assert not {"text", "normalized", "clauses"} & set(line.understanding)
