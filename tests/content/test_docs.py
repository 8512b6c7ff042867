"""The example of docs/adding-a-journey.md does what the page says."""

import re
from pathlib import Path

from bot import content

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-journey.md"


def test_the_example_misses_one_fall_back_and_then_checks(tmp_path):
    journey, texts = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for folder, text in (("journeys/filter_due", journey), ("templates/filter", texts)):
        path = tmp_path / f"{folder}.yaml"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    report = content.check([content.packaged(), tmp_path])
    assert [fault.reason for fault in report.faults] == [
        "`filter_due` uses device, which the event may not say; add a fall-back to its `defaults`"
    ]
    mended = re.sub(r"filter_due: (.*)", r"filter_due: {text: \1, defaults: {device: 净水器}}", texts)
    path.write_text(mended, encoding="utf-8")
    assert content.check([content.packaged(), tmp_path]).faults == ()
