"""The store and the secrets, for commands that work on them beside a running Trunkline, or without one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from trunkline import setup
from trunkline.cli.failure import told
from trunkline.cli.options import environment
from trunkline.cli.providers import listed
from trunkline.config import schema
from trunkline.data import DataDirectory
from trunkline.gateway.identity import Digest
from trunkline.store.base import Store
from trunkline.tenancy.managing import Manager

if TYPE_CHECKING:
    from trunkline.kept.disclosing import Disclosure
    from trunkline.vault.vault import Vault


class Opened(msgspec.Struct, frozen=True):
    """What a command works on."""

    config: schema.Config
    data: DataDirectory
    store: Store


@contextmanager
def opened(config_file: Path | None, data: Path | None) -> Iterator[Opened]:
    """Read the configuration and open what it names, making what is missing as `serve` would. Raises `Failure`."""
    options = setup.Options(config=config_file, data=data)
    surroundings = environment()
    with told():
        config = setup.read_config(options, surroundings)
        folder = setup.data_directory(options, config, surroundings)
        store = setup.open_configured_store(config, folder)
        try:
            yield Opened(config, folder, store)
        finally:
            store.close()


def digest(place: Opened) -> Digest:
    """By which keys are known. Raises `DataError`."""
    secret, _made = setup.key_secret(place.config, place.data)
    return Digest(secret)


def manager(place: Opened) -> Manager:
    """Who changes keys, and whom they belong to."""
    providers = listed(place.config, environment())
    hidden = Hidden(place.config, place.data, place.store)
    return Manager(place.store, place.config, hidden, providers, "command line")


def disclosure(place: Opened) -> "Disclosure":
    """Who reads, exports and erases what is kept of what was said."""
    from trunkline.kept.disclosing import Disclosure

    return Disclosure(place.store, place.config, Hidden(place.config, place.data, place.store), "command line")


class Hidden:
    """Implements `Secrets` of `trunkline.tenancy.managing` and of `trunkline.kept.disclosing`, reading each when it is
    needed.
    """

    def __init__(self, config: schema.Config, data: DataDirectory, store: Store) -> None:
        self._config = config
        self._data = data
        self._store = store

    def digest(self, key: bytes) -> bytes:
        """What is stored of a virtual key. Raises `DataError`."""
        secret, _made = setup.key_secret(self._config, self._data)
        return Digest(secret)(key)

    def seal(self, tenant: str, about: tuple[str, ...], plaintext: bytes) -> bytes:
        """See `trunkline.vault.vault.Vault`."""
        return self.vault().seal(tenant, about, plaintext)

    def vault(self) -> "Vault":
        """The store's. Raises `SetupError` where its master key is missing, or another one; `DataError`."""
        vault, _made = setup.open_vault(self._config, self._data, self._store)
        return vault
