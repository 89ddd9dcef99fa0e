"""What is encrypted, in the SQLite store: the keys it is encrypted with, and the responses."""

from collections.abc import Callable, Sequence

import apsw
from msgspec.structs import astuple

from trunkline.store.base import DataKey, ResponseRecord
from trunkline.store.errors import RowRejected
from trunkline.store.sqlite_connections import SQL, Connections


class VaultTables(Connections):
    """Implements `trunkline.store.base.VaultStore`, but for `version`."""

    def vault_check(self) -> bytes | None:
        with self._reading(self._lookups) as db:
            row = db.execute(SQL["vault_check"]).fetchone()
        return None if row is None else row[0]

    def begin_vault(self, check: bytes) -> bytes:
        with self._writing() as db:
            db.execute(SQL["begin_vault"], (check,))
            value: bytes = db.execute(SQL["vault_check"]).get
        return value

    def add_data_key(self, key: DataKey, check: bytes) -> DataKey | None:
        with self._writing() as db:
            if db.execute(SQL["vault_check"]).get != check:
                return None
            db.execute(SQL["add_data_key"], astuple(key))
            return DataKey(*db.execute(SQL["data_key_of_day"], (key.tenant, key.day)).get)

    def data_key(self, key: bytes) -> DataKey | None:
        with self._reading(self._lookups) as db:
            row = db.execute(SQL["data_key"], (key,)).fetchone()
        return None if row is None else DataKey(*row)

    def rewrap_data_keys(self, old: bytes, new: bytes, wrap: Callable[[DataKey], bytes]) -> int | None:
        with self._writing() as db:
            db.execute(SQL["change_vault_check"], (new, old))
            if not db.changes():
                return None
            keys = [DataKey(*row) for row in db.execute(SQL["data_keys"])]
            for key in keys:
                db.execute(SQL["rewrap_data_key"], (wrap(key), key.id))
        return len(keys)

    def destroy_data_keys(self, tenant: str, first: str, last: str, at: int) -> int:
        with self._writing() as db:
            db.execute(SQL["destroy_data_keys"], {"tenant": tenant, "first": first, "last": last, "at": at})
            destroyed = db.changes()
            if destroyed:
                db.execute(SQL["next_version"])
        with self._errors(), self._writer_lock:
            # The log still has the pages with the keys: bring it into the file, and cut it.
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return destroyed


class ResponseTables(Connections):
    """Implements `trunkline.store.base.ResponseStore`."""

    def write_responses(self, records: Sequence[ResponseRecord]) -> None:
        with self._writing() as db:
            try:
                db.executemany(SQL["write_response"], map(astuple, records))
            except (apsw.ConstraintError, apsw.TooBigError, OverflowError, TypeError, UnicodeEncodeError) as error:
                raise RowRejected(f"{self._path}: a response cannot be stored ({error})") from error

    def responses(self, tenant: str, last: str, now: int, most: int, size: int) -> list[ResponseRecord]:
        asked = {"tenant": tenant, "id": last, "now": now, "most": most, "size": size}
        with self._reading(self._contents) as db:
            return [ResponseRecord(*row) for row in db.execute(SQL["responses"], asked)]

    def delete_response(self, tenant: str, response: str, now: int) -> bool:
        with self._writing() as db:
            db.execute(SQL["delete_response"], (tenant, response, now))
            return bool(db.changes())

    def delete_expired_responses(self, now: int, most: int) -> int:
        with self._writing() as db:
            db.execute(SQL["delete_expired_responses"], (now, most))
            return db.changes()
