"""Totals by the hour against the lines of hours that they are sums of."""

from msgspec.structs import replace
from tests.store.rows import row

from trunkline.store.base import EVERYTHING, Store, UsageFilter

ONE_KEY = row()


def assert_totals_are_those_of_hours(store: Store, attempts: int) -> None:
    """All rows of the store are of `row()`'s key, so a report on that is the same, and read from the lines of hours."""
    assert sum(line.attempts for line in store.usage("hour")) == attempts
    for only in (
        EVERYTHING,
        UsageFilter(org=ONE_KEY.org),
        UsageFilter(team=ONE_KEY.team),
        UsageFilter(model=ONE_KEY.model),
        UsageFilter(provider=ONE_KEY.provider),
        UsageFilter(outcome=ONE_KEY.outcome),
    ):
        same = replace(only, key=ONE_KEY.key)
        assert store.usage("hour", only=only) == store.usage("hour", only=same)
        assert store.latencies("hour", only=only) == store.latencies("hour", only=same)
