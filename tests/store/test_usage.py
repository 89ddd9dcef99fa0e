import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.conftest import MakeStore
from tests.store.rows import START, row, uuid7

from trunkline.ledger.record import Row
from trunkline.store.base import Dimension, Store, UsageFilter, UsageLine

DAY = 86_400_000_000


def moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def value(r: Row, by: Dimension | None) -> str:
    if by is None:
        return ""
    return moment(r.started).date().isoformat() if by == "day" else str(getattr(r, by))


def summed(rows: list[Row], by: Dimension | None) -> list[UsageLine]:
    """What `usage` should say, in plain Python."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for r in rows:
        groups[value(r, by)].append(r)
    return [
        UsageLine(
            name=name,
            requests=len({r.request for r in group}),
            attempts=len(group),
            errors=sum(r.outcome in {"refused", "failed", "truncated"} for r in group),
            input_tokens=sum(r.input_tokens for r in group),
            cached_tokens=sum(r.cached_tokens for r in group),
            cache_write_tokens=sum(r.cache_write_tokens for r in group),
            output_tokens=sum(r.output_tokens for r in group),
            reasoning_tokens=sum(r.reasoning_tokens for r in group),
            cost=sum(r.cost for r in group if r.cost >= 0),
            unpriced=sum(r.cost < 0 for r in group),
        )
        for name, group in sorted(groups.items())
    ]


tokens = st.integers(0, 2**50)
starts = st.integers(START - 3 * DAY, START + 3 * DAY)
attempts = st.builds(
    row,
    request=st.integers(0, 8).map(lambda serial: uuid7(START // 1000, serial)),
    attempt=st.integers(1, 4),
    started=starts,
    key=st.sampled_from(["", "support", "sales"]),
    provider=st.sampled_from(["openai", "house"]),
    model=st.sampled_from(["gpt-4o", "o3", "é"]),
    outcome=st.sampled_from(["ok", "refused", "failed", "truncated", "cancelled", "unsettled"]),
    input_tokens=tokens,
    cached_tokens=tokens,
    cache_write_tokens=tokens,
    output_tokens=tokens,
    reasoning_tokens=tokens,
    cost=st.integers(-1, 2**55),
)
filters = st.builds(
    UsageFilter,
    model=st.sampled_from([None, "gpt-4o", "nowhere"]),
    provider=st.sampled_from([None, "openai"]),
    key=st.sampled_from([None, "", "sales"]),
    outcome=st.sampled_from([None, "ok"]),
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(attempts, max_size=30, unique_by=lambda r: (r.request, r.attempt)),
    by=st.sampled_from([None, "model", "provider", "key", "day", "outcome"]),
    since=st.none() | starts,
    until=st.none() | starts,
    only=filters,
)
def test_usage_equals_the_sums_in_plain_python(
    make_store: MakeStore,
    rows: list[Row],
    by: Dimension | None,
    since: int | None,
    until: int | None,
    only: UsageFilter,
) -> None:
    store = make_store()
    store.write_attempts(rows)
    counted = [
        r
        for r in rows
        if (since is None or r.started >= since)
        and (until is None or r.started < until)
        and all(getattr(only, name) in (None, getattr(r, name)) for name in only.__struct_fields__)
    ]
    found = store.usage(by, moment(since) if since else None, moment(until) if until else None, only)
    store.close()
    assert found == summed(counted, by)


def test_a_span_includes_its_begin_and_not_its_end(store: Store) -> None:
    store.write_attempts([row(started=START + n) for n in range(10)])
    (line,) = store.usage(None, moment(START + 2), moment(START + 5))
    assert line.attempts == 3


def test_days_are_those_of_utc_whatever_zone_is_asked_in(store: Store) -> None:
    midnight = (START // DAY) * DAY
    store.write_attempts([row(started=midnight - 1), row(started=midnight)])
    here = timezone(timedelta(hours=5, minutes=30))
    lines = store.usage("day", since=moment(midnight - 1).astimezone(here))
    assert [(line.name, line.attempts) for line in lines] == [("2025-10-08", 1), ("2025-10-09", 1)]


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        store.usage("day", since=datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="no time zone"):
        store.usage("day", until=datetime(2026, 1, 1))


def test_an_empty_store_has_no_lines(store: Store) -> None:
    assert store.usage("model") == []
    assert store.usage(None) == []


def test_usage_of_two_hundred_thousand_rows_is_quick(
    store: Store, record_property: Callable[[str, object], None]
) -> None:
    for first in range(0, 200_000, 1000):
        store.write_attempts([row(model=f"model-{n % 20}") for n in range(first, first + 1000)])
    begun = time.perf_counter()
    lines = store.usage("model")
    seconds = time.perf_counter() - begun
    record_property("usage_of_200k_rows_ms", round(seconds * 1000))
    print(f"usage by model over 200,000 rows: {seconds * 1000:.0f} ms")
    assert [line.attempts for line in lines] == [10_000] * 20
    assert seconds < 10
