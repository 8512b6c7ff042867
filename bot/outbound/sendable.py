"""Which texts of content/ an account could never send, and why: asked before the first customer is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from bot.domain.content import Text
from bot.domain.gateway import Capabilities
from bot.outbound.render import can_carry, has_link

_PLACEHOLDER: Final = re.compile(r"\{\{[^{}]{0,200}\}\}|\{%[^{}]{0,200}%\}")


def unsendable(
    texts: Mapping[str, Text], capabilities: Capabilities, names: tuple[str, str], carrier: Text | None
) -> dict[str, str]:
    """Give the texts that an account (its name, its provider) cannot send, with what is missing; in English."""
    if not capabilities.sends:
        return {}
    found = {name: _why_not(text, capabilities, names, carrier) for name, text in texts.items() if text is not carrier}
    return {name: reason for name, reason in found.items() if reason}


def _why_not(text: Text, capabilities: Capabilities, names: tuple[str, str], carrier: Text | None) -> str:
    account, provider = names
    if not can_carry(text, capabilities, names, carrier):
        return f"{provider} sends filed templates only: write its code under filed.{account}, or file a carrier text"
    if not capabilities.free_text:
        return ""
    worded = (text.text, *text.variants.values())
    if not capabilities.links and any(has_link(said) for said in worded):
        return f"{provider} refuses links: word it without, or send it by another account"
    longest = max(len(_PLACEHOLDER.sub("", said)) for said in worded)
    if longest > capabilities.max_chars:
        return f"it has {longest} characters before any value is filled in; {provider} takes {capabilities.max_chars}"
    return ""
