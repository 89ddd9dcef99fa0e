"""Daily sums, over both databases."""

from datetime import UTC, datetime, timedelta

import msgspec
from tests.store.rows import START, row

from trunkline.store.base import Store

BEGAN = datetime.fromtimestamp(START // 1_000_000, UTC)


def test_days_are_summed_by_who_and_what(store: Store) -> None:
    day = 86_400_000_000
    store.write_attempts(
        [
            row(key="app", model="a", cost=5, input_tokens=10),
            row(key="app", model="a", cost=-1, input_tokens=1, tags='{"x":"y"}'),
            row(key="other", model="a", cost=7),
            row(key="app", model="a", cost=9, started=START + day),
        ]
    )
    first = BEGAN.date()
    lines = store.daily(first, first + timedelta(days=1))
    told = [(line.day - first, line.key, line.attempts, line.cost, line.unpriced) for line in lines]
    assert told == [
        (timedelta(0), "app", 2, 5, 1),
        (timedelta(0), "other", 1, 7, 0),
        (timedelta(days=1), "app", 1, 9, 0),
    ]
    assert msgspec.structs.replace(lines[0], requests=2, input_tokens=11) == lines[0]
    assert [line.key for line in store.daily(first + timedelta(days=1), first + timedelta(days=9))] == ["app"]
