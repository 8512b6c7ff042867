"""The settings: huixin.toml and HUIXIN_* variables, read once, checked, and printed without their secrets."""

from __future__ import annotations

import base64
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

import pydantic_settings
from pydantic import (
    AfterValidator,
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.domain.ids import DEFAULT_PARTITIONS, MOST_PARTITIONS
from bot.domain.messages import MessageClass
from bot.domain.shop import Shop
from bot.errors import SettingsError
from bot.phone import Carrier, to_e164

_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
_NAME = r"^[a-z0-9][a-z0-9_-]{0,39}$"
_ADDRESS = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?(\?[^\s#]*)?")
_ACCOUNT = re.compile(r"\w[\w-]{0,39}")
_MIN_TOKEN = 16
_SPANS = ("day", "week", "month")
_OF_KUBERNETES = re.compile(
    r"_service_(host|port(_\w+)?)=|_port(_\d+_(tcp|udp))?=(tcp|udp)://|_port_\d+_(tcp|udp)_(proto|port|addr)="
)
"""What it puts into every container's environment for a Service whose name begins with huixin."""
_AS_JSON = """in a variable, lists and tables are written as JSON, like '["10.0.0.1"]' or '{"sencha": {}}'"""

Clock = Annotated[str, Field(pattern=_CLOCK)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _network(text: str) -> str:
    try:
        ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f"{text!r} is no address or network; write one like 10.0.0.1 or 10.0.0.0/8") from error
    return text


def _number(text: str) -> str:
    if to_e164(text) is None:
        raise ValueError("this is no phone number; write it like +8613800000000")
    return text


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ValueError(f"{text!r} is no day; write it like 2026-02-17") from error


def _address(text: str) -> str:
    if text and not _ADDRESS.fullmatch(text):
        raise ValueError("this is no address; write one like https://sms.example.com")
    return text


def _unguessable(name: str, token: SecretStr) -> SecretStr:
    if len(token.get_secret_value()) < _MIN_TOKEN:
        raise ValueError(
            f"{name} must be an unguessable text of at least {_MIN_TOKEN} characters; "
            f"here is one: {secrets.token_urlsafe(18)}"
        )
    return token


def _account(name: str) -> str:
    if not _ACCOUNT.fullmatch(name):
        raise ValueError("the name stands in the callback address: write letters, digits, - and _, at most 40")
    return name


def _cap(text: str) -> str:
    message_class, _, span = text.partition("/")
    if message_class not in get_args(MessageClass) or span not in _SPANS:
        raise ValueError(
            f"a cap is named class/span, with one of {', '.join(get_args(MessageClass))} and one of {', '.join(_SPANS)}"
        )
    return text


Network = Annotated[str, AfterValidator(_network)]
PhoneNumber = Annotated[str, AfterValidator(_number)]
Day = Annotated[str, AfterValidator(_day)]
Address = Annotated[str, AfterValidator(_address)]
Token = Annotated[SecretStr, AfterValidator(partial(_unguessable, "a token"))]
Caps = dict[Annotated[str, AfterValidator(_cap)], Annotated[int, Field(ge=0)]]
AccountName = Annotated[str, AfterValidator(_account)]


class PolicySettings(_Strict):
    """The rules of sending of one shop; see docs/operating.md."""

    marketing_from: Clock = "08:00"
    marketing_until: Clock = "21:00"
    caps: Caps = {"marketing/day": 1, "marketing/week": 3, "marketing/month": 5}
    holiday_caps: Caps = {}
    tier_caps: dict[str, Caps] = {}
    holidays: list[Day] = []
    care_per_promotion: Annotated[int, Field(ge=0)] = 0
    marketing_needs_opt_in: bool = False
    sending: bool = True
    only_to: list[PhoneNumber] = Field([], description="allow-list mode: only these numbers are written to")
    forbidden_words: list[str] = []


class ShopSettings(_Strict):
    """One brand: `[shops.<name>]`."""

    signature: Annotated[str, Field(min_length=1, max_length=18)] = "回信"
    zone: str = "Asia/Shanghai"
    opens: Clock = "09:00"
    closes: Clock = "21:00"
    gateways: list[str] = Field([], description="accounts, preferred first; empty: all of them")
    facts: dict[str, str] = {}
    content: Path | None = None
    policy: PolicySettings = PolicySettings()
    webhook: Address = ""

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{zone!r} is no time zone; write one like Asia/Shanghai") from error
        return zone


class GatewaySettings(BaseModel):
    """One account at a provider: `[gateways.<account>]`; what else stands there goes to its adapter."""

    model_config = ConfigDict(extra="allow", frozen=True)

    provider: Annotated[str, Field(pattern=_NAME)]
    token: SecretStr = SecretStr("")
    allow_ips: list[Network] = []
    rate_per_second: Annotated[float, Field(ge=0, description="texts, over all workers; 0: no limit")] = 20.0
    same_text_seconds: Annotated[
        float, Field(ge=0, le=86400, description="so long the same text does not go to one number again")
    ] = 30.0
    per_number_per_minute: Annotated[int, Field(ge=0, description="texts to one number; 0: no limit")] = 0
    cost: Annotated[float, Field(ge=0, description="of one piece, in the same currency for all accounts")] = 0.0
    classes: Annotated[list[MessageClass], Field(description="what it may carry; empty: all")] = []
    carriers: Annotated[list[Carrier], Field(description="whom it reaches; empty: all")] = []
    regions: Annotated[list[Annotated[str, Field(pattern=r"^\+[1-9]\d{0,6}$")]], Field(description="+86 …")] = []
    pull_every: Annotated[float, Field(ge=0, description="seconds between fetches of what push missed; 0: never")] = 0.0
    tie_replies: Annotated[bool, Field(description="an extension code with each question tells its answer")] = False

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        # What an adapter reads are mostly secrets: none of it is printed.
        return [("provider", self.provider), ("own", sorted(self.own))]

    @model_validator(mode="before")
    @classmethod
    def _phone_is_patient(cls, told: Any) -> Any:
        """The phone in the console takes whatever comes."""
        if isinstance(told, Mapping) and told.get("provider") == "simulator":
            return {"rate_per_second": 0.0, "same_text_seconds": 0.0, **told}
        return told

    @property
    def own(self) -> Mapping[str, Any]:
        """What the adapter reads."""
        return dict(self.model_extra or {})


class Settings(BaseSettings):
    """Everything that can be set; each has a default that runs on a laptop with nothing installed."""

    model_config = SettingsConfigDict(
        env_prefix="HUIXIN_", env_nested_delimiter="__", extra="forbid", frozen=True, toml_file="huixin.toml"
    )

    data: Path = Path("data")
    redis_url: SecretStr = SecretStr("")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: Address = ""
    trusted_proxies: list[Network] = []
    partitions: Annotated[int, Field(ge=1, le=MOST_PARTITIONS)] = DEFAULT_PARTITIONS
    replicas_to_wait_for: Annotated[int, Field(ge=0, le=5)] = 0
    api_tokens: list[Token] = []
    log: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "text", "json"] = "auto"
    per_number_per_minute: Annotated[int, Field(ge=1)] = 30
    shops: Annotated[dict[str, ShopSettings], Field(min_length=1)] = {"default": ShopSettings()}
    gateways: dict[AccountName, GatewaySettings] = {"phone": GatewaySettings(provider="simulator")}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="after")
    def _accounts_fit(self) -> Settings:
        for name, shop in self.shops.items():
            for account in shop.gateways:
                if account not in self.gateways:
                    raise ValueError(f"shops.{name}.gateways names {account!r}, but there is no [gateways.{account}]")
        for account, gateway in self.gateways.items():
            if gateway.provider != "simulator":
                _unguessable(f"gateways.{account}.token", gateway.token)
        return self

    def shop(self, name: str) -> Shop:
        """Give one shop as the engine knows it."""
        told = self.shops[name].model_dump()
        told["gateways"] = told["gateways"] or list(self.gateways)
        return TypeAdapter(Shop).validate_python({**told, "name": name, "content": str(told["content"] or "")})

    def shop_of(self, account: str) -> str:
        """Tell which shop an account's callbacks belong to: the first that names it."""
        return next((name for name in self.shops if account in self.shop(name).gateways), next(iter(self.shops)))


def _sixteen_or_32(key: bytes) -> bytes:
    if len(key) not in {16, 32}:
        raise ValueError("a key has 16 or 32 bytes")
    return key


_Seal = Annotated[Base64Bytes, AfterValidator(_sixteen_or_32)]


@dataclass(frozen=True, slots=True)
class Keys:
    """What must never be lost and never be shown: made on the first run, kept beside the data."""

    lookup: bytes
    """Ties a number to its history; never rotated."""
    seals: Mapping[str, bytes]
    """By key id; the last one seals, all open."""
    codes: bytes
    """Derives reward codes."""
    simulator_token: str
    api_token: str

    def __repr__(self) -> str:
        return "Keys(…)"


class _KeysFile(BaseModel):
    lookup: Annotated[Base64Bytes, Field(min_length=16)]
    seals: Annotated[dict[str, _Seal], Field(min_length=1)]
    codes: Annotated[Base64Bytes, Field(min_length=16)]
    simulator_token: Annotated[str, Field(min_length=_MIN_TOKEN)]
    api_token: Annotated[str, Field(min_length=_MIN_TOKEN)]


def read(file: Path | None = None) -> Settings:
    """Read huixin.toml (or the file named) and the environment. Raises SettingsError with what to mend."""
    named = os.environ.get("HUIXIN_CONFIG", "")
    path = file or Path(named or "huixin.toml")
    if (file or named) and not path.is_file():
        leave = "leave --config away" if file else "unset HUIXIN_CONFIG"
        raise SettingsError(f"{path} is not there; write it or {leave}")
    _know_variables(os.environ)

    class Here(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        return Here()
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or path}: {_said(fault)}" for fault in error.errors()]
        raise SettingsError("the settings do not fit:\n  " + "\n  ".join(faults)) from error
    except pydantic_settings.SettingsError as error:
        # It tells the setting between the first quotes, and never the value.
        name = str(error).partition('"')[2].partition('"')[0]
        raise SettingsError(f"what begins with HUIXIN_{name.upper()} is not JSON: {_AS_JSON}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML in UTF-8: {error}") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error


def _said(fault: ErrorDetails) -> str:
    says = fault["msg"].removeprefix("Value error, ")
    return f"{says} ({_AS_JSON})" if fault["type"] in {"list_type", "dict_type", "model_type"} else says


def _know_variables(environment: Mapping[str, str]) -> None:
    """See to it that every HUIXIN_* variable means something. Raises SettingsError naming the nearest that does."""
    known = {*Settings.model_fields, "config", "keys"}
    for variable, value in environment.items():
        name = variable.lower().removeprefix("huixin_")
        head, _, rest = name.partition("__")
        if name == variable.lower() or head in known or _OF_KUBERNETES.search(f"_{name}={value}"):
            continue
        near = get_close_matches(head, sorted(known), 1)
        meant = f"HUIXIN_{near[0].upper()}" + (f"__{rest.upper()}" if rest else "") if near else ""
        hint = f"did you mean {meant}?" if near else "docs/operating.md lists the settings"
        raise SettingsError(f"the variable {variable} sets nothing: unset it; {hint}")


def keys(folder: Path) -> Keys:
    """Read the keys of an installation, making them on the first run (file mode 600).

    `HUIXIN_KEYS` may hold the file's text instead, for machines without a disk of their own.
    """
    file = folder / "keys.toml"
    text = os.environ.get("HUIXIN_KEYS", "")
    where = "HUIXIN_KEYS" if text else str(file)
    try:
        if not text:
            text = file.read_text("utf-8") if file.is_file() else _make_keys(file)
        told = _KeysFile.model_validate(tomllib.loads(text))
        return Keys(told.lookup, told.seals, told.codes, told.simulator_token, told.api_token)
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be used ({error.strerror}): choose another folder with HUIXIN_DATA"
        ) from error
    except ValidationError as error:
        # Only what is wrong and where: the values are secrets.
        reason = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
    raise SettingsError(f"{where} cannot be read ({reason}); put the backup back: without it numbers stay sealed")


def _make_keys(file: Path) -> str:
    def fresh() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    text = (
        "# Keep a copy of this file somewhere safe: without it no stored number can be read again.\n"
        f'lookup = "{fresh()}"\ncodes = "{fresh()}"\n'
        f'simulator_token = "{secrets.token_urlsafe(18)}"\napi_token = "{secrets.token_urlsafe(24)}"\n\n'
        f'[seals]\nk1 = "{fresh()}"\n'
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    # Two processes may start at once: the one that comes second reads what the first has made.
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text("utf-8")
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
    return text
