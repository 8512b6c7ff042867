"""How long one reply takes to understand, everything included, beside SnowNLP's mood alone in the same run (JSON)."""

from __future__ import annotations

import json
import platform
import random
import statistics
import sys
from collections.abc import Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from time import perf_counter, thread_time

HERE = Path(__file__).parent.parent
sys.path.insert(0, str(HERE))

from bot.app.serving import settle_memory  # noqa: E402
from bot.app.thinking import Models  # noqa: E402 - the project is found first
from bot.content import load, packaged  # noqa: E402
from bot.conversation.memory import forget  # noqa: E402
from bot.domain.content import Content  # noqa: E402
from bot.domain.understanding import ReplyContext  # noqa: E402
from bot.engine.understand import Language, understand  # noqa: E402
from tests.conversation.contexts import context  # noqa: E402

ROUNDS = 5
CHARS = 2000
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
JUMBLES = 300
"""Texts of the rules' own words, in no order: there is no pattern to such an attack that one could be ready for."""
SEED = 20250702
BESIDE = """
0 3 12 3.5 4分 5/5 13812345678 尾号1234 第二 五星 一 两 十 ① ㊗ 🔟 退訂 評分 \u200b 不 没 别 不是 没有 谁说 没说 要不要
不太 不退订 取消退订 退订 别再发 td 拉黑 明天 后天 下周五 7月5号 7.5 14:00 差一刻四点 下午三点 推迟一天 提前2小时 国庆
冬至 节后第一天 那天 3pm mon , 。 ! ? ; 、 ~ … ( ) [ ] " ' - / . : =
"""
STOPS = ("退订", "别再发", "拒收", "骚扰", "stop")


def replies() -> list[tuple[str, str]]:
    """Every short reply of the independent test set, with its context."""
    lines = (HERE / "tests" / "understanding" / "replies.jsonl").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    return [(line["context"], line["text"]) for line in told if len(line["text"]) <= SHORT]


def spent(text: str, light: ReplyContext, language: Language) -> float:
    """Processor time of understanding a text for the first time (µs); work of others is not counted."""
    forget()
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


def jumbles(content: Content) -> Iterator[str]:
    """Throw the words of all intents, classes, variants, moods, emoji and topics together, the same ones each time."""
    draw, beside = random.Random(SEED), BESIDE.split()
    listed = [
        *([*words.exact, *words.phrases, *words.hints, *words.blocks] for words in content.intents.values()),
        *(_leaves(words) for words in content.words.values()),
        beside,
    ]
    pools = [pool for pool in listed if pool]
    for at in range(JUMBLES):
        some = draw.sample(pools, draw.randint(2, len(pools)))
        text = ""
        while len(text) < CHARS:
            text += draw.choice(draw.choice([*some, beside]))
            if at % 4 == 0:  # around stop words the middle of a text is read, too
                text += draw.choice(STOPS)
        yield text[:CHARS]


def _leaves(words: object) -> list[str]:
    if isinstance(words, Mapping):
        return [leaf for each in words.values() for leaf in _leaves(each)]
    if isinstance(words, list | tuple):
        return [leaf for each in words for leaf in _leaves(each)]
    return str(words).split() or [" "]


def long(language: Language, content: Content) -> dict[str, object]:
    """The worst of long texts, found in a first round and measured again in others."""
    lights = [context(*kinds) for kinds in (("appointment", "rating"), ("quiz",), ("preference",))]
    texts = [*((unit * CHARS)[:CHARS] for unit in LONG), *jumbles(content)]
    first = sorted(
        ((spent(text, light, language), at, light) for at, text in enumerate(texts) for light in lights),
        key=itemgetter(0),
    )
    again = [[spent(texts[at], light, language) for _, at, light in first[-30:]] for _ in range(ROUNDS)]
    worst, at = max(zip(map(min, zip(*again, strict=True)), (at for _, at, _ in first[-30:]), strict=True))
    return {
        "texts": len(texts),
        "median_ms": round(statistics.median(took for took, *_ in first) / 1000, 2),
        "worst_ms": round(worst / 1000, 2),
        "worst_of": texts[at][:24],
    }


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
    settle_memory()
    ours, theirs = short(language), snownlp()
    print(
        json.dumps(
            {
                "python": platform.python_version(),
                "load_content_s": round(read - start, 2),
                "compile_language_s": round(ready - read, 2),
                "short": ours,
                "long": long(language, content),
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
