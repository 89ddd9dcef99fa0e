"""Transcripts on their way to the store: they wait in memory, and are written in groups while requests go on.

All that is held of them, from a request's first byte to the end of its writing, has one bound. What finds no room, and
what the store will never take, is dropped: counted in `trunkline_request_log_dropped_total`, and logged. What the store
cannot take just now stays, and is tried again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final, Literal

import msgspec

from trunkline.gateway.fronts import Front
from trunkline.gateway.log_rules import Keeping
from trunkline.gateway.redacting import redacted
from trunkline.kept.owners import end_user, person_of
from trunkline.kept.transcript import Facts, Said, sealed
from trunkline.store.base import Store
from trunkline.store.content import LogRecord
from trunkline.store.errors import StoreError
from trunkline.telemetry.metrics import Metrics
from trunkline.vault.errors import VaultError
from trunkline.vault.vault import Vault

MOST_HELD: Final = 64 * 1024 * 1024
"""Bytes."""
GROUP, GROUP_BYTES = 100, 4 * 1024 * 1024
"""What is written together at most; a single transcript may be larger."""
RETRY = 1.0
"""Seconds between two tries of a store that refuses."""
ENDS_WITHIN = 10.0
"""Seconds for which the end waits for a store that refuses."""
TOLD_EVERY = 5.0
"""Seconds between two lines in the log about what was dropped."""
SWEPT = 200
"""Expired entries deleted in one transaction."""

Reason = Literal["full", "sealing", "store"]

_decode = msgspec.json.Decoder().decode


class Room:
    """What one request holds of the memory that all of them have together."""

    __slots__ = ("_all", "full", "size")

    def __init__(self, transcripts: "Transcripts") -> None:
        self._all = transcripts
        self.size = 0
        self.full = False
        """It wanted more than there was, and has given back all it had."""

    def take(self, size: int) -> bool:
        """Hold so many more bytes; False where there is no room for them, and then for no others either."""
        if self.full or self._all.held + size > MOST_HELD:
            self.full = True
            self.leave()
            return False
        self._all.held += size
        self.size += size
        return True

    def leave(self) -> None:
        """Give it all back."""
        self._all.held -= self.size
        self.size = 0


class Transcript(msgspec.Struct, frozen=True, eq=False):
    """One request, as it was heard."""

    facts: Facts
    said: Said
    """Without the output."""
    pieces: list[bytes]
    """Of the output."""
    keeping: Keeping
    front: Front
    room: Room


class Transcripts:
    """What waits to be written. Everything is called on the event loop's thread."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        metrics: Metrics,
        report: Callable[..., None],
        digest: Callable[[bytes], bytes],
    ) -> None:
        """`digest`: by which end users are known."""
        self.held = 0
        """Bytes."""
        self._store = store
        self._vault = vault
        self._metrics = metrics
        self._report = report
        self._digest = digest
        self._waiting: deque[Transcript] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._untold: dict[str, int] = {}
        self._told = -TOLD_EVERY
        self._telling: asyncio.TimerHandle | None = None

    def room(self) -> Room:
        """For one request more."""
        return Room(self)

    def add(self, transcript: Transcript) -> None:
        """Have it written."""
        if transcript.room.full:
            self._drop("full", "more is said than can be written; what waits for the store has its bound")
            return
        self._waiting.append(transcript)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write_all())

    async def sweep(self, now: float) -> int:
        """Delete what has expired by `now` (Unix time, seconds), and the data keys of persons with which nothing is
        sealed any more; how many entries it was. Raises `StoreError`. To be called now and then.
        """
        deleted = 0
        while batch := await asyncio.to_thread(self._store.delete_expired_log, int(now), SWEPT):
            deleted += batch
        yesterday = (datetime.fromtimestamp(now, UTC) - timedelta(days=1)).date().isoformat()
        while await asyncio.to_thread(self._store.drop_data_keys, yesterday, SWEPT):
            pass
        return deleted

    async def written(self) -> None:
        """Wait until what waits has been written."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    async def close(self) -> None:
        """Write what waits. What a store refuses for some seconds is dropped."""
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=ENDS_WITHIN)
            self._writer.cancel()
        for _ in self._waiting:
            self._drop("store", "the store took nothing until the end")
        self._waiting.clear()
        if self._telling is not None:
            self._telling.cancel()
            self._tell("the process has ended")

    async def _write_all(self) -> None:
        while self._waiting:
            group = self._group()
            refused = False
            dropped: list[tuple[Reason, str]] = [("sealing", "a bug, which the log has")] * len(group)
            try:
                dropped = await asyncio.to_thread(self._write, group)
            except StoreError as error:
                refused = True
                self._report("request_log.store_refuses", waiting=len(self._waiting), problem=str(error))
            finally:  # whatever it was, it is not to happen again with the same ones
                if not refused:
                    self._over(group, dropped)
            if refused:
                await asyncio.sleep(RETRY)

    def _over(self, group: Sequence[Transcript], dropped: Sequence[tuple[Reason, str]]) -> None:
        for transcript in group:
            self._waiting.popleft()
            transcript.room.leave()
        for reason, problem in dropped:
            self._drop(reason, problem)

    def _group(self) -> list[Transcript]:
        group: list[Transcript] = []
        size = 0
        for transcript in self._waiting:
            size += transcript.room.size
            if group and (len(group) == GROUP or size > GROUP_BYTES):
                break
            group.append(transcript)
        return group

    def _drop(self, reason: Reason, problem: str) -> None:
        self._metrics.event("request_log_dropped", reason)
        self._untold[reason] = self._untold.get(reason, 0) + 1
        if self._telling is None:
            wait = max(0.0, self._told + TOLD_EVERY - monotonic())
            self._telling = asyncio.get_running_loop().call_later(wait, self._tell, problem)

    def _tell(self, problem: str) -> None:
        self._telling, self._told = None, monotonic()
        self._report("request_log.dropped", problem=problem, **self._untold)
        self._untold = {}

    # in a worker thread

    def _write(self, group: Sequence[Transcript]) -> list[tuple[Reason, str]]:
        """Redact, encrypt and store; what can never be stored. Raises `StoreError` where it may succeed later."""
        records: list[LogRecord] = []
        dropped: list[tuple[Reason, str]] = []
        for transcript in group:
            try:
                records.append(self._sealed(transcript))
            except (VaultError, StoreError) as error:
                _raise_if_it_passes(error)
                dropped.append(("sealing", str(error)))
        return [*dropped, *self._stored(records)]

    def _sealed(self, transcript: Transcript) -> LogRecord:
        keeping, front = transcript.keeping, transcript.front
        said = msgspec.structs.replace(transcript.said, output=b"".join(transcript.pieces))
        person = person_of(self._digest, end_user(_decode(said.input)))
        if keeping.redact:
            said = redacted(said, front.format, front.place, keeping.redact)
        return sealed(transcript.facts, said, person, keeping.keep, self._vault)

    def _stored(self, records: Sequence[LogRecord]) -> list[tuple[Reason, str]]:
        try:
            self._store.write_log(records)
        except StoreError as error:
            _raise_if_it_passes(error)
            if len(records) == 1:
                return [("store", str(error))]
            return [pair for record in records for pair in self._stored([record])]
        return []


def _raise_if_it_passes(error: VaultError | StoreError) -> None:
    if isinstance(error, StoreError) and error.transient:
        raise error
