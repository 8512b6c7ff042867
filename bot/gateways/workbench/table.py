"""The table of what every gateway can do, for docs/gateways/README.md."""

from __future__ import annotations

from typing import Final

from bot.domain.gateway import AnswersQueries, CanBePulled, Capabilities, Gateway
from bot.gateways import available, capabilities, load
from bot.gateways.workbench.lines import placeholders

_HEAD: Final = (
    "gateway",
    "free text",
    "who signs 【】",
    "links",
    "emoji",
    "extension",
    "longest",
    "batch",
    "receipts",
    "repeats callbacks",
    "reply ids",
    "long replies",
    "own stop list",
    "query",
    "pull",
    "needed settings",
)
_INTRO: Final = """\
# Gateways

One page each. `huixin gateway list` prints what this table shows; it is written by
`python -m bot.gateways.workbench.table`, and a test holds it to that.

- **free text**: no means that every text leaves as a filed template.
- **repeats callbacks**: no also where the provider does not say; Huixin then spools what it cannot store.
- **reply ids**: no means that repeats are told by number, text and time.
- **long replies**: in parts means that Huixin joins them.
- **own stop list**: the provider blocks numbers by itself; "and confirms" where it also texts them.
- **query**, **pull**: a text's state can be asked for; missed replies and receipts can be fetched.

Every account is a section of the settings:

```toml
[gateways.main]
provider = "yunpian"
token = "at least sixteen unguessable characters"   # stands in the callback address
apikey = "…"                                        # the provider's own settings follow
```

and its callbacks go to `https://YOUR-HOST/gateways/main/TOKEN/inbound` (replies) and `…/receipt` (receipts); where a
provider knows one address only, either will do. `huixin gateway test main --to +8613800000000` sends one real text and
waits for its receipt; `huixin content check` names each text that an account could not send.

Beside the provider's own settings an account may have:

| setting | what it does | else |
| --- | --- | --- |
| `allow_ips` | addresses and networks that may call back | all may |
| `rate_per_second` | texts a second, over all workers; 0: no limit | 20 |
| `same_text_seconds` | so long the same text does not go to the same number again | 30 |
| `per_number_per_minute` | texts to one number in a minute; 0: no limit | 0 |
| `cost` | of one piece, in one currency for all accounts: the cheapest of equals is taken | 0 |
| `classes` | what it may carry: `conversation`, `service`, `marketing` | all |
| `carriers` | whom it reaches: `mobile`, `unicom`, `telecom`, `broadnet` | all |
| `regions` | number prefixes that it reaches: `+86`, `+852` | all |
| `pull_every` | seconds between fetches of what push missed, where "pull" is yes | never |
| `tie_replies` | each question has an extension code of its own, which tells its answers ("extension" is yes) | no |

An account that fails five times within a minute, and as often as it sends, is left alone for five seconds, then for
longer each time a probe fails; texts go by other accounts meanwhile, or wait. One whose texts do not arrive, or that
answers slowly, is taken last.
"""


def markdown() -> str:
    """Give the whole page."""
    rows = [_HEAD, tuple("---" for _ in _HEAD), *(_row(name) for name in available())]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{_INTRO}\n{table}\n"


def _row(name: str) -> tuple[str, ...]:
    can = capabilities(name)
    gateway = load(name, placeholders(name))
    return (
        f"[{name}]({name}.md)",
        _yes(can.free_text),
        "we" if can.sign_in_text else "the provider",
        _yes(can.links),
        _yes(can.emoji),
        _yes(can.extension),
        str(can.max_chars),
        _batch(can),
        _yes(can.reports),
        _yes(can.repeats_on_error),
        _yes(can.message_ids),
        "in parts" if can.splits_long_replies else "whole",
        _stop_list(can),
        *_optional(gateway),
        " ".join(f"`{setting}`" for setting in can.required) or "–",
    )


def _yes(can: bool) -> str:
    return "yes" if can else "no"


def _batch(can: Capabilities) -> str:
    return str(can.batch_size) if can.batch_size > 1 else "–"


def _stop_list(can: Capabilities) -> str:
    return ("yes, and confirms" if can.confirms_opt_out else "yes") if can.handles_opt_out else "no"


def _optional(gateway: Gateway) -> tuple[str, str]:
    return _yes(isinstance(gateway, AnswersQueries)), _yes(isinstance(gateway, CanBePulled))


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
