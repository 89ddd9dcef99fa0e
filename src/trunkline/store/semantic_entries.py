"""What the store knows of the semantic cache: whose an entry is, which cache it belongs to, and how long it is good."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class SemanticKind(msgspec.Struct, frozen=True):
    """Which cache: vectors of different embedders are never compared, nor is what was allowed to be wrong mixed."""

    embedder: str
    dimensions: int
    allowed: int
    """Wrong answers in a million requests."""


class SemanticRecord(msgspec.Struct, frozen=True):
    """One question with its answer."""

    id: bytes
    """16 bytes: the same question in the same place has the same."""
    tenant: str
    """For whom it is encrypted."""
    kind: SemanticKind
    expires: int
    """Unix time, seconds. From then on it is as if it were not there."""
    sealed: bytes


class SemanticStore(Protocol):
    """Where the entries of all processes are. Each has a number, and what is committed later has a higher one."""

    def write_semantic(self, records: Sequence[SemanticRecord], writer: bytes) -> None:
        """Store all in one transaction; on any error none. Each replaces one with the same id. `writer`: the process
        that does.
        """

    def semantic_number(self) -> int:
        """The highest number that was given; 0 before the first."""

    def semantic_since(
        self, kind: SemanticKind, number: int, writer: bytes, now: int, most: int
    ) -> list[tuple[int, SemanticRecord]]:
        """At most so many of a cache's entries above a number, with theirs, the oldest first; none of `writer`'s."""

    def semantic_until(self, kind: SemanticKind, number: int, now: int, most: int) -> list[tuple[int, SemanticRecord]]:
        """At most so many of a cache's entries up to a number, with theirs, the latest first."""

    def sweep_semantic(self, now: int, entries: int, size: int, most: int) -> int:
        """Delete some of what has expired, of what was erased (its data key is destroyed), and of the oldest of more
        than so many `entries` or `size` bytes; at most so many of each. How many it were: call it until that is 0.
        """

    def erase_semantic(self, tenants: Sequence[str]) -> int:
        """Delete all that is encrypted for any of these; how many there were."""
