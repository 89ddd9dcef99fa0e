"""The virtual keys, and the version that replicas poll."""

from collections.abc import Sequence
from typing import Any

import msgspec

from trunkline.store.base import KeyRecord
from trunkline.store.errors import KeyExists
from trunkline.store.session import Database, Session
from trunkline.store.tables.tenants import note

_MODELS = msgspec.json.Decoder(tuple[str, ...])
_TAGS = msgspec.json.Decoder(dict[str, str])


class KeyTables:
    """Implements what `trunkline.store.base.Store` says of keys, and of the version."""

    database: Database

    def keys(self) -> list[KeyRecord]:
        with self.database.reading("lookups") as session:
            return [_key(columns) for columns in session.all("keys")]

    def key_by_digest(self, digest: bytes) -> KeyRecord | None:
        with self.database.reading("lookups") as session:
            columns = session.one("key_by_digest", digest)
        return None if columns is None else _key(columns)

    def keys_named(self, names: Sequence[str]) -> list[KeyRecord]:
        with self.database.reading("lookups") as session:
            return [_key(columns) for columns in session.all("keys_named", _json(list(names)))]

    def add_key(self, key: KeyRecord, by: str = "") -> None:
        with self.database.writing() as session:
            _add(session, key)
            session.change("next_version")
            note(session, key.created, by, "created", "key", key.name, _detail(key))

    def change_key(self, key: KeyRecord, at: int, by: str = "") -> bool:
        may = (key.expires, _json(key.models), _json(key.tags), key.org, key.team, key.user, key.settings)
        with self.database.writing() as session:
            if not session.change("change_key", *may, key.name):
                return False
            session.change("next_version")
            note(session, at, by, "changed", "key", key.name, _detail(key))
            return True

    def rotate_key(self, key: KeyRecord, until: int, by: str = "") -> bool:
        with self.database.writing() as session:
            if not session.change("retire_key", until, key.name):
                return False
            _add(session, key)
            session.change("next_version")
            note(session, key.created, by, "rotated", "key", key.name, _detail(key))
            return True

    def revoke_key(self, name: str, at: int, by: str = "") -> bool:
        with self.database.writing() as session:
            if not session.change("revoke_key", at, name):
                return False
            session.change("next_version")
            note(session, at, by, "revoked", "key", name)
            return True

    def version(self) -> int:
        with self.database.reading("lookups") as session:
            row = session.one("version")
        assert row is not None
        return int(row[0])

    def latest(self) -> tuple[int, int]:
        with self.database.reading("lookups") as session:
            row = session.one("latest")
        assert row is not None
        return int(row[0]), int(row[1])


def _add(session: Session, key: KeyRecord) -> None:
    values = (key.name, key.digest, key.hint, key.created, key.expires, key.revoked, _json(key.models), _json(key.tags))
    if not session.change("add_key", *values, key.org, key.team, key.user, key.settings):
        raise KeyExists(f"there is a key named {key.name} already")


def _key(columns: tuple[Any, ...]) -> KeyRecord:
    name, digest, hint, created, expires, revoked, models, tags, org, team, user, settings = columns
    return KeyRecord(
        name=name,
        digest=digest,
        hint=hint,
        created=created,
        expires=expires,
        revoked=revoked,
        models=_MODELS.decode(models),
        tags=_TAGS.decode(tags),
        org=org,
        team=team,
        user=user,
        settings=settings,
    )


def _detail(key: KeyRecord) -> str:
    """What is recorded of a key: nothing by which it could be used."""
    told = msgspec.to_builtins(key, builtin_types=(bytes,))
    return _json({name: value for name, value in told.items() if name not in ("name", "digest", "revoked")})


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
