"""`trunkline cache`"""

import pytest
from tests.cli.command import Place

from trunkline.data import DataDirectory
from trunkline.store import open_store


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--model", "faq"], "model faq"),
        (["--tag", "feature=refunds"], "tag feature=refunds"),
        (["--everything"], "everything"),
    ],
)
def test_answers_are_forgotten_and_it_is_recorded_by_whom(place: Place, words: list[str], name: str) -> None:
    assert name in place.run("cache", "forget", *words).stdout
    store = open_store(f"sqlite://{DataDirectory(place.data).store}")
    [change] = store.changes(10, 10)
    [(forgotten, at)] = store.forgotten()
    store.close()
    assert (change.by, change.action, change.name, change.at) == ("command line", "forgotten", name, at)
    assert forgotten == name


@pytest.mark.parametrize("words", [[], ["--everything", "--model", "faq"], ["--tag", "feature"]])
def test_it_must_be_said_which(place: Place, words: list[str]) -> None:
    place.run("cache", "forget", *words, code=1)
