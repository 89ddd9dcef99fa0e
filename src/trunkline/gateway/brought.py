"""Keys with providers that tenants have brought: pools of their own, from the configuration and from the store."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from trunkline.config import schema
from trunkline.gateway.credentials import ProviderKey
from trunkline.store.base import ProviderKeyRecord
from trunkline.tenancy.directory import about_provider_key, pool_name, vault_name
from trunkline.vault.errors import VaultError

Unseal = Callable[[str, tuple[str, ...], bytes], bytes]


class Brought(msgspec.Struct, frozen=True):
    """One tenant's keys with one provider."""

    provider: str
    keys: Mapping[str, ProviderKey]
    """By their ids, which are no secrets."""


Pools = Mapping[str, Brought]
"""By the name under which their health is known."""


class Opened:
    """The store's keys of tenants, each of which is decrypted once. For one worker thread at a time."""

    def __init__(self, unseal: Unseal, report: Callable[..., None]) -> None:
        self._unseal = unseal
        self._report = report
        self._known: dict[str, str] = {}
        self.secrets: tuple[str, ...] = ()
        """For the log to leave out."""

    def take(self, records: Sequence[ProviderKeyRecord]) -> list[tuple[str, str, str]]:
        """The tenant, the provider and the secret of each. What cannot be decrypted is reported, and left out."""
        known = {record.id: secret for record in records if (secret := self._secret(record)) is not None}
        self._known, self.secrets = known, tuple(known.values())
        return [(record.tenant, record.provider, known[record.id]) for record in records if record.id in known]

    def _secret(self, record: ProviderKeyRecord) -> str | None:
        if record.id in self._known:
            return self._known[record.id]
        about = about_provider_key(record.id, record.provider)
        try:
            return self._unseal(vault_name(record.tenant), about, record.sealed).decode()
        except VaultError as error:
            self._report("provider_key.not_opened", key=record.id, tenant=record.tenant, problem=str(error))
            return None


def pools_of(config: schema.Config, stored: Iterable[tuple[str, str, str]]) -> Pools:
    """All pools; where the configuration has a tenant's keys with a provider, the store's are not used."""
    found: dict[str, tuple[str, list[str]]] = {}
    for tenant, provider, secret in stored:
        found.setdefault(pool_name(provider, tenant), (provider, []))[1].append(secret)
    found.update({pool_name(provider, tenant): (provider, keys) for tenant, provider, keys in _configured(config)})
    return {name: Brought(provider, _by_id(secrets)) for name, (provider, secrets) in found.items()}


def _configured(config: schema.Config) -> Iterator[tuple[str, str, list[str]]]:
    for name, tenant in (*config.orgs.items(), *config.teams.items()):
        for provider, keys in tenant.provider_keys.items():
            yield name, provider, [key.get_secret_value() for key in keys]


def _by_id(secrets: Iterable[str]) -> Mapping[str, ProviderKey]:
    return {key.id: key for key in map(ProviderKey, secrets)}
