"""What is learnt of right and wrong answers, and what may be risked."""

import math

import msgspec
import numpy as np
import pytest

from trunkline.cache.semantic.entry import Damaged, Taught
from trunkline.cache.semantic.risk import ENOUGH, MARGIN, STEEPEST, VERSION, Budget, Risk
from trunkline.cache.semantic.vote import Vote, count

VOTE = Vote(answer=1, odds=3.0, lead=0.1)


def vote(odds: float, lead: float = 0.1) -> Vote:
    return Vote(answer=1, odds=odds, lead=lead)


def taught(odds: float, right: bool, lead: float = 0.1, weight: float = 1.0) -> Taught:
    return Taught(float(odds), float(lead), bool(right), weight)


def test_more_odds_are_less_risk_from_the_beginning() -> None:
    risks = [Risk().of(vote(odds)) for odds in (-2, 0, 2, 4, 8)]
    assert risks == sorted(risks, reverse=True)
    assert risks[-1] < 0.001 < 0.5 < risks[0]


def test_what_was_seen_moves_the_risk_to_what_it_is() -> None:
    random, learnt = np.random.default_rng(0), Risk()
    for odds in random.uniform(0, 6, 3000):
        learnt.learn(taught(odds, bool(random.uniform() < 1 / (1 + math.exp(0.5 - odds)))))
    for odds in (1.0, 2.0, 3.0):
        assert learnt.of(vote(odds)) == pytest.approx(1 / (1 + math.exp(odds - 0.5)), rel=0.3)


def test_a_partition_begins_with_what_all_have_learnt_and_then_goes_its_own_way() -> None:
    pooled = Risk()
    bad = Risk(pooled)
    for _ in range(400):
        bad.learn(taught(VOTE.odds, False))
    assert Risk(pooled).of(VOTE) > 0.5
    other = Risk(pooled)
    for _ in range(400):
        other.learn(taught(VOTE.odds, True))
    assert other.of(VOTE) < 0.2 < bad.of(VOTE)


def test_what_all_have_learnt_already_is_not_learnt_twice() -> None:
    pooled = Risk()
    for _ in range(400):
        Risk(pooled).learn(taught(VOTE.odds, False), alone=True)
    assert pooled.of(VOTE) == Risk().of(VOTE)


def test_what_was_learnt_is_written_down_and_gone_on_from() -> None:
    random, learnt = np.random.default_rng(1), Risk()
    for odds in random.uniform(0, 6, 90):
        learnt.learn(taught(odds, odds > 3))
    after = Risk()
    after.load(learnt.dump())
    assert after.of(VOTE) == learnt.of(VOTE) != Risk().of(VOTE)
    for odds in random.uniform(0, 6, 40):
        learnt.learn(taught(odds, odds > 3))
        after.learn(taught(odds, odds > 3))
    assert after.of(VOTE) == pytest.approx(learnt.of(VOTE), rel=0.2)


def test_what_is_no_curve_of_this_version_changes_nothing() -> None:
    good = msgspec.msgpack.decode(Risk().dump())
    later = [VERSION + 1, *good[1:]]
    mad = [VERSION, [math.nan, 1.0, 1.0], []]
    short = [VERSION, [1.0, 1.0], []]
    risk = Risk()
    for bad in (b"", b"\xc1", *map(msgspec.msgpack.encode, (later, mad, short))):
        with pytest.raises(Damaged):
            risk.load(bad)
    assert risk.of(VOTE) == Risk().of(VOTE)


@pytest.mark.parametrize("right", [True, False])
def test_learning_stays_sane_when_everything_seen_is_alike(right: bool) -> None:
    learnt = Risk()
    for odds in np.linspace(0, 12, 4000):
        learnt.learn(taught(odds, right, lead=0.4, weight=100.0))
    assert 0 <= learnt.of(vote(12)) <= learnt.of(vote(1)) <= 1


def test_learning_stays_sane_when_little_speaks_against_a_lot() -> None:
    """Where the curve is nearly a step, Newton's method alone leaps to infinity."""
    random, learnt = np.random.default_rng(0), Risk()
    for number in range(4000):
        odds, lead = random.exponential(4), random.uniform(0, 0.4)
        learnt.learn(taught(odds, odds > 1.5 or number % 7 == 0, lead, 30.0 if odds > 3 else 1.0))
    assert learnt.of(vote(0.1)) > 0.1
    assert learnt.of(vote(0.1)) > learnt.of(vote(5.0)) >= 0


def test_at_first_every_hit_must_keep_the_share_of_errors() -> None:
    budget = Budget(0.01)
    for _ in range(ENOUGH - 1):
        budget.note(0.0)
    assert budget.limit == 0.01 * MARGIN


def test_then_the_expected_errors_of_all_requests_are_the_share() -> None:
    random, budget = np.random.default_rng(0), Budget(0.01)
    risks = random.uniform(0, 0.1, 2000)
    for risk in risks:
        budget.note(float(risk))
    recent = risks[-1000:]
    assert recent[recent <= budget.limit].sum() / 1000 == pytest.approx(0.01 * MARGIN, rel=0.05)


def test_no_single_hit_may_be_a_gamble() -> None:
    budget = Budget(0.01)
    for number in range(2000):
        budget.note(0.0 if number % 2 else 0.4)
    assert budget.limit <= 0.01 * STEEPEST


def test_a_vote_is_for_the_answer_with_the_most_weight_not_the_nearest() -> None:
    found = count([(1, 0.82), (2, 0.8), (2, 0.8), (2, 0.79)], known=1000)
    assert found is not None
    assert found.answer == 2
    assert found.odds < count([(2, 0.8), (2, 0.8), (2, 0.79)], known=1000).odds  # type: ignore[union-attr]  # not None


def test_the_same_neighbour_means_less_where_little_is_known() -> None:
    few, many = count([(1, 0.9)], known=1), count([(1, 0.9)], known=5000)
    assert few is not None
    assert many is not None
    assert few.odds < many.odds
    assert count([], known=5) is None
