"""Responses on their way to the store: they wait in memory, and are written in groups while requests go on.

What the store cannot take just now stays and is tried again; what it will never take, and what is too much to wait, is
lost, and told: counted in `trunkline_unsaved_responses_total`, and logged.
"""

import asyncio
from collections.abc import Callable, Sequence

from trunkline.kept.response import Stored, sealed
from trunkline.store.base import ResponseRecord, ResponseStore
from trunkline.store.errors import StoreError
from trunkline.telemetry.metrics import Metrics
from trunkline.vault.errors import VaultError
from trunkline.vault.vault import Vault

MOST_WAITING = 64 * 1024 * 1024
"""Bytes."""
GROUP, GROUP_BYTES = 100, 4 * 1024 * 1024
"""What is written together at most; a single response may be larger."""
RETRY = 1.0
"""Seconds between two tries of a store that refuses."""
ENDS_WITHIN = 10.0
"""Seconds for which the end waits for a store that refuses."""

Lost = tuple[Stored, VaultError | StoreError]


class Backlog:
    """Everything is called on the event loop's thread."""

    def __init__(self, store: ResponseStore, vault: Vault, metrics: Metrics, report: Callable[..., None]) -> None:
        self.turn = asyncio.Lock()
        """Held by whoever changes the store, so that nothing is written after it was deleted."""
        self._store = store
        self._vault = vault
        self._metrics = metrics
        self._report = report
        self._waiting: dict[tuple[str, str], Stored] = {}
        self._size = 0
        self._writer: asyncio.Task[None] | None = None

    def add(self, stored: Stored) -> None:
        """Have it written, in place of one with the same id that waits still."""
        self.take(*stored.key)
        if self._waiting and self._size + stored.size > MOST_WAITING:
            self.lost(stored.id, "too many wait for the store")
            return
        self._waiting[stored.key] = stored
        self._size += stored.size
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write_all())

    def get(self, tenant: str, response_id: str) -> Stored | None:
        """What waits under this id."""
        return self._waiting.get((tenant, response_id))

    def take(self, tenant: str, response_id: str) -> Stored | None:
        """What waits under this id, which is then no longer to be written."""
        stored = self._waiting.pop((tenant, response_id), None)
        self._size -= stored.size if stored is not None else 0
        return stored

    def lost(self, response_id: str, why: str) -> None:
        """A response is not kept that should be."""
        self._metrics.event("unsaved_responses")
        self._report("responses.not_saved", response=response_id, problem=why)

    async def close(self) -> None:
        """Write what waits. What a store refuses for some seconds is lost."""
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=ENDS_WITHIN)
            self._writer.cancel()
        for stored in list(self._waiting.values()):
            self.lost(stored.id, "the store took nothing until the end")

    async def _write_all(self) -> None:
        while self._waiting:
            async with self.turn:
                refused = await self._write_group()
            if refused:
                await asyncio.sleep(RETRY)

    async def _write_group(self) -> bool:
        """Write what has waited longest; whether the store refuses."""
        group = self._group()
        try:
            lost = await asyncio.to_thread(self._write, group)
        except StoreError as error:
            self._report("responses.store_refuses", waiting=len(self._waiting), problem=str(error))
            return True
        for stored in group:
            if self.get(*stored.key) is stored:  # and not one that was saved under the same id meanwhile
                self.take(*stored.key)
        for stored, why in lost:
            self.lost(stored.id, str(why))
        return False

    def _group(self) -> list[Stored]:
        group: list[Stored] = []
        size = 0
        for stored in self._waiting.values():
            size += stored.size
            if group and (len(group) == GROUP or size > GROUP_BYTES):
                break
            group.append(stored)
        return group

    # in a worker thread

    def _write(self, group: Sequence[Stored]) -> list[Lost]:
        """Encrypt and store; what can never be stored. Raises `StoreError` where it may succeed later."""
        records: list[ResponseRecord] = []
        lost: list[Lost] = []
        for stored in group:
            try:
                records.append(sealed(stored, self._vault))
            except (VaultError, StoreError) as error:
                _raise_if_it_passes(error)
                lost.append((stored, error))
        try:
            self._store.write_responses(records)
        except StoreError as error:
            _raise_if_it_passes(error)
            if len(group) == 1:
                return [(group[0], error)]
            return [pair for stored in group for pair in self._write([stored])]
        return lost


def _raise_if_it_passes(error: VaultError | StoreError) -> None:
    if isinstance(error, StoreError) and error.transient:
        raise error
