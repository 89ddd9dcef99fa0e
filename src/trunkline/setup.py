"""What the file, the command line and the environment come to: a configuration, and the places and secrets in it."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec

from trunkline import providers
from trunkline.config import schema
from trunkline.config.load import load
from trunkline.config.places import Address, PostgresStore, SqliteStore
from trunkline.data import DataDirectory, DataError, default_root
from trunkline.gateway.logins import SetupError
from trunkline.store import open_store
from trunkline.store.base import Store
from trunkline.telemetry.lines import Format, Level

if TYPE_CHECKING:
    from trunkline.vault.vault import Vault


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says, over what the file says."""

    config: Path | None = None
    data: Path | None = None
    listen: Address | None = None
    control: Address | None = None
    insecure: bool = False
    """Serve other machines without keys."""
    log_format: Format | None = None
    log_level: Level | None = None


def read_config(options: Options, environment: Mapping[str, str]) -> schema.Config:
    """The configuration as the command line's options and the environment make it. Raises `ConfigError`."""
    config = load(
        options.config,
        env=environment,
        provider_types=providers.PROVIDERS.keys(),
        environment_providers=providers.in_environment(environment).keys(),
    )
    listeners = {"listen": options.listen, "control": options.control}
    log = {"format": options.log_format, "level": options.log_level}
    telemetry = config.telemetry.model_copy(update={"log": config.telemetry.log.model_copy(update=_given(log))})
    return config.model_copy(
        update={"server": config.server.model_copy(update=_given(listeners)), "telemetry": telemetry}
    )


def _given(options: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in options.items() if value is not None}


def data_root(options: Options, config: schema.Config, environment: Mapping[str, str]) -> Path:
    """The folder of the data directory, which may not exist yet."""
    return options.data or config.server.data or default_root(environment)


def data_directory(options: Options, config: schema.Config, environment: Mapping[str, str]) -> DataDirectory:
    """Where this Trunkline keeps what it keeps. Raises `DataError`."""
    return DataDirectory(data_root(options, config, environment))


def open_configured_store(config: schema.Config, data: DataDirectory) -> Store:
    """The store of the configuration, by default a file in the data directory. Raises `StoreError`."""
    return open_store((config.store or SqliteStore(data.store)).url)


def key_secret(config: schema.Config, data: DataDirectory) -> tuple[bytes, bool]:
    """The secret of the HMAC of keys, and whether it was made just now. Raises `DataError`."""
    if config.key_secret is not None:
        return config.key_secret.get_secret_value().encode(), False
    return data.secret(data.key_secret)


def follow_master_key(
    options: Options, config: schema.Config, environment: Mapping[str, str], store: Store, vault: "Vault"
) -> None:
    """Have an open vault go on with the master key that is configured now. Raises `SetupError`, `StoreError`."""
    from trunkline.vault.errors import WrongMasterKey
    from trunkline.vault.keyring import MasterKey

    try:
        data = data_directory(options, config, environment)
        text, _made = _master_key(config, data, store)
    except DataError as error:
        raise SetupError(str(error)) from None
    try:
        vault.keyring.adopt(MasterKey(text))
    except WrongMasterKey as error:
        raise SetupError(f"{_place_of_master_key(config, data)}: {error}") from None


def open_vault(config: schema.Config, data: DataDirectory, store: Store) -> tuple["Vault", bool]:
    """What encrypts the store's records, and whether its master key was made just now.

    Raises `SetupError` where the master key is missing, or another than the store's; `DataError`, `StoreError`.
    """
    # The library of ciphers is loaded only when it is used.
    from trunkline.vault.errors import WrongMasterKey
    from trunkline.vault.keyring import MasterKey
    from trunkline.vault.vault import Vault

    text, made = _master_key(config, data, store)
    try:
        return Vault(store, MasterKey(text), time.time), made
    except WrongMasterKey as error:
        raise SetupError(f"{_place_of_master_key(config, data)}: {error}") from None


def _place_of_master_key(config: schema.Config, data: DataDirectory) -> str:
    return "`master_key`" if config.master_key is not None else str(data.master_key)


def _master_key(config: schema.Config, data: DataDirectory, store: Store) -> tuple[bytes, bool]:
    if config.master_key is not None:
        return config.master_key.get_secret_value().encode(), False
    begun = store.vault_check() is not None  # asked first: of processes that start at once, one makes the key
    if begun and not data.master_key.exists():
        raise SetupError(
            f"{data.master_key} is missing, and the store was begun with a master key: put that file back, or write "
            "the key as `master_key` into the configuration. Without it, what is encrypted in the store cannot be read."
        )
    return data.secret(data.master_key)


def secrets_of(config: schema.Config, environment: Mapping[str, str]) -> Iterator[str]:
    """Every secret that the configuration and the environment bring, for the log to leave out."""
    yield from providers.in_environment(environment).values()
    if isinstance(config.store, PostgresStore) and (password := urlsplit(config.store.url).password):
        yield unquote(password)
    if config.shared is not None and (password := urlsplit(config.shared.get_secret_value()).password):
        yield unquote(password)
    held = [config.key_secret, config.master_key, config.control.token, config.alerts.secret]
    held += [key.key for key in config.keys]
    for tenant in (*config.orgs.values(), *config.teams.values()):
        held += [key for keys in tenant.provider_keys.values() for key in keys]
    for provider in config.providers.values():
        held += [provider.api_key, *(provider.api_keys or ()), *provider.headers.values()]
    for secret in held:
        if secret is not None:
            yield secret.get_secret_value()
