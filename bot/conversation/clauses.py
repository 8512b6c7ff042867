"""Clauses: the pieces of a reply within which a negation or a question mark holds."""

from __future__ import annotations

import re
from typing import Final

from bot.conversation.text import CJK, period_of
from bot.domain.intent import Clause

MAX_CLAUSES: Final = 40
MAX_CLAUSE_CHARS: Final = 80

_END: Final = (
    r"[,。!;?、\n~…\"()<>{}|=|【】\[\]]"
    r"|(?<!\d)\.|\.(?!\d)"
    r"|(?<![a-z]) | (?![a-z])"
    r"|(?<=[^\d不没了着])-(?=[^\d])"
)
_TURNS: Final = (
    r"(?<=[^\s不非])(?=但是|但(?!愿|凡)|(?<!只)不过(?!瘾|去|来|关|如|敏|期)|可是|然而|只是(?!想)|另外|顺便"
    r"|还有就是|麻烦以后|请以后|(?<![点半分钟时号天日月周0-9])以后(?=别|不|少|请|就别|都别|勿|甭|莫|能不能"
    r"|可以不)|以后再也)"
    r"|(?<=[^\s也不这那不都])(?=就是(?!说|想|这|那|了|你|我|不|个|一))"
)
_BREAK: Final = re.compile(
    r"(?=[,。!?;、\n~…\"()<>{}|=【】\[\]. \-但不可然只另顺还麻请以就])" + f"(?:(?:{_END}){{1,6}}|{_TURNS})"
)
"""What a break begins with is looked for first: nearly everything else is passed over at a glance."""
_INTERROGATIVE: Final = re.compile(
    r"(?=[什怎哪几多为啥咋吗么呢能可是有会要好行用需对在算来还了没谁何如不whiadc])(?:"
    r"(?<!没)(?<!没有)什么(?!都|也)|(?<!不)(?<!没)怎么(?!都|也)|怎样|哪(?!怕|里都|都|也|里也|天都)|(?<!好)几(?:点|号"
    r"|天|块|元|个|折|时|岁|楼|家|分|日|月|位|小时|次|层|路|斤|张|款|种|人|钱|周)|多少|多久|多大|多远|多长|多高"
    r"|多重|为什么|为何|为啥|(?<!没)啥"
    r"|咋|吗$|么$|呢$|能不能|可不可以|可否|能否|是否|有没有|有无|是不是|会不会|要不要|好不好|行不行|用不用"
    r"|需不需要|对不对|在不在|算不算|来不来得及|还?有没$|了没$|(?<![都也还从])没有$|谁(?!说|讲|家|知道|让|叫)|何时|如何"
    r"|(?<=..)(?<![要好行])不$|可以不$|行不$|能不$"
    r"|[不没](?<=([\u4e00-\u9fff]).)\1|吗(?=[a-z\d])|几$|不咯$|\bwhat\b|\bhow\b|\bwhen\b|\bwhere\b|\bwhy\b|\bwhich\b"
    r"|\bis\b|\bare\b|\bdo\b|\bcan\b)"
)
_LEAD: Final = re.compile(
    rf"^(?:(?:那就|那么|那个|那|算了|还是|干脆|索性|哦哦|哦|噢|喔|嗯嗯|嗯|恩|啊|唉|哎呀?|诶|欸|呃|额|呵呵|哈哈|嘿嘿|嘻嘻|亲爱的|亲"
    rf"|老板|店家|店长|小二|美女|帅哥|大哥|小姐姐|掌柜的?|客服"
    rf"|你好|您好|hi|hello|不好意思|抱歉|对不起|打扰了?|麻烦你们?|麻烦您|麻烦|拜托你?们?|劳驾|请问一下|请问"
    rf"|请你们?|请|烦请|辛苦了?|好的?|其实|反正|总之|真的|就|我说|我想说|我觉得|我认为|个人觉得"
    rf"|ok)[,. ]*){{1,6}}(?=[{CJK}a-z0-9])"
)
_TRAIL: Final = re.compile(
    r"(?:谢谢你?们?|谢谢您|谢谢了|谢了|多谢|感谢|感恩|拜托了?|麻烦了|麻烦你了|辛苦了?|不好意思|抱歉|呵呵"
    r"|嘿嘿|嘻嘻|行不行|好不好|可不可以|可以吗|可以不|可以伐|可以么|成不成|中不中|行不|得不得行|得不得|好伐"
    r"|得不得?|行么|成吗|中吗|吧|呀|啊|呢|额|噻|嚒|喇|㗎|咧|伐|嘛|哦|噢|喔|啦|哈|哒|滴|咯|喽|哟|呗|呐|哇|呦|耶"
    r"|嗷|唷|囉|啰|捏|鸭|叭|亲|老板|嘞|哩|先|喂|好吗|好嘛|好不|行吗|thx|thanks|thank you|please|pls|plz"
    r"|thankyou|3q|thank u)++$"
)
_TRAIL_ENDS: Final = frozenset(
    "谢你们您了恩托苦思歉呵嘿嘻行好以吗不伐么成中得吧呀啊呢额噻嚒喇㗎咧嘛哦噢喔啦哈哒滴咯喽哟呗呐哇呦耶嗷唷囉啰捏鸭叭亲板嘞哩先喂"
    "xsuezq"
)
"""What a clause ends with that has any of it at its end."""


def split(text: str) -> tuple[Clause, ...]:
    """Split a normalised text into its clauses; what lies past the bounds is left out of the middle, not the end."""
    clauses: list[Clause] = []
    start = 0
    for found in _BREAK.finditer(text):
        _add(clauses, text, start, found.start(), found[0])
        start = found.end()
    _add(clauses, text, start, len(text), "")
    if len(clauses) > MAX_CLAUSES:
        half = MAX_CLAUSES // 2
        kept = clauses[:half] + clauses[-half:]
        return tuple(Clause(i, c.text, c.core, c.start, c.end, c.question) for i, c in enumerate(kept))
    return tuple(clauses)


def _add(clauses: list[Clause], text: str, start: int, end: int, closing: str) -> None:
    for at in range(start, end, MAX_CLAUSE_CHARS):
        stop = min(at + MAX_CLAUSE_CHARS, end)
        piece = text[at:stop]
        left = len(piece) - len(piece.lstrip())
        stripped = piece.strip()
        if stripped:
            question = "?" in closing or bool(_INTERROGATIVE.search(stripped))
            begin = at + left
            clauses.append(Clause(len(clauses), stripped, core(stripped), begin, begin + len(stripped), question))


def core(clause: str) -> str:
    """Strip politeness and particles from both ends of a clause, and fold what it repeats; never to nothing."""
    ended = (_TRAIL.sub("", clause) or clause) if clause[-1:] in _TRAIL_ENDS else clause
    lead = _LEAD.match(ended)
    begun = (ended[lead.end() :] or ended) if lead else ended
    bare = begun.strip(" -_*'`:+") or begun
    folded = period_of(bare)
    # "hhhhh" is laughter and no "h".
    return bare if folded == "h" and len(bare) > 2 else folded
