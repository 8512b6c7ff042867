"""The sandbox: what texts may say, what conditions make of missing values, and what is refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import templating
from bot.errors import TemplateError

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2025, 7, 3, 14, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("template", "variables", "text"),
    [
        ("{{ start | datetime }}", {"start": START}, "7月3日(周四)14:00"),
        ("{{ start | date }}", {"start": START}, "7月3日(周四)"),
        ("{{ start | time }}", {"start": "2025-07-03T06:00:00+00:00", "zone": SHANGHAI}, "14:00"),
        ("{{ start | datetime }}", {"start": START.astimezone(UTC), "zone": SHANGHAI}, "7月3日(周四)14:00"),
        ("{{ day | date }}", {"day": "2025-02-03"}, "2月3日(周一)"),
        ("{{ name | called(gender) }}您好", {"name": "张伟", "gender": "male"}, "张先生您好"),
        ("{{ name | called('女') }}", {"name": "欧阳娜娜"}, "欧阳女士"),
        ("{{ name | called }}", {"name": "张伟"}, "张伟"),
        ("{{ name | called('f') }}", {"name": "Alice"}, "Alice"),
        ("{{ item | cut(4) }}", {"item": "明前龙井礼盒"}, "明前龙…"),
        ("{% for s in slots %}{{ loop.index }}){{ s }} {% endfor %}", {"slots": ["a", "b"]}, "1)a 2)b"),
        ("{{ data.items }}", {"data": {"items": "茶"}}, "茶"),
        ("<b>&", {}, "<b>&"),
    ],
)
def test_renders(template, variables, text):
    assert templating.render(template, variables) == text


def test_a_missing_or_empty_variable_takes_its_fall_back():
    template = "{{ name }}您好"
    assert templating.render(template, {}, {"name": "顾客"}) == "顾客您好"
    assert templating.render(template, {"name": ""}, {"name": "顾客"}) == "顾客您好"
    assert templating.render(template, {"name": "张伟"}, {"name": "顾客"}) == "张伟您好"


@pytest.mark.parametrize(
    "template",
    [
        "{{ nobody }}",
        "{{ ''.__class__ }}",
        "{{ 'a' * 99999999 }}",
        "{{ 9 ** 99999 }}",
        "{{ '%999999d' % 1 }}",
        "{{ 'a'.center(99999) }}",
        "{% set a = 1 %}",
        "{% include 'x' %}",
        "{% for a in x %}{% for b in x %}{% endfor %}{% endfor %}",
        "{% for a in x %}{{ a }}{% endfor %}",
        "{{ 'aaaa' | replace('a', 'aaaaaaaaaa') | replace('a', y) | replace('a', y) }}",
        "{{ open",
        "x" * 5000,
    ],
)
def test_refuses_with_a_sentence(template):
    with pytest.raises(TemplateError) as error:
        templating.render(template, {"x": ["很长的一段话" * 10] * 100, "y": "b" * 90 + "a" * 90})
    assert len(str(error.value)) > 10


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("rating <= 2", True),
        ("fields.city == '上海'", False),
        ("nobody.at.all > 3 or 'vip' in tags", True),
        ("'x' in nobody", False),
        ("not nobody", True),
        ("fields.spend | float > 100", True),
        ("fields.nothing | float < 100 or fields.nothing | int > 100", False),
        ("start - days(1) < start", True),
    ],
)
def test_conditions_take_what_is_missing_for_nothing(expression, holds):
    values = {"rating": 2, "fields": {"spend": "120.5"}, "tags": ("vip",), "start": START}
    assert templating.condition(expression, values) is holds


def test_a_value_must_be_there():
    values = {"appointment": {"start": START}}
    assert templating.value("appointment.start - days(1)", values) == START - timedelta(days=1)
    assert templating.value("at(appointment.start, '18:30')", values).hour == 18
    with pytest.raises(TemplateError, match=r"appointment\.end"):
        templating.value("appointment.end", values)


def test_names_are_told_without_the_globals():
    assert templating.check_expression("a.b - days(1) > c") == {"a", "c"}
    assert templating.check_template("{{ a }}{% for s in b %}{{ s }}{% endfor %}") == {"a", "b"}


def test_traditional_only_where_asked():
    assert templating.to_script("您的预约已确认", "traditional") == "您的預約已確認"
    assert templating.to_script("您的预约已确认", "simplified") == "您的预约已确认"
