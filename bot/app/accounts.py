"""The accounts of the settings as gateways: for callbacks, for sending and for routing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches

from bot.domain.gateway import CanBePulled, Gateway
from bot.errors import GatewayError, SettingsError
from bot.gateways import load
from bot.gateways.wire.given import Watched
from bot.outbound.routing import Route
from bot.settings import GatewaySettings, Keys, Settings
from bot.web.accounts import Account
from bot.web.addresses import networks
from bot.workers.ways import Limits

SIMULATOR = "simulator"


@dataclass(frozen=True, slots=True)
class Accounts:
    """Every account, by name."""

    gateways: Mapping[str, Gateway]
    tokens: Mapping[str, str]

    def for_web(self, settings: Settings) -> Mapping[str, Account]:
        """Give the accounts as callbacks find them."""
        return {
            name: Account(
                name=name,
                provider=settings.gateways[name].provider,
                token=self.tokens[name],
                gateway=gateway,
                shop=settings.shop_of(name),
                allow=networks(settings.gateways[name].allow_ips),
            )
            for name, gateway in self.gateways.items()
        }

    def routes(self, settings: Settings, healthy: Callable[[str], bool]) -> Callable[[], Sequence[Route]]:
        """Give the accounts as routing sees them at the moment of asking."""
        known = [_route(name, gateway, settings.gateways[name]) for name, gateway in self.gateways.items()]

        def routes() -> Sequence[Route]:
            return [replace(route, healthy=healthy(route.account)) for route in known]

        return routes

    def limits(self, settings: Settings) -> Mapping[str, Limits]:
        """Give what each account bears."""
        return {
            name: Limits(
                per_second=told.rate_per_second,
                same_text_seconds=told.same_text_seconds,
                per_number_per_minute=told.per_number_per_minute,
            )
            for name, told in settings.gateways.items()
        }

    def report_urls(self, settings: Settings) -> Mapping[str, str]:
        """Give where receipts are to be sent, where the world can reach us."""
        if not settings.public_url:
            return {}
        base = settings.public_url.rstrip("/")
        return {name: f"{base}/gateways/{name}/{self.tokens[name]}/receipt" for name in self.gateways}


def _route(name: str, gateway: Gateway, told: GatewaySettings) -> Route:
    return Route(
        account=name,
        provider=gateway.name,
        capabilities=gateway.capabilities,
        cost=told.cost,
        classes=frozenset(told.classes),
        carriers=frozenset(told.carriers),
        regions=tuple(told.regions),
    )


def _check(gateway: Gateway, told: GatewaySettings) -> None:
    """See to it that the gateway can do what the settings ask of it. Raises GatewayError."""
    if told.pull_every:
        if not isinstance(gateway, CanBePulled):
            raise GatewayError(f"nothing can be fetched from {gateway.name}: leave `pull_every` away")
        for what in ("messages", "reports"):
            gateway.compose_pull(what, datetime.now(UTC), "check")
    if told.tie_replies and not gateway.capabilities.extension:
        raise GatewayError(f"{gateway.name} has no extension codes: leave `tie_replies` away")


def _all_read(own: Watched, provider: str) -> None:
    """See to it that somebody reads every setting: one misspelt is a rule that is not there. Raises GatewayError."""
    known = own.asked | set(GatewaySettings.model_fields)
    for name in own.unread:
        near = get_close_matches(name, known, 1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(sorted(known))}"
        raise GatewayError(f"{provider} has no setting `{name}`; {hint}")


def build_accounts(settings: Settings, keys: Keys) -> Accounts:
    """Build every account's gateway. Raises SettingsError naming the account and what it lacks."""
    gateways: dict[str, Gateway] = {}
    tokens: dict[str, str] = {}
    for name, told in settings.gateways.items():
        own = dict(told.own)
        token = told.token.get_secret_value()
        if told.provider == SIMULATOR:
            # The phone in the console is ours at both ends.
            own = {"url": f"http://127.0.0.1:{settings.port}/simulator/texts", "secret": keys.simulator_token} | own
            token = token or keys.simulator_token
        try:
            watched = Watched(own)
            gateways[name] = load(told.provider, watched)
            _all_read(watched, told.provider)
            _check(gateways[name], told)
        except GatewayError as error:
            raise SettingsError(f"gateways.{name}: {error}") from error
        tokens[name] = token
    return Accounts(gateways, tokens)
