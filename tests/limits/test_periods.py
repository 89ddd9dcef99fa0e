"""Periods follow the calendar of a budget's time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.limits.periods import Period, span

ZONES = sorted(available_timezones())
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@given(
    st.sampled_from(["day", "week", "month"]),
    st.sampled_from(ZONES),
    st.floats(0, 4_000_000_000, allow_nan=False),
)
def test_every_moment_lies_in_one_period_and_periods_leave_no_gap(period: Period, name: str, moment: float) -> None:
    zone = ZoneInfo(name)
    now = span(period, zone, moment)
    assert now.ends is not None
    assert now.begins <= moment < now.ends
    assert span(period, zone, now.ends).begins == now.ends
    assert span(period, zone, now.begins) == now == span(period, zone, now.ends - 0.001)


@pytest.mark.parametrize(
    ("period", "moment", "begins", "ends"),
    [
        ("month", "2026-01-31T23:59:59", "2026-01-01", "2026-02-01"),
        ("month", "2028-02-29T12:00", "2028-02-01", "2028-03-01"),
        ("month", "2026-12-31T23:59:59", "2026-12-01", "2027-01-01"),
        ("week", "2026-11-22T23:59:59", "2026-11-16", "2026-11-23"),
        ("week", "2027-01-01T00:00", "2026-12-28", "2027-01-04"),
        ("day", "2026-11-22T00:00", "2026-11-22", "2026-11-23"),
    ],
)
def test_a_period_begins_and_ends_at_midnight_there(period: Period, moment: str, begins: str, ends: str) -> None:
    found = span(period, BERLIN, at(moment))
    assert (found.begins, found.ends) == (at(begins), at(ends))
    assert found.name == f"{period} {begins}"


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_on_which_the_clocks_change_is_shorter_or_longer(day: str, hours: int) -> None:
    found = span("day", BERLIN, at(f"{day}T12:00"))
    assert found.ends is not None
    assert found.ends - found.begins == hours * 3600


def test_a_day_without_a_midnight_begins_when_it_begins() -> None:
    beirut = ZoneInfo("Asia/Beirut")  # on 2026-03-29 the clocks go from 00:00 to 01:00
    found = span("day", beirut, at("2026-03-29T12:00", beirut))
    assert datetime.fromtimestamp(found.begins, beirut).isoformat() == "2026-03-29T01:00:00+03:00"


def test_a_total_never_ends() -> None:
    assert span("total", BERLIN, 0.0) == span("total", BERLIN, 4e9)
    assert span("total", BERLIN, 0.0).ends is None
