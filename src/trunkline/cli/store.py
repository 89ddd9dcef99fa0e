"""`trunkline store`: the schema, backups, and the move to another database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import click

from trunkline.cli import options
from trunkline.cli.data_keys import read_data_keys, write_data_keys
from trunkline.cli.failure import Failure, Wrong, told
from trunkline.cli.opened import opened
from trunkline.config import places
from trunkline.store import open_store
from trunkline.store.base import Store
from trunkline.store.copying import copy


@click.group("store")
def command() -> None:
    """Migrate, back up, restore and copy the store."""


@command.command("migrate")
@options.config_option
@options.data_option
def migrate(config: Path | None, data: Path | None) -> None:
    """Bring the schema up to this release's, as every start does.

    Replicas of the release before go on working meanwhile, so this may be done ahead of replacing them.
    """
    with opened(config, data) as place, told():
        problems = place.store.check()
    if problems:
        raise Failure("\n".join(problems))
    click.echo("The store is up to date.")


@command.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@options.config_option
@options.data_option
def backup(file: Path, config: Path | None, data: Path | None) -> None:
    """Write everything that the store holds into a new SQLite FILE.

    Trunkline may run meanwhile. The secrets are not in it: `key_secret` and `master_key` belong into a backup, too, and
    the second not beside this one. Nor are the keys that prompts and answers are encrypted with, so that what is erased
    is erased here, too: `backup-keys` keeps them.
    """
    with opened(config, data) as place, told():
        if file.exists():
            raise Wrong(f"{file} exists already: a backup is written to a new file")
        with _store_at(f"sqlite://{quote(str(file.resolve()))}") as target:
            _copy(place.store, target, str(file), data_keys=False)
    click.echo("The data keys are not in it; they belong into one file: trunkline store backup-keys FILE", err=True)


@command.command("backup-keys")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@options.config_option
@options.data_option
def backup_keys(file: Path, config: Path | None, data: Path | None) -> None:
    """Write the data keys, encrypted by the master key, into FILE, in place of what is there.

    There is to be one such file, written anew with every backup and after every `trunkline data erase`: it opens all
    backups, but for what was erased before it was written.
    """
    with opened(config, data) as place, told():
        count = write_data_keys(file, place.store.dump_data_keys())
    click.echo(f"{file} holds {count:,} data keys.")


@command.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--data-keys",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file that `backup-keys` wrote last. Without it, what was said stays encrypted for ever.",
)
@options.config_option
@options.data_option
def restore(file: Path, data_keys: Path | None, config: Path | None, data: Path | None) -> None:
    """Fill the configured store, which must be empty, from a FILE that `backup` wrote.

    Trunkline must not run meanwhile.
    """
    if not file.is_file():
        raise Wrong(f"there is no file {file}")
    with told():
        keys = read_data_keys(data_keys) if data_keys is not None else []
    with _store_at(f"sqlite://{quote(str(file.resolve()))}") as source, opened(config, data) as place, told():
        _copy(source, place.store, "the store")
        if keys:
            click.echo(f"{place.store.put_data_keys_back(keys):,} data keys are back.")


@command.command("copy")
@click.argument("url", metavar="URL")
@options.config_option
@options.data_option
def copy_to(url: str, config: Path | None, data: Path | None) -> None:
    """Copy everything into the empty store at URL: `postgresql://user:password@host/database`, or `sqlite:///path`.

    Both are counted and summed afterwards, and a difference undoes the copy. Stop Trunkline first, and afterwards write
    the URL as `store` into the configuration. A password may stand in PGPASSWORD instead of the URL.
    """
    try:
        address = places.store(url)
    except ValueError as error:
        raise Wrong(str(error)) from None
    with opened(config, data) as place, _store_at(address.url) as target, told():
        _copy(place.store, target, str(address))


@contextmanager
def _store_at(url: str) -> Iterator[Store]:
    with told():
        store = open_store(url)
        try:
            yield store
        finally:
            store.close()


def _copy(source: Store, target: Store, name: str, *, data_keys: bool = True) -> None:
    totals = copy(source, target, data_keys=data_keys)
    attempts, rows = totals["attempts"].rows, sum(total.rows for total in totals.values())
    click.echo(f"{name} holds {attempts:,} attempts and {rows - attempts:,} other rows.")
