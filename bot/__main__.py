"""The command line. Results go to stdout, everything else to stderr; exit 0 done, 1 refused or failed, 2 wrong use."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import track

from bot.app import asking, chatting, serving, trying, upkeep
from bot.errors import HuixinError, NotBuiltYet, RequestRefused
from bot.settings import read as read_settings

cli = typer.Typer(
    name="huixin",
    help="Huixin 回信: a two-way SMS bot for shops whose customers write Chinese.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
gateway = typer.Typer(no_args_is_help=True, help="What the gateways can do, and their requests and callbacks by hand.")
content = typer.Typer(no_args_is_help=True, help="Check, describe and try what content/ says.")
user = typer.Typer(no_args_is_help=True, help="The people who may sign in to the console.")
customer = typer.Typer(no_args_is_help=True, help="Privacy requests and import (a later version).")
train = typer.Typer(no_args_is_help=True, help="Make models from labelled texts.")
for name, group in {
    "gateway": gateway, "content": content, "user": user, "customer": customer, "train": train
}.items():  # fmt: skip
    cli.add_typer(group, name=name)

Config = Annotated[Path | None, typer.Option("--config", help="the settings file (default: huixin.toml)")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def show(value: Any) -> None:
    """Print one JSON value on a line of its own."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


def note(text: str) -> None:
    """Tell the person something that is not the result."""
    typer.echo(text, err=True)


def watched(lines: Iterable[Any]) -> Iterable[Any]:
    """Show a bar while lines go by, where a person looks on."""
    return track(list(lines), console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"huixin {version('huixin')}")
        raise typer.Exit


@cli.callback()
def huixin(
    *,
    version_asked: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """A two-way SMS bot for shops whose customers write Chinese."""
    del version_asked


@cli.command(epilog="Example: huixin serve --role web")
def serve(
    role: Annotated[Literal["all", "web", "worker"], typer.Option(help="what this process does")] = "all",
    config: Config = None,
) -> None:
    """Run the bot: with nothing configured, with a Redis of its own and a phone to try it on."""
    serving.serve(read_settings(config), role)


@cli.command(epilog="Example: huixin chat --config my-shop.toml")
def chat(config: Config = None) -> None:
    """Talk to the bot in this terminal, through the true engine, with time travel (/wait 3d)."""
    chatting.chat(read_settings(config))


@cli.command(epilog="Example: huixin understand '4分,就是快递慢,别再发了' --context rating --explain")
def understand(
    text: Annotated[str | None, typer.Argument(help="one reply; without it, JSON lines are read from stdin")] = None,
    context: Annotated[str, typer.Option(help="the kind of the open prompt")] = "none",
    explain: Annotated[bool, typer.Option("--explain", help="every layer's candidates and why the winner won")] = False,
    config: Config = None,
) -> None:
    """Tell what a reply means: intents with scores, slots and reasons, mood, topics, as JSON."""
    reader = asking.reader(read_settings(config))
    if text is not None:
        show(reader({"text": text, "context": context}, explain))
        return
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        where = f"stdin, line {number}"
        asked = asking.json_of(line, where)
        asked = asked if isinstance(asked, dict) else {"text": asked}
        try:
            show(reader({"context": context, **asked}, explain))
        except RequestRefused as reason:
            raise HuixinError(f"{where}: {reason}") from reason


@cli.command("eval", epilog="Example: huixin eval replies.jsonl --json --rows rows.jsonl")
def evaluate(
    files: Annotated[
        list[Path], typer.Argument(help="JSON lines: replies, dialogues, moods", exists=True, dir_okay=False)
    ],
    as_json: AsJson = False,
    rows: Annotated[Path | None, typer.Option(help="write one JSON line per reply here")] = None,
    scorer: Annotated[str, typer.Option(help="the mood scorer: huixin or snownlp")] = "huixin",
    config: Config = None,
) -> None:
    """Score labelled replies and dialogues, in process, without Redis."""
    figures = asking.evaluate(read_settings(config), files, rows, scorer, watched)
    if as_json:
        show(figures)
        return
    for part, values in figures.items():
        typer.echo(part)
        for name, value in values.items():
            typer.echo(f"  {name:20} {value}")


@gateway.command("list", epilog="Example: huixin gateway list --json")
def gateway_list(as_json: AsJson = False) -> None:
    """List the gateways and what each can do."""
    rows = asking.list_gateways()
    if as_json:
        show(rows)
        return
    for row in rows:
        can = [
            name for name in ("sends", "receives", "free_text", "links", "emoji", "extension", "reports") if row[name]
        ]
        typer.echo(f"{row['name']:14} {', '.join(can)}")


@gateway.command("parse", epilog="Example: huixin gateway parse yunpian < callback.json")
def gateway_parse(name: Annotated[str, typer.Argument(help="the provider")]) -> None:
    """Turn one recorded callback (a JSON line on stdin) into our words."""
    answer = asking.parse_callback(name, _line())
    show(answer)
    if "rejected" in answer:
        raise typer.Exit(1)


@gateway.command("test", epilog="Example: huixin gateway test aliyun --to +8613800000000")
def gateway_test(
    name: Annotated[str, typer.Argument(help="the account, as the settings name it")],
    to: Annotated[str, typer.Option(help="the number to write to; it gets one real text")],
    wait: Annotated[float, typer.Option(min=0, max=3600, help="seconds to wait for the receipt")] = 60.0,
    config: Config = None,
) -> None:
    """Send one real text through an account, wait for its receipt, and print what came of it as JSON."""
    trial = trying.try_account(read_settings(config), name, to, wait, note)
    show(trial.told())
    if not trial.good:
        raise typer.Exit(1)


@gateway.command("compose", epilog="Example: huixin gateway compose yunpian --mask < send.json")
def gateway_compose(
    name: Annotated[str, typer.Argument(help="the provider")],
    mask: Annotated[bool, typer.Option("--mask", help="hide the secrets")] = False,
) -> None:
    """Show the exact request that a send makes (settings and message as a JSON line on stdin)."""
    show(asking.compose_request(name, _line(), mask=mask))


def _line() -> dict[str, Any]:
    line = asking.json_of(sys.stdin.buffer.readline(), "stdin")
    if not isinstance(line, dict):
        raise HuixinError("stdin must hold one JSON object")
    return line


@content.command("check", epilog="Example: huixin content check --folder my-shop/content")
def content_check(
    folder: Annotated[Path | None, typer.Option(help="a shop's own folder, beside the packaged content")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Lint everything in content/: every fault, with file and line, and each text that an account could not send."""
    settings = read_settings(config)
    reports = {str(folder): asking.check_content(folder)} if folder else asking.check_all_content(settings)
    refused = {
        (one["account"], one["text"]): one
        for report in reports.values()
        for one in (asking.unsendable_texts(settings, report.content) if report.content else ())
    }.values()
    # What is wrong with the packaged content is wrong with it beside every folder.
    faults = list(dict.fromkeys(fault for report in reports.values() for fault in report.faults))
    for one in refused:
        note(f"gateways.{one['account']} cannot send {one['text']}: {one['reason']}")
    for warning in dict.fromkeys(warning for report in reports.values() for warning in report.warnings):
        note(f"warning: {warning}")
    if as_json:
        show([*({"file": fault.file, "line": fault.line, "reason": fault.reason} for fault in faults), *refused])
    elif faults:
        typer.echo("\n".join(map(str, faults)))
    else:
        for own, report in reports.items():
            parts = ("intents", "texts", "prompts", "quizzes", "faq", "journeys", "campaigns")
            counts = ", ".join(f"{len(getattr(report.content, part))} {part}" for part in parts)
            typer.echo(f"content is in order{f' with {own}' if own else ''}: {counts}")
    if faults:
        raise typer.Exit(1)


@content.command("schema", epilog="Example: huixin content schema > schemas.json")
def content_schema() -> None:
    """Print the JSON Schema of each folder of content/, for editors."""
    show(asking.content_schema())


@user.command("add", epilog="Example: huixin user add xiaolin --role staff")
def user_add(
    name: str,
    role: Annotated[Literal["admin", "staff", "viewer"], typer.Option(help="what they may do")] = "staff",
    config: Config = None,
) -> None:
    """Add a person; the password is made here and shown once."""
    typer.echo(upkeep.add_user(read_settings(config), name, role))


@user.command("password", epilog="Example: huixin user password xiaolin")
def user_password(name: str, config: Config = None) -> None:
    """Give a person another password, made here and shown once; where they are signed in they are signed out."""
    typer.echo(upkeep.renew_password(read_settings(config), name))


@user.command("remove", epilog="Example: huixin user remove xiaolin")
def user_remove(name: str, config: Config = None) -> None:
    """Take a person's account away; where they are signed in they are signed out."""
    upkeep.remove_user(read_settings(config), name)


@user.command("list", epilog="Example: huixin user list --json")
def user_list(as_json: AsJson = False, config: Config = None) -> None:
    """List the people."""
    people = upkeep.users(read_settings(config))
    if as_json:
        show([asdict(person) for person in people])
        return
    for person in people:
        typer.echo(f"{person.name:20} {person.role}")


@train.command("mood", epilog="Example: huixin train mood replies.jsonl --out mood.json.gz")
def train_mood(
    files: Annotated[
        list[Path] | None, typer.Argument(help="more labelled texts, CSV or JSON lines", exists=True, dir_okay=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="where the model goes")] = Path("mood.json.gz"),
    seed: Annotated[int, typer.Option(help="the same seed gives the same file")] = 7,
    force: Annotated[bool, typer.Option("--force", help="write it even if it is worse than the present one")] = False,
) -> None:
    """Make a mood model from labelled texts."""
    show(asking.train_mood(files or [], out, seed, force=force, progress=note))


@train.command("intents", epilog="Example: huixin train intents --out intent_model.json.gz")
def train_intents(
    files: Annotated[
        list[Path] | None, typer.Argument(help="more labelled replies, JSON lines", exists=True, dir_okay=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="where the model goes")] = Path("intent_model.json.gz"),
) -> None:
    """Make the model that guesses intents where the rules know nothing."""
    show(asking.train_intents(read_settings(None), files or [], out))


@train.command("pinyin", epilog="Example: huixin train pinyin --out pinyin.txt.gz")
def train_pinyin(out: Annotated[Path, typer.Option(help="where the table goes")] = Path("pinyin.txt.gz")) -> None:
    """Make the table by which replies in pinyin are read."""
    show(asking.train_pinyin(out))


@cli.command(epilog="Example: huixin doctor --json")
def doctor(as_json: AsJson = False, config: Config = None) -> None:
    """Tell what is wrong with this installation; exit 1 if anything is."""
    findings = upkeep.doctor(read_settings(config))
    if as_json:
        show([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            typer.echo(f"{'ok   ' if finding.ok else 'WRONG'} {finding.what}: {finding.says}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _later(group: typer.Typer, word: str, does: str) -> None:
    @group.command(word, help=f"{does} (a later version).", context_settings={"ignore_unknown_options": True})
    def later(arguments: Annotated[list[str] | None, typer.Argument()] = None) -> None:
        del arguments
        raise NotBuiltYet(f"{word}: a later version brings this; see CHANGELOG.md")


_later(content, "preview", "Show a text on real customers")
_later(content, "simulate", "Run a journey through thirty days in a second")
_later(cli, "report", "Reviews of a day, a month, a year")
_later(cli, "archive", "Upkeep of the archive")
_later(customer, "export", "All that is held of one customer")
_later(customer, "erase", "Forget one customer, save what the law keeps")
_later(customer, "import", "Take over customers with their opt-outs")


def main() -> None:
    """Run the command line; an error of ours is a sentence on stderr, never a traceback."""
    try:
        cli()
    except NotBuiltYet as error:
        note(str(error))
        sys.exit(2)
    except HuixinError as error:
        note(f"huixin: {error}")
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        note(f"huixin: {error.filename}: {error.strerror}")
        sys.exit(1)


if __name__ == "__main__":
    main()
