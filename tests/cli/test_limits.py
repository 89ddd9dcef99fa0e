"""`trunkline limits`"""

import pytest
from tests.cli.command import Place

from trunkline.data import DataDirectory
from trunkline.limits.books import Ask
from trunkline.limits.pool import Batch
from trunkline.store import open_store

BUDGET = "key:a:cost:month 2026-11-01"


def hold(place: Place, seconds: int) -> None:
    """A process that holds two dollars, for so long without word."""
    store = open_store(f"sqlite://{DataDirectory(place.data).store}")
    ask = Ask(BUDGET, 10**10, 0, [], 0, 2 * 10**9, 2 * 10**9, 2 * 10**9)
    store.exchange_budgets(Batch("host:1:x.1", 1, seconds * 1000, 0, [ask]), {})
    store.close()


def spent(place: Place) -> int:
    store = open_store(f"sqlite://{DataDirectory(place.data).store}")
    found = store.spent([BUDGET]).get(BUDGET, 0)
    store.close()
    return found


def test_who_holds_what_is_listed(place: Place) -> None:
    hold(place, 60)
    [line] = place.json("limits", "holders")
    assert (line["holder"], line["budget"], line["amount"], line["lives"]) == ("host:1:x.1", BUDGET, "$2.00", True)
    assert "host:1:x.1" in place.run("limits", "holders").stdout


def test_one_that_may_still_spend_is_not_given_up(place: Place) -> None:
    hold(place, 60)
    assert "wait for that" in place.run("limits", "release", "host:1:x.1", code=1).stderr


@pytest.mark.parametrize(("words", "counted"), [([], 0), (["--as-spent"], 2 * 10**9)])
def test_a_dead_one_is_given_up(place: Place, words: list[str], counted: int) -> None:
    hold(place, 0)
    place.run("limits", "release", "host:1:x.1", *words)
    assert place.json("limits", "holders") == []
    assert spent(place) == counted
    assert "nothing is held" in place.run("limits", "release", "host:1:x.1", code=1).stderr


def test_a_payment_counts_once(place: Place) -> None:
    paid = ["limits", "pay-in", "org:acme", "50.25", "--reference", "invoice 7"]
    assert "$50.25 altogether" in place.run(*paid).stdout
    assert "entered before" in place.run(*paid, code=1).stderr


@pytest.mark.parametrize(
    ("rule", "scope"), [("org: acme", "org:acme"), ("org: '*'", "org:acme"), ("tag: c=*", "tag:c=x")]
)
def test_a_payment_for_whom_there_is_no_credit_is_told(place: Place, rule: str, scope: str) -> None:
    place.configure(f"budgets: [{{{rule}, prepaid: true}}]\n")
    assert not place.run("limits", "pay-in", scope, "5", "--reference", "one").stderr
    told = place.run("limits", "pay-in", "team:acme/x", "5", "--reference", "two").stderr
    assert "no budget of this configuration with `prepaid: true` is for team:acme/x" in told


@pytest.mark.parametrize(
    "words", [["acme", "5"], ["org:acme", "much"], ["org:acme", "0.0000000001"], ["org:acme", "nan"]]
)
def test_a_payment_that_cannot_be_meant_is_refused(place: Place, words: list[str]) -> None:
    place.run("limits", "pay-in", *words, "--reference", "r", code=1)
