"""`trunkline reconcile`"""

from datetime import UTC, datetime

import pytest
from tests.cli.command import Place
from tests.store.rows import START, row

from trunkline.data import DataDirectory
from trunkline.store import open_store

DAY = datetime.fromtimestamp(START // 1_000_000, UTC).date()
TABLE = f"date,model,requests,input_tokens,cost\n{DAY},gpt-4o-2024-08-06,2,30,0.5\n"


@pytest.fixture
def ledger(place: Place) -> Place:
    """A place with two attempts at OpenAI, and one elsewhere."""
    store = open_store(f"sqlite://{DataDirectory(place.data).store}")
    store.write_attempts(
        [
            row(provider="openai", model="gpt-4o", input_tokens=10, cost=200_000_000),
            row(provider="openai", model="gpt-4o", input_tokens=20, cost=300_000_000),
            row(provider="anthropic", model="claude", input_tokens=99, cost=1),
        ]
    )
    store.close()
    return place


def test_accounts_that_agree(ledger: Place) -> None:
    told = ledger.run("reconcile", "-", "--provider", "openai", "--same", "gpt-4o-2024-08-06=gpt-4o", given=TABLE)
    assert told.stdout == f"The ledger and openai agree, from {DAY} to {DAY}.\n"


def test_accounts_that_differ_fail_and_say_where(ledger: Place) -> None:
    words = ("reconcile", "-", "--provider", "openai", "--by", "day")
    assert "0.50" in ledger.run(*words, given=TABLE.replace("0.5", "0.6"), code=1).stdout
    told = ledger.run(*words, "--json", given=TABLE.replace("30,", "31,"), code=1).stdout
    assert f'"differences":[{{"place":{{"day":"{DAY}"}},"figure":"input","theirs":31,"ours":30}}]' in told
    ledger.run(*words, "--tolerance", "5%", given=TABLE.replace("30,", "31,"))


def test_columns_of_ones_own_are_named(ledger: Place) -> None:
    table = TABLE.replace("cost", "paid").replace("input_tokens", "read")
    ledger.run("reconcile", "-", "--provider", "openai", "--by", "day", "--column", "cost=paid", given=table)


@pytest.mark.parametrize(
    ("given", "words", "told"),
    [
        ("nothing", (), "do not say which is the day"),
        ("date,cost\n", (), "nothing is in it"),
        (TABLE, ("--column", "price=cost"), "'price' is none of day"),
        (TABLE, ("--tolerance", "much"), "no percentage"),
        (TABLE, ("--column", "cost"), "'cost' is not a meaning and its column"),
    ],
)
def test_what_cannot_be_compared_is_told(ledger: Place, given: str, words: tuple[str, ...], told: str) -> None:
    assert told in ledger.run("reconcile", "-", "--provider", "openai", *words, given=given, code=2).stderr
