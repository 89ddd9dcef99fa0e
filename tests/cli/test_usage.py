"""`trunkline usage`"""

from datetime import UTC, datetime, timedelta

import pytest
from tests.cli.command import Place
from tests.store.rows import START, row

from trunkline.data import DataDirectory
from trunkline.ledger.record import Row
from trunkline.store import open_store


def record(place: Place, *rows: Row) -> None:
    """Write rows into the ledger of the place."""
    store = open_store(f"sqlite://{DataDirectory(place.data).store}")
    store.write_attempts(rows)
    store.close()


@pytest.fixture
def ledger(place: Place) -> Place:
    """A place with three attempts of two models, one of them without a price."""
    record(
        place,
        row(started=START, model="gpt-4o", key="app", cost=1_234_567, input_tokens=1000, output_tokens=10),
        row(started=START, model="gpt-4o", key="other", cost=4_000_000_000, outcome="failed", error="upstream_error"),
        row(
            started=START,
            model="house-7b",
            key="app",
            cost=-1,
            provider="house",
            team="red",
            tags='{"feature":"chat","env":"prod"}',
        ),
    )
    return place


def test_spend_and_tokens_by_model(ledger: Place) -> None:
    told = ledger.json("usage")
    assert [(line["name"], line["requests"], line["cost"]) for line in told["lines"]] == [
        ("gpt-4o", 2, "4.001234567"),
        ("house-7b", 1, "0.00"),
    ]
    assert told["lines"][1]["unpriced_attempts"] == 1
    assert told["total"]["attempts"] == 3
    assert told["total"]["errors"] == 1
    assert told["total"]["cost"] == "4.001234567"


def test_every_dimension(ledger: Place) -> None:
    for by, names in {
        "provider": ["house", "openai"],
        "key": ["app", "other"],
        "day": ["2025-10-09"],
        "hour": ["2025-10-09T08:00Z"],
        "team": ["", "red"],
        "feature": ["chat"],
        "tag:env": ["prod"],
        "outcome": ["failed", "ok"],
    }.items():
        assert [line["name"] for line in ledger.json("usage", "--by", by)["lines"]] == names


def test_a_dimension_that_is_none_is_refused_with_those_there_are(place: Place) -> None:
    said = place.run("usage", "--by", "colour", code=2).stderr
    assert "model" in said
    assert "tag:NAME" in said


def test_only_what_is_asked_for(ledger: Place) -> None:
    assert ledger.json("usage", "--key", "app")["total"]["attempts"] == 2
    assert ledger.json("usage", "--key", "app", "--model", "gpt-4o")["total"]["cost"] == "0.001234567"
    assert ledger.json("usage", "--provider", "house")["total"]["unpriced_attempts"] == 1


def test_spans_of_time(place: Place) -> None:
    hour_ago = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1_000_000)
    record(place, row(started=hour_ago, cost=1), row(started=START, cost=2))
    assert place.json("usage")["total"]["attempts"] == 2
    assert place.json("usage", "--since", "2h")["total"]["cost"] == "0.000000001"
    assert place.json("usage", "--until", "30m")["total"]["attempts"] == 2
    assert place.json("usage", "--until", "2025-10-10")["total"]["cost"] == "0.000000002"
    assert place.json("usage", "--since", "2025-10-09T08:53:20")["total"]["attempts"] == 2


def test_the_table_shows_exact_dollars_and_what_has_no_price(ledger: Place) -> None:
    lines = [line.split() for line in ledger.run("usage").stdout.splitlines()]
    assert ["gpt-4o", "2", "2", "1", "1,900", "200", "260", "100", "$4.001234567", *["0.85", "s", "1.00", "s"]] in lines
    assert ["house-7b", "1", "1", "0", "900", "100", "250", "50", "unpriced", *["0.85", "s", "1.00", "s"]] in lines
    assert ["total", "3", "3", "1", "2,800", "300", "510", "150", "$4.001234567", "+", "1", "unpriced"] in lines


def test_csv(ledger: Place) -> None:
    lines = ledger.run("usage", "--csv").stdout.splitlines()
    assert lines[0].startswith("model,requests,attempts,errors,input_tokens")
    assert lines[1] == "gpt-4o,2,2,1,1900,200,0,260,100,4.001234567,0,0.00,850.0,970.0,997.0,4.001234567"


def test_attempts_without_a_key_have_a_name_in_the_table(place: Place) -> None:
    record(place, row(key=""))
    assert "(no key)" in place.run("usage", "--by", "key").stdout


def test_a_name_cannot_steer_the_terminal(place: Place) -> None:
    record(place, row(model="\x1b[2Jevil"))
    said = place.run("usage").stdout
    assert "\x1b" not in said
    assert "evil" in said


def test_nothing_recorded(place: Place) -> None:
    assert place.run("usage").stdout == "Nothing is recorded yet.\n"
    assert place.run("usage", "--since", "7d").stdout == "Nothing is recorded of this.\n"
    assert place.json("usage")["total"]["cost"] == "0.00"
