"""`trunkline keys rotate-master`"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trunkline import setup
from trunkline.cli import options
from trunkline.cli.failure import Failure, Wrong, told
from trunkline.cli.opened import Opened, opened
from trunkline.config import values

if TYPE_CHECKING:
    from trunkline.vault.keyring import MasterKey


@click.command("rotate-master")
@click.option(
    "--new",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The new master key, where the configuration has `master_key`.",
)
@options.config_option
@options.data_option
def rotate_master(new: Path | None, config: Path | None, data: Path | None) -> None:
    """Encrypt all data keys with another master key: the one before then opens nothing that is in the store.

    Trunkline may run meanwhile, and takes up the new one with `trunkline reload`. Until then it goes on with the data
    keys it knows. Should this be interrupted, run it again.
    """
    with opened(config, data) as place, told():
        if place.config.master_key is None:
            if new is not None:
                raise Wrong(f"--new is for where the configuration has `master_key`; it is in {place.data.master_key}")
            count = _rotate_file(place)
        else:
            count = _rotate_configured(place, new)
    click.echo(f"{count:,} data keys are encrypted with the new master key.")
    if new is not None:
        click.echo(f"Have `master_key` say what is in {new} now, wherever this store is used.", err=True)
    click.echo("A running Trunkline takes it up with: trunkline reload", err=True)
    click.echo("Write the backup of the data keys anew, if there is one: trunkline store backup-keys FILE", err=True)


def _rotate_file(place: Opened) -> int:
    """The new key is on the disk before the store has it; which of the two holds, the store knows."""
    from trunkline.vault.keyring import MasterKey

    text, _made = place.data.secret(place.data.next_master_key)
    master = MasterKey(text)
    count = _rotate(place, master)
    place.data.next_master_key.replace(place.data.master_key)
    return count


def _rotate_configured(place: Opened, new: Path | None) -> int:
    from trunkline.vault.keyring import MasterKey

    if new is None:
        raise Wrong("the configuration has `master_key`: write the new one into a file, and name it with --new")
    try:
        secret = values.master_key(new.read_text().strip())
    except (UnicodeDecodeError, ValueError) as error:
        raise Wrong(f"{new}: {error}") from None
    return _rotate(place, MasterKey(secret.get_secret_value().encode()))


def _rotate(place: Opened, master: "MasterKey") -> int:
    from trunkline.vault.errors import VaultError

    if place.store.vault_check() == master.check:  # an earlier run came as far as this
        return len(place.store.dump_data_keys())
    vault, _made = setup.open_vault(place.config, place.data, place.store)
    try:
        return vault.keyring.rotate(master)
    except VaultError as error:
        raise Failure(str(error)) from None
