"""Nearest neighbours: exact while there are few, nearly so and quick when there are many."""

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from trunkline.cache.semantic.cells import FULL, SEARCHED, Cells

DIMENSIONS = 384


def vectors(number: int, seed: int = 0, topics: int = 300) -> NDArray[np.float32]:
    """As texts have them: around topics, two of which a text may mix, with what is its own."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(7).normal(size=(topics, DIMENSIONS))
    share = random.uniform(0, 0.45, (number, 1))
    mixed = (1 - share) * centres[random.integers(0, topics, number)]
    mixed += share * centres[random.integers(0, topics, number)] + 0.5 * random.normal(size=(number, DIMENSIONS))
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.asarray(mixed, dtype=np.float32)


def filled(given: NDArray[np.float32]) -> Cells:
    cells = Cells(DIMENSIONS)
    for number, vector in enumerate(given):
        cells.add(number, vector)
    return cells


def test_the_nearest_of_a_few_cells_are_exact() -> None:
    given = vectors(SEARCHED * FULL // 2)
    cells = filled(given)
    for question in vectors(20, seed=1):
        numbers, cosines = cells.nearest(question, 10)
        truth = given @ question
        assert numbers.tolist() == np.argsort(-truth)[:10].tolist()
        assert np.allclose(cosines, truth[numbers], atol=1e-6)


def test_what_is_removed_is_not_found_and_the_rest_is() -> None:
    given = vectors(1000)
    cells = filled(given)
    for number in range(0, 1000, 2):
        cells.remove(number)
    assert len(cells) == 500
    for number in range(1000):
        numbers, _ = cells.nearest(given[number], 1)
        assert (numbers[0] == number) == (number % 2 == 1)
    with pytest.raises(KeyError):
        cells.remove(0)


def test_an_empty_one_finds_nothing() -> None:
    numbers, cosines = Cells(DIMENSIONS).nearest(vectors(1)[0], 5)
    assert (len(numbers), len(cosines)) == (0, 0)


def test_equal_vectors_are_kept_apart() -> None:
    given = np.repeat(vectors(1), 3 * FULL, axis=0)
    cells = filled(given)
    numbers, _ = cells.nearest(given[0], 3 * FULL)
    assert sorted(numbers.tolist()) == list(range(3 * FULL))


@pytest.mark.slow
def test_a_hundred_thousand_are_searched_in_a_millisecond_and_hardly_any_is_missed() -> None:
    given, asked = vectors(100_000), vectors(200, seed=1)
    cells = filled(given)
    truth = asked @ given.T
    found, times = 0.0, []
    for row, question in zip(truth, asked, strict=True):
        before = time.perf_counter()
        numbers, _ = cells.nearest(question, 32)
        times.append(time.perf_counter() - before)
        found += len(np.intersect1d(numbers, np.argsort(-row)[:32])) / 32
    assert found / len(asked) >= 0.9
    assert np.quantile(times, 0.25) <= 0.001, "the quickest quarter: a busy machine is no fault of the search"
