"""A provider's account of its usage, in the shapes that providers give it."""

import json
from datetime import date
from decimal import Decimal

import pytest

from trunkline.ledger.reconciling import Difference, Entry, Unreadable, aspects_of, compare, read
from trunkline.store.listing import DailyLine

DAY = date(2026, 11, 1)
OPENAI = {
    "object": "page",
    "data": [
        {
            "object": "bucket",
            "start_time": 1793491200,
            "end_time": 1793577600,
            "results": [
                {
                    "object": "organization.usage.completions.result",
                    "input_tokens": 1000,
                    "output_tokens": 500,
                    "input_cached_tokens": 800,
                    "num_model_requests": 5,
                    "api_key_id": "key_abc",
                    "model": "gpt-4o",
                }
            ],
        }
    ],
    "has_more": False,
}
COSTS = {
    "data": [
        {
            "start_time": 1793491200,
            "results": [{"amount": {"value": 0.06, "currency": "usd"}, "line_item": None}],
        }
    ]
}
ANTHROPIC = {
    "data": [
        {
            "starting_at": "2026-11-01T00:00:00Z",
            "ending_at": "2026-11-02T00:00:00Z",
            "results": [
                {
                    "uncached_input_tokens": 1500,
                    "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500},
                    "cache_read_input_tokens": 200,
                    "output_tokens": 500,
                    "api_key_id": None,
                    "model": "claude-sonnet-4-5",
                }
            ],
        }
    ]
}
ANTHROPIC_COSTS = {
    "data": [{"starting_at": "2026-11-01T00:00:00Z", "results": [{"amount": "123.45", "currency": "USD"}]}]
}


@pytest.mark.parametrize(
    ("told", "entry"),
    [
        (OPENAI, Entry(day=DAY, model="gpt-4o", key="key_abc", requests=5, input=1000, cached=800, output=500)),
        (COSTS, Entry(day=DAY, cost=60_000_000)),
        (ANTHROPIC, Entry(day=DAY, model="claude-sonnet-4-5", input=3200, cached=200, output=500)),
        (ANTHROPIC_COSTS, Entry(day=DAY, cost=1_234_500_000)),
    ],
)
def test_a_page_of_a_providers_api_is_read(told: object, entry: Entry) -> None:
    assert read(json.dumps(told)) == [entry]
    assert read(json.dumps(told) + "\n" + json.dumps(told)) == [entry, entry]  # two pages


def test_a_table_is_read_by_the_usual_names_of_its_columns() -> None:
    text = '\ufeffDate,Model,Requests,Input_Tokens,Output_Tokens,Cost\n2026-11-01,gpt-4o,2,"1,200",30,$0.0000012\n'
    assert read(text) == [Entry(day=DAY, model="gpt-4o", requests=2, input=1200, output=30, cost=1200)]


def test_a_table_is_read_by_the_columns_that_are_named() -> None:
    text = "when,what,paid\n2026-11-01T23:30:00-02:00,m,1.5\n"
    named = {"day": "when", "model": "what", "cost": "paid"}
    assert read(text, named) == [Entry(day=date(2026, 11, 2), model="m", cost=1_500_000_000)]


def test_the_table_of_anthropics_console_is_read() -> None:
    text = (
        "usage_date_utc,model_version,api_key,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,"
        "usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens\n"
        "2026-11-01,claude-sonnet-4-5,app,10,5,1,4,7\n"
    )
    assert read(text) == [Entry(day=DAY, model="claude-sonnet-4-5", key="app", input=20, cached=4, output=7)]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"data": 5}',
        '{"data": [{"start_time": 1}]}',
        '{"data": [{"start_time": 1, "results": [{"input_tokens": {}, "output_tokens": 1}]}]}',
        '{"data": [{"start_time": 99999999999999, "results": []}], "x": 1}{',
        '{"data": [{"start_time": 1, "results": [{"amount": {"value": 1, "currency": "eur"}}]}]}',
        "a,b\n1,2\n",
        "date,cost\nyesterday,1\n",
        '{"data": [{"start_time": 1, "results": [{"input_tokens": "many", "output_tokens": 1}]}]}',
        '{"data": [{"start_time": 1, "results": [{"amount": {"value": "NaN"}}]}]}',
        "date,cost\n2026-11-01,much\n",
        "date,cost\n2026-11-01,nan\n",
        "date,requests\n2026-11-01,Infinity\n",
        "usage_date_utc,usage_input_tokens_no_cache,usage_output_tokens\n2026-11-01,many,1\n",
        "date,cost\n\0,1\n",
        "5",
    ],
)
def test_what_is_none_of_the_shapes_is_told(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


def test_what_is_wrong_in_a_table_is_told_with_its_line() -> None:
    with pytest.raises(Unreadable, match="line 3: 'much' is no number, and should be cost"):
        read("date,cost\n2026-11-01,1\n2026-11-02,much\n")


def test_a_column_that_is_not_there_is_told() -> None:
    with pytest.raises(Unreadable, match="no column 'paid'; it has date"):
        read("date,cost\n2026-11-01,1\n", {"cost": "paid"})


def line(**more: object) -> DailyLine:
    facts: dict[str, object] = dict.fromkeys(DailyLine.__struct_fields__, 0)
    names = dict.fromkeys(("org", "team", "user", "key", "provider", "model"), "")
    return DailyLine(**{**facts, **names, "day": DAY, **more})  # type: ignore[arg-type]


def test_only_what_the_provider_tells_is_compared() -> None:
    entries = [Entry(day=DAY, model="m", input=10), Entry(day=DAY, model="m", input=5, key="k")]
    assert aspects_of(entries) == ("day", "model")
    lines = [line(model="m", key="a", input_tokens=9, cost=3), line(model="m", key="b", input_tokens=6, cost=3)]
    assert compare(entries, lines, ("day", "model")) == []


def test_differences_are_found_on_both_sides() -> None:
    entries = [Entry(day=DAY, model="theirs", cost=100), Entry(day=DAY, model="both", cost=100)]
    lines = [line(model="both", cost=99), line(model="ours", cost=1)]
    assert compare(entries, lines, ("model",)) == [
        Difference(("both",), "cost", 100, 99),
        Difference(("ours",), "cost", 0, 1),
        Difference(("theirs",), "cost", 100, 0),
    ]
    found = compare(entries, lines, ("model",), Decimal("0.01"))
    assert [difference.place for difference in found] == [("ours",), ("theirs",)]
