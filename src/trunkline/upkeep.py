"""What a process does beside its requests, again and again: takes in what others have changed, and tidies up."""

import asyncio
import time
from collections.abc import Callable

from trunkline.gateway.app import Gateway, Report
from trunkline.gateway.identity import POLL
from trunkline.store.base import Store
from trunkline.store.errors import StoreError
from trunkline.vault.vault import Vault

SWEEP = 600.0
"""Seconds between two times that expired responses are deleted, and the ledger is tidied."""
DELETED_AT_ONCE, BETWEEN_DELETIONS = 2000, 0.05
"""Rows of the ledger, and seconds in which others have their turn to write."""


class Upkeep:
    """The upkeep of one process. Made when it has read all that it begins with."""

    def __init__(
        self, gateway: Gateway, store: Store, vault: Vault, report: Report, take_up: Callable[[], None]
    ) -> None:
        """`take_up` has the gateway use the tenants' keys with providers as they are now known."""
        self._gateway = gateway
        self._store = store
        self._vault = vault
        self._report = report
        self._take_up = take_up
        self._erasure = store.last_erasure()
        """The last that is known of."""
        self._take_forgotten()

    async def follow_keys(self) -> None:
        """Take in changes of the keys, and what is forgotten, within a second of their making."""
        troubled, version = False, -1
        while True:
            await asyncio.sleep(POLL)
            try:
                await asyncio.to_thread(self._gateway.keys.load)
                self._take_up()
                now = self._gateway.keys.version
                if now != version:
                    await asyncio.to_thread(self._take_forgotten)
                    version = now
                if await asyncio.to_thread(self._has_been_erased):
                    self._gateway.caching.forget()
                troubled = False
            except StoreError as error:
                if not troubled:
                    self._report("keys.not_read", problem=str(error))
                troubled = True

    def _take_forgotten(self) -> None:
        self._gateway.caching.answers.memory.forgotten.learn(self._store.forgotten())

    def _has_been_erased(self) -> bool:
        """In a worker thread: let go of destroyed keys; whether anything was erased since the last time."""
        if not self._vault.keyring.follow():
            return False
        before, self._erasure = self._erasure, self._store.last_erasure()
        return self._erasure != before

    async def sweep(self) -> None:
        """Delete what has been kept for long enough, and make ready for what is to come."""
        while True:
            try:
                await asyncio.to_thread(self._tidy_ledger, int(time.time()))
            except StoreError as error:
                self._report("ledger.not_tidied", problem=str(error))
            await asyncio.sleep(SWEEP)
            try:
                await self._gateway.remembered.sweep(time.time())
                await self._gateway.transcripts.sweep(time.time())
            except StoreError as error:
                self._report("responses.not_swept", problem=str(error))

    def _tidy_ledger(self, now: int) -> None:
        """In a worker thread."""
        self._store.prepare(now)
        self._store.prune_limits()
        keep = self._gateway.snapshot.config.ledger.keep
        if keep is not None:
            while self._store.delete_attempts(now - int(keep), DELETED_AT_ONCE):
                time.sleep(BETWEEN_DELETIONS)
