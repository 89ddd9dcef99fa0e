"""What a process leaves behind for whoever settles its budgets should it die: its name, and how much it has told.

One small file beside the journal, locked while its process lives. With the journal it says what a dead process had
spent and not reported: all attempts that nobody saw the end of, and those that ended after the last report that was
entered. So a budget is charged for a dead process exactly what the ledger is:

1. A report is noted before it is sent, with its number; the store knows whether it was entered.
2. What it tells of is in the store or in the journal by then (`Ledger.keep_ends`), so what was reported is not charged
   again at its reservation.
3. Reports and attempts are dated by clocks that run equally fast. Where the wall clock was set forward in between, the
   earlier of the two dates holds for `FORWARD`: rather twice than not at all.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from trunkline.ledger.record import Intent
from trunkline.store.base import Store

SUFFIX = ".holder"
_WIDTH = 1024
AT_ONCE = 2000
"""Attempts that are looked up in one query."""
ROUNDING = 20
"""Microseconds by which the end of an attempt may seem earlier than it was."""
FORWARD = 3_600_000_000
"""Microseconds: no attempt lasts longer."""


class Report(msgspec.Struct, frozen=True, array_like=True):
    """That a process said all that it had spent until then."""

    holder: str
    """Under which name."""
    number: int
    made: int
    """Unix time, microseconds."""


class Left(msgspec.Struct, frozen=True):
    """What the file says."""

    name: str
    reports: list[Report] = []
    """The last two: of the last, nobody may know whether it was entered."""


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
        self._left = Left("")
        self._ahead = _ahead()
        self._watched_until = 0

    def now(self) -> int:
        """The moment of a report that is being made: Unix time, microseconds, by the earliest clock of late."""
        steady, ahead = time.monotonic_ns() // 1000, _ahead()
        if ahead > self._ahead + ROUNDING and not self._watched_until:
            self._watched_until = steady + FORWARD
        if steady >= self._watched_until or ahead < self._ahead:
            self._ahead, self._watched_until = ahead, 0
        return steady + self._ahead

    def hold(self, name: str) -> None:
        """From now on something is held under `name`. Raises `OSError`."""
        if self._fd is None:
            draft = self._path.with_suffix(".new")
            self._fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._write(Left(name))
            draft.rename(self._path)

    def reports(self, holder: str, number: int, made: int) -> None:
        """A report is about to be sent that tells of everything that was spent before the moment `made`."""
        self._write(Left(self._left.name, [*self._left.reports[-1:], Report(holder, number, made)]))

    def _write(self, left: Left) -> None:
        self._left = left
        if self._fd is not None:
            os.pwrite(self._fd, msgspec.json.encode(left).ljust(_WIDTH), 0)

    def close(self, *, settled: bool) -> None:
        """The process ends; `settled`: it holds nothing any more."""
        if self._fd is not None:
            if settled:
                self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None


def _ahead() -> int:
    """The wall clock minus the steady one, in microseconds. One reading is too low if it was interrupted."""
    return max((time.time_ns() - time.monotonic_ns()) // 1000 for _ in range(3))


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
            left = _read(file.read())
        if left is None:
            path.unlink(missing_ok=True)
            continue
        spent = _unreported(store, begun.get(path.stem, ()), _told(store, left), charges)
        for holder in _lives(store, left):
            held = {each.budget: each.amount for each in store.held_budgets() if each.holder == holder}
            unknown = {budget: amount for budget, amount in held.items() if not charges.knows(budget)}
            if store.settle_holder(holder, spent | unknown):
                spent = {}
        names.append(left.name)
        path.unlink(missing_ok=True)
    return names


def _read(text: bytes) -> Left | None:
    """None for what a power cut has torn: what that process held counts as spent until an operator gives it up."""
    try:
        return msgspec.json.decode(text, type=Left)
    except msgspec.DecodeError:
        return None


def _told(store: Store, left: Left) -> int:
    """Until when what it spent was entered: Unix time, microseconds."""
    entered = [each.made for each in left.reports if store.last_batch(each.holder) >= each.number]
    return max(entered, default=0)


def _lives(store: Store, left: Left) -> list[str]:
    """Every name under which a process holds something, and the last that it had."""
    names = {each.holder for each in store.held_budgets() if each.holder.rpartition(".")[0] == left.name}
    return sorted(names.union(each.holder for each in left.reports[-1:]), reverse=True)


def _unreported(store: Store, begun: Sequence[Intent], told: int, charges: Charges) -> dict[str, int]:
    """What each budget was charged and did not hear of."""
    spent: dict[str, int] = {}
    for start in range(0, len(begun), AT_ONCE):
        part = begun[start : start + AT_ONCE]
        costs = store.charged([(intent.request, intent.attempt) for intent in part], told - ROUNDING)
        for intent in part:
            cost = costs.get((intent.request, intent.attempt), 0)
            for budget in charges.of(intent):
                spent[budget] = spent.get(budget, 0) + max(0, cost)
    return spent
