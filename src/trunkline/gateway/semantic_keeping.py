"""The semantic cache's entries in the store, by which they outlive a process and reach all others.

Each is sealed by the vault for its tenant, and bound to its place and the embedder that its vectors come from: a row
that somebody changed or moved does not open, is ignored, and counted. While the store is away, entries wait; what is
too much to wait is not stored, which only means that it is asked for again some day.
"""

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

from trunkline.store.errors import StoreError
from trunkline.store.semantic_entries import SemanticKind, SemanticRecord, SemanticStore
from trunkline.telemetry.metrics import Metrics
from trunkline.vault.errors import KeyDestroyed, VaultError
from trunkline.vault.vault import Vault

ENTRIES: Final = 100_000
"""In the store, as in the memory of a process."""
LARGEST: Final = 1 << 20
"""Bytes of an entry; what is larger is in memory only."""
WAITING: Final = 16 << 20
"""Bytes of entries that wait to be written."""
GROUP: Final = 100
"""Entries that are written together."""
PAGE: Final = 50
"""Entries that are read together."""
RETRY: Final = 1.0
"""Seconds between two tries of a store that refuses."""
ENDS_WITHIN: Final = 5.0
"""Seconds for which the end waits for it."""
SWEPT_AFTER: Final = 1000
"""Entries that a process writes before it makes sure that there are not too many. It does so now and then anyway."""
SWEPT_AT_ONCE: Final = 1000


class Sealable(msgspec.Struct, frozen=True, array_like=True):
    """What is encrypted."""

    version: int
    partition: bytes
    data: bytes
    """See `SemanticCache.dump`."""


class Waiting(msgspec.Struct, frozen=True):
    """An entry that is to be written."""

    id: bytes
    tenant: str
    kind: SemanticKind
    expires: int
    content: bytes


class Page(msgspec.Struct, frozen=True):
    """Entries that were read: partitions and what is known of them, without those that did not open."""

    number: int
    """Of the last that was read."""
    entries: list[tuple[bytes, bytes]]
    damaged: int
    """Those that are not what was stored."""


VERSION: Final = 1
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Sealable).decode


class Keeping:
    """The entries of one store, as one process writes and reads them."""

    def __init__(
        self,
        store: SemanticStore,
        vault: Vault,
        metrics: Metrics,
        digest: Callable[[bytes], bytes],
        most: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`digest`: under the server's secret. `most`: bytes that all entries in the store may have."""
        self.most = most
        self._store = store
        self._vault = vault
        self._metrics = metrics
        self._digest = digest
        self.now = now
        """Unix time, seconds."""
        self._writer = os.urandom(8)
        self._waiting: OrderedDict[bytes, Waiting] = OrderedDict()
        self._size = 0
        self._unswept = 0
        self._task: asyncio.Task[None] | None = None

    # writing, on the event loop's thread

    def add(self, tenant: str, kind: SemanticKind, partition: bytes, asked: str, data: bytes, expires: float) -> None:
        """Have an entry written, in place of what is there of the same question. Does not wait."""
        content = _encode(Sealable(VERSION, partition, data))
        named = f"semantic\n{kind.embedder}\n{kind.dimensions}\n{kind.allowed}\n".encode() + partition + asked.encode()
        entry = Waiting(self._digest(named)[:16], tenant, kind, int(expires), content)
        self._taken(entry.id)
        if len(content) > LARGEST:
            return
        if self._size + len(content) > WAITING:
            self.failed("away")
            return
        self._waiting[entry.id] = entry
        self._size += len(content)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write_all())

    def failed(self, what: Literal["away", "damaged"]) -> None:
        """The store could not be asked, or what it has is not what was stored."""
        self._metrics.event("cache_failures", what)

    def forget(self) -> None:
        """Do not write what waits: who said it may have been erased, and it would be sealed with a new key."""
        self._waiting.clear()
        self._size = 0

    async def written(self) -> None:
        """Wait until all that waits is in the store."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Write what waits. What a store refuses for some seconds is not kept."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=ENDS_WITHIN)
            self._task.cancel()

    async def _write_all(self) -> None:
        while self._waiting:
            group = list(self._waiting.values())[:GROUP]
            try:
                await asyncio.to_thread(self._write, group)
            except (VaultError, StoreError) as error:
                self.failed("away")
                if isinstance(error, StoreError) and error.transient:
                    await asyncio.sleep(RETRY)
                    continue
            for entry in group:
                if self._waiting.get(entry.id) is entry:  # and not what was said to the same question meanwhile
                    self._taken(entry.id)

    def _taken(self, entry: bytes) -> None:
        """It waits no longer."""
        waited = self._waiting.pop(entry, None)
        self._size -= len(waited.content) if waited is not None else 0

    # in a worker thread; these raise `StoreError`

    def _write(self, group: Sequence[Waiting]) -> None:
        records = [
            SemanticRecord(
                it.id,
                it.tenant,
                it.kind,
                it.expires,
                self._vault.seal(it.tenant, _about(it.id, it.kind, it.expires), it.content, compress=True),
            )
            for it in group
        ]
        self._store.write_semantic(records, self._writer)
        self._unswept += len(records)
        if self._unswept >= SWEPT_AFTER:
            self.sweep()

    def sweep(self) -> None:
        """Delete what has expired, what was erased, and what is too much."""
        self._unswept = 0
        while self._store.sweep_semantic(int(self.now()), ENTRIES, self.most, SWEPT_AT_ONCE):
            pass

    def number(self) -> int:
        """Of the latest entry there is."""
        return self._store.semantic_number()

    def since(self, kind: SemanticKind, number: int) -> Page | None:
        """What others have written after a number; None where that is nothing."""
        return self._page(self._store.semantic_since(kind, number, self._writer, int(self.now()), PAGE))

    def until(self, kind: SemanticKind, number: int) -> Page | None:
        """What was written up to a number, the latest first."""
        return self._page(self._store.semantic_until(kind, number, int(self.now()), PAGE))

    def _page(self, found: Sequence[tuple[int, SemanticRecord]]) -> Page | None:
        if not found:
            return None
        entries: list[tuple[bytes, bytes]] = []
        damaged = 0
        for _, record in found:
            about = _about(record.id, record.kind, record.expires)
            try:
                content = _decode(self._vault.open(record.tenant, about, record.sealed))
            except KeyDestroyed:
                continue  # erased, as it should be
            except (VaultError, msgspec.DecodeError):
                damaged += 1
                continue
            if content.version == VERSION:
                entries.append((content.partition, content.data))
            else:
                damaged += 1
        return Page(found[-1][0], entries, damaged)


def _about(entry: bytes, kind: SemanticKind, expires: int) -> tuple[str, ...]:
    return "semantic entry", entry.hex(), kind.embedder, str(kind.dimensions), str(kind.allowed), str(expires)
