"""The standing connection to an SMSC: kept up, bound again when it drops, and one send at a time through its window."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from smpp34 import SubmitSm

from bot.domain.gateway import HttpReply, HttpRequest
from bot.domain.link import LinkCondition, LinkState, Smsc
from bot.errors import NotTaken, Unanswered
from bot.links import pdu
from bot.links.session import BindRefused, Deliver, Session

_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 8.0
_HELD_BACK: Final = frozenset({pdu.QUEUE_FULL, pdu.THROTTLED, pdu.TRY_LATER})


class SmppLink:
    """One account at an SMSC. Every process that sends has a session of its own.

    `on_deliver` makes a deliver_sm durable before it answers; `on_state` hears of every change. A request is
    `SUBMIT_SM` to `url` with `{"parts": [fields of smpp34.SubmitSm …]}`, `short_message` in hex; the answer is
    `{"of", "parts": [{"status", "message_id"} …]}` as far as the parts went, a null status for no answer.
    """

    def __init__(self, smsc: Smsc, on_deliver: Deliver, on_state: Callable[[LinkState], None]) -> None:
        self._smsc = smsc
        self._on_deliver = on_deliver
        self._on_state = on_state
        self._session: Session | None = None
        self._bound = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Give the URL of the requests that it carries."""
        return self._smsc.url

    async def start(self) -> None:
        """Begin to connect, and return at once."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep_bound(), name=f"smpp {self._smsc.host}")

    async def bound(self) -> None:
        """Wait until we are bound."""
        await self._bound.wait()

    async def stop(self) -> None:
        """Take nothing new, wait at most `answer_within` for what is under way, unbind and end."""
        if self._task is None:
            return
        session, self._session = self._session, None
        if session is not None:
            await session.unbind()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        self._tell("stopped")

    async def send(self, request: HttpRequest, timeout: float) -> HttpReply:
        """Submit the parts in their order.

        Raises NotTaken where nothing left, Unanswered where the first part went and no answer came. A later
        part that the SMSC holds back, or that finds the connection down, is tried again until the time is over.
        """
        deadline = asyncio.get_running_loop().time() + timeout
        parts: list[Mapping[str, Any]] = json.loads(request.body)["parts"]
        answers: list[Mapping[str, Any]] = []
        for part in parts:
            try:
                answer = await self._submit(part, deadline, patient=bool(answers))
            except (NotTaken, Unanswered) as fault:
                if not answers:
                    raise
                answers.append({"status": None, "reason": str(fault)})
                break
            answers.append({"status": answer.status, "message_id": pdu.message_id(answer.body)})
            if answer.status != pdu.OK:
                break
        last = answers[-1]["status"]
        body = json.dumps({"of": len(parts), "parts": answers})
        return HttpReply(status=0 if last is None else last, body=body.encode())

    async def _submit(self, part: Mapping[str, Any], deadline: float, *, patient: bool) -> pdu.Pdu:
        fields = {**part, "short_message": bytes.fromhex(part["short_message"])}
        body = SubmitSm(**fields).encode()[pdu.HEADER.size :]
        now = asyncio.get_running_loop().time
        pause = _FIRST_PAUSE
        while True:
            try:
                answer = await self._connection().submit(body, deadline - now())
                if answer.status not in _HELD_BACK or not patient or now() + pause >= deadline:
                    return answer
            except NotTaken:
                if not patient or now() + pause >= deadline:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _connection(self) -> Session:
        if self._session is None:
            raise NotTaken("there is no connection to the SMSC")
        return self._session

    async def _keep_bound(self) -> None:
        wait = self._smsc.first_wait
        while True:
            self._tell("connecting")
            try:
                session = await Session.open(self._smsc, self._on_deliver)
            except BindRefused as refused:
                self._tell("refused", str(refused))
            except (OSError, EOFError, ValueError) as fault:
                self._tell("down", f"{self._smsc.host}:{self._smsc.port} cannot be reached ({type(fault).__name__})")
            else:
                wait = self._smsc.first_wait
                await self._serve(session)
            await asyncio.sleep(wait)
            wait = min(2 * wait, self._smsc.longest_wait)

    async def _serve(self, session: Session) -> None:
        self._session = session
        self._bound.set()
        self._tell("bound")
        try:
            reason = await session.serve()
        finally:
            self._session = None
            self._bound.clear()
        self._tell("down", reason)

    def _tell(self, condition: LinkCondition, reason: str = "") -> None:
        self._on_state(LinkState(condition, reason))
