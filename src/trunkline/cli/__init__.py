"""The command `trunkline`. Each command is a module beside this one, loaded only when it is called.

What is imported here is paid for by every command, `--help` included: click, and nothing else.

Exit codes: 0 done, 1 it could not be done, 2 the command line or the configuration is wrong.
"""

import errno
import importlib
import os
import sys
from typing import Final

import click

from trunkline import __version__

COMMANDS: Final = {
    "serve": "Answer requests: start Trunkline.",
    "check": "Validate the configuration, and say what is wrong with it.",
    "explain": "Show which models a request would go to, and why.",
    "simulate": "Replay recorded requests with another configuration.",
    "route": "Fit what routes of the strategy `complexity` go by.",
    "reload": "Have the running Trunkline read its configuration again.",
    "keys": "Create, list, change, rotate and revoke virtual keys.",
    "orgs": "Create, list, change and delete organisations.",
    "teams": "Create, list, change and delete teams.",
    "users": "Create, list, change and delete users.",
    "usage": "Show spend, tokens, latencies by model, key, team, tag or day.",
    "prices": "Show what models cost, and which have no price.",
    "reconcile": "Compare the ledger with a provider's own account of its usage.",
    "export": "Write the ledger as CSV, as FOCUS or as Parquet.",
    "log": "List and show what the request log keeps.",
    "data": "Export and erase all that is kept of somebody.",
    "store": "Migrate, back up, restore and copy the store.",
    "cache": "Have kept answers forgotten.",
    "limits": "Enter payments, and show who holds money of budgets.",
    "providers": "List the providers there are, and whether their keys are set.",
    "guard": "Try the policies of `guard`, without asking any model.",
    "doctor": "Examine everything Trunkline depends on, and say what to do.",
    "version": "Print the versions of Trunkline and of what it runs on.",
}
"""Every command, in the order of `--help`; the texts stand here so that `--help` needs not load the commands."""


class Commands(click.Group):
    """A group whose commands are loaded when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order they are needed, not the alphabet's."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"trunkline.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. What the system refuses it, such as room for its output, is told in a line."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # click ends quietly: whoever reads has enough
            if error.filename is None:
                _let_go_of_output()
            raise click.ClickException(f"{error.filename or 'the output'}: {error.strerror or error}") from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _let_go_of_output() -> None:
    """What could not be written would be tried once more as Python ends, and told of once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(version)s")
def main() -> None:
    """One OpenAI-compatible endpoint in front of every model provider.

    Configured by ./trunkline.yaml, where there is one. With no file at all, every provider whose key is in the
    environment answers, and so does the built-in simulated provider.
    """
