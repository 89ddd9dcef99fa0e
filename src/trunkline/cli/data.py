"""`trunkline data`: all that is kept of a person or a tenant."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click
import msgspec

from trunkline.cli import options
from trunkline.cli.failure import Failure, Wrong, told
from trunkline.cli.opened import disclosure, opened

if TYPE_CHECKING:
    from trunkline.kept.disclosing import Disclosure

Command = TypeVar("Command", bound=Callable[..., Any])


def subject(function: Command) -> Command:
    """The options that say whose data."""
    for option in (
        click.option("--key", metavar="NAME", help="All of a virtual key; or within it."),
        click.option("--user", default="", metavar="NAME", help="All of a user of Trunkline; or within it."),
        click.option("--team", default="", metavar="ORG/TEAM", help="All of a team; or within it."),
        click.option("--org", default="", metavar="NAME", help="All of an organisation; or within it."),
        click.option("--end-user", default="", metavar="ID", help="A person, by the id that applications send."),
    ):
        function = option(function)
    return function


@click.group("data")
def command() -> None:
    """Export and erase all that is kept of somebody.

    That is the request log, responses, kept answers, and a tenant's own keys with providers. Somebody is an end user,
    whom applications name in their requests (`user`, `safety_identifier`, `metadata.user_id`), everywhere or within one
    tenant; or a whole organisation, team, user or virtual key. The ledger is the accounts, in which nothing is that was
    said: it stays.
    """


@command.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@subject
@options.config_option
@options.data_option
def export(file: Path, config: Path | None, data: Path | None, **who: Any) -> None:
    """Write all that is kept of somebody into a new FILE, decrypted: one JSON object a line, with its `kind`.

    Of keys with providers it has the last four characters only. That it was written is recorded among the changes.
    """
    if file.exists():
        raise Wrong(f"{file} exists already: an export is written to a new file")
    counts: dict[str, int] = {}
    with _disclosing(config, data) as disclosing, _private(file) as out:
        from trunkline.kept.disclosing import Subject

        for kind, shown in disclosing.export(Subject(**who)):
            counts[kind] = counts.get(kind, 0) + 1
            out.write(msgspec.json.encode({"kind": kind, **msgspec.to_builtins(shown)}) + b"\n")
    listed = ", ".join(f"{number} {kind.replace('_', ' ')}s" for kind, number in sorted(counts.items())) or "nothing"
    click.echo(f"{file} holds {listed}.")
    if "problem" in counts:
        raise Failure(f"{counts['problem']} could not be opened: the lines of the kind `problem` say why")


@command.command("erase")
@subject
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.config_option
@options.data_option
def erase(yes: bool, config: Path | None, data: Path | None, **who: Any) -> None:
    """Erase all that is kept of somebody, for good, in backups as well: the keys it is encrypted with are destroyed.

    Backups of the store have no data keys (`trunkline store backup`). What does have them is a file that `trunkline
    store backup-keys` wrote before: write it anew afterwards, in its place.
    """
    from trunkline.kept.disclosing import Subject

    whom = Subject(**who)
    if problem := whom.problem():
        raise Wrong(problem)
    if not yes:
        click.confirm("This cannot be undone. Erase it?", abort=True, err=True)
    with _disclosing(config, data) as disclosing:
        erased = disclosing.erase(whom)
    click.echo(
        f"Erased: {erased.log} requests of the request log, {erased.responses} responses, {erased.answers} answers of "
        f"the semantic cache, {erased.provider_keys} keys with providers; {erased.data_keys} data keys are destroyed."
    )
    click.echo("Write the backup of the data keys anew, if there is one: trunkline store backup-keys FILE", err=True)


@contextmanager
def _disclosing(config: Path | None, data: Path | None) -> Iterator["Disclosure"]:
    from trunkline.tenancy.managing import NotDone

    with opened(config, data) as place, told():
        try:
            yield disclosure(place)
        except NotDone as error:
            raise Wrong(str(error)) from None


@contextmanager
def _private(file: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner may read."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        yield out
