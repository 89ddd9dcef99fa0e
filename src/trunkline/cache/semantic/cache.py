"""All partitions together: what bounds them, ends their entries, and writes them down."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from trunkline.cache.semantic.answers import Answer, answer
from trunkline.cache.semantic.entry import Entry, Question, ask, decode, encode, unpack
from trunkline.cache.semantic.partition import Hit, Miss, Partition, Trace
from trunkline.cache.semantic.risk import Risk

ENTRIES: Final = 100_000
BYTES: Final = 1 << 30
FULL: Final = 0.95
"""Of the bytes that there may be."""
PARTITION: Final = 8000
"""Bytes that a partition takes beside its entries, with what it has learnt when it is small."""


def partition_of(parts: Iterable[bytes]) -> bytes:
    """The partition of requests that have all of `parts` in common: scope, route, system prompt, tools, parameters,
    earlier turns, the embedder's identity. Parts cannot run into one another.
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


class SemanticCache:
    """Entries by partition, of which the least recently used make room. Not thread-safe."""

    def __init__(
        self, dimensions: int, *, max_error: float = 0.01, entries: int = ENTRIES, most_bytes: int = BYTES
    ) -> None:
        """`dimensions`: of the embedder's vectors. `max_error`: wrong answers to all requests that are looked up."""
        if not 0 < max_error < 1:
            raise ValueError("max_error is a share of all requests, between 0 and 1")
        self._dimensions = dimensions
        self._max_error = max_error
        self._most_entries = entries
        self._most_bytes = most_bytes
        self._partitions: dict[bytes, Partition] = {}
        self._order: OrderedDict[int, bytes] = OrderedDict()
        """Every entry's partition, least recently used first."""
        self._tagged: dict[str, set[int]] = {}
        self._numbered = 0
        self._pooled = Risk()
        self.size = 0
        """Bytes in memory, roughly."""

    def __len__(self) -> int:
        return len(self._order)

    @property
    def full(self) -> bool:
        """Whether one more entry has hardly any room, unless another makes it."""
        return len(self) >= self._most_entries or self.size >= FULL * self._most_bytes

    def look_up(self, partition: bytes, question: Question, now: float, chance: float) -> Hit | Miss:
        """What is known about `question` at `now` seconds. `chance`, drawn from [0, 1), decides about `Hit.verify`."""
        known = self._partitions.get(partition)
        if known is None:
            return Miss(1.0, Trace(None, (), 1.0))
        found = known.look_up(question, now, chance)
        if isinstance(found, Hit):
            self._order.move_to_end(found.entry.number)
        return found

    def store(
        self,
        partition: bytes,
        question: Question,
        said: Answer,
        reply: bytes,
        trace: Trace,
        now: float,
        ttl: float,
        tags: Iterable[str] = (),
    ) -> Entry:
        """Learn from what upstream said, after a miss or to verify a hit, and keep it for `ttl` seconds.

        An older entry with the very same question makes room: what is said now is what holds. Raises `ValueError` where
        the question's vector is another embedder's.
        """
        if question.vector.shape != (self._dimensions,):
            raise ValueError(f"a vector of {question.vector.shape} in a cache of {self._dimensions} dimensions")
        number, taught = self._known(partition).learn(said, trace)
        entry = Entry(self._next(), question, number, reply, now, now + ttl, frozenset(tags), taught)
        self._keep(partition, entry, said)
        return entry

    def forget(self, entry: Entry) -> None:
        """Forget one entry, where it has not made room already."""
        if entry.number in self._order:
            self._drop(entry.number)

    def invalidate(self, tag: str) -> int:
        """Forget all entries with a tag; how many there were."""
        numbers = list(self._tagged.get(tag, ()))
        for number in numbers:
            self._drop(number)
        return len(numbers)

    def expire(self, now: float) -> int:
        """Forget what is no longer good, which is never answered with anyway; how many entries there were."""
        over = [n for n, partition in self._order.items() if self._partitions[partition].entries[n].expires <= now]
        for number in over:
            self._drop(number)
        return len(over)

    def dump(self, entry: Entry) -> bytes:
        """An entry for the store. Raises `KeyError` when it has been dropped."""
        return encode(self._partitions[self._order[entry.number]].stored(entry))

    def load(
        self, partition: bytes, data: bytes, now: float, *, oldest: bool = False, alone: bool = False
    ) -> Entry | None:
        """Keep what `dump` gave, unless its time is over, or what was said later to the same question is known.

        `oldest`: it makes room before all others do. `alone`: `begin_with` has brought what it taught, too. Raises
        `Damaged`.
        """
        stored = decode(data, self._dimensions)
        question = ask(stored.text, unpack(stored.vector))
        known = self._partitions.get(partition)
        twin = None if known is None else known.twin(question)
        if stored.expires <= now or (known and twin is not None and known.entries[twin].stored >= stored.stored):
            return None
        said = answer(stored.answer_text, unpack(stored.answer_vector))
        known = self._known(partition)
        number = known.recognise(question, said, now)
        if stored.taught is not None:
            known.believe(stored.taught, alone=alone)
        times = (stored.stored, stored.expires)
        entry = Entry(self._next(), question, number, stored.reply, *times, frozenset(stored.tags), stored.taught)
        self._keep(partition, entry, said, oldest=oldest)
        return entry

    def learnt(self) -> bytes:
        """What all partitions together have learnt of risk, without the entries: with it, new ones begin."""
        return self._pooled.dump()

    def begin_with(self, learnt: bytes) -> None:
        """Begin with what `learnt` gave, of the same embedder. Raises `Damaged`, and then changes nothing."""
        self._pooled.load(learnt)

    def _known(self, partition: bytes) -> Partition:
        known = self._partitions.get(partition)
        if known is None:
            known = self._partitions[partition] = Partition(self._dimensions, self._max_error, self._pooled)
            self.size += PARTITION
        return known

    def _next(self) -> int:
        self._numbered += 1
        return self._numbered

    def _keep(self, partition: bytes, entry: Entry, said: Answer, *, oldest: bool = False) -> None:
        known = self._partitions[partition]
        twin = known.twin(entry.question)
        known.keep(entry, said)
        self._order[entry.number] = partition
        if oldest:
            self._order.move_to_end(entry.number, last=False)
        for tag in entry.tags:
            self._tagged.setdefault(tag, set()).add(entry.number)
        self.size += entry.size
        if twin is not None:
            self._drop(twin)
        while len(self) > 1 and (len(self) > self._most_entries or self.size > self._most_bytes):
            self._drop(next(iter(self._order)))

    def _drop(self, number: int) -> None:
        partition = self._order.pop(number)
        known = self._partitions[partition]
        entry = known.drop(number)
        self.size -= entry.size
        for tag in entry.tags:
            self._tagged[tag].discard(number)
            if not self._tagged[tag]:
                del self._tagged[tag]
        if not known.entries:
            del self._partitions[partition]
            self.size -= PARTITION
