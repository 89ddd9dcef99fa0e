"""What a start makes of the journals that dead processes left behind."""

from pathlib import Path

from msgspec.structs import replace

from trunkline.gateway.applying import Charges, Rules
from trunkline.ledger.journal import Journal
from trunkline.ledger.ledger import recover
from trunkline.ledger.record import Intent
from trunkline.store import open_store

INTENT = Intent("01a20271-3c73-7e94-a370-02e34b416cbd", 1, 0, "label", "key", "asked", "up", "model", False, 7)


def left_behind(folder: Path, *, between: bytes = b"", after: bytes = b"") -> list[tuple[str, str]]:
    """Leaves two attempts in a journal, with these bytes; what the next start, which charges both, tells of."""
    journal = Journal(folder, 1)
    journal.begin(INTENT)
    [path] = folder.glob("*.journal")
    with path.open("ab") as file:
        file.write(between)
    journal.begin(replace(INTENT, attempt=2))
    with path.open("ab") as file:
        file.write(after)
    journal.close()
    store = open_store(f"sqlite://{folder / 'trunkline.db'}")
    told: list[tuple[str, str]] = []
    try:
        assert recover(store, folder, Charges(Rules()), lambda event, problem: told.append((event, problem))) == 2
    finally:
        store.close()
    assert not list(folder.glob("*.journal"))
    return told


def test_a_last_line_that_a_power_cut_has_torn_is_nothing_to_tell_of(tmp_path: Path) -> None:
    for torn in (b"", b'{"request": "01a2', bytes(512)):
        assert left_behind(tmp_path, after=torn) == []
        assert not list(tmp_path.glob("*.spoilt"))
        (tmp_path / "trunkline.db").unlink()


def test_a_journal_that_cannot_be_read_in_full_is_put_aside_and_told_of(tmp_path: Path) -> None:
    [(event, problem)] = left_behind(tmp_path, between=b"\x00\xff\n{}\n")
    assert event == "ledger.journal_spoilt"
    [aside] = tmp_path.glob("*.spoilt")
    assert problem.startswith(f"{aside}: 2 lines cannot be read")
    assert aside.read_bytes().count(b"\n") == 4
