"""What was lately found in a text: customers write the same few words again and again, and are read once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, ParamSpec, TypeVar
from weakref import WeakSet

REMEMBERED: Final = 512
"""Results kept of each thing that is asked of a text, the latest; some 10 MB with all that belongs to them."""

_Asked = ParamSpec("_Asked")
_Found = TypeVar("_Found")
_MEMORIES: Final[WeakSet[Any]] = WeakSet()


def remembered(find: Callable[_Asked, _Found]) -> Callable[_Asked, _Found]:
    """Remember what a pure function lately gave; its arguments must be hashable."""
    memory = lru_cache(REMEMBERED)(find)
    _MEMORIES.add(memory)
    # What lru_cache gives is called like what it was given; its type forgets that.
    return memory  # type: ignore[return-value]


def forget() -> None:
    """Let go of everything, as for a measurement of what a new text costs."""
    for memory in list(_MEMORIES):
        memory.cache_clear()
