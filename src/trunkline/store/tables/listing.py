"""Rows and daily sums, for exports and reconciliation."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from trunkline.ledger.record import Row
from trunkline.store.listing import DailyLine
from trunkline.store.session import Database

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_ID: Final = str(uuid.UUID(int=0))
AT_ONCE: Final = 5000
"""Rows in memory at a time."""


class ListingTables:
    """Implements `trunkline.store.listing.ListingStore`."""

    database: Database

    def daily(self, first: date, last: date) -> list[DailyLine]:
        begin, end = (_seconds(day) for day in (first, last + timedelta(days=1)))
        with self.database.reading("reports") as session:
            found = session.all("daily", begin, end)
        return [
            DailyLine((_EPOCH + timedelta(seconds=int(period))).date(), *names, *map(int, sums))
            for period, *rest in found
            for names, sums in [(rest[:6], rest[6:])]
        ]

    def attempts(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[Row]:
        began = 0 if since is None else _microseconds(since)
        end = 2**62 if until is None else _microseconds(until)
        after: tuple[int, str, int] = (began, _NO_ID, -1)
        while True:
            with self.database.reading("reports") as session:
                found = [_row(values) for values in session.all("attempts", *after, end, AT_ONCE)]
            yield from found
            if len(found) < AT_ONCE:
                return
            after = (found[-1].started, found[-1].request, found[-1].attempt)


def _row(values: tuple[Any, ...]) -> Row:
    return msgspec.convert((*values[:8], bool(values[8]), *values[9:]), Row)


def _seconds(day: date) -> int:
    return (day - _EPOCH.date()).days * 86_400


def _microseconds(moment: datetime) -> int:
    """Unix time. Exact: `timestamp` would go through a float."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)
