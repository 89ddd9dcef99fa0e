"""Several processes that begin on one store at once."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import apsw
from tests.vault.child import NOON

from trunkline.store import open_store
from trunkline.vault.keyring import MasterKey
from trunkline.vault.vault import Vault

ROOT = Path(__file__).parents[2]


def sealed_at_once(path: Path, *masters: str) -> list[str]:
    """What processes with these master keys say, each of which is ready before any may go on."""
    open_store(f"sqlite://{path}").close()
    with ExitStack() as stack:
        family = []
        for master in masters:
            command = [sys.executable, "-m", "tests.vault.child", str(path), master]
            process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.enter_context(process)
            stack.callback(process.kill)
            family.append(process)
        for process in family:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in family:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [process.communicate(timeout=30)[0].strip() for process in family]


def test_processes_that_make_a_days_key_at_once_read_what_the_others_sealed(tmp_path: Path) -> None:
    path = tmp_path / "trunkline.db"
    said = sealed_at_once(path, *["m" * 32] * 3)
    store = open_store(f"sqlite://{path}")
    vault = Vault(store, MasterKey(b"m" * 32), lambda: NOON)
    assert [vault.open("acme", ("note", "1"), bytes.fromhex(line)) for line in said] == [b"hello"] * 3
    store.close()
    db = apsw.Connection(str(path))
    assert db.execute("SELECT count(*) FROM data_keys").get == 1
    db.close()


def test_of_two_processes_that_begin_a_store_with_different_master_keys_one_is_refused(tmp_path: Path) -> None:
    said = sealed_at_once(tmp_path / "trunkline.db", "1" * 32, "2" * 32)
    assert sorted(line == "WrongMasterKey" for line in said) == [False, True]
