"""Asks gateways what became of texts of unknown fate, before their deadline makes them final."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.customer import Customer
from bot.domain.gateway import AnswersQueries, Submission
from bot.domain.messages import DeliveryReport, OutboundMessage
from bot.errors import GatewayError, NotTaken, Unanswered
from bot.store.bell import heard
from bot.store.questions import Question
from bot.store.refs import client_ref, receipt_event, target_of
from bot.store.store import Store
from bot.workers.loop import Stop, keep_on
from bot.workers.mind import Mind
from bot.workers.posting import TIMEOUT_SECONDS

_LOOK_EVERY_SECONDS: Final = 5.0
_FIRST_PAUSE: Final = timedelta(minutes=2)
_LONGEST_PAUSE: Final = timedelta(hours=4)

log = structlog.get_logger("workers.asker")


class Asker:
    """Asks for the partitions that this worker holds."""

    def __init__(self, store: Store, mind: Mind, partitions: Callable[[], frozenset[int]]) -> None:
        self._store = store
        self._mind = mind
        self._partitions = partitions

    async def run(self, stop: Stop) -> None:
        """Ask until told to stop."""
        ear = asyncio.Event()
        stop.wakes(ear)

        async def turn() -> None:
            await self.turn()
            await heard(ear, _LOOK_EVERY_SECONDS)

        await keep_on("asker", turn, stop)

    async def turn(self) -> None:
        """Ask what is due."""
        now = self._mind.clock()
        partitions = sorted(self._partitions())
        found = await asyncio.gather(*(self._store.questions.due(partition, now) for partition in partitions))
        for partition, questions in zip(partitions, found, strict=True):
            for question in questions:
                await self._ask(partition, question)

    async def _ask(self, partition: int, question: Question) -> None:
        """Ask for one text; what is known of it goes the way of every receipt."""
        text = await self._store.outbox.body(partition, question.message)
        customer = await self._customer(text.customer) if text else None
        if text is None or customer is None:
            await self._store.questions.drop(partition, question.message)
            return
        now = self._mind.clock()
        # Asked again later, should we die in between.
        pause = min(_FIRST_PAUSE * float(1 << min(question.asked, 10)), _LONGEST_PAUSE)
        again = Question(
            message=question.message, account=question.account, message_id=question.message_id, asked=question.asked + 1
        )
        await self._store.questions.put(partition, again, now + pause)
        reference = client_ref(partition, text.id)
        report = await self._answer(question, text, customer.phone, reference)
        if report is None or report.state == "unknown":
            return
        name = report.message_id or question.message_id or reference
        parked = await self._store.refs.link(question.account, name, text, now)
        for event in (receipt_event(target_of(text), report, now), *parked):
            await self._store.inbox.add(event)
        await self._store.questions.drop(partition, question.message)

    async def _customer(self, name: str) -> Customer | None:
        try:
            return await self._store.customers.load(name)
        except ValueError as reason:
            log.warning("customer_unreadable", customer=name, reason=str(reason))
            return None

    async def _answer(
        self, question: Question, text: OutboundMessage, phone: str, reference: str
    ) -> DeliveryReport | None:
        gateway = self._mind.gateways.get(question.account)
        if not isinstance(gateway, AnswersQueries):
            return None
        asked = Submission(to=phone, text=text.text, client_ref=reference)
        try:
            request = gateway.compose_query(
                question.message_id, asked, self._mind.clock(), f"{text.id}{question.asked}"
            )
            report = gateway.read_query(await self._mind.transport.send(request, TIMEOUT_SECONDS))
        except (GatewayError, NotTaken, Unanswered) as reason:
            log.warning("query_failed", account=question.account, message=text.id, reason=str(reason))
            return None
        return report if report and _is_of(report, question, reference) else None


def _is_of(report: DeliveryReport, question: Question, reference: str) -> bool:
    """Tell whether a provider that looks texts up by number speaks of the one we mean."""
    if report.client_ref:
        return report.client_ref == reference
    return question.message_id is not None and report.message_id in {None, question.message_id}
