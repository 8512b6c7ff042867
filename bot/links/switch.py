"""What a sender sends through, so that it need not know which gateways have a standing connection."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.gateway import HttpReply, HttpRequest
from bot.domain.link import Link, Sends


class Switch:
    """Carries a request by the link whose URL it names, and every other one by HTTP."""

    def __init__(self, http: Sends, links: Iterable[Link]) -> None:
        self._http = http
        self._links = {link.url: link for link in links}

    async def send(self, request: HttpRequest, timeout: float) -> HttpReply:
        """Carry it. Raises NotTaken or Unanswered; `timeout` in seconds."""
        carrier = self._links.get(request.url, self._http)
        return await carrier.send(request, timeout)
