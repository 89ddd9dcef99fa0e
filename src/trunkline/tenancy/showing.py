"""Organisations, teams, users and keys as they are told to operators, without anything that is secret."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from trunkline.config import schema
from trunkline.config.stored import Unreadable, read, told
from trunkline.config.tenants import Level, Tenant
from trunkline.store.base import KeyRecord, TenantKind, TenantRecord
from trunkline.tenancy.directory import KINDS

Origin = Literal["file", "store"]
OF_KEYS = frozenset({"name", "key", "hash", "models", "tags", "expires", "org", "team", "user"})
"""What is told of a key beside its settings, or never."""


class ShownKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key as it is listed; moments in ISO 8601."""

    name: str
    state: Literal["good", "expired", "disabled", "revoked", "replaced", "overruled"]
    """`replaced`: another has its name, and it works until `revoked`. `overruled`: the configuration has one of its
    name, so it is refused.
    """
    origin: Origin
    hint: str
    """The key's last four characters, where they are known."""
    models: list[str]
    """Empty: all."""
    tags: dict[str, str]
    org: str
    team: str
    user: str
    settings: dict[str, Any]
    """What else it says, in the words of the configuration."""
    created: str | None
    expires: str | None
    revoked: str | None


class ShownTenant(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation, a team or a user as it is listed."""

    name: str
    origin: Origin
    settings: dict[str, Any]
    """What it says, in the words of the configuration."""
    provider_keys: list[str]
    """Providers with which the configuration has keys of its own."""
    created: str | None
    changed: str | None


def shown_key(record: KeyRecord, config: schema.Config, now: float) -> ShownKey:
    """A key of the store."""
    settings: dict[str, Any] = msgspec.json.decode(record.settings)
    return ShownKey(
        name=record.name,
        state=_state(record, config, settings, now),
        origin="store",
        hint=record.hint,
        models=list(record.models),
        tags=record.tags,
        org=record.org,
        team=record.team,
        user=record.user,
        settings=settings,
        created=moment(record.created),
        expires=moment(record.expires),
        revoked=moment(record.revoked),
    )


def _state(
    record: KeyRecord, config: schema.Config, settings: dict[str, Any], now: float
) -> Literal["good", "expired", "disabled", "revoked", "replaced", "overruled"]:
    if not record.in_force(now):
        return "revoked"
    if record.expires is not None and record.expires <= now:
        return "expired"
    if any(key.name == record.name for key in config.keys):
        return "overruled"
    if settings.get("disabled"):
        return "disabled"
    return "replaced" if record.revoked is not None else "good"


def shown_configured(key: schema.Key, now: float) -> ShownKey:
    """A key of the configuration."""
    expired = key.expires is not None and key.expires.timestamp() <= now
    secret = key.key.get_secret_value() if key.key is not None else ""
    return ShownKey(
        name=key.name,
        state="expired" if expired else "disabled" if key.disabled else "good",
        origin="file",
        hint=secret[-4:] if len(secret) >= 16 else "",
        models=list(key.models or ()),
        tags=dict(key.tags),
        org=key.org or "",
        team=key.team or "",
        user=key.user or "",
        settings=told(key, {*OF_KEYS}),
        created=None,
        expires=key.expires.isoformat() if key.expires is not None else None,
        revoked=None,
    )


def shown_tenants(kind: TenantKind, config: schema.Config, records: list[TenantRecord]) -> list[ShownTenant]:
    """All of one kind, by name; where the configuration and the store both have one, that of the configuration."""
    found = dict(_stored(kind, records))
    found.update({name: _shown(name, "file", level) for name, level in _sections(kind, config)})
    return [found[name] for name in sorted(found)]


def _sections(kind: TenantKind, config: schema.Config) -> list[tuple[str, Level]]:
    if kind == "org":
        return list(config.orgs.items())
    return list(config.teams.items()) if kind == "team" else list(config.users.items())


def _stored(kind: TenantKind, records: list[TenantRecord]) -> Iterator[tuple[str, ShownTenant]]:
    for record in records:
        if record.kind == kind:
            try:
                level: Level | None = read(KINDS[kind], record.settings)
            except Unreadable:
                level = None
            yield record.name, _shown(record.name, "store", level, record)


def _shown(name: str, origin: Origin, level: Level | None, record: TenantRecord | None = None) -> ShownTenant:
    return ShownTenant(
        name=name,
        origin=origin,
        settings=told(level, {"provider_keys"}) if level is not None else {"unreadable": True},
        provider_keys=sorted(level.provider_keys) if isinstance(level, Tenant) else [],
        created=moment(record.created) if record is not None else None,
        changed=moment(record.changed) if record is not None else None,
    )


def moment(seconds: int | None) -> str | None:
    """A Unix time in ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds is not None else None
