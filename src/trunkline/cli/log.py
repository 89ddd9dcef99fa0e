"""`trunkline log`: the request log."""

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from trunkline.cli import options
from trunkline.cli.failure import Failure, told
from trunkline.cli.opened import disclosure, opened
from trunkline.store.content import LogFilter


@click.group("log")
def command() -> None:
    """List and show what the request log keeps.

    It has requests with all that was said, of those that a policy under `request_log` names.
    """


@command.command("list")
@click.option("--org", default="", metavar="NAME", help="Only an organisation's.")
@click.option("--team", default="", metavar="ORG/TEAM", help="Only a team's.")
@click.option("--user", default="", metavar="NAME", help="Only a user's.")
@click.option("--key", default="", metavar="NAME", help="Only a virtual key's.")
@click.option("--end-user", default="", metavar="ID", help="Only those in which applications named this end user.")
@click.option("--model", default="", metavar="NAME", help="Only those that asked for a model.")
@click.option("--before", default="~", metavar="ID", help="Only those before a request.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")
@options.json_option
@options.config_option
@options.data_option
def list_(
    as_json: bool, config: Path | None, data: Path | None, end_user: str, before: str, limit: int, **only: Any
) -> None:
    """List the latest entries, without what was said."""
    with opened(config, data) as place, told():
        shown = disclosure(place).entries(LogFilter(**only), end_user, before, limit)
    if as_json:
        click.echo(msgspec.json.encode(shown))
        return
    if not shown:
        click.echo("The request log has no such entries.")
        return
    from trunkline.cli.tables import show

    show(
        ["request", "at", "key", "model", "served by", "status", "bytes", "error"],
        [
            [it.id, it.at[:19].replace("T", " "), it.key, it.model, it.provider, str(it.status), str(it.size), it.error]
            for it in shown
        ],
    )


@command.command("show")
@click.argument("request", metavar="ID")
@options.config_option
@options.data_option
def show_(request: str, config: Path | None, data: Path | None) -> None:
    """Show one entry with all that was said, as JSON. That it was read is recorded among the changes."""
    from trunkline.tenancy.managing import NotDone
    from trunkline.vault.errors import VaultError

    with opened(config, data) as place, told():
        try:
            entry = disclosure(place).entry(request)
        except (NotDone, VaultError) as error:
            raise Failure(str(error)) from None
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(entry), indent=2) + b"\n")
