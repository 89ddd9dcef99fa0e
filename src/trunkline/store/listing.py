"""What exports and reconciliation read of the ledger: its rows, and sums that tell everything apart but the hour."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Protocol

import msgspec

from trunkline.ledger.record import Row


class DailyLine(msgspec.Struct, frozen=True):
    """Exact integer sums over the attempts of one UTC day that agree in everything named before `requests`."""

    day: date
    org: str
    team: str
    user: str
    key: str
    provider: str
    model: str
    requests: int
    attempts: int
    errors: int
    input_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost: int
    """Nano-dollars of the priced attempts."""
    unpriced: int
    saved: int
    markup: int = 0
    """Nano-dollars that tenants are charged besides `cost`."""

    @property
    def charged(self) -> int:
        """Nano-dollars that tenants are charged."""
        return self.cost + self.markup


class ListingStore(Protocol):
    """See this module."""

    def daily(self, first: date, last: date) -> list[DailyLine]:
        """Sums of the days (UTC) from `first` to `last`, both included, in their order."""

    def attempts(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[Row]:
        """Every attempt that began at or after `since` and before `until` (which carry a time zone), in the order in
        which they began, read some at a time.

        Attempts that are written in the meantime may be missing, none comes twice.
        """
