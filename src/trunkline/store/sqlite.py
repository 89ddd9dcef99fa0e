"""The store in one SQLite file: the ledger and the virtual keys; what is encrypted is in `sqlite_sealed`."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import apsw
import msgspec
from msgspec.structs import astuple

from trunkline.ledger.record import Row
from trunkline.store import sqlite_file
from trunkline.store.base import EVERYTHING, Dimension, KeyRecord, UsageFilter, UsageLine
from trunkline.store.errors import KeyExists, RowRejected, StoreCorrupt, StoreError
from trunkline.store.sqlite_connections import SQL
from trunkline.store.sqlite_sealed import ResponseTables, VaultTables

# A batch is cut into pieces of these sizes, each written by one statement: the interpreter's lock is let go and fought
# for again once a piece instead of once a row. docs/decisions/0003-ledger-table.md has the measurement.
_PIECES = (64, 16, 4, 1)
_WRITE = {size: SQL["write_attempts"].replace("{rows}", ", ".join([SQL["attempt_row"]] * size)) for size in _PIECES}

_MODELS = msgspec.json.Decoder(tuple[str, ...])
_TAGS = msgspec.json.Decoder(dict[str, str])

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 2**63 - 1


class SQLiteStore(VaultTables, ResponseTables):
    """Implements `trunkline.store.base.Store`."""

    def write_attempts(self, rows: Sequence[Row]) -> None:
        with self._writing() as db:
            try:
                start = 0
                for size in _PIECES:
                    while len(rows) - start >= size:
                        values = chain.from_iterable(map(astuple, rows[start : start + size]))
                        db.execute(_WRITE[size], tuple(values))
                        start += size
            except (apsw.ConstraintError, OverflowError, TypeError, UnicodeEncodeError) as error:
                raise RowRejected(f"{self._path}: a row cannot be stored ({error})") from error

    def recorded(self, pairs: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        with self._reading(self._lookups) as db:
            return set(db.execute(SQL["recorded"], (_json(list(pairs)),)))

    def usage(
        self,
        by: Dimension | None,
        since: datetime | None = None,
        until: datetime | None = None,
        only: UsageFilter = EVERYTHING,
    ) -> list[UsageLine]:
        span = {
            "since": 0 if since is None else _microseconds(since),
            "until": _LATEST if until is None else _microseconds(until),
        }
        with self._reading(self._reports) as db:
            lines: list[tuple[Any, ...]] = db.execute(
                SQL["usage"], {"by": by, **span, **msgspec.structs.asdict(only)}
            ).fetchall()
        return [UsageLine(*line) for line in lines]

    def keys(self) -> list[KeyRecord]:
        with self._reading(self._lookups) as db:
            return [_key(columns) for columns in db.execute(SQL["keys"])]

    def key_by_digest(self, digest: bytes) -> KeyRecord | None:
        with self._reading(self._lookups) as db:
            columns = db.execute(SQL["key_by_digest"], (digest,)).fetchone()
        return None if columns is None else _key(columns)

    def add_key(self, key: KeyRecord) -> None:
        columns = (
            key.name,
            key.digest,
            key.hint,
            key.created,
            key.expires,
            key.revoked,
            _json(key.models),
            _json(key.tags),
        )
        with self._writing() as db:
            db.execute(SQL["add_key"], columns)
            if not db.changes():
                raise KeyExists(f"there is a key named {key.name} already")
            db.execute(SQL["next_version"])

    def revoke_key(self, name: str, at: int) -> bool:
        with self._writing() as db:
            db.execute(SQL["revoke_key"], (at, name))
            if not db.changes():
                return False
            db.execute(SQL["next_version"])
            return True

    def version(self) -> int:
        with self._reading(self._lookups) as db:
            return int(db.execute(SQL["version"]).get)

    def check(self) -> list[str]:
        problems: list[str] = []
        for examine in (self._examine_modes, self._examine_content, self._examine_writing):
            try:
                problems += examine()
            except StoreError as error:
                problems.append(str(error))
        return problems

    def _examine_modes(self) -> list[str]:
        return sqlite_file.loose_modes(self._path)

    def _examine_content(self) -> list[str]:
        with self._reading(self._reports) as db:
            damage = [
                str(StoreCorrupt(f"{self._path}: {line}"))
                for (line,) in db.execute("PRAGMA quick_check(10)")
                if line != "ok"
            ]
            sqlite_file.unapplied(db, self._path)
            mode = db.pragma("journal_mode")
        if mode != "wal":
            damage.append(f"{self._path} has journal mode {mode}, not wal. Restart Trunkline to set it.")
        return damage

    def _examine_writing(self) -> list[str]:
        with self._writing() as db:
            db.execute(SQL["write_nothing"])
        return []


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


def _microseconds(moment: datetime) -> int:
    """Unix time. Exact: `timestamp` would go through a float."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)
