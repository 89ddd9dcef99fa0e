"""What the semantic cache keeps."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import astuple

from trunkline.store.semantic_entries import SemanticKind, SemanticRecord
from trunkline.store.session import Database


class SemanticTables:
    """Implements `trunkline.store.semantic_entries.SemanticStore`."""

    database: Database

    def write_semantic(self, records: Sequence[SemanticRecord], writer: bytes) -> None:
        with self.database.writing() as session:
            session.change("number_semantic_entries", len(records))
            row = session.one("semantic_number")
            assert row is not None
            first = int(row[0]) - len(records) + 1
            session.change_each("write_semantic_entry", [_row(first + at, writer, it) for at, it in enumerate(records)])

    def semantic_number(self) -> int:
        with self.database.reading("lookups") as session:
            row = session.one("semantic_number")
        assert row is not None
        return int(row[0])

    def semantic_since(
        self, kind: SemanticKind, number: int, writer: bytes, now: int, most: int
    ) -> list[tuple[int, SemanticRecord]]:
        with self.database.reading("contents") as session:
            found = session.all("semantic_entries_since", *astuple(kind), number, writer, now, most)
        return list(map(_numbered, found))

    def semantic_until(self, kind: SemanticKind, number: int, now: int, most: int) -> list[tuple[int, SemanticRecord]]:
        with self.database.reading("contents") as session:
            found = session.all("semantic_entries_until", *astuple(kind), number, now, most)
        return list(map(_numbered, found))

    def sweep_semantic(self, now: int, entries: int, size: int, most: int) -> int:
        with self.database.reading("reports") as session:
            surplus = session.one("semantic_entries_too_many", entries, size)
        with self.database.writing() as session:
            deleted = session.change("delete_expired_semantic_entries", now, most)
            deleted += session.change("delete_erased_semantic_entries", most)
            if surplus is not None:
                deleted += session.change("delete_old_semantic_entries", surplus[0], most)
        return deleted

    def erase_semantic(self, tenants: Sequence[str]) -> int:
        with self.database.writing() as session:
            return sum(session.change("erase_semantic_entries", tenant) for tenant in tenants)


def _row(number: int, writer: bytes, record: SemanticRecord) -> tuple[object, ...]:
    sealed = record.sealed
    return number, writer, record.id, record.tenant, *astuple(record.kind), record.expires, len(sealed), sealed


def _numbered(row: tuple[Any, ...]) -> tuple[int, SemanticRecord]:
    number, record, tenant, embedder, dimensions, allowed, expires, sealed = row
    return number, SemanticRecord(record, tenant, SemanticKind(embedder, dimensions, allowed), expires, sealed)
