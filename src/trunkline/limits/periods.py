"""Days, weeks and months of a budget, as people in its time zone count them.

A period begins with the first moment of its first day and ends with the first of the next: a day on which the clocks
change has 23 or 25 hours, and where a day begins at one o'clock because midnight was left out, so does its period.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

Period = Literal["day", "week", "month", "total"]

_ONE = timedelta(days=1)


class Span(msgspec.Struct, frozen=True):
    """One period. Unix time, seconds."""

    name: str
    """Its kind and first day: `month 2026-11-01`; `total` has no days."""
    begins: float
    ends: float | None
    """The first moment that is not in it any more; None where it never ends."""


def span(period: Period, zone: ZoneInfo, at: float) -> Span:
    """The period in which the moment `at` lies. A week begins on Monday (ISO 8601)."""
    if period == "total":
        return Span("total", 0.0, None)
    today = datetime.fromtimestamp(at, UTC).astimezone(zone).date()
    first = _first(period, today)
    following = _following(period, first)
    return Span(f"{period} {first}", _midnight(first, zone), _midnight(following, zone))


def _first(period: Period, day: date) -> date:
    match period:
        case "week":
            return day - day.weekday() * _ONE
        case "month":
            return day.replace(day=1)
        case _:
            return day


def _following(period: Period, first: date) -> date:
    match period:
        case "week":
            return first + 7 * _ONE
        case "month":
            return (first + 31 * _ONE).replace(day=1)
        case _:
            return first + _ONE


def _midnight(day: date, zone: ZoneInfo) -> float:
    """The first moment of a day: of two midnights the first; of none, when the clocks were put forward (PEP 495)."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
