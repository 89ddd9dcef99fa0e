"""Reports on the ledger: from sums by the day and the hour, and from rows only where a span cuts an hour."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from trunkline.store.base import EVERYTHING, By, LatencyLine, Tag, UsageFilter, UsageLine
from trunkline.store.session import Database

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR, _DAY = 3600, 86400
_MICRO = 1_000_000
_LATEST = 2**62 // _MICRO // _DAY * _DAY
"""The end of spans without one: a day in the far future, in Unix seconds."""
_TOTALLED = ("", "org", "team", "model", "provider", "outcome")
"""Dimensions of which each has a line for each hour; the first is everything."""


class UsageTables:
    """Implements what `trunkline.store.base.Store` says of reports."""

    database: Database

    def recorded(self, pairs: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        with self.database.reading("lookups") as session:
            return {(request, attempt) for request, attempt in session.all("recorded", _json(list(pairs)))}

    def charged(self, pairs: Iterable[tuple[str, int]], after: int) -> dict[tuple[str, int], int]:
        with self.database.reading("lookups") as session:
            found = session.all("charged", _json(list(pairs)), after)
            return {(request, attempt): cost for request, attempt, cost in found}

    def usage(
        self,
        by: By | None,
        since: datetime | None = None,
        until: datetime | None = None,
        only: UsageFilter = EVERYTHING,
    ) -> list[UsageLine]:
        rows = self._lines("usage", "total_usage", by, since, until, only)
        return [UsageLine(name, *map(int, sums)) for name, *sums in rows]

    def latencies(
        self,
        by: By | None,
        since: datetime | None = None,
        until: datetime | None = None,
        only: UsageFilter = EVERYTHING,
    ) -> list[LatencyLine]:
        rows = self._lines("latencies", "total_latencies", by, since, until, only)
        lines = []
        for name, timed, first_bytes, first_byte_us, *faster in rows:
            lines.append(LatencyLine(name, int(timed), int(first_bytes), int(first_byte_us), tuple(map(int, faster))))
        return lines

    def _lines(
        self, each: str, total: str, by: By | None, since: datetime | None, until: datetime | None, only: UsageFilter
    ) -> list[tuple[Any, ...]]:
        """By the statement `total` from one line for each hour, where there are such; else by `each` from a line for
        each combination and day, or hour.
        """
        kept = _totalled(only) if by in (None, "day", "hour") else None
        if kept is not None:
            begin, hours_begin, hours_end, end, first, _, _, last = _span(since, until, days=False)
            statement = total
            values: list[object] = [by, begin, hours_begin, hours_end, end, first, last, *kept]
        else:
            dimension = "value" if isinstance(by, Tag) else by
            fields = msgspec.structs.asdict(only)
            del fields["tag"]
            statement = each
            values = [dimension, *_tag(by, only), *_span(since, until, days=by != "hour"), *fields.values()]
        with self.database.reading("reports") as session:
            rows = session.all(statement, *values)
        if by in ("day", "hour"):
            return sorted((_written(int(name), by), *sums) for name, *sums in rows)
        return rows


def _totalled(only: UsageFilter) -> tuple[str, str] | None:
    """The dimension and the name that are selected, both empty for everything; None where they have no totals."""
    chosen = [(name, value) for name, value in msgspec.structs.asdict(only).items() if value is not None]
    if len(chosen) > 1:
        return None
    (kept,) = chosen or [("", "")]
    return kept if kept[0] in _TOTALLED else None


def _tag(by: By | None, only: UsageFilter) -> tuple[str, str | None]:
    """The tag whose lines are read, and the value they must have."""
    if only.tag is None:
        return (by.name if isinstance(by, Tag) else "", None)
    if isinstance(by, Tag) and by.name != only.tag[0]:
        raise ValueError("sums are kept for one tag at a time: tell apart and select by the same tag")
    return only.tag


def _span(since: datetime | None, until: datetime | None, *, days: bool) -> Iterator[int]:
    """Where a span begins, the rows before its whole hours end, those after them begin, and it ends, in microseconds;
    then where its whole hours begin, the whole days among them begin and end, and the hours end, in seconds.
    """
    begin = 0 if since is None else max(0, _microseconds(since))
    end = _LATEST * _MICRO if until is None else max(begin, min(_microseconds(until), _LATEST * _MICRO))
    hours = _whole(begin, end, _HOUR * _MICRO)
    if hours is None:
        return iter((begin, end, end, end, 0, 0, 0, 0))
    first, last = hours[0] // _MICRO, hours[1] // _MICRO
    first_day, last_day = (days and _whole(first, last, _DAY)) or (last, last)
    return iter((begin, *hours, end, first, first_day, last_day, last))


def _whole(begin: int, end: int, unit: int) -> tuple[int, int] | None:
    """The largest span of whole units between two times; None where there is none."""
    first, last = -(-begin // unit) * unit, end // unit * unit
    return (first, last) if first < last else None


def _written(seconds: int, by: By | None) -> str:
    moment = _EPOCH + timedelta(seconds=seconds)
    return moment.date().isoformat() if by == "day" else moment.strftime("%Y-%m-%dT%H:00Z")


def _microseconds(moment: datetime) -> int:
    """Unix time. Exact: `timestamp` would go through a float."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
