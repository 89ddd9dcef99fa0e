"""The storage seam: what the gateway, the ledger and the command line ask of a database.

Every method is synchronous and thread-safe and may wait for a disk or a network: call it from a worker thread,
never from the event loop. Several processes may use one store at once; open it after forking, not before. All errors
are of the tree in `store/errors.py`.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, Literal, Protocol, get_args

import msgspec

from trunkline.ledger.record import Row
from trunkline.store.content import ErasingStore, RequestLogStore
from trunkline.store.copying import Copyable
from trunkline.store.limit_books import LimitStore
from trunkline.store.listing import ListingStore
from trunkline.store.semantic_entries import SemanticStore

Dimension = Literal["org", "team", "user", "key", "model", "provider", "outcome", "day", "hour"]
"""What usage can be told apart by: `day` and `hour` of UTC, in which the attempt started, as `2026-01-31` and
`2026-01-31T12:00Z`.
"""

DIMENSIONS: Final[tuple[Dimension, ...]] = get_args(Dimension)


class Tag(msgspec.Struct, frozen=True):
    """By the values of a tag. Attempts without it are in no line."""

    name: str


By = Dimension | Tag

OTHER = "(other)"
"""The line of a tag's values after the first `TAG_VALUES` of a day."""
TAG_VALUES = 1000


class UsageFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which attempts to count: those that equal every field given here."""

    org: str | None = None
    team: str | None = None
    user: str | None = None
    key: str | None = None
    model: str | None = None
    provider: str | None = None
    outcome: str | None = None
    tag: tuple[str, str] | None = None
    """A tag's name and value. Usage cannot be told apart by another tag at the same time."""


EVERYTHING = UsageFilter()


class UsageLine(msgspec.Struct, frozen=True):
    """Exact integer sums over the attempts that share one value of a dimension."""

    name: str
    """The value: a model, a day, …; empty for attempts without one, and when no dimension was asked for."""
    requests: int
    """Requests whose first attempt is counted here. So lines add up, also where some fell back to a second provider."""
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
    saved: int
    """Nano-dollars that answers from the cache did not cost."""
    markup: int = 0
    """Nano-dollars that tenants are charged besides `cost`."""

    @property
    def charged(self) -> int:
        """Nano-dollars that tenants are charged."""
        return self.cost + self.markup


FASTER_THAN: tuple[int, ...] = (10, 25, 50, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10_000)
FASTER_THAN += (20_000, 30_000, 60_000, 120_000)
"""Milliseconds. Attempts are counted under each of them, and such counts can be added up: percentiles come of them."""


class LatencyLine(msgspec.Struct, frozen=True):
    """How long the attempts took that share one value of a dimension."""

    name: str
    timed: int
    """Attempts whose end was seen."""
    first_bytes: int
    """Attempts that had a first byte of an answer."""
    first_byte_us: int
    """The sum of the times to it, in microseconds."""
    faster: tuple[int, ...]
    """How many of the timed attempts took less than each of `FASTER_THAN`."""

    def percentile(self, share: float) -> float | None:
        """The milliseconds within which that share (0 to 1) of the attempts ended, as if they were spread evenly within
        each step; None without any, infinite where it is past the last step.
        """
        if not self.timed:
            return None
        rank = share * self.timed
        lower, before = 0, 0
        for bound, count in zip(FASTER_THAN, self.faster, strict=True):
            if count >= rank and count > before:
                return lower + (bound - lower) * max(0.0, rank - before) / (count - before)
            lower, before = bound, count
        return math.inf


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
    """From then on it is not in force: later than now for one that was replaced and has some time left."""
    models: tuple[str, ...] = ()
    """Names and wildcards it may ask for; empty means every model."""
    tags: dict[str, str] = {}
    org: str = ""
    team: str = ""
    user: str = ""
    """Whom it belongs to; each empty where that is nobody, or follows from another."""
    settings: str = "{}"
    """What else the configuration would say of it, as JSON."""

    def in_force(self, now: float) -> bool:
        """Whether it is not revoked. It may have expired."""
        return self.revoked is None or self.revoked > now


TenantKind = Literal["org", "team", "user"]


class TenantRecord(msgspec.Struct, frozen=True):
    """An organisation, a team or a user. Times are Unix seconds."""

    kind: TenantKind
    name: str
    settings: str
    """What the configuration would say of it, as JSON."""
    created: int
    changed: int


class ProviderKeyRecord(msgspec.Struct, frozen=True):
    """A key with a provider that a tenant has brought."""

    id: str
    tenant: str
    """An organisation, or a team as `organisation/team`."""
    provider: str
    hint: str
    """Its last four characters."""
    created: int
    sealed: bytes

    def __repr__(self) -> str:
        return f"ProviderKeyRecord({self.tenant!r}, {self.provider!r}, {self.hint!r})"


class Change(msgspec.Struct, frozen=True):
    """One entry of the record of who changed what."""

    id: int
    at: int
    by: str
    """Where it came from."""
    action: str
    kind: str
    name: str
    detail: str
    """What it is now: a JSON object without secrets."""


class TenantStore(Protocol):
    """Where organisations, teams, users and their keys with providers are kept. `by` says who changes them, and every
    change is recorded with it.
    """

    def tenants(self) -> list[TenantRecord]:
        """All of them, by kind and name."""

    def put_tenant(self, record: TenantRecord, by: str) -> bool:
        """Add one, or change what it says; whether it is new."""

    def delete_tenant(self, kind: TenantKind, name: str, at: int, by: str) -> bool:
        """Take one away; False when there is none."""

    def provider_keys(self) -> list[ProviderKeyRecord]:
        """All of them, by tenant, provider and age."""

    def add_provider_key(self, record: ProviderKeyRecord, by: str) -> None:
        """Add one."""

    def delete_provider_key(self, key: str, at: int, by: str) -> bool:
        """Take away the one with that id; False when there is none. Nothing of it is left in the database."""

    def forget_answers(self, name: str, at: int, by: str) -> None:
        """Have kept answers forgotten that go by `name` and were asked for until `at`."""

    def forgotten(self) -> list[tuple[str, int]]:
        """When that was last done, by name."""

    def changes_after(self, change: int, most: int) -> list[Change]:
        """The first changes after that number, in their order."""

    def changes(self, before: int, most: int) -> list[Change]:
        """At most so many of the changes with an id below `before`, the latest first."""


class DataKey(msgspec.Struct, frozen=True):
    """What a tenant's records of one day are encrypted with."""

    id: bytes
    """16 bytes."""
    tenant: str
    day: str
    """UTC, as `2026-01-31`."""
    wrapped: bytes | None
    """The key, encrypted by the master key; None once it was destroyed."""
    created: int
    """Unix time, seconds."""

    def __repr__(self) -> str:
        return f"DataKey(tenant={self.tenant!r}, day={self.day!r})"


class VaultStore(Protocol):
    """Where the keys are kept under which records are encrypted: never in the clear."""

    def vault_check(self) -> bytes | None:
        """The check value of the master key this store was begun with; None before that."""

    def begin_vault(self, check: bytes) -> bytes:
        """Begin with the master key that has this check value, unless that has been done; the value that holds."""

    def add_data_key(self, key: DataKey, check: bytes) -> DataKey | None:
        """Store a key unless its tenant and day have one; the one they have then.

        None, and nothing is stored, where `check` is no longer that of the store's master key.
        """

    def data_key(self, key: bytes) -> DataKey | None:
        """The key with that id, destroyed or not."""

    def rewrap_data_keys(self, old: bytes, new: bytes, wrap: Callable[[DataKey], bytes]) -> int | None:
        """Put what `wrap` gives in place of every key that is not destroyed, and check value `new` in place of `old`.

        All at once or, where `wrap` raises, nothing. How many keys there were; None where the check is not `old`.
        """

    def destroy_data_keys(self, tenant: str, first: str, last: str, at: int) -> int:
        """Forget the tenant's keys of the days from `first` to `last`, both included; how many there were.

        Nothing of them is left in the database. Backups and copies of its disk are the operator's.
        """

    def dump_data_keys(self) -> list[DataKey]:
        """Every key that is not destroyed."""

    def put_data_keys_back(self, keys: Iterable[DataKey]) -> int:
        """Fill in keys of which a restored store has only the place; how many those were."""

    def drop_data_keys(self, before: str, most: int) -> int:
        """Delete at most so many of the keys of persons, of days before one, with which nothing is sealed any more; how
        many it was.
        """

    def version(self) -> int:
        """See `Store`."""


class ResponseRecord(msgspec.Struct, frozen=True):
    """One response that applications may refer to. Times are Unix seconds."""

    tenant: str
    id: str
    """Unique among those of a tenant."""
    provider: str
    upstream: str
    """The provider's own id of it, where the provider keeps it as well; else empty."""
    previous: str
    """The id of the response that it continues; empty for a first one."""
    created: int
    expires: int
    """From then on it is as if it were not there."""
    sealed: bytes
    person: str = ""
    """The digest of whose end user it is; empty where the request named none."""


class ResponseStore(Protocol):
    """Where responses are kept for the applications that got them."""

    def write_responses(self, records: Sequence[ResponseRecord]) -> None:
        """Store all in one transaction, durable on return; on any error none. Each replaces one with the same id."""

    def responses(self, tenant: str, last: str, now: int, most: int, size: int) -> list[ResponseRecord]:
        """The tenant's response with the id `last` and those that it continues, newest first.

        They end before the first that is not there (any more), and after `most` responses or about `size` sealed bytes.
        Empty where there is none, and where it is another tenant's.
        """

    def delete_response(self, tenant: str, response: str, now: int) -> bool:
        """Delete one response; False when there is none."""

    def responses_of(self, tenant: str, person: str, after: str, most: int) -> list[ResponseRecord]:
        """At most so many of the responses of one owner with ids after one, in the order of their ids."""

    def delete_expired_responses(self, now: int, most: int) -> int:
        """Delete at most so many of those whose time is over; how many it were."""


class Store(
    VaultStore,
    ResponseStore,
    RequestLogStore,
    ErasingStore,
    SemanticStore,
    TenantStore,
    LimitStore,
    ListingStore,
    Copyable,
    Protocol,
):
    """Where the ledger, the virtual keys, and all that is encrypted are kept."""

    def write_attempts(self, rows: Sequence[Row]) -> None:
        """Store all rows in one transaction, durable on return; on any error none of them.

        Safe to repeat: a row whose (request, attempt) is there already is ignored, except that a settled row takes the
        place of an `unsettled` one. Among rows of one call the earlier counts as being there already.
        """

    def recorded(self, pairs: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        """Those of the (request, attempt) pairs that have a row, settled or not."""

    def charged(self, pairs: Iterable[tuple[str, int]], after: int) -> dict[tuple[str, int], int]:
        """What is charged for those of the (request, attempt) pairs that ended after a time (Unix, microseconds), or
        whose end nobody saw; in nano-dollars.
        """

    def usage(
        self,
        by: By | None,
        since: datetime | None = None,
        until: datetime | None = None,
        only: UsageFilter = EVERYTHING,
    ) -> list[UsageLine]:
        """Sums for each value of `by`, in the order of their names; without `by` one line, or none without rows.

        Counts attempts that started at or after `since` and before `until`; both must carry a time zone (ValueError).
        Read from sums by the day and the hour, so quick over any number of rows; where the span begins or ends within
        an hour, that part of the hour is read row by row.
        """

    def latencies(
        self,
        by: By | None,
        since: datetime | None = None,
        until: datetime | None = None,
        only: UsageFilter = EVERYTHING,
    ) -> list[LatencyLine]:
        """How long attempts took, for each value of `by`, likewise."""

    def prepare(self, now: int) -> None:
        """Housekeeping, for once an hour: bring sums up to date, and make room for the rows of the time to come."""

    def delete_attempts(self, before: int, most: int) -> int:
        """Delete rows that began before a Unix time: at least one and about `most`, or none; how many it was.

        Their sums stay, so reports on whole hours (of UTC) are as before. Call it until it returns 0.
        """

    def keys(self) -> list[KeyRecord]:
        """Every key, revoked and expired ones included, by name and age."""

    def keys_named(self, names: Sequence[str]) -> list[KeyRecord]:
        """All keys that have or had one of these names."""

    def key_by_digest(self, digest: bytes) -> KeyRecord | None:
        """The key with that digest. It may be revoked or expired: the caller decides what that means now."""

    def add_key(self, key: KeyRecord, by: str = "") -> None:
        """Store a new key. Raises KeyExists when an unrevoked key has its name. `by`: see `TenantStore`."""

    def change_key(self, key: KeyRecord, at: int, by: str = "") -> bool:
        """Change what the unrevoked key of that name may, and whose it is; False when there is none."""

    def rotate_key(self, key: KeyRecord, until: int, by: str = "") -> bool:
        """Store a new key in place of the unrevoked one of its name, which is in force until a Unix time; False, and
        nothing is stored, when there is none.
        """

    def revoke_key(self, name: str, at: int, by: str = "") -> bool:
        """Mark every key of that name that is in force as revoked at a Unix time; False when there is none."""

    def version(self) -> int:
        """A number that grows with every committed change to what replicas keep in memory, and with nothing else.

        Cheap enough to be polled twice a second by every process.
        """

    def latest(self) -> tuple[int, int]:
        """The version, and the number of the last change that was noted, at one moment. Likewise cheap."""

    def check(self) -> list[str]:
        """What is wrong with the store, each with what to do; empty when all is well. Reads the whole store."""

    def close(self) -> None:
        """Wait for calls under way, then let go of the database. May be called twice."""
