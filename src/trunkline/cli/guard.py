"""`trunkline guard`: what a policy makes of a text."""

from pathlib import Path

import click
import msgspec

from trunkline import setup
from trunkline.cli import options
from trunkline.cli.failure import Failure, Wrong, told
from trunkline.cli.tables import show
from trunkline.config import guard, schema
from trunkline.gateway.guards import compiled
from trunkline.guard.pseudonyms import Pseudonyms
from trunkline.guard.values import Piece, Verdict


@click.group("guard")
def command() -> None:
    """Try the policies of `guard`, without asking any model."""


@command.command("test")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--policy", "name", help="The policy.  [default: the only one, where there is one]")
@click.option("--output", "as_output", is_flag=True, help="Apply the rules for answers rather than those for requests.")
@click.option("--kind", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What FILE holds.")
@click.option("--show-text", is_flag=True, help="Print also the text that was found.")
@options.json_option
@options.config_option
def test(
    file: str, name: str | None, as_output: bool, kind: str, show_text: bool, as_json: bool,
    config: Path | None,
) -> None:  # fmt: skip
    """Say what a policy finds in FILE, and what would be sent.

    FILE may be `-`, for standard input. Webhooks and moderation models are named, and not asked. The exit code is 1
    where the text would be refused.
    """
    with told():
        configuration = setup.read_config(setup.Options(config=config), options.environment())
    found = _policy(configuration, name)
    policy = compiled(found.model_copy(update={"record_text": found.record_text or show_text}))
    screen = policy.output if as_output else policy.input
    text = _read(file)
    piece = Piece("text", text, "assistant" if as_output else "user", "json" if kind == "json" else "text")
    verdict = screen.screen([piece], Pseudonyms())
    wrong = policy.misshapen(verdict.edits.get("text", text), "text") if as_output else None
    if wrong is not None and verdict.blocked is None:
        verdict = Verdict((*verdict.findings, wrong), verdict.edits, wrong)
    if as_json:
        click.echo(msgspec.json.encode(verdict))
    else:
        _print(verdict, text)
    if verdict.blocked is not None:
        raise click.exceptions.Exit(1)


def _read(file: str) -> str:
    try:
        with click.open_file(file, encoding="utf-8") as opened:
            return str(opened.read())
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{file} cannot be read: {error}") from None


def _policy(configuration: schema.Config, name: str | None) -> guard.Policy:
    policies = configuration.guard
    if name is None and len(policies) == 1:
        return next(iter(policies.values()))
    if name is None or name not in policies:
        known = ", ".join(policies) or "none; write one under `guard`"
        raise Wrong(f"{'Say which policy' if name is None else f'There is no policy {name!r}'}. Known: {known}.")
    return policies[name]


def _print(verdict: Verdict, text: str) -> None:
    if verdict.findings:
        rows = [
            [each.rule, each.kind, f"{each.start}-{each.end}", each.action, f"{each.score:.2f}", each.text]
            for each in verdict.findings
        ]
        recorded = any(each.text for each in verdict.findings)
        columns = ["rule", "kind", "characters", "action", "score", "text"]
        show(columns if recorded else columns[:-1], rows if recorded else [row[:-1] for row in rows])
    for question in verdict.questions:
        click.echo(f"{question.rule} would ask {question.target}.")
    if verdict.blocked is not None:
        click.echo(f"Refused by {verdict.blocked.rule}.")
    elif verdict.edits:
        click.echo(f"Sent as:\n{verdict.edits['text']}", nl=not text.endswith("\n"))
    else:
        click.echo("Nothing is changed." if verdict.findings else "Nothing is found.")
