"""Organisations, teams, users, their keys with providers, and who changed what."""

from msgspec import json
from msgspec.structs import astuple

from trunkline.store.base import Change, ProviderKeyRecord, TenantKind, TenantRecord
from trunkline.store.session import Database, Session


class TenantTables:
    """Implements `trunkline.store.base.TenantStore`."""

    database: Database

    def tenants(self) -> list[TenantRecord]:
        with self.database.reading("lookups") as session:
            return [TenantRecord(*row) for row in session.all("tenants")]

    def put_tenant(self, record: TenantRecord, by: str) -> bool:
        with self.database.writing() as session:
            added = session.change("add_tenant", *astuple(record))
            if not added:
                session.change("change_tenant", record.settings, record.changed, record.kind, record.name)
            session.change("next_version")
            action = "created" if added else "changed"
            note(session, record.changed, by, action, record.kind, record.name, record.settings)
        return bool(added)

    def delete_tenant(self, kind: TenantKind, name: str, at: int, by: str) -> bool:
        with self.database.writing() as session:
            if not session.change("delete_tenant", kind, name):
                return False
            session.change("next_version")
            note(session, at, by, "deleted", kind, name)
        return True

    def provider_keys(self) -> list[ProviderKeyRecord]:
        with self.database.reading("lookups") as session:
            return [ProviderKeyRecord(*row) for row in session.all("provider_keys")]

    def add_provider_key(self, record: ProviderKeyRecord, by: str) -> None:
        detail = {"tenant": record.tenant, "provider": record.provider, "hint": record.hint}
        with self.database.writing() as session:
            session.change("add_provider_key", *astuple(record))
            session.change("next_version")
            note(session, record.created, by, "created", "provider_key", record.id, json.encode(detail).decode())

    def delete_provider_key(self, key: str, at: int, by: str) -> bool:
        with self.database.writing() as session:
            if not session.change("delete_provider_key", key):
                return False
            session.change("next_version")
            note(session, at, by, "deleted", "provider_key", key)
        self.database.scrub("provider_keys")
        return True

    def forget_answers(self, name: str, at: int, by: str) -> None:
        with self.database.writing() as session:
            session.change("next_version")
            note(session, at, by, "forgotten", "answers", name)

    def forgotten(self) -> list[tuple[str, int]]:
        with self.database.reading("lookups") as session:
            return [(str(name), int(at)) for name, at in session.all("forgotten")]

    def changes_after(self, change: int, most: int) -> list[Change]:
        with self.database.reading("lookups") as session:
            return [Change(*row) for row in session.all("changes_after", change, most)]

    def changes(self, before: int, most: int) -> list[Change]:
        with self.database.reading("reports") as session:
            return [Change(*row) for row in session.all("changes", before, most)]


def note(session: Session, at: int, by: str, action: str, kind: str, name: str, detail: str = "{}") -> None:
    """Record a change, in its own transaction. After `next_version`: whoever holds that row numbers the changes, and
    all take it last, so that nobody waits for each other.
    """
    session.change("add_change", at, by, action, kind, name, detail)
