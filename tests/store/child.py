"""What a second process does in the tests of the store: `python -m tests.store.child <task> <path> …`.

A child tells what it has done on its standard output, a line for each step.
"""

import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import overload

from tests.store.rows import batch

from trunkline.ledger.record import Row
from trunkline.store import open_store
from trunkline.store.base import Store
from trunkline.store.errors import StoreError

BATCH = 150


def tell(line: str) -> None:
    print(line, flush=True)


def open_when_told(path: str) -> None:
    """Wait for the others to be ready, so that all open the store at once."""
    tell("ready")
    sys.stdin.readline()
    store = open_store(f"sqlite://{path}")
    tell(f"version {store.version()}")
    store.close()


def write(path: str, writer: str, batches: str) -> None:
    """Write batches of its own, and as many that every writer writes."""
    store = open_store(f"sqlite://{path}")
    tell("ready")
    sys.stdin.readline()
    for number in range(int(batches)):
        store.write_attempts(batch(number, BATCH, writer))
        store.write_attempts(batch(number, BATCH, "everyone"))
        tell(f"wrote {number}")
    store.close()


def write_for_ever(path: str) -> None:
    store = open_store(f"sqlite://{path}")
    number = 0
    while True:
        store.write_attempts(batch(number, BATCH))
        tell(f"wrote {number}")
        number += 1


class Deadly(Sequence[Row]):
    """Rows that kill the process as soon as one from the second half is asked for."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice) and index.start >= len(self) // 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._rows[index]


def die_within_a_batch(path: str) -> None:
    store = open_store(f"sqlite://{path}")
    store.write_attempts(batch(0, BATCH))
    tell("wrote 0")
    store.write_attempts(Deadly(batch(1, BATCH)))
    tell("wrote 1")


def outgrow_the_disk(path: str) -> None:
    """Write under a limit on the size of files until that is reached, then without one."""
    store = open_store(f"sqlite://{path}")
    written = _write_until_it_fails(store, path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.write_attempts(batch(written, BATCH))
    tell(f"wrote {written + 1}")
    store.close()


def _write_until_it_fails(store: Store, path: str) -> int:
    wal = Path(f"{path}-wal")
    written = 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size + 300_000, resource.RLIM_INFINITY))
    while True:
        try:
            store.write_attempts(batch(written, BATCH))
        except StoreError as error:
            tell(f"{type(error).__name__} transient={error.transient}")
            return written
        written += 1


TASKS = {task.__name__: task for task in (open_when_told, write, write_for_ever, die_within_a_batch, outgrow_the_disk)}

if __name__ == "__main__":
    TASKS[sys.argv[1]](*sys.argv[2:])
