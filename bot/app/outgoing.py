"""The ways out, built from the accounts: standing connections, and who fetches what was not pushed."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial

import structlog

from bot.app.accounts import Accounts
from bot.domain.gateway import CanBePulled
from bot.domain.link import LinkState, NeedsLink, Sends
from bot.links.smpp import SmppLink
from bot.links.switch import Switch
from bot.settings import Settings
from bot.web.deps import WebDeps
from bot.web.webhooks import receive
from bot.workers.puller import Puller, Well
from bot.workers.ways import Ways

log = structlog.get_logger("outgoing")


async def open_links(stack: AsyncExitStack, http: Sends, accounts: Accounts, deps: WebDeps, ways: Ways) -> Switch:
    """Begin to connect to every SMSC of the accounts; what comes over a connection goes the way of callbacks."""
    links: list[SmppLink] = []
    for name, gateway in accounts.gateways.items():
        if not isinstance(gateway, NeedsLink):
            continue
        link = SmppLink(gateway.smsc, partial(receive, deps, deps.accounts[name]), partial(_told, ways, name))
        links.append(link)
        await link.start()
        stack.push_async_callback(link.stop)
    return Switch(http, links)


def _told(ways: Ways, account: str, state: LinkState) -> None:
    """Say so to staff, and send by other accounts meanwhile."""
    bound = state.condition == "bound"
    ways.down(account, "" if bound else state.condition)
    say = log.info if bound or state.condition in {"connecting", "stopped"} else log.warning
    say("link", account=account, condition=state.condition, reason=state.reason)


def build_puller(settings: Settings, accounts: Accounts, deps: WebDeps, http: Sends) -> Puller:
    """Give what fetches the missed; for accounts with `pull_every`."""
    found: list[Well] = []
    for name, gateway in accounts.gateways.items():
        every = settings.gateways[name].pull_every
        if every and isinstance(gateway, CanBePulled):
            found.append(Well(source=deps.accounts[name].source, gateway=gateway, every=every))
    return Puller(deps.store, found, http, deps.clock, deps.spool)
