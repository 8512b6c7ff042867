"""`huixin chat`: the true engine in a terminal, with time travel, and the story of what was said at the end."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from typing import Final

import yaml
from rich.console import Console

from bot.app.asking import json_of, offline_mind
from bot.domain.customer import PromptKind
from bot.domain.decision import Decision
from bot.domain.messages import OutboundMessage
from bot.engine.simulate import Simulation
from bot.engine.stories import write_down
from bot.errors import HuixinError
from bot.settings import Settings

HELP: Final = """\
Type what the customer texts. Commands:
  /ask rating|quiz|appointment|survey|promo|preference|order [text]   we send a question
  /tell TYPE {json}      the shop says that something happened: /tell order.delivered {"order_id": "A1"}
  /wait 3d               time passes (s m h d w); what is due happens
  /why                   why the last reply was understood as it was
  /state                 what we hold of the customer
  /story                 the story so far, as a file for tests/stories
  /quit                  end; the story is printed to stdout"""
ASKED: Final[Mapping[PromptKind, str]] = {
    "rating": "感谢到店,请为本次服务打分,回复1-5(5为非常满意)。",
    "quiz": "立春猜茶香:1龙井 2碧螺春 3铁观音,回复数字选一款,拒收请回复R",
    "appointment": "您预约了明天14:00到店,回复1确认,2改期,3取消。",
    "survey": "诚邀您参加两分钟的满意度调查,愿意请回复1,不愿意回复2。",
    "promo": "会员专享满100减20券,回复1领取,拒收请回复R",
    "preference": "想收到哪些短信:1促销 2服务提醒 3知识资讯,可多选,回复序号。",
    "order": "您的订单已签收,如有问题请直接回复。",
}
QUIZ_OPTIONS: Final = ("龙井", "碧螺春", "铁观音")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN: Final = re.compile(r"(\d{1,6})([smhdw])")


class Chat:
    """One conversation."""

    def __init__(self, simulation: Simulation, screen: Console) -> None:
        self.simulation = simulation
        self._screen = screen
        self._shown = 0

    def take(self, line: str) -> bool:
        """Do what one line says; False ends the chat."""
        word, _, rest = line.partition(" ")
        if word in {"/quit", "/q", "/exit"}:
            return False
        deeds: dict[str, Callable[[str], object]] = {
            "/ask": self._ask,
            "/tell": self._tell,
            "/wait": lambda span: self.simulation.wait(_span(span)),
            "/why": self._why,
            "/state": lambda _: self._screen.print(self.simulation.customer),
            "/story": lambda _: self._screen.print(story(self.simulation), markup=False),
            "/help": lambda _: self._screen.print(HELP, markup=False),
        }
        try:
            if word in deeds:
                deeds[word](rest.strip())
            elif word.startswith("/"):
                self._screen.print(f"there is no {word}; /help lists what there is", markup=False)
            elif line.strip():
                self._understood(self.simulation.say(line))
        except HuixinError as error:
            self._screen.print(str(error), style="red", markup=False)
        except OverflowError:
            self._screen.print("that lies beyond the calendar", style="red", markup=False)
        self._show_new()
        return True

    def _ask(self, rest: str) -> None:
        kind, _, text = rest.partition(" ")
        known = next((name for name in ASKED if name == kind), None)
        if known is None:
            raise HuixinError(f"/ask takes one of: {', '.join(ASKED)}")
        if known == "appointment":
            at = (self.simulation.now + timedelta(days=1)).replace(hour=14, minute=0, second=0, microsecond=0)
            self.simulation.book(at)
        self.simulation.ask(known, text or ASKED[known], options=QUIZ_OPTIONS if known == "quiz" else ())

    def _tell(self, rest: str) -> None:
        kind, _, data = rest.partition(" ")
        told = json_of((data or "{}").encode("utf-8", "replace"), "what follows the type")
        if not isinstance(told, dict):
            raise HuixinError('what follows the type must be a JSON object, like {"order_id": "A1"}')
        self.simulation.tell(kind, told)

    def _why(self, _: str) -> None:
        last = next((one for one in reversed(self.simulation.decisions) if one.entry.understanding), None)
        if last and last.entry.understanding:
            for candidate in last.entry.understanding.candidates:
                said = f"{candidate.score:.2f} {candidate.intent:24} {candidate.layer}: {candidate.reason}"
                self._screen.print(said, markup=False)

    def _understood(self, decision: Decision) -> None:
        found = decision.entry.understanding
        if found:
            mood = f"{found.mood.label} {found.mood.score:+.2f}"
            words = f"  {' + '.join(found.intents)} · {mood} · {' '.join(e.kind for e in decision.entry.effects)}"
            self._screen.print(words, style="dim", markup=False)

    def _show_new(self) -> None:
        texts: list[OutboundMessage] = self.simulation.phone[self._shown :]
        self._shown = len(self.simulation.phone)
        for text in texts:
            self._screen.print(f"{self.simulation.now:%m-%d %H:%M} ◀ {text.text}", style="green", markup=False)


def _span(text: str) -> timedelta:
    if not (found := _SPAN.fullmatch(text)):
        raise HuixinError("/wait takes a number and a unit: 30m, 12h, 3d, 1w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def story(simulation: Simulation) -> str:
    """Give the story of what was said, as YAML."""
    return yaml.safe_dump(write_down(simulation), allow_unicode=True, sort_keys=False, width=120)


def chat(settings: Settings) -> None:
    """Talk until the end of input; the story goes to stdout, all else to stderr."""
    screen = Console(stderr=True, highlight=False)
    mind = offline_mind(settings)
    shop = next(iter(mind.shops))
    simulation = Simulation(mind, datetime.now(UTC).astimezone(mind.shops[shop].tz), shop=shop)
    talk = Chat(simulation, screen)
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    screen.print("Huixin 回信 · /help lists the commands", markup=False)
    for line in _typed(screen):
        if not talk.take(line):
            break
    sys.stdout.write(story(simulation))


def _typed(screen: Console) -> Iterator[str]:
    while True:
        try:
            yield screen.input("▶ ") if sys.stdin.isatty() else input()
        except (EOFError, KeyboardInterrupt):
            return
