"""Requests as providers want them: forms, JSON, queries; and the checks before one is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from bot.domain.gateway import HttpRequest, Submission
from bot.errors import GatewayError

FORM: Final = "application/x-www-form-urlencoded;charset=utf-8"
JSON: Final = "application/json;charset=utf-8"


def compact(value: Any) -> str:
    """Write JSON without blanks, Chinese as itself."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def encoded(fields: Mapping[str, str | None], encoding: str = "utf-8") -> str:
    """Write a form or query string; what is None is left out."""
    given = {name: value for name, value in fields.items() if value is not None}
    return urlencode(given, encoding=encoding, errors="replace")


def form_post(url: str, fields: Mapping[str, str | None], headers: Mapping[str, str] | None = None) -> HttpRequest:
    """Make a POST of a form."""
    body = encoded(fields).encode()
    return HttpRequest(method="POST", url=url, headers={"content-type": FORM, **(headers or {})}, body=body)


def json_post(url: str, value: Any, headers: Mapping[str, str] | None = None) -> HttpRequest:
    """Make a POST of JSON; fields of an object that are None are left out."""
    if isinstance(value, Mapping):
        value = {name: inner for name, inner in value.items() if inner is not None}
    body = compact(value).encode()
    return HttpRequest(method="POST", url=url, headers={"content-type": JSON, **(headers or {})}, body=body)


def get(url: str, fields: Mapping[str, str | None], headers: Mapping[str, str] | None = None) -> HttpRequest:
    """Make a GET with a query."""
    joint = "&" if "?" in url else "?"
    return HttpRequest(method="GET", url=f"{url}{joint}{encoded(fields)}", headers=headers or {})


def the_text(submission: Submission, gateway: str) -> str:
    """Give the text that goes out. Raises GatewayError where there is none."""
    if not submission.text.strip():
        raise GatewayError(f"gateway {gateway}: nothing to send, the text is empty")
    return submission.text


def the_template(submission: Submission, gateway: str) -> str:
    """Give the filed template's code. Raises GatewayError where the text is not carried by one."""
    if submission.template_code:
        return submission.template_code
    raise GatewayError(
        f"gateway {gateway} sends filed templates only: give the text a template code of this gateway "
        f"or route it through a gateway that takes free text"
    )


def named_params(submission: Submission, gateway: str) -> dict[str, str]:
    """Give the template's values by name. Raises GatewayError where names and values do not pair."""
    names, values = submission.template_names, submission.template_params
    if len(names) != len(values):
        raise GatewayError(
            f"gateway {gateway} wants the template's variables by name: "
            f"{len(values)} values stand beside {len(names)} names"
        )
    return dict(zip(names, values, strict=True))


def in_batch(submissions: tuple[Submission, ...], gateway: str, most: int) -> Submission:
    """Give the first of a batch. Raises GatewayError where there are none, or too many for one request."""
    if not 0 < len(submissions) <= most:
        raise GatewayError(f"gateway {gateway} takes 1 to {most} numbers at once, not {len(submissions)}")
    return submissions[0]


def same_words(submissions: tuple[Submission, ...], gateway: str, most: int) -> Submission:
    """Give the one content of a batch. Raises GatewayError where the submissions do not say the same."""
    contents = {(s.text, s.sign, s.ext, s.template_code, s.template_params) for s in submissions}
    if len(contents) > 1:
        raise GatewayError(f"gateway {gateway} sends one and the same text in a batch; these differ")
    return in_batch(submissions, gateway, most)


def bare_sign(sign: str) -> str:
    """Give a signature without its brackets."""
    return sign.strip().strip("【】[]")
