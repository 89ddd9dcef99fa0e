"""The storage seam: what the gateway, the ledger and the command line ask of a database.

Every method is synchronous and thread-safe and may wait for a disk or a network: call it from a worker thread,
never from the event loop. Several processes may use one store at once; open it after forking, not before. All errors
are of the tree in `store/errors.py`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from trunkline.ledger.record import Row

Dimension = Literal["model", "provider", "key", "day", "outcome"]
"""What usage can be told apart by. `day` is the UTC day on which the attempt started, as `2026-01-31`."""


class UsageFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which attempts to count: those that equal every field given here."""

    model: str | None = None
    provider: str | None = None
    key: str | None = None
    outcome: str | None = None


EVERYTHING = UsageFilter()


class UsageLine(msgspec.Struct, frozen=True):
    """Exact integer sums over the attempts that share one value of a dimension."""

    name: str
    """The value: a model, a day, …; empty for attempts without one, and when no dimension was asked for."""
    requests: int
    """Distinct requests. One that fell back to a second provider counts for each, so lines need not add up."""
    attempts: int
    errors: int
    """Attempts that were refused, failed or truncated; not the cancelled and the unsettled ones."""
    input_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost: int
    """Nano-dollars of the priced attempts; unsettled ones count at their reservation."""
    unpriced: int
    """Attempts without a price, whose cost is therefore missing from `cost`."""


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One virtual key. The key itself is not stored, only its digest. Times are Unix seconds."""

    name: str
    """Unique among the keys that are not revoked."""
    digest: bytes
    """HMAC-SHA-256 of the key under the server's secret: 32 bytes."""
    hint: str
    """The last four characters of the key, to tell it from others on a screen."""
    created: int
    expires: int | None = None
    revoked: int | None = None
    models: tuple[str, ...] = ()
    """Names and wildcards it may ask for; empty means every model."""
    tags: dict[str, str] = {}


class Store(Protocol):
    """Where the ledger and the virtual keys are kept."""

    def write_attempts(self, rows: Sequence[Row]) -> None:
        """Store all rows in one transaction, durable on return; on any error none of them.

        Safe to repeat: a row whose (request, attempt) is there already is ignored, except that a settled row takes the
        place of an `unsettled` one. Among rows of one call the earlier counts as being there already.
        """

    def recorded(self, pairs: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        """Those of the (request, attempt) pairs that have a row, settled or not."""

    def usage(
        self,
        by: Dimension | None,
        since: datetime | None = None,
        until: datetime | None = None,
        only: UsageFilter = EVERYTHING,
    ) -> list[UsageLine]:
        """Sums for each value of `by`, in the order of their names; without `by` one line, or none without rows.

        Counts attempts that started at or after `since` and before `until`; both must carry a time zone (ValueError).
        """

    def keys(self) -> list[KeyRecord]:
        """Every key, revoked and expired ones included, by name and age."""

    def key_by_digest(self, digest: bytes) -> KeyRecord | None:
        """The key with that digest. It may be revoked or expired: the caller decides what that means now."""

    def add_key(self, key: KeyRecord) -> None:
        """Store a new key. Raises KeyExists when an unrevoked key has its name."""

    def revoke_key(self, name: str, at: int) -> bool:
        """Mark the unrevoked key of that name as revoked at a Unix time; False when there is none."""

    def version(self) -> int:
        """A number that grows with every committed change to what replicas keep in memory, and with nothing else.

        Cheap enough to be polled twice a second by every process.
        """

    def check(self) -> list[str]:
        """What is wrong with the store, each with what to do; empty when all is well. Reads the whole store."""

    def close(self) -> None:
        """Wait for calls under way, then let go of the database. May be called twice."""
