"""`trunkline store`"""

from pathlib import Path

import pytest
from tests.cli.command import Place
from tests.cli.test_usage import record
from tests.store.rows import row


@pytest.fixture
def ledger(place: Place) -> Place:
    record(place, *(row(cost=n) for n in range(50)))
    return place


def test_the_schema_is_brought_up_to_date(place: Place) -> None:
    assert "up to date" in place.run("store", "migrate").stdout
    assert place.json("usage")["total"]["attempts"] == 0


def test_a_backup_is_restored_into_a_new_store(ledger: Place, tmp_path: Path) -> None:
    before = ledger.json("usage")
    file = tmp_path / "backup.db"
    assert "50 attempts" in ledger.run("store", "backup", str(file)).stdout
    assert file.stat().st_mode & 0o777 == 0o600
    ledger.configure(f"store: sqlite://{tmp_path}/new.db\n")
    ledger.run("store", "restore", str(file))
    assert ledger.json("usage") == before


def test_a_backup_is_not_written_over_another_file(ledger: Place, tmp_path: Path) -> None:
    (tmp_path / "backup.db").write_text("of yesterday")
    assert "exists already" in ledger.run("store", "backup", str(tmp_path / "backup.db"), code=2).stderr
    assert (tmp_path / "backup.db").read_text() == "of yesterday"


def test_nothing_is_restored_into_a_store_that_is_in_use(ledger: Place, tmp_path: Path) -> None:
    ledger.run("store", "backup", str(tmp_path / "backup.db"))
    assert "Copy into a new store" in ledger.run("store", "restore", str(tmp_path / "backup.db"), code=1).stderr


def test_a_store_moves_to_postgresql_and_works_there(ledger: Place, postgresql_url: str) -> None:
    before = ledger.json("usage")
    said = ledger.run("store", "copy", postgresql_url).stdout
    assert "50 attempts" in said
    assert "trunkline@" not in said
    ledger.configure(f"store: {postgresql_url}\n")
    assert ledger.json("usage") == before
    assert "is sound" in ledger.run("doctor", code=0).stdout


def test_an_address_that_is_none_is_refused_without_repeating_a_password(place: Place) -> None:
    said = place.run("store", "copy", "postgresql://me:hunter2@db", code=2).stderr
    assert "postgresql://user:password@host/database" in said
    assert "hunter2" not in said
