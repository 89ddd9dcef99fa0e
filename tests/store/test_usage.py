import itertools
import json
import math
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.store.conftest import MakeStore
from tests.store.rows import DAY, HOUR, START, row, uuid7

from trunkline.ledger.record import Intent, Row, unsettled
from trunkline.store.base import (
    EVERYTHING,
    FASTER_THAN,
    OTHER,
    TAG_VALUES,
    By,
    Dimension,
    LatencyLine,
    Store,
    Tag,
    UsageFilter,
    UsageLine,
)


def moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def tags_of(r: Row) -> dict[str, str]:
    found: dict[str, str] = json.loads(r.tags or "{}")
    return found


def fits(r: Row, only: UsageFilter, by: By | None) -> bool:
    fields = msgspec.structs.asdict(only)
    tag = fields.pop("tag")
    tags = tags_of(r)
    if isinstance(by, Tag) and by.name not in tags:
        return False
    return all(wanted in (None, getattr(r, name)) for name, wanted in fields.items()) and (
        tag is None or tags.get(tag[0]) == tag[1]
    )


def within(r: Row, since: int | None, until: int | None) -> bool:
    return (since is None or r.started >= since) and (until is None or r.started < until)


def value(r: Row, by: By | None) -> str:
    if by is None:
        return ""
    if isinstance(by, Tag):
        return tags_of(r)[by.name]
    if by == "hour":
        return moment(r.started).strftime("%Y-%m-%dT%H:00Z")
    return moment(r.started).date().isoformat() if by == "day" else str(getattr(r, by))


def summed(rows: list[Row], by: By | None) -> list[UsageLine]:
    """What `usage` should say, in plain Python."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for r in rows:
        groups[value(r, by)].append(r)
    return [
        UsageLine(
            name=name,
            requests=sum(r.attempt <= 1 for r in group),
            attempts=len(group),
            errors=sum(r.outcome in {"refused", "failed", "truncated"} for r in group),
            input_tokens=sum(r.input_tokens for r in group),
            cached_tokens=sum(r.cached_tokens for r in group),
            cache_write_tokens=sum(r.cache_write_tokens for r in group),
            output_tokens=sum(r.output_tokens for r in group),
            reasoning_tokens=sum(r.reasoning_tokens for r in group),
            cost=sum(r.cost for r in group if r.cost >= 0),
            unpriced=sum(r.cost < 0 for r in group),
            saved=sum(r.saved for r in group),
            markup=sum(r.markup for r in group),
        )
        for name, group in sorted(groups.items())
    ]


def timed(rows: list[Row], by: By | None) -> list[LatencyLine]:
    """What `latencies` should say, in plain Python."""
    lines = []
    for line in summed(rows, by):
        group = [r for r in rows if value(r, by) == line.name]
        ended = [r.total_us for r in group if r.total_us >= 0]
        waits = [r.first_byte_us for r in group if r.first_byte_us >= 0]
        faster = tuple(sum(us < ms * 1000 for us in ended) for ms in FASTER_THAN)
        lines.append(LatencyLine(line.name, len(ended), len(waits), sum(waits), faster))
    return lines


def begun(r: Row) -> tuple[str, int, int, str, str, str, str, str, bool]:
    return r.request, r.attempt, r.started, r.label, r.key, r.asked, r.provider, r.model, r.stream


def owner(r: Row) -> tuple[str, str, str, str]:
    return r.org, r.team, r.user, r.tags


numbers = itertools.count(1)


def of_its_own(request: str) -> str:
    """A request of that time whose id no other example has."""
    return str(uuid.UUID(int=uuid.UUID(request).int & ~(2**61 - 1) | next(numbers) * 10 + int(request[-1])))


tokens = st.integers(0, 2**45)
starts = st.integers(START - 3 * DAY, START + 3 * DAY)
edges = starts | st.integers(-73, 73).map(lambda hours: START // HOUR * HOUR + hours * HOUR)
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
    cost=st.integers(-1, 2**50),
    team=st.sampled_from(["", "red"]),
    user=st.sampled_from(["", "ann", "bob"]),
    tags=st.sampled_from(["", "{}", '{"feature":"chat"}', '{"feature":"mail","env":"prod"}']),
    saved=st.integers(0, 2**45),
    markup=st.integers(-(2**45), 2**45),
    total_us=st.integers(-1, 2 * 10**8),
    first_byte_us=st.integers(-1, 10**8),
)
filters = st.builds(
    UsageFilter,
    model=st.sampled_from([None, "gpt-4o", "nowhere"]),
    provider=st.sampled_from([None, "openai"]),
    key=st.sampled_from([None, "", "sales"]),
    outcome=st.sampled_from([None, "ok"]),
    user=st.sampled_from([None, "ann"]),
    tag=st.sampled_from([None, None, ("feature", "chat"), ("feature", "none")]),
)


@pytest.fixture(scope="module")
def shared_store(make_store: MakeStore) -> Store:
    """One for all examples: each has an organisation of its own."""
    return make_store()


@pytest.fixture(scope="module")
def totalled(make_store: MakeStore) -> tuple[Store, list[Row]]:
    """One for all examples, and what they wrote."""
    return make_store(), []


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(attempts, max_size=30, unique_by=lambda r: (r.request, r.attempt)),
    crashed=st.booleans(),
    summed_up=st.booleans(),
    by=st.sampled_from([None, Tag("feature"), *get_args(Dimension)]),
    since=st.none() | edges,
    until=st.none() | edges,
    only=filters,
)
def test_reports_equal_the_sums_in_plain_python(
    shared_store: Store,
    rows: list[Row],
    crashed: bool,
    summed_up: bool,
    by: By | None,
    since: int | None,
    until: int | None,
    only: UsageFilter,
) -> None:
    org = f"example {next(numbers)}"
    rows = [replace(r, org=org, request=of_its_own(r.request)) for r in rows]
    only = replace(only, org=org)
    if crashed:
        rows = [replace(r, outcome="ok") if r.outcome == "unsettled" else r for r in rows]
        shared_store.write_attempts([unsettled(Intent(*begun(r), 9_000, *owner(r))) for r in rows])
    if summed_up:
        shared_store.prepare(0)
    shared_store.write_attempts(rows)
    counted = [r for r in rows if within(r, since, until) and fits(r, only, by)]
    span = (moment(since) if since else None, moment(until) if until else None)
    assert shared_store.usage(by, *span, only) == summed(counted, by)
    lines = shared_store.latencies(by, *span, only)
    assert lines == timed(counted, by)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(attempts, max_size=30, unique_by=lambda r: (r.request, r.attempt)),
    crashed=st.booleans(),
    summed_up=st.booleans(),
    by=st.sampled_from([None, "day", "hour"]),
    since=st.none() | edges,
    until=st.none() | edges,
    only=st.sampled_from(
        [
            EVERYTHING,
            UsageFilter(org="acme"),
            UsageFilter(team=""),
            UsageFilter(team="red"),
            UsageFilter(model="é"),
            UsageFilter(provider="house"),
            UsageFilter(outcome="failed"),
        ]
    ),
)
def test_totals_equal_the_sums_of_all_that_was_ever_written(
    totalled: tuple[Store, list[Row]],
    rows: list[Row],
    crashed: bool,
    summed_up: bool,
    by: By | None,
    since: int | None,
    until: int | None,
    only: UsageFilter,
) -> None:
    store, written = totalled
    rows = [replace(r, org=org, request=of_its_own(r.request)) for r, org in zip(rows, itertools.cycle(["", "acme"]))]
    if crashed:
        rows = [replace(r, outcome="ok") if r.outcome == "unsettled" else r for r in rows]
        store.write_attempts([unsettled(Intent(*begun(r), 9_000, *owner(r))) for r in rows])
    if summed_up:
        store.prepare(0)
    store.write_attempts(rows)
    written += rows
    counted = [r for r in written if within(r, since, until) and fits(r, only, by)]
    span = (moment(since) if since else None, moment(until) if until else None)
    assert store.usage(by, *span, only) == summed(counted, by)
    assert store.latencies(by, *span, only) == timed(counted, by)


def test_the_lines_of_hours_and_days_are_as_if_every_row_were_read(store: Store) -> None:
    store.write_attempts([row(started=START + n * HOUR // 3, markup=n % 5 - 1) for n in range(300)])
    before = store.usage("hour"), store.usage("day"), store.usage("model", moment(START + 5), moment(START + 3 * DAY))
    store.prepare(START // 1_000_000)
    assert before == (
        store.usage("hour"),
        store.usage("day"),
        store.usage("model", moment(START + 5), moment(START + 3 * DAY)),
    )
    assert sum(line.attempts for line in before[0]) == sum(line.attempts for line in before[1]) == 300
    assert sum(line.markup for line in before[0]) == sum(line.markup for line in before[1]) == 300


def test_a_tag_with_thousands_of_values_has_a_bounded_number_of_lines(store: Store) -> None:
    for first in range(0, 10_000, 2_000):
        tags = [f'{{"customer":"{n}"}}' for n in range(first, first + 2_000)]
        store.write_attempts([row(started=START, tags=text) for text in tags])
    store.prepare(0)
    lines = store.usage(Tag("customer"), moment(START - HOUR), moment(START + HOUR))
    assert len(lines) == TAG_VALUES + 1
    assert {line.name: line.attempts for line in lines}[OTHER] == 10_000 - TAG_VALUES
    assert sum(line.cost for line in lines) == store.usage(None)[0].cost


def test_percentiles_come_from_counts_that_can_be_added(store: Store) -> None:
    store.write_attempts([row(total_us=n * 1000) for n in range(1000)] + [row(total_us=10**9, model="slow")])
    store.write_attempts([row(total_us=-1, first_byte_us=-1, outcome="unsettled", model="lost")])
    lines = {line.name: line for line in store.latencies("model")}
    median, most = lines["gpt-4o"].percentile(0.5), lines["gpt-4o"].percentile(0.99)
    assert median == pytest.approx(500, rel=0.01)
    assert most == pytest.approx(990, rel=0.01)
    assert lines["slow"].percentile(0.5) == math.inf
    assert lines["lost"].percentile(0.5) is None


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
