"""`huixin gateway test`: one real text through one account, and the wait for its receipt."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bot.app.accounts import Accounts, build_accounts
from bot.app.opening import joined
from bot.app.serving import shops_of
from bot.content import load, packaged
from bot.domain.customer import Customer
from bot.domain.gateway import Ack, Callback, SendResult
from bot.domain.ids import client_ref, customer_id, partition_of
from bot.domain.link import NeedsLink
from bot.domain.messages import OutboundMessage
from bot.domain.verdict import Send
from bot.engine.departure import CARRIER
from bot.errors import GatewayError, HuixinError, NotTaken, SettingsError, Unanswered
from bot.links.smpp import SmppLink
from bot.links.switch import Switch
from bot.outbound.gates import check
from bot.outbound.render import render
from bot.phone import mask, to_e164
from bot.settings import Keys, Settings
from bot.settings import keys as read_keys
from bot.store.leases import workers
from bot.store.store import Store
from bot.transport import Transport
from bot.web.accounts import Account
from bot.workers.outcomes import finished_event

WORDS: Final = "这是一条通道测试短信,收到请忽略。"
_SEND_SECONDS: Final = 15.0
_BIND_SECONDS: Final = 15.0
_FINAL: Final = frozenset({"delivered", "failed", "expired", "rejected"})

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it."""

    account: str
    provider: str
    to: str
    outcome: str
    message_id: str | None = None
    code: str | None = None
    detail: str = ""
    receipt: str | None = None
    """delivered, failed, expired, rejected; None: none came in time."""
    receipt_code: str | None = None
    seconds: float | None = None
    """From the send to the receipt."""

    @property
    def good(self) -> bool:
        """Tell whether the text was taken, and arrived as far as anybody said."""
        return self.outcome == "sent" and self.receipt in {None, "delivered"}

    def told(self) -> dict[str, Any]:
        """Give it as JSON."""
        return asdict(self)


def try_account(settings: Settings, account: str, to: str, wait: float, note: Note) -> Trial:
    """Send one text to a number through an account and wait so many seconds for its receipt.

    Raises HuixinError where the account, the number or the gates do not allow it.
    """
    number = to_e164(to)
    if number is None:
        raise HuixinError(f"{to!r} is no phone number; write it like +8613800000000")
    keys = read_keys(settings.data)
    accounts = build_accounts(settings, keys)
    if account not in accounts.gateways:
        raise SettingsError(f"there is no [gateways.{account}]; there are: {', '.join(accounts.gateways)}")
    if not accounts.gateways[account].capabilities.sends:
        raise GatewayError(f"{accounts.gateways[account].name} has no way to send: it only receives")
    return asyncio.run(_Try(settings, keys, accounts, account, number, note).run(wait))


class _Try:
    def __init__(
        self, settings: Settings, keys: Keys, accounts: Accounts, account: str, number: str, note: Note
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._accounts = accounts
        self._account: Account = accounts.for_web(settings)[account]
        self._number = number
        self._note = note

    async def run(self, wait: float) -> Trial:
        async with joined(self._settings, self._keys) as store, AsyncExitStack() as stack:
            listening = asyncio.create_task(store.bell.run())
            stack.callback(listening.cancel)
            name, provider = self._account.name, self._account.provider
            text = self._text()
            post = await self._prepared(stack, store, text)
            receipts = asyncio.create_task(self._receipt(store, text, await store.feed.newest()))
            stack.callback(receipts.cancel)
            self._note(f"sending to {mask(self._number)} by {name} ({provider}) …")
            began = asyncio.get_running_loop().time()
            result = await post()
            self._note(" ".join(filter(None, (result.outcome, result.code, result.detail))))
            await self._written_down(store, text, result)
            trial = Trial(
                account=name,
                provider=provider,
                to=mask(self._number),
                outcome=result.outcome,
                message_id=result.message_id,
                code=result.code,
                detail=result.detail,
            )
            if result.outcome not in {"sent", "unknown"} or not self._account.gateway.capabilities.reports or not wait:
                return trial
            if not await workers(store.client):
                self._note("no worker is running: start `huixin serve`, else no receipt will be seen")
            self._note(f"waiting {wait:.0f} s for the receipt …")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    state, code = await receipts
                took = round(asyncio.get_running_loop().time() - began, 1)
                self._note(f"{state} {code}".strip())
                return replace(trial, receipt=state, receipt_code=code or None, seconds=took)
            self._note("no receipt came: can the provider reach public_url, and is the address entered there?")
            return trial

    def _text(self) -> OutboundMessage:
        customer = customer_id(self._keys.lookup, self._account.shop, self._number)
        return OutboundMessage(
            id=secrets.token_hex(8),
            shop=self._account.shop,
            customer=customer,
            message_class="service",
            text=WORDS,
            created_at=datetime.now(UTC),
            cause="gateway test",
            gateway=self._account.name,
        )

    async def _prepared(self, stack: AsyncExitStack, store: Store, text: OutboundMessage) -> Callable[[], Any]:
        """Ask the gates, render, and open the way; gives what sends it."""
        gateway, now = self._account.gateway, datetime.now(UTC)
        shop = shops_of(self._settings, self._keys)[self._account.shop]
        known = await store.customers.load(text.customer)
        customer = known or Customer(id=text.customer, shop=text.shop, phone=self._number, created_at=now)
        verdict = check(text, customer, shop, now)
        if not isinstance(verdict, Send):
            raise HuixinError(f"this number may not be written to now: {verdict.reason}")
        content = load([packaged(), *([Path(shop.content)] if shop.content else [])])
        names = (self._account.name, self._account.provider)
        said = render(text, customer, shop, None, gateway.capabilities, names, carrier=content.texts.get(CARRIER))
        reference = client_ref(partition_of(text.customer, store.partitions), text.id)
        url = self._accounts.report_urls(self._settings).get(self._account.name)
        request = gateway.compose(said.submission(self._number, reference, report_url=url), now, text.id)
        http = Transport()
        stack.push_async_callback(http.close)
        way = Switch(http, await self._links(stack, store))

        async def post() -> SendResult:
            try:
                return gateway.read(await way.send(request, _SEND_SECONDS))
            except NotTaken as reason:
                return SendResult(outcome="temporary", detail=str(reason))
            except Unanswered as reason:
                return SendResult(outcome="unknown", detail=str(reason))

        return post

    async def _links(self, stack: AsyncExitStack, store: Store) -> list[SmppLink]:
        """Bind to the SMSC beside the running service; receipts may come to any of its sessions."""
        gateway = self._account.gateway
        if not isinstance(gateway, NeedsLink):
            return []

        async def keep(told: Callback) -> Ack:
            now = datetime.now(UTC)
            await store.arrivals.keep(store.arrivals.arrived(self._account.source, gateway.parse(told), now), now)
            return gateway.acknowledge(told)

        refusals: list[str] = []
        link = SmppLink(gateway.smsc, keep, lambda state: refusals.append(state.reason) if state.reason else None)
        await link.start()
        stack.push_async_callback(link.stop)
        try:
            async with asyncio.timeout(_BIND_SECONDS):
                await link.bound()
        except TimeoutError:
            raise GatewayError(f"no connection to the SMSC: {refusals[-1] if refusals else 'no answer'}") from None
        return [link]

    async def _written_down(self, store: Store, text: OutboundMessage, result: SendResult) -> None:
        """Let the receipt find the text, and the console show both."""
        now = datetime.now(UTC)
        reason = result.detail or result.code or ""
        finished = finished_event(text, result.outcome, reason, now, self._account.name)
        # Nobody may have heard of this customer before.
        await store.inbox.add(replace(finished, phone=self._number))
        name = result.message_id or client_ref(partition_of(text.customer, store.partitions), text.id)
        if self._account.source.shared_ids and result.message_id:
            parked = await store.refs.link_shared(self._account.name, name, text, self._number, now, alone=True)
        else:
            parked = await store.refs.link_all(self._account.name, (name, *result.part_ids), text, now)
        for early in parked:
            await store.inbox.add(early)

    @staticmethod
    async def _receipt(store: Store, text: OutboundMessage, after: str) -> tuple[str, str]:
        """Wait until the feed tells what became of the text for good."""
        async for line in store.feed.follow(after):
            if line is not None and line.kind == "state" and line.detail.get("message") == text.id:
                state = line.detail.get("state", "")
                if state in _FINAL:
                    return state, line.detail.get("reason", "")
        raise AssertionError
