"""`trunkline export`"""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from arro3.io import read_parquet
from tests.cli.command import Place
from tests.store.rows import START, row

from trunkline.data import DataDirectory
from trunkline.ledger.exporting import FOCUS_COLUMNS
from trunkline.store import open_store

DAY = datetime.fromtimestamp(START // 1_000_000, UTC).date()


@pytest.fixture
def ledger(place: Place) -> Place:
    """A place with three attempts, on two days."""
    store = open_store(f"sqlite://{DataDirectory(place.data).store}")
    first = row(
        key="app", team="red", model="gpt-4o", provider="openai", cost=1_234_567_890, started=START, price="reported"
    )
    store.write_attempts(
        [
            first,
            row(key="app", team="red", model="gpt-4o", provider="openai", cost=10, started=START + 1),
            row(key="", model="=1+1", provider="house", cost=-1, started=START + 86_400_000_000),
        ]
    )
    store.close()
    return place


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_rows_are_written_with_every_column(ledger: Place) -> None:
    rows = read(ledger.run("export").stdout)
    assert [each["cost"] for each in rows] == ["1234567890", "10", "-1"]
    assert (rows[0]["price"], rows[0]["stream"] in "01", len(rows[0]["request"])) == ("reported", True, 36)


def test_a_cell_is_never_a_formula(ledger: Place) -> None:
    assert read(ledger.run("export").stdout)[2]["model"] == "'=1+1"


def test_days_are_sums_of_rows(ledger: Place) -> None:
    days = read(ledger.run("export", "--of", "days").stdout)
    assert [(each["day"], each["attempts"], each["cost"]) for each in days] == [
        (DAY.isoformat(), "2", "1234567900"),
        (DAY.replace(day=DAY.day + 1).isoformat(), "1", "0"),
    ]


def test_focus_has_what_the_provider_charges_and_what_the_tenant_is_charged(place: Place) -> None:
    store = open_store(f"sqlite://{DataDirectory(place.data).store}")
    store.write_attempts([row(org="acme", cost=1_000_000_000, markup=200_000_000, started=START)])
    store.close()
    [charge] = read(place.run("export", "--format", "focus").stdout)
    assert charge["BilledCost"] == charge["EffectiveCost"] == charge["ContractedCost"] == "1.20"
    assert charge["ListCost"] == "1.00"
    [day] = read(place.run("export", "--of", "days").stdout)
    assert (day["cost"], day["markup"]) == ("1000000000", "200000000")


def test_focus_has_its_columns_and_exact_dollars(ledger: Place, tmp_path: Path) -> None:
    path = tmp_path / "focus.csv"
    ledger.run("export", "--format", "focus", "-o", str(path))
    charges = read(path.read_text())
    assert tuple(charges[0]) == FOCUS_COLUMNS
    first = charges[0]
    assert first["BilledCost"] == first["EffectiveCost"] == first["ListCost"] == "1.2345679"
    assert (first["ProviderName"], first["ServiceName"], first["SubAccountId"]) == ("openai", "gpt-4o", "red")
    assert (first["ChargePeriodStart"], first["BillingPeriodStart"]) == (
        f"{DAY}T00:00:00Z",
        f"{DAY.replace(day=1)}T00:00:00Z",
    )
    assert first["Tags"] == '{"trunkline/key":"app","trunkline/team":"red"}'
    assert charges[1]["x_UnpricedAttempts"] == "1"


def test_a_span_is_kept_to(ledger: Place) -> None:
    assert len(read(ledger.run("export", "--since", f"{DAY}T00:00:00Z", "--until", f"{DAY}T23:59:59Z").stdout)) == 2


def test_parquet_holds_the_same(ledger: Place, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    ledger.run("export", "--format", "parquet", "-o", str(path))
    table = read_parquet(path).read_all()
    assert table.column("cost").to_pylist() == [1_234_567_890, 10, -1]
    assert table.column("model").to_pylist()[2] == "=1+1"


def test_what_cannot_be_written_is_told(ledger: Place) -> None:
    assert "not rows" in ledger.run("export", "--format", "focus", "--of", "rows", code=2).stderr
    assert "--output" in ledger.run("export", "--format", "parquet", code=2).stderr
