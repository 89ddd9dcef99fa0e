"""`trunkline cache`: having kept answers forgotten."""

from pathlib import Path

import click

from trunkline.cli import options
from trunkline.cli.failure import Failure
from trunkline.cli.opened import manager, opened
from trunkline.tenancy.managing import NotDone


@click.group("cache")
def command() -> None:
    """Have kept answers forgotten."""


@command.command("forget")
@click.option("--model", default="", help="Those that were given under this name.")
@click.option("--tag", default="", metavar="NAME=VALUE", help="Those to requests with this tag, as the ledger has it.")
@click.option("--everything", is_flag=True, help="All of them.")
@options.config_option
@options.data_option
def forget(model: str, tag: str, everything: bool, config: Path | None, data: Path | None) -> None:
    """Have the answers forgotten that were asked for until now, as when what they were made from has changed.

    Every worker and replica gives none of them from a second later on. An answer has the tags of the request that it
    was made for.
    """
    with opened(config, data) as found:
        try:
            name = manager(found).forget_answers(model=model, tag=tag, everything=everything)
        except NotDone as error:
            raise Failure(str(error)) from None
    click.echo(f"Answers that were asked for until now are forgotten: {name}.")
