"""The reference page of the command line, written from click's help: `python -m trunkline.cli.reference`."""

import sys
import textwrap
from collections.abc import Iterator
from typing import Final

import click

from trunkline.cli import main

_HEAD: Final = """\
# Command line

<!-- Written by `python -m trunkline.cli.reference`; change the texts in `src/trunkline/cli/`. -->

The exit code is 0 when it is done, 1 when it could not be done, and 2 when the command line or the configuration is
wrong. What is wrong is told on standard error, what was asked for on standard output. Every command has `--help`.
"""


def render() -> str:
    """The whole page, as Markdown."""
    with click.Context(main, info_name="trunkline") as context:
        return "\n".join([_HEAD, *_section(context, main)]).rstrip() + "\n"


def _section(context: click.Context, command: click.Command) -> Iterator[str]:
    """What there is to say of `command`, and then of those below it."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"## `{context.command_path}`\n"
    yield f"```\n{usage}\n```\n"
    yield f"{_paragraphs(command.help or '')}\n"
    options = [option for option in command.get_params(context) if isinstance(option, click.Option)]
    records = [option.get_help_record(context) for option in options if "--help" not in option.opts]
    if records:
        yield "| Option | Meaning |\n|---|---|"
    for record in filter(None, records):
        name, meaning = (text.replace("|", "\\|").replace("  [", " [") for text in record)
        yield f"| `{name}` | {meaning} |"
    if records:
        yield ""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            with click.Context(inner, info_name=name, parent=context) as below:
                yield from _section(below, inner)


def _paragraphs(text: str) -> str:
    """Help as Markdown, in lines as long as those of the other pages."""
    return "\n\n".join(
        textwrap.fill(" ".join(paragraph.split()), 120, break_on_hyphens=False) for paragraph in text.split("\n\n")
    )


if __name__ == "__main__":
    sys.stdout.write(render())
