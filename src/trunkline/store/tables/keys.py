"""The virtual keys, and the version that replicas poll."""

from typing import Any

import msgspec

from trunkline.store.base import KeyRecord
from trunkline.store.errors import KeyExists
from trunkline.store.session import Database

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

    def add_key(self, key: KeyRecord) -> None:
        values = (key.name, key.digest, key.hint, key.created, key.expires, key.revoked)
        with self.database.writing() as session:
            if not session.change("add_key", *values, _json(key.models), _json(key.tags)):
                raise KeyExists(f"there is a key named {key.name} already")
            session.change("next_version")

    def revoke_key(self, name: str, at: int) -> bool:
        with self.database.writing() as session:
            if not session.change("revoke_key", at, name):
                return False
            session.change("next_version")
            return True

    def version(self) -> int:
        with self.database.reading("lookups") as session:
            row = session.one("version")
        assert row is not None
        return int(row[0])


def _key(columns: tuple[Any, ...]) -> KeyRecord:
    name, digest, hint, created, expires, revoked, models, tags = columns
    return KeyRecord(
        name=name,
        digest=digest,
        hint=hint,
        created=created,
        expires=expires,
        revoked=revoked,
        models=_MODELS.decode(models),
        tags=_TAGS.decode(tags),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
