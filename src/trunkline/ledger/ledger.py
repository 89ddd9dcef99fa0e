"""The ledger's writer: intents to the journal at once, rows to the store in groups, from a thread of its own.

An intent is in the kernel's hands when `intend` returns, which `kill -9` does not undo, and on the disk within some
60 ms, which a power cut does not undo. A row is in the store, on the disk, within the same time of `settle`.

A row that the store cannot take is kept and tried again; nothing is dropped. When too many wait, `full` says so and
the gateway takes no more requests: what cannot be recorded is not begun.
"""

import asyncio
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from itertools import islice
from operator import itemgetter
from pathlib import Path

from trunkline.ledger.holding import Charges, alone, settle_dead
from trunkline.ledger.journal import Journal, Orphan, Segment, orphans, process_of
from trunkline.ledger.record import Intent, Row, unsettled
from trunkline.store.base import Store
from trunkline.store.errors import RowRejected, StoreError

GROUP_TIME = 0.05
"""Seconds for which rows are gathered before they are committed together."""
GROUP_SIZE = 2000
MOST_WAITING = 500_000
"""Rows that may wait for a store that does not take them."""
RETRY = 1.0
"""Seconds between two tries of a store that refuses."""

Report = Callable[[str, str], None]
"""Told of trouble: an event's name and a text."""


class Sync:
    """In the queue: nothing but a journal that is to be brought to the disk."""


SYNC = Sync()
Entry = tuple[Row, Segment | None]
_segment = itemgetter(1)


class Ledger:
    """One process's part of the ledger. `intend` and `settle` are called on the event loop's thread and never wait."""

    def __init__(self, store: Store, folder: Path, process: int, report: Report) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._journal = Journal(folder, process)
        self._report = report
        self._queue: queue.SimpleQueue[Entry | Sync | None] = queue.SimpleQueue()
        self._sync_asked = False
        self._unwritten: deque[Entry] = deque()
        self._kept = 0  # of these, how many the journal tells of
        self.settled = 0
        """Rows handed in so far."""
        self.written = 0
        """Rows in the store so far."""
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    @property
    def lag(self) -> int:
        """Rows not yet in the store."""
        return self.settled - self.written

    @property
    def full(self) -> bool:
        """No more may be begun: the store takes nothing, and enough waits for it."""
        return self.settled - self.written > MOST_WAITING

    def intend(self, intent: Intent) -> Segment:
        """Record that an attempt is about to be sent. Raises `OSError`: then it must not be sent."""
        segment = self._journal.begin(intent)
        if not self._sync_asked:
            self._sync_asked = True
            self._queue.put(SYNC)
        return segment

    def settle(self, row: Row, segment: Segment | None) -> None:
        """Record how an attempt ended. `segment` is what `intend` gave; None for one that was never sent."""
        self.settled += 1
        entry = (row, segment)
        self._unwritten.append(entry)
        self._queue.put(entry)

    def keep_ends(self) -> None:
        """Have the journal tell of everything that has ended and may not be in the store yet, so that a crash does not
        change what it cost. Where it cannot, that will be charged at its reservation.
        """
        # From the end: while the store takes nothing, very many wait that the journal tells of already.
        new = list(islice(reversed(self._unwritten), len(self._unwritten) - self._kept))
        try:
            self._journal.end((row, segment) for row, segment in reversed(new) if segment is not None)
        except OSError as error:
            self._report("ledger.journal_not_synced", str(error))
        self._kept = len(self._unwritten)

    def telling(self) -> None:
        """The budgets are about to be told of all that has ended: the journal tells of it until they have heard it."""
        self.keep_ends()
        self._journal.telling()

    def told(self) -> None:
        """The budgets have heard what they were last told."""
        self._journal.told()

    def nothing_held(self) -> None:
        """The budgets have heard all, and this process holds nothing of them any more."""
        self._journal.nothing_held()

    async def close(self) -> None:
        """Write what waits, and end. Waits for a store that refuses for some seconds; the journal keeps the rest."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join, 10.0)
        self.keep_ends()
        self._journal.close()

    # the writer's thread

    def _run(self) -> None:
        last = False
        while not last:
            group, last = self._gather()
            self._sync()
            while group and not self._write(group):
                if last:
                    return  # they stay in the journal until the next start
                time.sleep(RETRY)

    def _gather(self) -> tuple[list[Entry], bool]:
        """Rows to write together, and whether they are the last."""
        group: list[Entry] = []
        item = self._queue.get()
        if item is not None and self._queue.qsize() < GROUP_SIZE:  # more wait already after the store was slow
            time.sleep(GROUP_TIME)
        while item is not None:
            if not isinstance(item, Sync):
                group.append(item)
            if len(group) == GROUP_SIZE:
                return group, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _sync(self) -> None:
        """Bring the journal to the disk, if anything was written since the last time."""
        if self._sync_asked:
            self._sync_asked = False
            try:
                self._journal.sync()
            except OSError as error:
                self._report("ledger.journal_not_synced", str(error))

    def _write(self, group: list[Entry]) -> bool:
        try:
            self._store.write_attempts([row for row, _ in group])
        except RowRejected as error:
            self._report("ledger.row_rejected", str(error))
            return self._write_singly(group)
        except StoreError as error:
            self._report("ledger.store_refuses", str(error))
            return False
        self._loop.call_soon_threadsafe(self._done, group)
        return True

    def _write_singly(self, group: list[Entry]) -> bool:
        """Every row of a group but those that no store can take. Their intents stay, and are charged at the next
        start.
        """
        for item in group:
            try:
                self._store.write_attempts([item[0]])
            except RowRejected:
                item = (item[0], None)
            except StoreError as error:
                self._report("ledger.store_refuses", str(error))
                return False  # all again: what is there already is not written twice
            self._loop.call_soon_threadsafe(self._done, [item])
        return True

    def _done(self, group: list[Entry]) -> None:
        self.written += len(group)
        self._kept = max(0, self._kept - len(group))
        for _ in group:
            self._unwritten.popleft()
        for segment, count in Counter(map(_segment, group)).items():
            if segment is not None:
                self._journal.done(segment, count)


def recover(store: Store, folder: Path, charges: Charges, report: Report) -> int:
    """Enter what dead processes began and did not enter, and settle the budgets they held; of how many attempts nobody
    saw the end. Run before requests are taken. A journal that cannot be read in full is put aside and told of.
    """
    found = 0
    begun: dict[str, list[Intent]] = {}
    dealt_with = []
    with alone(folder):
        for orphan in orphans(folder):
            intents, ended = orphan.intents, orphan.rows
            for start in range(0, len(intents), GROUP_SIZE):
                part = intents[start : start + GROUP_SIZE]
                known = store.recorded([(i.request, i.attempt) for i in part])
                missing = [(pair, i) for i in part if (pair := (i.request, i.attempt)) not in known]
                store.write_attempts([ended.get(pair) or unsettled(i) for pair, i in missing])
                found += sum(pair not in ended for pair, _ in missing)
            begun.setdefault(process_of(orphan.path), []).extend(intents)
            dealt_with.append(orphan)
        settle_dead(store, folder, begun, charges)
        for orphan in dealt_with:
            _let_go(orphan, report)
    return found


def _let_go(orphan: Orphan, report: Report) -> None:
    if not orphan.spoilt:
        orphan.path.unlink(missing_ok=True)
        return
    aside = orphan.path.with_suffix(".spoilt")
    orphan.path.replace(aside)
    lines = "1 line" if orphan.spoilt == 1 else f"{orphan.spoilt} lines"
    report("ledger.journal_spoilt", f"{aside}: {lines} cannot be read, so attempts may be missing. Examine the disk.")
