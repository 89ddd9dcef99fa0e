"""The model for an event loop: a thread of its own, and a bound on who waits for it."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trunkline.embedding.model import Embedder

WAITING: Final = 64
"""Texts that may wait. At 2 to 20 ms each, whoever comes later would wait longer than the vector is worth."""


class Busy(Exception):
    """Too many texts wait already: go on without a vector."""


class EmbeddingQueue:
    """Embeds off the event loop, in the order of asking."""

    def __init__(self, embedder: "Embedder", waiting: int = WAITING) -> None:
        self.embedder = embedder
        self._most = waiting
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedding")

    async def embed(self, texts: Sequence[str], tokens: int = 256) -> "NDArray[np.float32]":
        """As `Embedder.embed`. Raises `Busy` at once when too many wait. Cancelled, it is not begun any more."""
        if self._waiting + len(texts) > self._most:
            raise Busy(f"{self._waiting} texts are waiting for their vectors")
        self._waiting += len(texts)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self.embedder.embed, texts, tokens)
        finally:
            self._waiting -= len(texts)

    def close(self) -> None:
        """Let what is under way end, and nothing else begin. Waits for at most one call of `embed`."""
        self._thread.shutdown(wait=True, cancel_futures=True)
