"""Journals of several processes in one folder."""

from pathlib import Path

from trunkline.ledger.journal import Journal, orphans


def test_two_processes_that_start_may_deal_with_the_same_dead_one(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.journal").touch()
    found = orphans(tmp_path)
    assert next(found).path.name == "1.journal"
    (tmp_path / "2.journal").unlink()  # by the other
    assert next(found, None) is None


def test_what_a_living_process_writes_is_nobody_elses(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 1)
    assert len(list(tmp_path.iterdir())) == 1
    assert list(orphans(tmp_path)) == []
    journal.close()
    assert list(tmp_path.iterdir()) == []
