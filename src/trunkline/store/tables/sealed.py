"""What is encrypted: the keys it is encrypted with, and the responses."""

from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import astuple

from trunkline.store.base import DataKey, ResponseRecord
from trunkline.store.session import Database


class VaultTables:
    """Implements `trunkline.store.base.VaultStore`, but for `version`."""

    database: Database

    def vault_check(self) -> bytes | None:
        with self.database.reading("lookups") as session:
            row = session.one("vault_check")
        return None if row is None else row[0]

    def begin_vault(self, check: bytes) -> bytes:
        with self.database.writing() as session:
            session.change("begin_vault", check)
            row = session.one("vault_check")
        assert row is not None
        value: bytes = row[0]
        return value

    def add_data_key(self, key: DataKey, check: bytes) -> DataKey | None:
        with self.database.writing() as session:
            if session.one("vault_check_held") != (check,):
                return None
            session.change("add_data_key", *astuple(key))
            row = session.one("data_key_of_day", key.tenant, key.day)
        assert row is not None
        return DataKey(*row)

    def data_key(self, key: bytes) -> DataKey | None:
        with self.database.reading("lookups") as session:
            row = session.one("data_key", key)
        return None if row is None else DataKey(*row)

    def rewrap_data_keys(self, old: bytes, new: bytes, wrap: Callable[[DataKey], bytes]) -> int | None:
        with self.database.writing() as session:
            if not session.change("change_vault_check", new, old):
                return None
            keys = [DataKey(*row) for row in session.all("data_keys")]
            session.change_each("rewrap_data_key", [(wrap(key), key.id) for key in keys])
        return len(keys)

    def destroy_data_keys(self, tenant: str, first: str, last: str, at: int) -> int:
        with self.database.writing() as session:
            destroyed = session.change("destroy_data_keys", tenant, first, last, at)
            if destroyed:
                session.change("next_version")
        self.database.scrub("data_keys")
        return destroyed

    def dump_data_keys(self) -> list[DataKey]:
        with self.database.reading("reports") as session:
            return [DataKey(*row) for row in session.all("dump_data_keys")]

    def put_data_keys_back(self, keys: Iterable[DataKey]) -> int:
        with self.database.writing() as session:
            return sum(session.change("put_data_key_back", it.id, it.tenant, it.day, it.wrapped) for it in keys)

    def drop_data_keys(self, before: str, most: int) -> int:
        with self.database.writing() as session:
            return session.change("drop_data_keys", before, most)


class ResponseTables:
    """Implements `trunkline.store.base.ResponseStore`."""

    database: Database

    def write_responses(self, records: Sequence[ResponseRecord]) -> None:
        with self.database.writing() as session:
            session.change_each("write_response", map(astuple, records))

    def responses(self, tenant: str, last: str, now: int, most: int, size: int) -> list[ResponseRecord]:
        with self.database.reading("contents") as session:
            return [ResponseRecord(*row) for row in session.all("responses", tenant, last, now, most, size)]

    def delete_response(self, tenant: str, response: str, now: int) -> bool:
        with self.database.writing() as session:
            return bool(session.change("delete_response", tenant, response, now))

    def responses_of(self, tenant: str, person: str, after: str, most: int) -> list[ResponseRecord]:
        with self.database.reading("contents") as session:
            return [ResponseRecord(*row) for row in session.all("responses_of", tenant, person, after, most)]

    def delete_expired_responses(self, now: int, most: int) -> int:
        with self.database.writing() as session:
            return session.change("delete_expired_responses", now, most)
