"""The answers that are kept: in this process, and where there is a Valkey or Redis, for all replicas.

What is shared is sealed by the vault under its key and tenant: a value that somebody changed, cut, or moved to another
key does not open, is ignored, and counted. While the server is away, this process goes on with what it has.
"""

import asyncio
import time
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final

from trunkline.cache.entry import Damaged, Entry, dump, load
from trunkline.cache.memory import Memory
from trunkline.store.errors import SharedUnavailable, StoreError
from trunkline.telemetry.metrics import Metrics
from trunkline.vault.errors import VaultError
from trunkline.vault.vault import Vault

if TYPE_CHECKING:
    from trunkline.store.shared_cache import SharedCache

PAUSE: Final = 5.0
"""Seconds for which a server that did not answer is not asked."""
WRITING: Final = 1000
"""Answers on their way to it; more are kept here only."""


class Answers:
    """Kept answers by key. Everything is called on the event loop's thread, and nothing raises."""

    def __init__(
        self,
        memory: Memory,
        vault: Vault,
        metrics: Metrics,
        shared: "SharedCache | None",
        now: Callable[[], float] = time.time,
    ) -> None:
        self.memory = memory
        self.now = now
        """Unix time, seconds."""
        self._vault = vault
        self._metrics = metrics
        self._shared = shared
        self._away_until = 0.0
        self._writing: set[asyncio.Task[None]] = set()

    @property
    def is_shared(self) -> bool:
        """Whether there is a server for all replicas."""
        return self._shared is not None

    async def find(self, tenant: str, key: bytes) -> Entry | None:
        """The entry of `key`, which may have expired."""
        found = self.memory.get(key, self.now())
        if found is not None or self._shared is None or monotonic() < self._away_until:
            return found
        # A task of its own: the library's timeouts need one, and a request's strand is none.
        entry = await asyncio.get_running_loop().create_task(self._fetch(self._shared, tenant, key))
        if entry is None or entry.ends <= self.now() or self.memory.forgotten.covers(entry):
            return None
        self.memory.put(key, entry)
        return entry

    async def _fetch(self, shared: "SharedCache", tenant: str, key: bytes) -> Entry | None:
        try:
            sealed = await shared.get(key)
            if sealed is None:
                return None
            return load(await asyncio.to_thread(self._vault.open, tenant, _about(key), sealed))
        except SharedUnavailable:
            self._away()
        except (VaultError, StoreError, Damaged):
            self.damaged()
        return None

    def keep(self, tenant: str, key: bytes, entry: Entry) -> None:
        """Keep an entry. Does not wait."""
        self.memory.put(key, entry)
        if self.memory.forgotten.covers(entry):
            return  # while it was made
        if self._shared is None or monotonic() < self._away_until or len(self._writing) >= WRITING:
            return
        task = asyncio.get_running_loop().create_task(self._share(self._shared, tenant, key, entry))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    def damaged(self) -> None:
        """Something kept was not what was stored."""
        self._metrics.event("cache_failures", "damaged")

    async def written(self) -> None:
        """Wait until what is on its way has arrived, or is lost."""
        if self._writing:
            await asyncio.wait(set(self._writing))

    async def close(self) -> None:
        """Write what is under way, and let go of the server."""
        await self.written()
        if self._shared is not None:
            await self._shared.close()

    async def _share(self, shared: "SharedCache", tenant: str, key: bytes, entry: Entry) -> None:
        try:
            sealed = await asyncio.to_thread(self._vault.seal, tenant, _about(key), dump(entry), compress=True)
            await shared.put(key, sealed, entry.ends - self.now())
        except SharedUnavailable:
            self._away()
        except (VaultError, StoreError):
            self._metrics.event("cache_failures", "away")

    def _away(self) -> None:
        self._away_until = monotonic() + PAUSE
        self._metrics.event("cache_failures", "away")


def _about(key: bytes) -> tuple[str, ...]:
    return "answer", key.hex()
