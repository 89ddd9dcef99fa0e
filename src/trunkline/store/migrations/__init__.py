"""Numbered, forward-only changes to the schema: one folder for each database, one transaction for each file.

A file that has been released is never edited again: its checksum is kept in every store it made.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib import resources

import msgspec

from trunkline.store.errors import SchemaTooNew, SchemaUnknown

_FILE = re.compile(r"(\d{4})_(\w+)\.sql")


class Migration(msgspec.Struct, frozen=True):
    """One file of the folder: `0001_ledger_and_keys.sql` is number 1."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def load(dialect: str) -> list[Migration]:
    """The migrations of this release for a database, in order. Raises ValueError unless they count 1, 2, 3, …"""
    found = [
        Migration(int(match[1]), match[2], file.read_text("utf-8"))
        for file in (resources.files(__name__) / dialect).iterdir()
        if (match := _FILE.fullmatch(file.name))
    ]
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"the migrations of {dialect} are not numbered one after the other")
    return found


def pending(applied: Mapping[int, str], known: Sequence[Migration], store: str) -> list[Migration]:
    """What is left to apply to a store that has had `applied` (number to checksum).

    Raises SchemaTooNew when the store is ahead of this release, SchemaUnknown when its past is not ours.
    """
    newest = max(applied, default=0)
    if newest > len(known):
        raise SchemaTooNew(
            f"{store} has schema {newest}, made by a newer release of Trunkline; this one knows up to {len(known)}"
        )
    for migration in known[:newest]:
        if applied.get(migration.number) != migration.checksum:
            raise SchemaUnknown(
                f"{store} was made by another migration {migration.number:04d} than this release's {migration.name}"
            )
    return list(known[newest:])
