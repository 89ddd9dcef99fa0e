"""Plans: what a request wishes of them, what holds for them, what a failure leads to."""

from typing import Any

import pytest
from tests.routing.world import HELLO, World, firsts, price

from trunkline.routing.plan import FailureReason, after, narrowed
from trunkline.routing.quotas import Left
from trunkline.routing.targets import Target

THREE = "models: {it: {route: fallback, of: [openai/a, groq/b, mistral/c]}}"
A, B, C = "openai/a", "groq/b", "mistral/c"
PRICES = {A: price(3, 3), B: price(2, 2), C: price(1, 1)}


def wish(**provider: Any) -> dict[str, Any]:
    return {**HELLO, "provider": provider}


def test_the_order_that_a_request_wishes_comes_first_and_the_rest_follows() -> None:
    there = World(THREE)
    assert there.order("it", wish(order=["mistral"])) == [C, A, B]
    assert there.order("it", wish(order=["mistral", "openai/a"])) == [C, A, B]
    assert there.order("it", wish(order=["nobody"])) == [A, B, C]


def test_without_fallbacks_only_what_is_named_is_asked_or_the_first() -> None:
    there = World(THREE)
    assert there.order("it", wish(allow_fallbacks=False)) == [A]
    assert there.order("it", wish(order=["groq", "mistral"], allow_fallbacks=False)) == [B, C]
    assert there.order("it", wish(only=["groq", "mistral"], allow_fallbacks=False)) == [B, C]
    nobody = there.plan("it", wish(order=["elsewhere"], allow_fallbacks=False)).refusal
    assert nobody is not None
    assert "`provider.order`" in nobody.message


def test_sorting_by_price_latency_and_throughput() -> None:
    there = World(THREE, prices=PRICES)
    assert there.order("it", wish(sort="price")) == there.order("it:floor") == [C, B, A]
    there.answer(A, 0.3, output=100)
    there.answer(B, 0.2, output=300)
    there.answer(C, 0.1, output=200)
    assert there.order("it", wish(sort="latency")) == [C, B, A]
    assert there.order("it", wish(sort="throughput")) == [B, C, A]
    assert there.order("it:nitro") == [B, C, A]
    assert there.order("it:nitro", wish(sort="latency")) == [C, B, A], "what the body says goes before the suffix"


def test_models_of_a_request_are_tried_in_turn_and_sorted_each_for_itself() -> None:
    there = World(
        "models:\n"
        "  one: {route: fallback, of: [openai/a, groq/b]}\n"
        "  two: {route: fallback, of: [mistral/c, groq/b]}\n",
        prices=PRICES,
    )
    both: dict[str, Any] = {**HELLO, "models": ["one", "two"]}
    assert there.order("one", both) == [A, B, C]
    assert there.order("one", {**both, "provider": {"sort": "price"}}) == [B, A, C]
    assert there.order("one", {**both, "provider": {"sort": {"by": "price", "partition": "none"}}}) == [C, B, A]
    assert there.order("", both) == [A, B, C], "the first of them is the model"
    assert there.order("two", both) == [C, B, A], "what the model is called goes before them"
    assert there.plan("one", both).route == "one"


def test_another_route_may_be_named_beside_the_body() -> None:
    there = World("models: {one: openai/a, two: groq/b}")
    assert there.order("one", headers={"x-trunkline-route": "two"}) == [B]


def test_a_request_may_ask_for_less_time_and_never_for_more() -> None:
    there = World("deadline: {total: 100s}\nmodels: {it: {route: fallback, of: [openai/a], deadline: {total: 50s}}}")
    assert there.plan("it").terms.total == 50.0
    assert there.plan("it", headers={"x-trunkline-timeout": "10s"}).terms.total == 10.0
    assert there.plan("it", headers={"x-trunkline-timeout": "99s"}).terms.total == 50.0
    assert there.plan("openai/x").terms.total == 100.0


def test_what_is_always_the_same_is_planned_once() -> None:
    there = World("models: {it: openai/a}")
    assert there.plan("it") is there.plan("it")
    there.fail(B)
    assert there.plan("it") is there.plan("it"), "others do not matter"
    there.fail(A)
    assert there.plan("it").refusal is not None


# what a failure leads to


FAILING = """
models:
  it:
    route: fallback
    of: [openai/gpt-4o-mini, openai/gpt-4o, google/gemini-2.5-pro]
    on_failure: {refused: next, timeout: stop, budget: small, error: next}
  small: groq/b
"""


@pytest.mark.parametrize(
    ("reason", "leads_to"),
    [
        ("error", 1),
        ("timeout", None),
        ("rate_limit", 1),
        ("context", 2),  # the second has the same context window as the first
        ("refused", 1),
        ("empty", 1),
        ("invalid", None),
        ("budget", "small"),
    ],
)
def test_a_failure_leads_where_its_reason_says(reason: FailureReason, leads_to: int | str | None) -> None:
    there = World(FAILING)
    there.policies.learn(there.policies.targets(), lambda _: None)
    made = there.plan("it")
    assert after(made, 0, made.steps[0].first, reason) == leads_to


def test_after_the_last_step_there_is_nothing() -> None:
    made = World(THREE).plan("it")
    assert after(made, 2, made.steps[2].first, "error") is None


def test_a_plan_may_be_narrowed_to_those_who_alone_can_answer() -> None:
    there = World("models: {it: {route: race, of: [openai/a, groq/b, mistral/c]}}")
    made = there.plan("it")
    assert firsts(narrowed(made, {Target("groq", "b")})) == [B]
    assert narrowed(made, {Target("groq", "b")}).steps[0].kind == "single"
    assert narrowed(made, {Target("groq", "b"), Target("mistral", "c")}).steps[0].kind == "race"
    assert narrowed(made, {Target("nobody", "x")}) is made


# shadows


def test_a_share_of_the_requests_has_a_shadow() -> None:
    there = World("models: {it: {route: fallback, of: [openai/a], shadow: {to: groq/b, share: 10%}}}")
    shadowed = sum([each.name for each in there.plan("it").shadows] == [B] for _ in range(4000))
    assert 320 < shadowed < 480


def test_no_shadow_falls_where_the_data_may_not_go_or_where_nobody_is_well() -> None:
    there = World(
        "providers:\n  mistral: {api_key: x, data: {region: eu}}\n"
        "models:\n"
        "  it: {route: fallback, of: [mistral/c], data: {region: eu}, shadow: {to: groq/b, share: 100%}}\n"
        "  well: {route: fallback, of: [openai/a], shadow: {to: groq/b, share: 100%}}\n"
    )
    assert there.plan("it").shadows == ()
    assert [each.name for each in there.plan("well").shadows] == [B]
    there.fail(B)
    assert there.plan("well").shadows == ()


# explanations


def test_every_candidate_is_explained_with_every_filter_its_score_and_its_cost() -> None:
    there = World(
        "providers: {mistral: {api_key: x, data: {region: eu}}}\n"
        "models:\n"
        "  it:\n"
        "    route: conditional\n"
        "    rules: [{when: \"tags.plan == 'free'\", to: openai/small}]\n"
        "    else: cheap\n"
        "  cheap: {route: cheapest, of: [openai/a, mistral/c, mistral/d, groq/b], data: {region: eu}}\n",
        prices=PRICES | {"mistral/d": price(0.5, 0.5), "openai/small": price(0.1, 0.1)},
    )
    there.fail("mistral/d")
    explanation = there.plan("it", explain=True).explanation
    assert explanation is not None
    told = {each.name: each for each in explanation.candidates}
    assert list(told) == ["mistral/c", "openai/small", "openai/a", "mistral/d", "groq/b"]
    best = told["mistral/c"]
    assert (best.place, best.kind, best.cost) == (1, "single", 408_000)
    assert best.why == "about 0.000408 USD for this request"
    assert best.score == 408_000
    assert all(verdict.passes for verdict in best.verdicts)
    assert [verdict.filter for verdict in best.verdicts] == [
        "data", "price", "wish", "critical", "capability", "context", "health",
    ]  # fmt: skip
    assert told["openai/a"].why == "data: nothing says where it is, and it must be in eu"
    assert told["mistral/d"].why == "health: it has failed too often lately"
    assert told["openai/small"].why.startswith("not in the part of the route that was chosen")
    assert explanation.decisions == (
        "it: rule 1 does not hold (tags.plan == 'free'): Key not found in map : \"plan\"",
        "it: no rule holds, so `else` does",
    )


def test_an_explained_plan_is_the_plan() -> None:
    text = "models: {it: {route: weighted, of: {openai/a: 1, groq/b: 2, mistral/c: 3}}}"
    plain, explained = World(text, seed=3), World(text, seed=3)
    for _ in range(30):
        assert plain.order("it") == explained.order("it", explain=True)
    refused = World("models: {it: {route: fallback, of: [openai/a], max_price: {input: 1}}}").plan("it", explain=True)
    assert refused.steps == ()
    assert refused.explanation is not None
    assert refused.explanation.candidates[0].why == "price: its price is not known, and there is a cap"


def test_a_warning_is_part_of_the_reason() -> None:
    there = World(THREE)
    ticket = there.health.begin(A, there.now)
    assert ticket is not None
    ticket.end("ok", there.now, left=Left(1, 60.0, None, None))
    explanation = there.plan("it", explain=True).explanation
    assert explanation is not None
    assert explanation.candidates[-1].why == "in the order of the route; its rate limit is nearly spent"
