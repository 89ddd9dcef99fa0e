"""Answers to questions that were asked before in other words: the semantic cache at work.

Vectors are made on the embedder's own thread, and everything about the cache itself happens on one more, for it takes
up to a millisecond and is not to be shared. Nothing that a request waits for raises: without an embedder, or when too
many wait for it, there is no answer, and nothing is learnt.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import random
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from trunkline.cache.entry import Damaged, Entry, dump, load
from trunkline.embedding import Busy, EmbeddingQueue
from trunkline.formats.conversation import Reply, Text
from trunkline.gateway.curves import CurveFile
from trunkline.gateway.semantic_keeping import Keeping, Page
from trunkline.store.errors import StoreError
from trunkline.store.semantic_entries import SemanticKind

if TYPE_CHECKING:
    from trunkline.cache.semantic import Hit, Miss, Question, SemanticCache
    from trunkline.gateway.snapshot import Snapshot

TOKENS: Final = 256
"""Of a question or an answer that its vector is made of."""
UNDER_WAY: Final = 16
"""Hits that are being verified; more are not."""
FOLLOWS: Final = 1.0
"""Seconds between two looks at what others have written."""
SWEEP: Final = 600.0
"""Seconds between two times that what has expired is deleted."""
AT_ONCE: Final = 2
"""Entries of the store that are taken in before somebody who looks something up has their turn."""
PAUSES: Final = 3.0
"""For this many times as long as that took, nothing is taken in: requests come first."""

T = TypeVar("T")


class Held(msgspec.Struct, eq=False):
    """One cache, and how far it is with what the store has."""

    kind: SemanticKind
    cache: "SemanticCache"
    curve: CurveFile
    begun: bool
    """It began with what the curve's file holds."""
    newest: int = -1
    """The entry up to which it has taken up what others wrote; -1: it has not begun to."""
    oldest: int = 0
    """Those up to this number it has not looked at yet, of what was there when it began."""


class Seen(msgspec.Struct):
    """A question, and what the cache made of it."""

    held: Held
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

    def __init__(self, most: int, folder: Path, keeping: Keeping, chance: Callable[[], float] = random) -> None:
        """`most`: bytes of each. `folder`: where what they learn of risk is kept; `keeping`: where their entries are.
        `chance`, from 0 to 1, decides which hits are verified.
        """
        self.chance = chance
        self.keeping = keeping
        self.verifying = 0
        """Hits whose real answer is being asked for."""
        self._most = most
        self._folder = folder
        self._caches: dict[tuple[str, float], Held] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="semantic-cache")
        self._learning: set[asyncio.Task[None]] = set()

    # for requests

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

        held = self._held(embedding, max_error)
        partition = partition_of([*frame, held.kind.embedder.encode()])
        question = ask(*asked)
        found = held.cache.look_up(partition, question, now, self.chance())
        entry = None
        if isinstance(found, Hit):
            try:
                entry = load(found.entry.reply)
            except Damaged:  # none of this version
                entry = None
        return Seen(held, embedding, partition, question, found, entry, isinstance(found, Hit) and found.verify)

    def _held(self, embedding: EmbeddingQueue, max_error: float) -> Held:
        from trunkline.cache.semantic import SemanticCache

        identity, dimensions = embedding.embedder.identity, embedding.embedder.dimensions
        known = self._caches.get((identity, max_error))
        if known is None:
            cache = SemanticCache(dimensions, max_error=max_error, most_bytes=self._most)
            curve = CurveFile(self._folder, identity, max_error)
            begun = curve.read_into(cache)
            kind = SemanticKind(identity, dimensions, round(max_error * 1_000_000))
            known = self._caches[identity, max_error] = Held(kind, cache, curve, begun)
        return known

    def forget(self, seen: Seen) -> None:
        """What was found is not to be given any more: make room for what is said now. Does not wait."""
        from trunkline.cache.semantic import Hit

        if isinstance(seen.found, Hit):
            self._thread.submit(seen.held.cache.forget, seen.found.entry)

    def learn(self, seen: Seen, entry: Entry, reply: Reply, now: float, tenant: str | None) -> None:
        """Take in what a model has said to a question. Does not wait. `tenant`: for whom it is encrypted in the store;
        None: it is not to be there.
        """
        text = _words(reply)
        if text:
            task = asyncio.get_running_loop().create_task(self._learn(seen, entry, text, now, tenant))
            self._learning.add(task)
            task.add_done_callback(self._learning.discard)

    async def learnt(self) -> None:
        """Wait until all that was said has been taken in."""
        if self._learning:
            await asyncio.wait(set(self._learning))

    async def _learn(self, seen: Seen, entry: Entry, text: str, now: float, tenant: str | None) -> None:
        vector = await self._vector(seen.embedding, text)
        if vector is None:
            return
        stored = await self._run(lambda: _store(seen, entry, (text, vector), now))
        if tenant is not None:
            self.keeping.add(tenant, seen.held.kind, seen.partition, seen.question.text, stored, entry.expires)

    # for the process

    def clear(self) -> None:
        """Forget every question and answer, but not what was learnt of risk. What is still in the store, and opens, is
        taken up again; what is not there yet will not be. Does not wait.
        """
        self.keeping.forget()
        self._thread.submit(self._clear)

    async def run(self, current: "Callable[[], Snapshot]") -> None:
        """Follow the store for as long as the process runs, and keep what is there within its bounds. `current`: the
        configuration at work.
        """
        swept = -SWEEP
        while True:
            rules, embedding = current().cache, current().learnt.embedding
            try:
                if rules is not None and embedding is not None:
                    await self.follow(embedding, rules.stored)
                if monotonic() - swept >= SWEEP:
                    swept = monotonic()
                    await asyncio.to_thread(self.keeping.sweep)
            except StoreError:
                self.keeping.failed("away")
            await asyncio.sleep(FOLLOWS)

    async def follow(self, embedding: EmbeddingQueue, shares: frozenset[float]) -> None:
        """Take up what other processes have written since the last time, and what was there when this one began, the
        latest first, for caches with these shares of errors. Raises `StoreError`.
        """
        for share in sorted(shares):
            held = await self._run(partial(self._held, embedding, share))
            if held.newest < 0:
                held.newest = held.oldest = await asyncio.to_thread(self.keeping.number)
            await self._take_news(held)
            while held.oldest > 0 and not held.cache.full:
                page = await asyncio.to_thread(self.keeping.until, held.kind, held.oldest)
                held.oldest = page.number - 1 if page is not None else 0
                await self._take(held, page, oldest=True)
                await self._take_news(held)

    async def _take_news(self, held: Held) -> None:
        while (page := await asyncio.to_thread(self.keeping.since, held.kind, held.newest)) is not None:
            await self._take(held, page, oldest=False)
            held.newest = page.number

    async def _take(self, held: Held, page: Page | None, *, oldest: bool) -> None:
        entries = page.entries if page is not None else []
        damaged = page.damaged if page is not None else 0
        for start in range(0, len(entries), AT_ONCE):
            began = monotonic()
            some = entries[start : start + AT_ONCE]
            damaged += await self._run(partial(_load, held, some, self.keeping.now(), oldest=oldest))
            await asyncio.sleep(PAUSES * (monotonic() - began))
        for _ in range(damaged):
            self.keeping.failed("damaged")

    async def close(self) -> None:
        """Write down what has been learnt and what waits for the store, and end the thread."""
        await self.learnt()
        await self._run(self._write)
        self._thread.shutdown(wait=False)
        await self.keeping.close()

    def _clear(self) -> None:
        self._write()
        self._caches = {}

    def _write(self) -> None:
        for held in self._caches.values():
            held.curve.write(held.cache)

    async def _vector(self, embedding: EmbeddingQueue, text: str) -> Any:
        try:
            return (await embedding.embed([text], TOKENS))[0]
        except (Busy, RuntimeError):  # too many wait, or the process ends and its thread with it
            return None

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


def _store(seen: Seen, entry: Entry, said: tuple[str, Any], now: float) -> bytes:
    """Keep an answer; the entry, as the store may have it."""
    from trunkline.cache.semantic import answer

    cache = seen.held.cache
    kept = cache.store(
        seen.partition, seen.question, answer(*said), dump(entry), seen.found.trace, now, entry.expires - now
    )
    seen.held.curve.learnt(cache)
    return cache.dump(kept)


def _load(held: Held, entries: Sequence[tuple[bytes, bytes]], now: float, *, oldest: bool) -> int:
    """Take in entries of the store; how many of them are damaged."""
    from trunkline.cache import semantic

    damaged = 0
    for partition, data in entries:
        try:
            held.cache.load(partition, data, now, oldest=oldest, alone=oldest and held.begun)
        except semantic.Damaged:
            damaged += 1
    return damaged


def _words(reply: Reply) -> str:
    """What a reply says, where it is one answer in words."""
    if len(reply.choices) != 1:
        return ""
    parts = reply.choices[0].parts
    return "".join([part.text for part in parts if isinstance(part, Text)])
