"""How long one reply takes to understand, everything included, beside SnowNLP's mood alone in the same run (JSON)."""

from __future__ import annotations

import json
import platform
import statistics
import sys
from pathlib import Path
from time import perf_counter, thread_time

HERE = Path(__file__).parent.parent
sys.path.insert(0, str(HERE))

from bot.app.thinking import Models  # noqa: E402 - the project is found first
from bot.content import load, packaged  # noqa: E402
from bot.domain.understanding import ReplyContext  # noqa: E402
from bot.engine.understand import Language, understand  # noqa: E402
from tests.conversation.contexts import context  # noqa: E402

ROUNDS = 5
SHORT = 60
"""Characters: the goal is for replies up to here."""
LONG = [
    "别",
    "别发短信",
    "再发我就投诉你们,",
    "改到周五下午3点",
    "1或2或",
    "退 ",
    "自动回复",
    "就都",
    "哈",
    "\n",
    " ",
    "👍",
    "ﷺ",
    "吗想再到3到投的",
]


def replies() -> list[tuple[str, str]]:
    """Every short reply of the independent test set, with its context."""
    lines = (HERE / "tests" / "understanding" / "replies.jsonl").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    return [(line["context"], line["text"]) for line in told if len(line["text"]) <= SHORT]


def spent(text: str, light: ReplyContext, language: Language) -> float:
    """Processor time of one understanding, in microseconds: what other work on the machine takes is not ours."""
    start = thread_time()
    understand(text, light, language)
    return (thread_time() - start) * 1e6


def short(language: Language) -> dict[str, float]:
    told = replies()
    lights = {kind: context(kind) for kind, _ in told}
    for kind, text in told[:100]:
        understand(text, lights[kind], language)
    rounds = [[spent(text, lights[kind], language) for kind, text in told] for _ in range(ROUNDS)]
    each = sorted(statistics.median(times) for times in zip(*rounds, strict=True))
    return {
        "replies": len(each),
        "median_us": round(statistics.median(each), 1),
        "p99_us": round(each[int(len(each) * 0.99)], 1),
        "worst_us": round(each[-1], 1),
    }


def long(language: Language) -> dict[str, float]:
    light = context("appointment", "rating")
    worst = {unit: min(spent((unit * 2000)[:2000], light, language) for _ in range(ROUNDS)) for unit in LONG}
    unit = max(worst, key=lambda each: worst[each])
    return {"texts": len(LONG), "worst_ms": round(worst[unit] / 1000, 2), "worst_of": unit * 2}


def snownlp(sample: int = 200) -> dict[str, float]:
    """SnowNLP's mood of the same replies: only the mood, nothing understood."""
    from snownlp import SnowNLP  # noqa: PLC0415 - four seconds, and half a gigabyte

    texts = [text for _, text in replies() if text.strip()][::4][:sample]
    times = []
    for text in texts:
        start = thread_time()
        _ = SnowNLP(text).sentiments
        times.append((thread_time() - start) * 1e6)
    times.sort()
    return {
        "replies": len(times),
        "median_us": round(statistics.median(times), 1),
        "p99_us": round(times[int(len(times) * 0.99)], 1),
    }


def main() -> None:
    start = perf_counter()
    content = load([packaged()])
    read = perf_counter()
    language = Models(None).language(content)
    ready = perf_counter()
    ours, theirs = short(language), snownlp()
    print(
        json.dumps(
            {
                "python": platform.python_version(),
                "load_content_s": round(read - start, 2),
                "compile_language_s": round(ready - read, 2),
                "short": ours,
                "long": long(language),
                "snownlp_mood_only": theirs,
                "times_faster_than_snownlp": round(theirs["median_us"] / ours["median_us"], 1),
                "goals": {"median_us": 400, "p99_us": 1000, "long_ms": 5},
            },
            ensure_ascii=False,
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
