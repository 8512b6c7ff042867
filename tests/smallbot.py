"""A bot so small that tests of the spine can tell by sight what it will do."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aiohttp import web

from bot.domain.customer import Consent, Customer, Sent
from bot.domain.decision import Decision, LogEntry
from bot.domain.effects import AlertStaff, Effect, OptOut, Reply, Schedule, SendTemplate
from bot.domain.events import BusinessEvent, Event, ReplyReceived, SendFinished, TimerDue
from bot.domain.feed import FeedItem
from bot.domain.gateway import Capabilities, HttpReply, HttpRequest, SendResult, Submission
from bot.domain.ids import Ids, customer_id
from bot.domain.messages import InboundMessage, MessageClass, OutboundMessage
from bot.domain.verdict import Later, Never, Ready
from bot.store.store import Store
from bot.workers.mind import Mind
from tests.conftest import LOOKUP_KEY

PHONE = "+8613800000000"
STOPS = {"TD": "marketing", "退订": "marketing", "什么都别发": "all"}
Clock = Callable[[], datetime]


def reply(text: str, nth: int = 0, phone: str = PHONE, now: datetime | None = None, lane: str = "live") -> Event:
    """A customer's reply; the same phone, text and nth make the same event."""
    when = now or datetime(2025, 7, 2, 2, 0).astimezone()
    return Event(
        id=f"in:{phone}:{text}:{nth}",
        shop="default",
        customer=customer_id(LOOKUP_KEY, "default", phone),
        phone=phone,
        at=when,
        received_at=when,
        what=ReplyReceived(message=InboundMessage(sender=phone, text=text, account="out")),
        lane=lane,
    )


def campaign(nth: int = 0, phone: str = PHONE, now: datetime | None = None, kind: str = "marketing") -> Event:
    """An event that makes one text of a class."""
    return replace(
        reply("campaign", nth, phone, now),
        id=f"campaign:{phone}:{nth}",
        what=BusinessEvent(type="campaign", data={"class": kind}),
        lane="bulk",
    )


def apply(customer: Customer | None, entry: LogEntry) -> Customer:
    event = entry.event
    after = customer or Customer(id=event.customer, shop=event.shop, phone=event.phone, created_at=entry.decided_at)
    if isinstance(event.what, ReplyReceived):
        after = replace(after, last_text=after.last_text + event.what.message.text)
    if isinstance(event.what, SendFinished):
        after = replace(after, notes=(*after.notes, f"{event.what.outcome}:{event.what.reason}"))
    for effect in entry.effects:
        if isinstance(effect, OptOut):
            stopped = Consent(state="out", at=entry.decided_at, how="reply", words=effect.words)
            after = replace(after, consent={**after.consent, effect.scope: stopped})
        if isinstance(effect, Reply | SendTemplate):
            after = replace(after, sent=(*after.sent, Sent(at=entry.decided_at, message_class="conversation")))
    return replace(after, version=after.version + 1)


def decide(customer: Customer | None, event: Event, now: datetime) -> Decision:
    """Answer each reply once; `TD` stops, `稍后` answers by timer in a minute, `毒` cannot be decided."""
    ids = Ids(event.id)
    effects: list[Effect] = []
    texts: list[tuple[str, MessageClass]] = []
    timers: list[Schedule] = []
    match event.what:
        case ReplyReceived(message=message):
            if "毒" in message.text:
                raise ZeroDivisionError("a planted fault")
            if scope := STOPS.get(message.text):
                effects.append(OptOut(scope=scope, words=message.text))
            if message.text == "稍后":
                timers.append(Schedule(timer=ids.make("timer"), what="later", due_at=now + timedelta(minutes=1)))
            else:
                effects.append(Reply(text=f"收到:{message.text}"))
                texts.append((f"收到:{message.text}", "conversation"))
        case TimerDue():
            effects.append(Reply(text="时间到了"))
            texts.append(("时间到了", "conversation"))
        case BusinessEvent(data=data):
            effects.append(SendTemplate(template="t", text="大促", message_class=data["class"]))
            texts.append(("大促", data["class"]))
    effects += timers
    entry = LogEntry(event=event, decided_at=now, content_version="1", effects=tuple(effects))
    outbox = tuple(
        OutboundMessage(
            id=ids.make("text", nth),
            shop=event.shop,
            customer=event.customer,
            message_class=message_class,
            text=text,
            created_at=now,
            # Ids of tests hold numbers.
            cause=ids.make("cause"),
        )
        for nth, (text, message_class) in enumerate(texts)
    )
    return Decision(entry=entry, customer=apply(customer, entry), outbox=outbox, timers=tuple(timers))


def prepare(
    text: OutboundMessage, customer: Customer, now: datetime, client_ref: str, tried: frozenset[str]
) -> Ready | Later | Never:
    if customer.stopped(text.message_class):
        return Never("客户已退订", "consent")
    account = "spare" if "out" in tried else "out"
    return Ready(account=account, submission=Submission(to=customer.phone, text=text.text, client_ref=client_ref))


@dataclass
class Out:
    """A gateway that posts JSON and reads `{outcome, id}`."""

    url: str
    name: str = "out"
    capabilities: Capabilities = field(default_factory=Capabilities)

    def compose(self, submission: Submission, now: datetime, nonce: str) -> HttpRequest:
        del now, nonce
        told = {"to": submission.to, "text": submission.text, "ref": submission.client_ref, "via": self.name}
        return HttpRequest(method="POST", url=self.url, body=json.dumps(told).encode())

    def read(self, answer: HttpReply) -> SendResult:
        told = json.loads(answer.body)
        return SendResult(outcome=told["outcome"], message_id=told.get("id"), detail=told.get("detail", ""))


@dataclass
class Provider:
    """What stands for the provider: a local server that keeps what it was sent."""

    url: str = ""
    got: list[dict[str, str]] = field(default_factory=list)
    answers: list[dict[str, str]] = field(default_factory=list)
    """What to answer first; afterwards it takes everything."""
    _runner: web.AppRunner | None = None
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def has(self, count: int, seconds: float = 15) -> list[str]:
        """Wait until so many texts have come."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: len(self.got) >= count)
        return self.texts

    @property
    def texts(self) -> list[str]:
        return [told["text"] for told in self.got]

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/"

    async def stop(self) -> None:
        assert self._runner
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        async with self._came:
            self.got.append(await request.json())
            self._came.notify_all()
        answer = self.answers.pop(0) if self.answers else {"outcome": "sent", "id": f"m{len(self.got)}"}
        return web.json_response(answer)


def mind(url: str, clock: Clock, **changes: object) -> Mind:
    """The small bot's mind, sending to a provider at `url`."""
    gateways = {"out": Out(url), "spare": Out(url, name="spare")}
    known = Mind(
        decide=decide,
        apply=apply,
        prepare=prepare,
        gateways=gateways,
        transport=changes.pop("transport"),
        clock=clock,
        stop_scope=STOPS.get,
        # The clocks of tests stand still and jump: nothing rings then.
        look_again=0.2,
    )
    return replace(known, **changes)


async def said(store: Store, kind: str, count: int = 1, seconds: float = 15) -> list[FeedItem]:
    """Wait until the feed has so many lines of a kind."""
    found: list[FeedItem] = []
    async with asyncio.timeout(seconds):
        async for item in store.feed.follow("0-0"):
            if item is not None and item.kind == kind:
                found.append(item)
                if len(found) == count:
                    break
    return found


async def eventually(true: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for what nobody tells of."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def alerts(entry: LogEntry) -> list[str]:
    return [effect.reason for effect in entry.effects if isinstance(effect, AlertStaff)]
