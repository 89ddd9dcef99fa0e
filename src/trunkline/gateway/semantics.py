"""Answers to questions that were asked before in other words: the semantic cache at work.

Vectors are made on the embedder's own thread, and everything about the cache itself happens on one more, for it takes
up to a millisecond and is not to be shared. Nothing here raises: without an embedder, or when too many wait for it,
there is no answer, and nothing is learnt.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import random
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from trunkline.cache.entry import Damaged, Entry, dump, load
from trunkline.embedding import Busy, EmbeddingQueue
from trunkline.formats.conversation import Reply, Text
from trunkline.gateway.curves import CurveFile

if TYPE_CHECKING:
    from trunkline.cache.semantic import Hit, Miss, Question, SemanticCache

TOKENS: Final = 256
"""Of a question or an answer that its vector is made of."""
UNDER_WAY: Final = 16
"""Hits that are being verified; more are not."""

T = TypeVar("T")


class Seen(msgspec.Struct):
    """A question, and what the cache made of it."""

    cache: "SemanticCache"
    curve: CurveFile
    embedding: EmbeddingQueue
    partition: bytes
    question: "Question"
    found: "Hit | Miss"
    entry: Entry | None
    """The answer; None for a miss."""
    verify: bool
    """A model is to be asked all the same."""


class Semantics:
    """The semantic caches of a process, one for each embedder and share of errors. For the event loop's thread."""

    def __init__(self, most: int, folder: Path, chance: Callable[[], float] = random) -> None:
        """`most`: bytes of each. `folder`: where what they learn of risk is kept. `chance`, from 0 to 1, decides which
        hits are verified.
        """
        self.chance = chance
        self.verifying = 0
        """Hits whose real answer is being asked for."""
        self._most = most
        self._folder = folder
        self._caches: dict[tuple[str, float], tuple[SemanticCache, CurveFile]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="semantic-cache")
        self._learning: set[asyncio.Task[None]] = set()

    async def look(
        self, embedding: EmbeddingQueue, max_error: float, frame: Sequence[bytes], text: str, now: float
    ) -> Seen | None:
        """What is known of `text`, where all of `frame` is equal. None: it cannot be looked up just now."""
        vector = await self._vector(embedding, text)
        if vector is None:
            return None
        return await self._run(lambda: self._look(embedding, max_error, frame, (text, vector), now))

    def _look(
        self,
        embedding: EmbeddingQueue,
        max_error: float,
        frame: Sequence[bytes],
        asked: tuple[str, Any],
        now: float,
    ) -> Seen:
        from trunkline.cache.semantic import Hit, ask, partition_of

        identity = embedding.embedder.identity
        cache, curve = self._cache(identity, embedding.embedder.dimensions, max_error)
        partition = partition_of([*frame, identity.encode()])
        question = ask(*asked)
        found = cache.look_up(partition, question, now, self.chance())
        entry = None
        if isinstance(found, Hit):
            try:
                entry = load(found.entry.reply)
            except Damaged:  # none that this process wrote
                entry = None
        return Seen(cache, curve, embedding, partition, question, found, entry, isinstance(found, Hit) and found.verify)

    def _cache(self, identity: str, dimensions: int, max_error: float) -> "tuple[SemanticCache, CurveFile]":
        from trunkline.cache.semantic import SemanticCache

        known = self._caches.get((identity, max_error))
        if known is None:
            cache = SemanticCache(dimensions, max_error=max_error, most_bytes=self._most)
            curve = CurveFile(self._folder, identity, max_error)
            curve.read_into(cache)
            known = self._caches[identity, max_error] = cache, curve
        return known

    def learn(self, seen: Seen, entry: Entry, reply: Reply, now: float) -> None:
        """Take in what a model has said to a question. Does not wait."""
        text = _words(reply)
        if text:
            task = asyncio.get_running_loop().create_task(self._learn(seen, entry, text, now))
            self._learning.add(task)
            task.add_done_callback(self._learning.discard)

    def clear(self) -> None:
        """Forget every question and answer, but not what was learnt of risk. Does not wait."""
        self._thread.submit(self._clear)

    async def learnt(self) -> None:
        """Wait until all that was said has been taken in."""
        if self._learning:
            await asyncio.wait(set(self._learning))

    async def close(self) -> None:
        """Write down what has been learnt, and end the thread."""
        await self.learnt()
        await self._run(self._write)
        self._thread.shutdown(wait=False)

    def _clear(self) -> None:
        self._write()
        self._caches = {}

    def _write(self) -> None:
        for cache, curve in self._caches.values():
            curve.write(cache)

    async def _learn(self, seen: Seen, entry: Entry, text: str, now: float) -> None:
        vector = await self._vector(seen.embedding, text)
        if vector is not None:
            await self._run(lambda: _store(seen, entry, (text, vector), now))

    async def _vector(self, embedding: EmbeddingQueue, text: str) -> Any:
        try:
            return (await embedding.embed([text], TOKENS))[0]
        except (Busy, RuntimeError):  # too many wait, or the process ends and its thread with it
            return None

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


def _store(seen: Seen, entry: Entry, said: tuple[str, Any], now: float) -> None:
    from trunkline.cache.semantic import answer

    seen.cache.store(
        seen.partition, seen.question, answer(*said), dump(entry), seen.found.trace, now, entry.expires - now
    )
    seen.curve.learnt(seen.cache)


def _words(reply: Reply) -> str:
    """What a reply says, where it is one answer in words."""
    if len(reply.choices) != 1:
        return ""
    parts = reply.choices[0].parts
    return "".join([part.text for part in parts if isinstance(part, Text)])
