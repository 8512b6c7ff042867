"""The one Jinja2 sandbox: texts for customers, conditions of segments and branches, and their filters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache, partial
from typing import Any, Final

from jinja2 import ChainableUndefined, StrictUndefined, Template, Undefined, UndefinedError, nodes, pass_context
from jinja2.environment import TemplateExpression
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.domain.understanding import Script
from bot.errors import TemplateError

MAX_SOURCE: Final = 4_000
"""Characters of a template; a text for a phone has no use for more."""
MAX_OUTPUT: Final = 2_000
"""Characters that a template may give."""
_MAX_VALUE: Final = 10_000
_MAX_POWER: Final = 64

_WEEKDAYS: Final = "一二三四五六日"
_COMPOUND_SURNAMES: Final = frozenset(
    {
        *("欧阳", "司马", "上官", "诸葛", "司徒", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐", "长孙", "宇文"),
        *("东方", "南宫", "轩辕", "端木", "独孤", "呼延", "歐陽", "司馬", "諸葛", "長孫", "東方", "南宮", "軒轅"),
    }
)
_TITLES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("female", "f", "女"), "女士"),
    **dict.fromkeys(("male", "m", "男"), "先生"),
}

# What is not named here is not there: a text needs no loop in a loop, no include and no variables of its own.
_FORBIDDEN: Final = (
    *(nodes.Macro, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends, nodes.Block),
    *(nodes.CallBlock, nodes.FilterBlock, nodes.Assign, nodes.AssignBlock, nodes.With, nodes.Concat),
)
_METHODS: Final[Mapping[type, frozenset[str]]] = {
    str: frozenset({"startswith", "endswith", "lower", "upper", "strip", "split"}),
    Mapping: frozenset({"get", "items", "keys", "values"}),
    date: frozenset({"date", "time", "isoformat", "weekday", "isoweekday"}),
}
_FILTERS: Final = frozenset(
    {
        *("abs", "count", "d", "default", "first", "float", "int", "last", "length", "list", "lower", "max"),
        *("min", "reverse", "round", "sort", "string", "sum", "trim", "unique", "upper"),
    }
)


class _Missing(ChainableUndefined):
    """A value that a condition asks for and that is not there: equal to nothing, neither more nor less."""

    __slots__ = ()

    def __contains__(self, item: object) -> bool:
        return False


for _comparison in ("__lt__", "__le__", "__gt__", "__ge__"):
    setattr(_Missing, _comparison, lambda _self, _other: False)


class _Sandbox(ImmutableSandboxedEnvironment):
    """No attribute that is not plain data, no method that is not named, no value out of bounds."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        sizes = [len(side) for side in (left, right) if isinstance(side, str | list | tuple)]
        if sizes and operator in "%**":
            raise SecurityError(f"{operator} is for numbers only")
        if operator == "**" and max(abs(left), abs(right)) > _MAX_POWER:
            raise SecurityError(f"** takes numbers up to {_MAX_POWER}")
        if sum(sizes) > _MAX_VALUE:
            raise SecurityError("a value grew too long")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if callable(value):
            allowed = (names for kind, names in _METHODS.items() if isinstance(obj, kind))
            return any(attr in names for names in allowed)
        return super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        # `data.items` means the shop's own field "items", not the method of the mapping.
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def render(template: str, variables: Mapping[str, Any], defaults: Mapping[str, str] | None = None) -> str:
    """Give the text of a template; a variable that is missing or empty takes its fall-back.

    Raises TemplateError where a variable has neither value nor fall-back, or the text grows too long.
    """
    if "{" not in template:
        return _limited((template,)).strip()
    values = dict(variables)
    for name, fallback in (defaults or {}).items():
        if values.get(name) in (None, ""):
            values[name] = fallback
    try:
        return _limited(_template(template).generate(values)).strip()
    except UndefinedError as error:
        raise TemplateError(f"{error.message}; give the variable a fall-back under `defaults`") from error
    except TemplateError:
        raise
    except Exception as error:
        raise TemplateError(f"cannot be rendered: {error}; check the variables that it uses") from error


def condition(expression: str, values: Mapping[str, Any]) -> bool:
    """Tell whether a condition holds; what is missing is equal to nothing. Raises TemplateError."""
    return bool(_evaluate(expression, values, _condition))


def value(expression: str, values: Mapping[str, Any]) -> Any:
    """Give what an expression says ("appointment.start - days(1)"). Raises TemplateError if it is missing."""
    result = _evaluate(expression, values, _value)
    if isinstance(result, StrictUndefined):
        raise TemplateError(f"`{expression}` has no value; check the names in it")
    return result


def check_template(template: str) -> frozenset[str]:
    """Compile a template and give the names it uses. Raises TemplateError."""
    _template(template)
    return frozenset(find_undeclared_variables(_STRICT.parse(template))) - _GLOBALS


def check_expression(expression: str) -> frozenset[str]:
    """Compile an expression and give the names it uses. Raises TemplateError."""
    _condition(expression)
    return frozenset(find_undeclared_variables(_STRICT.parse("{{ " + expression + " }}"))) - _GLOBALS


def to_script(text: str, script: Script) -> str:
    """Give a text in the script that the customer writes; simplified is what content is written in."""
    # 回复 is "answer" in our texts, never "recover", which the tables take it for.
    return _to_traditional()(text).replace("回復", "回覆") if script == "traditional" else text


def _limited(pieces: Iterable[str]) -> str:
    text, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_OUTPUT:
            raise TemplateError(f"the text grew beyond {MAX_OUTPUT} characters; cut it or its variables")
        text.append(piece)
    return "".join(text)


def _evaluate(expression: str, values: Mapping[str, Any], compiled: Callable[[str], TemplateExpression]) -> Any:
    try:
        return compiled(expression)(**values)
    except UndefinedError as error:
        raise TemplateError(f"`{expression}`: {error.message}; check the names in it") from error
    except TemplateError:
        raise
    except Exception as error:
        raise TemplateError(f"`{expression}` cannot be worked out: {error}") from error


def _moment(context: Context, moment: object) -> datetime | date:
    """Read a date-time and bring it to the zone of the text (`zone`, a tzinfo among the variables)."""
    if isinstance(moment, str):
        moment = date.fromisoformat(moment) if len(moment) == 10 else datetime.fromisoformat(moment)
    if not isinstance(moment, date):
        raise TypeError(f"{moment!r} is no date")
    zone = context.get("zone")
    if isinstance(moment, datetime) and moment.tzinfo and isinstance(zone, tzinfo):
        return moment.astimezone(zone)
    return moment


@pass_context
def _date(context: Context, moment: object) -> str:
    """7月3日(周四)."""
    day = _moment(context, moment)
    return f"{day.month}月{day.day}日(周{_WEEKDAYS[day.weekday()]})"


@pass_context
def _time(context: Context, moment: object) -> str:
    """14:00."""
    read = _moment(context, moment)
    return f"{read:%H:%M}" if isinstance(read, datetime) else ""


@pass_context
def _datetime(context: Context, moment: object) -> str:
    """7月3日(周四)14:00."""
    return _date(context, moment) + _time(context, moment)


def _called(name: object, gender: object = "") -> str:
    """张女士 where the gender is known, else the name as it is."""
    text = str(name or "").strip()
    title = _TITLES.get(str(gender or "").strip().lower())
    if not title or not text or not all(_is_han(letter) for letter in text) or len(text) > 4:
        return text
    return (text[:2] if text[:2] in _COMPOUND_SURNAMES else text[0]) + title


def _is_han(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CJK")


def _cut(text: object, length: int) -> str:
    """No longer than so many characters; what was cut shows as …."""
    whole = str(text)
    return whole if len(whole) <= length else whole[: max(length - 1, 0)] + "…"


def _number(convert: Callable[..., Any], given: object, *default: Any) -> Any:
    """A number; what is missing stays missing, and is neither more nor less than anything."""
    return given if isinstance(given, Undefined) else convert(given, *default)


def _replace(text: object, old: str, new: str) -> str:
    whole = str(text)
    if len(whole) + whole.count(old) * len(new) > _MAX_VALUE:
        raise SecurityError("a value grew too long")
    return whole.replace(old, new) if old else whole


def _join(items: Any, between: str = "") -> str:
    pieces = [str(item) for item in items]
    if sum(map(len, pieces)) + len(between) * len(pieces) > _MAX_VALUE:
        raise SecurityError("a value grew too long")
    return between.join(pieces)


def _at(moment: datetime, clock: str) -> datetime:
    """The same day, at another time of day."""
    return datetime.combine(moment.date(), time.fromisoformat(clock), moment.tzinfo)


def _sandbox(undefined: type[StrictUndefined | _Missing]) -> _Sandbox:
    env = _Sandbox(undefined=undefined, autoescape=False, keep_trailing_newline=False)
    env.filters = {name: call for name, call in env.filters.items() if name in _FILTERS}
    env.filters |= {"date": _date, "time": _time, "datetime": _datetime, "called": _called}
    env.filters |= {"cut": _cut, "replace": _replace, "join": _join}
    env.filters |= {name: partial(_number, env.filters[name]) for name in ("int", "float")}
    env.globals.clear()
    env.globals |= {"days": lambda n: timedelta(days=n), "hours": lambda n: timedelta(hours=n)}
    env.globals |= {"minutes": lambda n: timedelta(minutes=n), "at": _at}
    return env


_STRICT: Final = _sandbox(StrictUndefined)
_LENIENT: Final = _sandbox(_Missing)
_GLOBALS: Final = frozenset(_STRICT.globals)


@lru_cache(maxsize=2048)
def _template(source: str) -> Template:
    _inspect(source)
    return _STRICT.from_string(source)


@lru_cache(maxsize=2048)
def _condition(source: str) -> TemplateExpression:
    _inspect("{{ " + source + " }}")
    return _LENIENT.compile_expression(source, undefined_to_none=False)


@lru_cache(maxsize=512)
def _value(source: str) -> TemplateExpression:
    _inspect("{{ " + source + " }}")
    return _STRICT.compile_expression(source, undefined_to_none=False)


def _inspect(source: str) -> None:
    """Refuse what the sandbox has no use for, in words that say what to write instead."""
    if len(source) > MAX_SOURCE:
        raise TemplateError(f"is longer than {MAX_SOURCE} characters; split it")
    try:
        tree = _STRICT.parse(source)
        _STRICT.compile(source)
    except TemplateSyntaxError as error:
        raise TemplateError(f"does not compile: {error.message}") from error
    for node in tree.find_all(_FORBIDDEN):
        raise TemplateError(f"{type(node).__name__.lower()} is not allowed; write texts and variables plainly")
    for loop in tree.find_all(nodes.For):
        if loop.find(nodes.For):
            raise TemplateError("a loop in a loop is not allowed")


@cache
def _to_traditional() -> Callable[[str], str]:
    # Its tables are resident for good: loaded only when the first traditional answer is needed.
    from opencc import OpenCC  # noqa: PLC0415 - see above

    convert: Callable[[str], str] = OpenCC("s2tw").convert
    return convert
