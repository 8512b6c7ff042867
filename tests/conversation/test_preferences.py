"""What a customer wants to be sent, how often and when."""

import pytest

from bot.conversation.clauses import split
from bot.conversation.preferences import find_preference, find_scope
from bot.conversation.text import plain
from tests.conversation.contexts import context


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("以后除了快递通知,其他都别发了", {"only": ("order",)}),
        ("只要服务提醒", {"only": ("service",)}),
        ("除了促销都可以", {"off": ("promo",)}),
        ("知识资讯别发了", {"off": ("knowledge",)}),
        ("促销和知识都不要了", {"off": ("promo", "knowledge")}),
        ("服务提醒留着,促销不要", {"on": ("service",), "off": ("promo",)}),
        ("一个月发一次就行", {"frequency": "monthly"}),
        ("每周一条就好", {"frequency": "weekly"}),
        ("半个月一次吧", {"frequency": "biweekly"}),
        ("别天天发", {"frequency": "less"}),
        ("白天上班别发,晚上发", {"send_time": "evening"}),
        ("周末再发", {"send_time": "weekend"}),
        ("早上十点发", {"send_time": "10:00"}),
        ("晚上十点以后别发", {"quiet_after": "22:00"}),
        ("9点以后别打扰", {"quiet_after": "21:00"}),
        ("快递收到了", {}),
        ("先别发货", {}),
        ("天天发烦死了", {}),
        ("服务态度差", {}),
    ],
)
def test_wishes(text, wish):
    clean = plain(text)
    found = find_preference(clean, split(clean), context("none"))
    names = ("only", "on", "off", "frequency", "send_time", "quiet_after")
    assert {name: getattr(found, name) for name in names if getattr(found, name)} == wish


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("退订", None),
        ("别发广告了", "marketing"),
        ("什么都别发", "all"),
        ("所有短信都停", "all"),
        ("知识资讯退订", "knowledge"),
    ],
)
def test_scope(text, scope):
    assert find_scope(text) == scope
