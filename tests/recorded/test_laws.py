"""The four laws of the formats, on every recorded exchange (`laws/board.py` says which they are).

One test a provider and law, so that a run is short; what fails is told by cause, with one recording each. A recording
that cannot even be judged breaks the law, too.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from tests.recorded.ears import Ears
from tests.recorded.exchanges import Exchange, exchanges, providers
from tests.recorded.laws import answers, carrying, hearing, requests
from tests.recorded.laws.board import LAWS, Board, Failure
from tests.recorded.left_out import left_out
from tests.recorded.recordings import DEFAULT, folder, index, missing

from trunkline.formats.registry import FORMATS

pytestmark = [pytest.mark.shared, pytest.mark.timeout(900)]  # other folders may hold many more

PROVIDERS: list[Any] = list(providers()) or [missing()]
SHOWN = 12
"""Causes that a failing test tells."""


@pytest.fixture(scope="module")
def ears() -> Iterator[Ears]:
    from tests.recorded.clients import clients  # takes seconds: only where it is needed

    with clients() as heard:
        yield heard


@pytest.mark.parametrize("provider", PROVIDERS)
def test_requests_come_back_as_they_were(provider: str, board: Board) -> None:
    for exchange in asked("a", provider):
        spoken = FORMATS[exchange.format]
        try:
            board.add("a", provider, list(requests.failures(exchange, spoken)))
            requests.weigh(exchange, spoken, board.shares[provider])
        except Exception as error:
            board.add("a", provider, [unjudged("a", exchange, error)])
    settle(board, "a", provider)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_answers_come_back_as_they_were(provider: str, board: Board) -> None:
    recorded = answered("b", provider)
    whole = answers.wholes(recorded)
    for exchange in recorded:
        try:
            board.add("b", provider, list(answers.failures(exchange, FORMATS[exchange.format], whole)))
        except Exception as error:
            board.add("b", provider, [unjudged("b", exchange, error)])
    settle(board, "b", provider)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_requests_are_carried_to_every_other_format(provider: str, board: Board) -> None:
    for exchange in asked("c", provider):
        try:
            for _, carried in carrying.carried(exchange, FORMATS):
                board.add("c", provider, carried.failures, refused=carried.refused)
        except Exception as error:
            board.add("c", provider, [unjudged("c", exchange, error)])
    settle(board, "c", provider)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_answers_are_heard_by_every_other_sdk(provider: str, board: Board, ears: Ears) -> None:
    for exchange in answered("d", provider):
        try:
            for _, failures in hearing.heard(exchange, FORMATS, ears):
                board.add("d", provider, failures)
        except Exception as error:
            board.add("d", provider, [unjudged("d", exchange, error)])
    settle(board, "d", provider)


def test_every_exception_is_needed(board: Board) -> None:
    if not all(board.ran[law] >= set(PROVIDERS) for law in LAWS):
        pytest.skip("not all laws were tried")
    here = frozenset(entry["file"].removesuffix(".json") for entry in index())
    assert board.unneeded(here=here, whole=folder() == DEFAULT) == []


def asked(law: str, provider: str) -> list[Exchange]:
    """The recordings with a request of which `law` is asked."""
    return [one for one in exchanges(provider) if one.request is not None and not left_out(one, law)]


def answered(law: str, provider: str) -> list[Exchange]:
    """Those with an answer."""
    return [one for one in exchanges(provider) if (one.replies or one.stream) and not left_out(one, law)]


def unjudged(law: str, exchange: Exchange, error: Exception) -> Failure:
    cause = f"cannot be judged: {type(error).__name__}"
    return Failure(law, exchange.name, exchange.format, "harness", cause, str(error))


def settle(board: Board, law: str, provider: str) -> None:
    """Note that a provider is through; fails with what broke the law, most frequent cause first."""
    board.ran[law].add(provider)
    failures = board.of(law, provider)
    if failures:
        pytest.fail(told(failures), pytrace=False)


def told(failures: list[Failure]) -> str:
    counted = Counter(map(str, failures)).most_common(SHOWN)
    first = {str(failure): failure for failure in reversed(failures)}
    lines = []
    for cause, number in counted:
        lines += [f"{number} × {cause}", f"    {first[cause].recording}: {first[cause].detail}"]
    return "\n".join(lines)
