"""Numbered, forward-only changes to the schema: one folder for each database, one transaction for all that are due.

A file that has been released is never edited again: its checksum is kept in every store it made.

Two releases may use one store at the same time, so that replicas are replaced one by one: the newer one changes the
schema, and the older one goes on. So a change only adds: tables, indexes, triggers, columns with a default. Its file
then begins with `-- compatible: 2`, the oldest schema whose release can work with the new one; a release is let in
where that holds of every change it does not know. What old releases still use is taken away in a later release.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib import resources

import msgspec

from trunkline.store.errors import SchemaTooNew, SchemaUnknown

_FILE = re.compile(r"(\d{4})_(\w+)\.sql")
_COMPATIBLE = re.compile(r"-- compatible: (\d+)\n")


class Migration(msgspec.Struct, frozen=True):
    """One file of the folder: `0001_ledger_and_keys.sql` is number 1."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def compatible(self) -> int:
        """The oldest schema whose release can work with this one."""
        found = _COMPATIBLE.match(self.sql)
        return int(found[1]) if found else self.number


class Applied(msgspec.Struct, frozen=True):
    """What a store tells of a migration that it has had."""

    number: int
    checksum: str
    compatible: int


def load(dialect: str) -> list[Migration]:
    """The migrations of this release for a database, in order. Raises ValueError where two have one number."""
    found = [
        Migration(int(match[1]), match[2], file.read_text("utf-8"))
        for file in (resources.files(__name__) / dialect).iterdir()
        if (match := _FILE.fullmatch(file.name))
    ]
    found.sort(key=lambda migration: migration.number)
    if len({migration.number for migration in found}) < len(found):
        raise ValueError(f"two migrations of {dialect} have one number")
    return found


def pending(applied: Mapping[int, Applied], known: Sequence[Migration], store: str) -> list[Migration]:
    """What is left to apply to a store that has had `applied`, by number.

    Raises SchemaTooNew when the store is too far ahead of this release, SchemaUnknown when its past is not ours.
    """
    newest = max((migration.number for migration in known), default=0)
    ahead = [it for number, it in applied.items() if number > newest]
    if any(it.compatible > newest for it in ahead):
        raise SchemaTooNew(
            f"{store} has schema {max(applied)}, made by a newer release of Trunkline; this one knows up to {newest}"
        )
    ours = {migration.number: migration for migration in known}
    for number, it in applied.items():
        if number <= newest and (number not in ours or ours[number].checksum != it.checksum):
            raise SchemaUnknown(f"{store} was made by another migration {number:04d} than this release's")
    return [migration for migration in known if migration.number not in applied]
