"""One pass over a text with a lexicon: what its words say in each clause, with score and reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from rapidfuzz import fuzz, process

from bot.conversation.lexicon import Entry, Lexicon
from bot.conversation.text import squeezed
from bot.domain.intent import Clause, Hit, Layer
from bot.domain.understanding import IntentName

SCORES: Final[Mapping[Layer, float]] = {"exact": 0.97, "pattern": 0.88, "phrase": 0.8, "hint": 0.55}
EXAMPLE: Final = 0.95
"""A reply that is an example, word for word."""
NEAR_EXAMPLE: Final = 0.8
"""What full likeness to an example is worth; a likeness of 80 % is worth so much of it."""
FUZZY_CUTOFF: Final = 80.0
MAX_FUZZY_CHARS: Final = 24
MAX_WHOLE_CHARS: Final = 300
"""Patterns over the whole text look so far."""
MAX_TRIES: Final = 48
"""Patterns tried on one reply at most; of 856 real ones none needed more than 18."""
SLACK: Final = 0.1
"""Longer words of another meaning win a place if they are no less sure than this."""

NEGATING: Final = ("不", "没", "别", "勿", "莫", "无", "未", "甭", "非")
_NEGATORS: Final = (
    *NEGATING,
    *("不是", "没有", "不会", "不够", "不太", "不怎么", "不算", "不是很", "不很", "没那么", "不那么"),
    *("谈不上", "算不上", "称不上", "不能", "不想", "不要", "不用", "不需要", "没觉得", "并不", "毫不"),
    *("从不", "不大", "没什么", "不见得", "不敢", "不再", "不曾", "不咋"),
)
_NEGATOR_ENDS: Final = frozenset(word[-1] for word in _NEGATORS)
_NO_NEGATORS: Final = (
    *(
        "特别",
        "分别",
        "差别",
        "个别",
        "区别",
        "级别",
        "告别",
        "性别",
        "不但",
        "不仅",
        "不光",
        "不愧是",
        "不错",
        "莫名",
        "不然",
    ),
    *(
        "不过",
        "无论",
        "不管",
        "没事",
        "不论",
        "不得不",
        "不能不",
        "非常",
        "要不",
        "要不是",
        "差不多",
        "好不",
        "无不",
        "没有不",
    ),
    *("无比", "没比这更", "能不能", "可不可以", "要不要", "会不会", "好不好", "行不行", "是不是", "用不用", "该不该"),
)
"""Ends of words that look like a negation and are none, or two that undo each other."""
_DOUBLE: Final = ("不是不", "没说不")
_SAID: Final = re.compile(
    "(?:谁|边个|没有?|无|哪|哪里|什么时候|几时|又没|不是)(?:说|讲|话|要)(?:过)?(?:我|咱|我们|要|是){0,6}$"
)
"""Words that take back what follows ("谁说我不来了")."""
_NEVER_COVER: Final[frozenset[IntentName]] = frozenset(
    {"complaint", "praise", "greeting", "wrong_number", "question", "help"}
)
"""Intents whose long words say nothing about shorter ones within ("再发就投诉" is a stop all the same)."""

_A_NOT_A: Final = re.compile(r"([\u4e00-\u9fff]{1,2})[不没]\1")
"""A question by choice ("疼不疼") says neither."""
_JUDGING: Final[tuple[IntentName, ...]] = ("complaint", "praise")

Block = tuple[int, int, IntentName]


class Found(NamedTuple):
    """What was found in one clause."""

    hits: list[Hit]
    groups: int
    """The groups of words present, as bits."""
    tries: int
    """Pattern tries left."""


def scan(lexicon: Lexicon, clause: Clause, kinds: Collection[str], tries: int = MAX_TRIES) -> Found:
    """Find what the words say in one clause, under these circumstances."""
    text = clause.text
    hits = [
        _hit(entry.intent, "exact", f"整句是“{text}”", clause, 0, len(text))
        for entry in lexicon.exact.get(text) or lexicon.exact.get(clause.core, ())
        if entry.kind is None or entry.kind in kinds
    ]
    blocks: list[Block] = []
    groups = _words(lexicon, clause, kinds, hits, blocks)
    for compiled in lexicon.patterns.worth_trying(groups, kinds)[: max(tries, 0)]:
        tries -= 1
        found = compiled.pattern.regex.search(text)
        if found and not _taken_back(text, found):
            reason = f"“{found[0]}”合于句式 {compiled.pattern.source}"
            hits.append(_hit(compiled.intent, "pattern", reason, clause, *found.span()))
    if not hits:
        return Found(hits, groups, tries)
    listed = tuple(blocks)  # a whole clause that is listed as a block is one, also where it is an exact phrase
    _block(lexicon, text, kinds, groups, blocks)
    if blocks:
        hits = [hit for hit in hits if not _blocked(hit, listed if hit.layer == "exact" else blocks)]
    live = hits
    if len(live) > 1:
        live = [hit for hit in live if hit.layer == "exact" or not _covered(hit, live)]
    return Found(live, groups, tries)


def _block(lexicon: Lexicon, text: str, kinds: Collection[str], groups: int, blocks: list[Block]) -> None:
    """Add what looks like an intent and is not, by patterns and questions by choice."""
    blocks.extend(
        (*found.span(), compiled.intent)
        for compiled in lexicon.blocks.worth_trying(groups, kinds)
        if (found := compiled.pattern.regex.search(text))
    )
    if "不" in text or "没" in text:
        blocks.extend((0, found.end(), intent) for found in _A_NOT_A.finditer(text) for intent in _JUDGING)


def scan_whole(
    lexicon: Lexicon, text: str, clauses: Sequence[Clause], kinds: Collection[str], groups: int
) -> list[Hit]:
    """Try the patterns that run over the whole text."""
    hits: list[Hit] = []
    for compiled in lexicon.wide.worth_trying(groups, kinds):
        found = compiled.pattern.regex.search(text[:MAX_WHOLE_CHARS])
        if found and not _taken_back(text, found):
            at = next((clause for clause in clauses if clause.start < found.end() <= clause.end), clauses[0])
            reason = f"“{found[0]}”合于句式 {compiled.pattern.source}"
            hits.append(Hit(compiled.intent, SCORES["pattern"], "pattern", reason, at.index, 0, 0, found[0]))
    return hits


def _hit(intent: IntentName, layer: Layer, reason: str, clause: Clause, start: int, end: int) -> Hit:
    return Hit(intent, SCORES[layer], layer, reason, clause.index, start, end, clause.text[start:end])


def _words(lexicon: Lexicon, clause: Clause, kinds: Collection[str], hits: list[Hit], blocks: list[Block]) -> int:
    """Collect phrases and blocks of a clause, and give the groups of words in it."""
    text, opened, groups = clause.text, lexicon.words.get, 0
    for start, first in enumerate(text):
        for word, entries, mask in opened(text[start : start + 2]) or opened(first) or ():
            if not text.startswith(word, start):
                continue
            groups |= mask
            if not entries or (word.isascii() and not _stands_alone(text, start, word)):
                continue
            for entry in entries:
                intent, layer, kind = entry
                if kind is not None and kind not in kinds:
                    continue
                if layer == "none":
                    blocks.append((start, start + len(word), intent))
                elif hit := _phrase(lexicon, clause, entry, start, start + len(word)):
                    hits.append(hit)
    return groups


def _stands_alone(text: str, start: int, word: str) -> bool:
    """A Latin word counts only where no Latin letter stands beside it."""
    before, after = text[start - 1 : start], text[start + len(word) : start + len(word) + 1]
    return not (before.isascii() and before.isalpha()) and not (after.isascii() and after.isalpha())


def _phrase(lexicon: Lexicon, clause: Clause, entry: Entry, start: int, end: int) -> Hit | None:
    words = clause.text[start:end]
    if not denied(clause.text, start):
        return _hit(entry.intent, entry.layer, f"有“{words}”", clause, start, end)
    turned = lexicon.negated.get(entry.intent)
    return _hit(turned, entry.layer, f"“{words}”被否定", clause, start, end) if turned else None


def denied(text: str, start: int) -> bool:
    """Tell whether the words that begin here are denied: a negator just before, double ones undoing each other."""
    if start == 0:
        return False
    if _unsaid(text, start):
        return True
    if text[start - 1] not in _NEGATOR_ENDS or not text.endswith(_NEGATORS, 0, start):
        return False
    return text.endswith(_DOUBLE, 0, start) or not text.endswith(_NO_NEGATORS, 0, start)


def _unsaid(text: str, start: int) -> bool:
    """Tell whether "谁说" or so stands before a place and takes back what follows."""
    before = text[max(0, start - 8) : start]
    return ("说" in before or "讲" in before or "话" in before or "要" in before) and _SAID.search(before) is not None


def _taken_back(text: str, found: re.Match[str]) -> bool:
    """Tell whether what a pattern found is denied; one that opens with a negation of its own only by "谁说" or so."""
    if found[0].startswith(NEGATING):
        return _unsaid(text, found.start())
    return denied(text, found.start())


def _blocked(hit: Hit, blocks: Sequence[Block]) -> bool:
    return any(
        intent == hit.intent
        and start <= hit.start < end
        and (end - start >= hit.end - hit.start or hit.layer == "pattern")
        for start, end, intent in blocks
    )


def _covered(hit: Hit, live: Sequence[Hit]) -> bool:
    """Tell whether a hit lies within longer words of another meaning ("退订" in "取消退订")."""
    return any(
        other.intent != hit.intent
        and other.intent not in _NEVER_COVER
        and other.start <= hit.start
        and other.end >= hit.end
        and other.end - other.start > hit.end - hit.start
        and other.score >= hit.score - SLACK
        for other in live
    )


def nearest(lexicon: Lexicon, text: str) -> Hit | None:
    """Compare a short text with all examples: the same one, else the nearest above the cut-off."""
    bare = squeezed(text)
    if not bare or len(bare) > MAX_FUZZY_CHARS:
        return None
    if bare in lexicon.examples:
        same = lexicon.examples[bare]
        return Hit(same, EXAMPLE, "example", f"与例句“{bare}”相同", 0, 0, len(text), bare) if same else None
    slack = max(1, len(bare) // 4)
    pool = [
        example
        for length in range(len(bare) - slack, len(bare) + slack + 1)
        for example in lexicon.by_length.get(length, ())
    ]
    best = process.extractOne(bare, pool, scorer=fuzz.ratio, score_cutoff=FUZZY_CUTOFF)
    if best is None or (intent := lexicon.examples[best[0]]) is None:
        return None
    reason = f"近于例句“{best[0]}”({best[1]:.0f})"
    return Hit(intent, best[1] / 100 * NEAR_EXAMPLE, "example", reason, 0, 0, len(text), best[0])
