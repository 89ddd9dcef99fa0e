"""The request log, and the erasure of what is kept of somebody."""

from collections.abc import Sequence

from msgspec import json
from msgspec.structs import asdict, astuple

from trunkline.store.content import Erased, Kept, LogFilter, LogRecord
from trunkline.store.session import Database
from trunkline.store.tables.tenants import note

_FIELDS = LogRecord.__struct_fields__


class RequestLogTables:
    """Implements `trunkline.store.content.RequestLogStore`."""

    database: Database

    def write_log(self, records: Sequence[LogRecord]) -> None:
        with self.database.writing() as session:
            session.change_each("write_log", map(astuple, records))

    def log(self, before: str, now: int, most: int, only: LogFilter) -> list[LogRecord]:
        with self.database.reading("reports") as session:
            return [_record(row) for row in session.all("log", before, now, most, *astuple(only))]

    def log_entry(self, request: str, now: int) -> LogRecord | None:
        with self.database.reading("contents") as session:
            row = session.one("log_entry", request, now)
        return None if row is None else _record(row)

    def log_contents(self, key: str, person: str, after: str, most: int) -> list[LogRecord]:
        with self.database.reading("contents") as session:
            return [_record(row) for row in session.all("log_contents", key, person, after, most)]

    def delete_expired_log(self, now: int, most: int) -> int:
        with self.database.writing() as session:
            return session.change("delete_expired_log", now, most)


class ErasingTables:
    """Implements `trunkline.store.content.ErasingStore`."""

    database: Database

    def data_key_tenants(self) -> list[str]:
        with self.database.reading("reports") as session:
            return [tenant for (tenant,) in session.all("data_key_tenants")]

    def erase(
        self, kept: Sequence[Kept], provider_keys: Sequence[str], at: int, by: str, subject: tuple[str, str]
    ) -> Erased:
        keys = responses = log = own = answers = 0
        with self.database.writing() as session:
            for each in kept:
                keys += session.change("erase_data_keys", each.vault, at)
                answers += session.change("erase_semantic_entries", each.vault)
                if each.key is not None:
                    responses += session.change("erase_responses", each.key, each.person)
                    log += session.change("erase_log", each.key, each.person)
            for key in provider_keys:
                own += session.change("delete_provider_key", key)
            erased = Erased(keys, responses, log, own, answers)
            session.change("next_version")
            note(session, at, by, "erased", *subject, json.encode(asdict(erased)).decode())
        for table in ("data_keys", "provider_keys"):  # what the others had is worth nothing without its data keys
            self.database.scrub(table)
        return erased

    def last_erasure(self) -> int:
        with self.database.reading("lookups") as session:
            row = session.one("last_erasure")
        return 0 if row is None else row[0]

    def note_reading(self, at: int, by: str, action: str, subject: tuple[str, str]) -> None:
        with self.database.writing() as session:
            session.change("write_nothing")  # whoever holds that row numbers the changes
            note(session, at, by, action, *subject)


def _record(row: Sequence[object]) -> LogRecord:
    return LogRecord(**dict(zip(_FIELDS, row, strict=True)))  # type: ignore[arg-type]  # as the statements name them
