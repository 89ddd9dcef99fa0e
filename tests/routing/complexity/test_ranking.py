"""Places among recent scores."""

import random

from trunkline.routing.complexity.ranking import Ranking

EVENLY = [index / 100 for index in range(101)]


def taken(ranking: Ranking, scores: list[float], share: float) -> float:
    """Which share of `scores` counts as hard."""
    return sum(ranking.place(score) > 1 - share for score in scores) / len(scores)


def test_the_share_holds_for_traffic_like_the_data() -> None:
    numbers = random.Random(1)
    for share in (0.05, 0.3, 0.9):
        scores = [numbers.random() for _ in range(4000)]
        assert abs(taken(Ranking(EVENLY), scores, share) - share) < 0.03


def test_the_share_holds_soon_after_traffic_changes() -> None:
    numbers, ranking = random.Random(2), Ranking(EVENLY)
    taken(ranking, [0.9 + numbers.random() / 10 for _ in range(1500)], 0.3)
    assert abs(taken(ranking, [0.9 + numbers.random() / 10 for _ in range(3000)], 0.3) - 0.3) < 0.03


def test_the_share_holds_when_all_requests_are_alike() -> None:
    ranking = Ranking(EVENLY)
    taken(ranking, [0.42] * 1500, 0.3)
    assert abs(taken(ranking, [0.42] * 1000, 0.3) - 0.3) < 0.01


def test_none_and_all_are_exact() -> None:
    numbers = random.Random(3)
    scores = [numbers.random() for _ in range(500)] + [-1.0, 2.0]
    assert taken(Ranking(EVENLY), scores, 0.0) == 0
    assert taken(Ranking(EVENLY), scores, 1.0) == 1


def test_what_is_harder_has_a_higher_place() -> None:
    ranking = Ranking(EVENLY)
    assert ranking.place(0.1) < ranking.place(0.5) < ranking.place(0.95)


def test_it_remembers_no_more_than_its_window() -> None:
    ranking = Ranking(EVENLY, window=50)
    for index in range(200):
        ranking.place(index / 200)
    assert ranking.place(0.7) < 0.02  # all of the last fifty were harder
