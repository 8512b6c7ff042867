"""Which wording of a text a customer gets, and which values go with it on routes that send filed templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from bot.domain.content import Text
from bot.domain.customer import Customer
from bot.templating import check_expression, check_template

_AGE: Final = "age:"


def wording_of(text: Text, customer: Customer, values: Mapping[str, Any]) -> str:
    """Choose by the customer's age (`age:60`: from 60 on), then by script; else the text itself."""
    age = values.get("age")
    bands = [int(name.removeprefix(_AGE)) for name in text.variants if name.startswith(_AGE)]
    reached = [band for band in bands if isinstance(age, int) and band <= age]
    if reached:
        return text.variants[f"{_AGE}{max(reached)}"]
    return text.variants.get(customer.script, text.text)


def variables_of(text: Text, wording: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Give the plain values that a wording and its filings use, as texts; times as ISO."""
    filed = (variable for filing in text.filed.values() for variable in filing.variables)
    used = check_template(wording).union(*(check_expression(variable) for variable in filed))
    return {name: _plain(values[name]) for name in sorted(used & values.keys()) if _is_plain(values[name])}


def _is_plain(given: object) -> bool:
    return isinstance(given, str | int | float | date) and not isinstance(given, bool)


def _plain(given: Any) -> str:
    return given.isoformat() if isinstance(given, date) else str(given)
