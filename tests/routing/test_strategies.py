"""How each kind of route orders its candidates."""

import math
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.routing.world import HELLO, World, firsts, names, price, talk

A, B, C = "openai/a", "groq/b", "mistral/c"
LONG = "word " * 4000


def world(route: str, **more: object) -> World:
    """One with the model `it`."""
    return World(f"models: {{it: {{{route}}}}}", **more)  # type: ignore[arg-type]  # World's own


# fallback, weighted


def test_fallback_keeps_the_order() -> None:
    assert world(f"route: fallback, of: {names([A, B, C])}").order("it") == [A, B, C]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 100), min_size=2, max_size=5), st.integers(0, 2**32))
def test_weights_are_kept_in_the_long_run_for_the_first_and_the_second(weights: list[int], seed: int) -> None:
    of = ", ".join(f"openai/m{number}: {weight}" for number, weight in enumerate(weights))
    there = world(f"route: weighted, of: {{{of}}}", seed=seed)
    drawn, count = Counter[tuple[str, str]](), 4000
    for _ in range(count):
        first, second, *_ = there.order("it")
        drawn[first, second] += 1
    total = sum(weights)
    for i, one in enumerate(weights):
        for j, other in enumerate(weights):
            if i != j:
                expected = one / total * other / (total - one)
                error = 6 * math.sqrt(count * expected * (1 - expected)) + 3
                assert abs(drawn[f"openai/m{i}", f"openai/m{j}"] - count * expected) <= error


def test_a_canary_gets_its_one_percent_and_falls_back_to_the_others() -> None:
    there = world(f"route: weighted, of: {{{A}: 99, {B}: 1}}")
    plans = [there.order("it") for _ in range(20_000)]
    assert {tuple(plan) for plan in plans} == {(A, B), (B, A)}
    assert 140 < sum(plan[0] == B for plan in plans) < 260


def test_the_same_random_numbers_give_the_same_plan() -> None:
    route = f"route: weighted, of: {{{A}: 1, {B}: 2, {C}: 3}}"
    one, other = world(route, seed=7), world(route, seed=7)
    assert [one.order("it") for _ in range(50)] == [other.order("it") for _ in range(50)]


def test_weights_hold_among_those_that_are_left_when_one_is_down() -> None:
    there = world(f"route: weighted, of: {{{A}: 98, {B}: 1, {C}: 1}}")
    there.fail(A)
    drawn = Counter(there.order("it")[0] for _ in range(4000))
    assert drawn.keys() == {B, C}
    assert abs(drawn[B] - 2000) < 200


# cheapest


def test_cheapest_goes_by_the_expected_tokens_of_this_request() -> None:
    prices = {A: price(1, 10), B: price(2, 2)}
    there = world(f"route: cheapest, of: {names([A, B])}", prices=prices)
    assert there.order("it") == [B, A], "a short question has a longer answer"
    assert there.order("it", talk(LONG)) == [A, B], "a long one has more input"
    assert there.order("it", talk("word " * 500), cap=5) == [A, B], "its answer is capped"


def test_cheapest_counts_on_what_was_cached_and_how_long_answers_were() -> None:
    prices = {A: price(3, 1), B: price(5, 1, cached=0.5)}
    there = world(f"route: cheapest, of: {names([A, B])}", prices=prices)
    assert there.order("it", talk(LONG)) == [A, B]
    ticket = there.health.begin(B, there.now)
    assert ticket is not None
    ticket.end("ok", there.now, input=1000, output=100, cached=900)
    assert there.order("it", talk(LONG)) == [B, A]


def test_what_has_no_price_comes_last() -> None:
    there = world(f"route: cheapest, of: {names([A, B])}", prices={B: price(100, 100)})
    assert there.order("it") == [B, A]


# fastest


def test_fastest_goes_by_the_time_to_the_first_output() -> None:
    there = world(f"route: fastest, of: {names([A, B])}, explore: 0")
    there.answer(A, 2.0, times=3)
    there.answer(B, 0.5, times=3)
    assert there.order("it") == [B, A]


def test_fastest_may_go_by_tokens_a_second() -> None:
    there = world(f"route: fastest, of: {names([A, B])}, by: tokens_per_second, explore: 0")
    there.answer(A, 2.0, output=1000)
    there.answer(B, 0.5, output=50)
    assert there.order("it") == [A, B]


def test_what_was_never_tried_is_tried_by_one_request_at_a_time() -> None:
    there = world(f"route: fastest, of: {names([A, B])}")
    there.answer(A, 0.1)
    assert there.order("it")[0] == B
    under_way = there.health.begin(B, there.now)
    assert under_way is not None
    assert Counter(there.order("it")[0] for _ in range(1000))[A] > 950
    under_way.end("cancelled", there.now)
    assert there.order("it")[0] == B


def test_a_small_share_tries_another_to_learn_how_it_does() -> None:
    there = world(f"route: fastest, of: {names([A, B, C])}, explore: 10%")
    for name, seconds in ((A, 0.1), (B, 0.5), (C, 0.9)):
        there.answer(name, seconds)
    drawn = Counter(there.order("it")[0] for _ in range(10_000))
    assert 8800 < drawn[A] < 9200
    assert 400 < drawn[B] < 600
    assert 400 < drawn[C] < 600


# least busy


def test_least_busy_counts_what_is_under_way_and_ties_are_broken_at_random() -> None:
    there = world(f"route: least_busy, of: {names([A, B, C])}")
    assert {there.order("it")[0] for _ in range(50)} == {A, B, C}
    for name in (A, A, B):
        there.health.begin(name, there.now)
    assert there.order("it") == [C, B, A]


def test_least_busy_shares_the_load_evenly() -> None:
    there = world(f"route: least_busy, of: {names([A, B, C])}")
    under_way, taken = [], Counter[str]()
    for number in range(3000):
        name = there.order("it")[0]
        taken[name] += 1
        under_way.append(there.health.begin(name, there.now))
        if number >= 30:
            ticket = under_way.pop(random.Random(number).randrange(len(under_way)))
            assert ticket is not None
            ticket.end("ok", there.now)
    assert max(taken.values()) - min(taken.values()) < 150


# sticky


@settings(deadline=None, max_examples=30)
@given(st.sets(st.integers(0, 30), min_size=2, max_size=8), st.data())
def test_conversations_stay_when_others_come_and_go(numbers: set[int], data: st.DataObject) -> None:
    """Only those move whose own place is taken away, or that a new place takes; and it takes no more than its share."""
    all_names = [f"openai/m{number}" for number in sorted(numbers)]
    gone = data.draw(st.sampled_from(all_names))
    before = world(f"route: sticky, of: {names(all_names)}")
    after = world(f"route: sticky, of: {names(data.draw(st.permutations([n for n in all_names if n != gone])))}")
    moved, count = 0, 300
    for number in range(count):
        session = {**HELLO, "session_id": f"s{number}"}
        old, new = before.order("it", session), after.order("it", session)
        assert new == [name for name in old if name != gone]
        moved += old[0] == gone
    expected = count / len(numbers)
    assert abs(moved - expected) < 6 * math.sqrt(expected) + 3


def test_conversations_are_spread_evenly_over_first_and_second_places() -> None:
    there = world(f"route: sticky, of: {names([f'openai/m{number}' for number in range(10)])}")
    count = 4000
    orders = [there.order("it", {**HELLO, "session_id": f"s{number}"}) for number in range(count)]
    for place in (0, 1, 9):
        found = Counter(order[place] for order in orders)
        chi = sum((each - count / 10) ** 2 / (count / 10) for each in found.values())
        assert len(found) == 10
        assert chi < 27.9, "what chance exceeds once in a thousand times, with nine degrees of freedom"
    pairs = Counter((order[0], order[1]) for order in orders)
    assert len(pairs) == 90, "whose second it is does not follow from whose first it is"


def test_a_conversation_moves_to_the_next_place_while_its_own_is_down_and_back_again() -> None:
    there = world(f"route: sticky, of: {names([A, B, C])}")
    chat = talk("Hello", "Hi", "How are you?")
    home, second, _ = there.order("it", chat)
    assert there.order("it", talk("Hello")) == there.order("it", chat), "from its first turn on"
    there.fail(home)
    assert there.order("it", chat)[0] == second
    there.now += 3
    probe = there.health.begin(home, there.now)
    assert probe is not None
    probe.end("ok", there.now)
    assert there.order("it", chat)[0] == home


def test_it_stays_only_while_the_discount_on_what_is_cached_outweighs() -> None:
    chat = talk(*[LONG] * 7)
    prices = {A: price(3, 3, cached=0.3), B: price(2, 2, cached=2)}
    there = world(f"route: sticky, of: {names([A, B])}", prices=prices)
    unpriced = world(f"route: sticky, of: {names([A, B])}")
    sessions = ({**chat, "session_id": f"{number}"} for number in range(99))
    session = next(each for each in sessions if unpriced.order("it", each)[0] == A)
    assert there.order("it", session) == [A, B], "six sevenths of it are cached there, at a tenth"
    there.prices |= world("route: fallback, of: [openai/a]", prices={A: price(3, 3, cached=3)}).prices
    assert there.order("it", session) == [B, A], "nothing is gained by staying"
    assert there.order("it", {**HELLO, "session_id": session["session_id"]}) == [B, A], "too short to be cached"


def test_with_equal_prices_it_is_never_left() -> None:
    there = world(f"route: sticky, of: {names([A, B])}", prices={A: price(1, 2), B: price(1, 2)})
    homes = Counter(there.order("it", {**HELLO, "session_id": f"{n}"})[0] for n in range(1000))
    assert abs(homes[A] - 500) < 100


# conditional


TIERED = """
models:
  strong: openai/strong
  it:
    route: conditional
    rules:
      - {when: "tags.plan == 'free'", to: groq/free}
      - {when: "request.tokens > 1000", to: mistral/large}
      - {when: "request.stream && critical", to: openai/urgent}
    else: strong
"""


def test_the_first_rule_that_holds_decides() -> None:
    there = World(TIERED)
    assert there.order("it") == ["openai/strong"]
    assert there.order("it", talk(LONG)) == ["mistral/large"]
    assert there.order("it", talk(LONG), {"x-trunkline-tags": "plan=free"}) == ["groq/free"]
    assert there.order("it", {**HELLO, "stream": True}, {"x-trunkline-priority": "high"}) == ["openai/urgent"]


def test_without_a_rule_that_holds_and_without_else_nobody_is_asked_and_that_is_said() -> None:
    there = world("route: conditional, rules: [{when: \"key == 'x'\", to: openai/a}]")
    made = there.plan("it")
    assert made.steps == ()
    assert made.refusal is not None
    assert (made.refusal.status, made.refusal.retry_after) == (400, None)
    assert "No rule of 'it'" in made.refusal.message


# complexity


class Even:
    """Scores are spread evenly from 0 to 1, and quality is had for its share."""

    def place(self, route: str, score: float) -> float:
        assert route == "it"
        return score

    def share_for(self, quality: float) -> float:
        return quality


def test_complexity_goes_by_the_score_and_each_stands_in_for_the_other() -> None:
    there = world(f"route: complexity, easy: {A}, hard: {B}, hard_share: 30%")
    there.scorer = Even()
    assert there.policy("it").scored
    assert there.order("it", difficulty=0.6) == [A, B]
    assert there.order("it", difficulty=0.8) == [B, A]
    assert there.order("it", HELLO, {"x-trunkline-priority": "high"}, difficulty=0.1) == [B]
    there.fail(B)
    assert there.order("it", difficulty=0.8) == [A]


def test_the_share_of_hard_requests_may_follow_from_the_quality_that_is_wanted() -> None:
    there = world(f"route: complexity, easy: {A}, hard: {B}, quality: 80%")
    there.scorer = Even()
    assert [there.order("it", difficulty=score)[0] for score in (0.15, 0.25)] == [A, B]


def test_without_a_score_a_request_counts_as_hard() -> None:
    assert world(f"route: complexity, easy: {A}, hard: {B}").order("it") == [B, A]


# race and hedge


def test_a_race_is_one_step_of_those_that_are_well() -> None:
    there = world(f"route: race, of: {names([A, B, C])}, win: first_complete")
    (step,) = there.plan("it").steps
    assert (step.kind, step.win) == ("race", "first_complete")
    assert [candidate.name for candidate in step.candidates] == [A, B, C]
    there.fail(B)
    (step,) = there.plan("it").steps
    assert [candidate.name for candidate in step.candidates] == [A, C]
    there.fail(C)
    (step,) = there.plan("it").steps
    assert (step.kind, step.first.name) == ("single", A)


def test_what_races_may_have_something_to_fall_back_to() -> None:
    there = World(
        f"models:\n  first: {{route: fallback, of: {names([A, B])}}}\n  it: {{route: race, of: [first, {C}]}}\n"
        f"  both: {{route: fallback, of: [it, openai/last]}}\n"
    )
    race, rest, last = there.plan("both").steps
    assert ([c.name for c in race.candidates], race.kind) == ([A, C], "race")
    assert (rest.first.name, rest.kind, last.first.name) == (B, "single", "openai/last")


def test_nobody_races_with_itself() -> None:
    there = World(f"models:\n  same: {A}\n  it: {{route: race, of: [same, {A}, {B}]}}\n")
    (race,) = there.plan("it").steps
    assert [candidate.name for candidate in race.candidates] == [A, B]


def test_a_hedge_waits_for_the_first_s_own_95th_percentile() -> None:
    there = world(f"route: hedge, of: {names([A, B, C])}")
    assert [step.kind for step in there.plan("it").steps] == ["single"] * 3, "too little is known"
    there.answer(A, 0.5, times=30)
    hedge, rest = there.plan("it", {**HELLO, "stream": True}).steps
    assert ([c.name for c in hedge.candidates], hedge.kind, rest.first.name) == ([A, B], "hedge", C)
    assert hedge.after == pytest.approx(0.5, rel=0.1)
    assert (hedge.share, hedge.route) == (0.05, "it")


def test_a_hedge_of_an_answer_that_is_no_stream_goes_by_whole_answers() -> None:
    there = world(f"route: hedge, of: {names([A, B])}")
    there.answer(A, 0.5, times=30)
    for _ in range(30):
        ticket = there.health.begin(A, there.now, stream=False)
        assert ticket is not None
        ticket.end("ok", there.now + 4.0)
    assert there.plan("it", {**HELLO, "stream": True}).steps[0].after == pytest.approx(0.5, rel=0.1)
    assert there.plan("it").steps[0].after == pytest.approx(4.0, rel=0.1)


def test_a_hedge_may_wait_for_a_fixed_time() -> None:
    (hedge,) = world(f"route: hedge, of: {names([A, B])}, after: 800ms, extra: 2%").plan("it").steps
    assert (hedge.after, hedge.share) == (0.8, 0.02)


# nested


def test_routes_stand_in_routes() -> None:
    there = World(
        f"models:\n"
        f"  cheap: {{route: cheapest, of: {names([A, B])}}}\n"
        f"  it: {{route: fallback, of: [cheap, canary]}}\n"
        f"  canary: {{route: weighted, of: {{{C}: 1, {A}: 1}}}}\n",
        prices={A: price(2, 2), B: price(1, 1)},
    )
    assert firsts(there.plan("it")) == [B, A, C], "nobody is tried twice"
