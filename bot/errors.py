"""Every error that Huixin raises on purpose.

HuixinError
├── SettingsError          the settings do not make a running bot
│   └── KeyMissing         a number is sealed under a key that the settings lack (a ValueError too)
├── ContentError           content/ does not check; carries every fault
├── CallbackRefused        a callback was not the gateway's (bad signature, secret or age)
├── CallbackUnreadable     a callback was the gateway's, but its body cannot be read
├── CallbackIgnored        a callback that is none of ours (a test ping, an event nobody asked for)
├── RequestRefused         an API request that the caller must change; carries the sentence to show
├── GatewayError           a gateway cannot do what was asked of it (no free text, no such template)
├── NotTaken               a send certainly did not reach the provider
├── Unanswered             a send left, and nobody can tell what became of it
├── TemplateError          a template or condition cannot be rendered
├── StoreUnavailable       Redis is away or answers too late
├── LeaseLost              another worker owns the partition now; nothing was written
└── NotBuiltYet            a command that a later version brings
"""

from __future__ import annotations

from dataclasses import dataclass


class HuixinError(Exception):
    """The root of all our errors; its text is fit to be read by a person."""


class SettingsError(HuixinError):
    """The settings do not make a running bot; the text says which one and what to do."""


class KeyMissing(SettingsError, ValueError):
    """A number is sealed under a key that the settings lack: what holds it cannot be read, like any broken value."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in content/: where, and what to do about it."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class ContentError(HuixinError):
    """content/ does not check; `faults` holds every fault, not only the first."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class CallbackRefused(HuixinError):
    """A callback whose signature, secret or age does not hold."""


class CallbackUnreadable(HuixinError):
    """A callback that came the right way but cannot be read."""


class CallbackIgnored(HuixinError):
    """A callback that holds nothing for us; it is acknowledged all the same."""


class RequestRefused(HuixinError):
    """An API request that cannot be taken; the text tells the caller what to change."""


class GatewayError(HuixinError):
    """A gateway cannot do what was asked of it."""


class NotTaken(HuixinError):
    """A send certainly did not reach the provider (refused, no such host, TLS failed before the first byte)."""


class Unanswered(HuixinError):
    """A send left and was not answered in time: it may or may not have been taken."""


class TemplateError(HuixinError):
    """A template or a condition cannot be rendered."""


class StoreUnavailable(HuixinError):
    """Redis is away; what was asked has not happened, or nobody knows."""


class LeaseLost(HuixinError):
    """Another worker owns the partition now; the commit wrote nothing."""


class NotBuiltYet(HuixinError):
    """A command that belongs to later work."""
