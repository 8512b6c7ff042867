"""The events API described for programs, made from the very models that check it."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.web.deps import DEPS
from bot.web.schemas import KNOWN, MAX_EVENTS, EventIn

_REFS: Final = "#/components/schemas/{model}"
_ANSWERS: Final = {
    "400": "The body is not JSON.",
    "401": "The bearer token is missing or wrong.",
    "413": f"More than {MAX_EVENTS} events or more than 1 MiB.",
    "422": "Neither an event nor an array of events.",
    "429": "Replies are being handled first; see Retry-After.",
    "503": "Redis is away; send again.",
}
_COUNT: Final = {"type": "integer", "minimum": 0}
_TAKEN: Final = {
    "type": "object",
    "required": ["accepted", "duplicates", "rejected"],
    "properties": {
        "accepted": _COUNT,
        "duplicates": _COUNT,
        "rejected": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "error"],
                "properties": {"index": _COUNT, "error": {"type": "string"}},
            },
        },
    },
}


async def document(request: web.Request) -> web.Response:
    """Give the OpenAPI document."""
    return web.json_response({**_made(), "info": {"title": "Huixin", "version": request.app[DEPS].version or "0"}})


@cache
def _made() -> dict[str, Any]:
    models: list[type[BaseModel]] = [EventIn, *dict.fromkeys(KNOWN.values())]
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REFS)
    event = {"$ref": _REFS.format(model=EventIn.__name__)}
    data = "; ".join(f"`{name}` → {model.__name__}" for name, model in KNOWN.items())
    operation = {
        "summary": "Tell Huixin what happened to customers",
        "description": f"The same id twice counts once. What `data` holds by type: {data}.",
        "security": [{"bearer": []}],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"oneOf": [event, {"type": "array", "items": event, "maxItems": MAX_EVENTS}]}
                }
            },
        },
        "responses": {
            "202": {"description": "Taken", "content": {"application/json": {"schema": _TAKEN}}},
            **{status: {"description": text} for status, text in _ANSWERS.items()},
        },
    }
    return {
        "openapi": "3.1.0",
        "paths": {"/api/events": {"post": operation}},
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }
