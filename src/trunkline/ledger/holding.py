"""What a process leaves behind for whoever settles its budgets should it die: its name, and how much it has told.

One small file beside the journal, locked while its process lives. With the journal it says what a dead process had
spent and not reported: all attempts that nobody saw the end of, and those that ended after its last report.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from trunkline.ledger.record import Intent
from trunkline.store.base import Store

SUFFIX = ".holder"
_WIDTH = 20
AT_ONCE = 2000
"""Attempts that are looked up in one query."""


DRIFT = 100_000
"""Microseconds by which the ends of attempts, which are measured by a steady clock, may differ from Unix time."""


class Charges(Protocol):
    """What the configuration says of who pays for what."""

    def of(self, intent: Intent) -> Collection[str]:
        """The ids of all budgets to which an attempt is charged; where that may be one of two, both."""

    def knows(self, budget: str) -> bool:
        """Whether `of` would name this budget for what was charged to it."""


class Mark:
    """This process's file. Made when it first holds something."""

    def __init__(self, folder: Path, process: int) -> None:
        self._path = folder / f"{process}{SUFFIX}"
        self._fd: int | None = None

    def now(self) -> int:
        """The moment of a report that is being made: Unix time, microseconds."""
        return time.time_ns() // 1000

    def hold(self, name: str) -> None:
        """From now on something is held under `name`. Raises `OSError`."""
        if self._fd is None:
            draft = self._path.with_suffix(".new")
            self._fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(self._fd, b"0".rjust(_WIDTH) + b"\n" + name.encode() + b"\n")
            draft.rename(self._path)

    def reported(self, at: int) -> None:
        """Everything that was spent before `at` is told."""
        if self._fd is not None:
            os.pwrite(self._fd, b"%*d" % (_WIDTH, at), 0)

    def close(self, *, settled: bool) -> None:
        """The process ends; `settled`: it holds nothing any more."""
        if self._fd is not None:
            if settled:
                self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Only one process at a time looks at what dead ones have left in `folder`."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def settle_dead(
    store: Store,
    folder: Path,
    begun: Mapping[str, Sequence[Intent]],
    charges: Charges,
) -> list[str]:
    """Settle the budgets of every dead process that has left its mark in `folder`; their names.

    `begun` are the attempts in each process's journal, all of which have a row. A budget that `charges` does not know
    is settled with all that was held of it.
    """
    names = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            told, _, name = file.read().decode().strip().partition("\n")
        spent = _unreported(store, begun.get(path.stem, ()), int(told), charges)
        for holder in _lives(store, name):
            held = {each.budget: each.amount for each in store.held_budgets() if each.holder == holder}
            store.settle_holder(
                holder,
                {budget: spent.get(budget, 0) if charges.knows(budget) else amount for budget, amount in held.items()},
            )
        names.append(name)
        path.unlink(missing_ok=True)
    return names


def _lives(store: Store, name: str) -> set[str]:
    """Every name under which a process holds something."""
    return {each.holder for each in store.held_budgets() if each.holder.rpartition(".")[0] == name}


def _unreported(store: Store, begun: Sequence[Intent], told: int, charges: Charges) -> dict[str, int]:
    """What each budget was charged and did not hear of."""
    spent: dict[str, int] = {}
    for start in range(0, len(begun), AT_ONCE):
        part = begun[start : start + AT_ONCE]
        costs = store.charged([(intent.request, intent.attempt) for intent in part], told - DRIFT)
        for intent in part:
            cost = costs.get((intent.request, intent.attempt), 0)
            for budget in charges.of(intent):
                spent[budget] = spent.get(budget, 0) + max(0, cost)
    return spent
