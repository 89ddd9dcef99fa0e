"""What keeps candidates out: always, whatever the strategy, and never without a word."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.routing.world import HELLO, World, names, price, talk

from trunkline.routing.bounds import Asker, Cap, DataPolicy, broken_by, dearer
from trunkline.routing.plan import Plan
from trunkline.routing.quotas import Left

PICTURE = {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a/b.png"}}]}]}
TOOLS = {**HELLO, "tools": [{"type": "function", "function": {"name": "f"}}]}
PROVIDERS = """
providers:
  eu:
    type: openai_compatible
    base_url: http://127.0.0.1:1/v1
    data: {region: eu-central-1, retention: 0s, training: no}
  us: {type: openai_compatible, base_url: http://127.0.0.1:1/v1, data: {region: us, retention: 30d, training: no}}
  blind:
    {type: openai_compatible, base_url: http://127.0.0.1:1/v1, dialect: {refuses: [images]}, data: {region: [eu, us]}}
  bare: {type: openai_compatible, base_url: http://127.0.0.1:1/v1, dialect: {refuses: [tools, output_schema]}}
  router: {type: openrouter, base_url: http://127.0.0.1:1/v1, router: true}
"""
ALL = ("eu/a", "us/b", "blind/c", "bare/d", "router/e")
PRICES = {"eu/a": price(1, 5), "us/b": price(3, 2), "blind/c": price(0.1, 0.4), "router/e": price(9, 9)}


def world(route: str, **more: Any) -> World:
    return World(f"{PROVIDERS}models:\n  it: {{{route}}}\n", prices=PRICES, **more)


def kept_out(made: Plan) -> dict[str, str]:
    """Who is kept out by which filter."""
    return {removed.name: removed.by for removed in made.removed}


@pytest.mark.parametrize(
    ("demand", "left"),
    [
        ("region: eu", ["eu/a", "blind/c"]),
        ("region: [eu, us]", ["eu/a", "us/b", "blind/c"]),
        ("training: no", ["eu/a", "us/b"]),
        ("retention: 0s", ["eu/a"]),
        ("retention: 30d", ["eu/a", "us/b"]),
        ("region: us, retention: 90d, training: no", ["us/b"]),
    ],
)
def test_data_goes_only_where_it_may(demand: str, left: list[str]) -> None:
    there = world(f"route: fallback, of: {names(ALL)}, data: {{{demand}}}")
    made = there.plan("it")
    assert [step.first.name for step in made.steps] == left
    assert kept_out(made) == dict.fromkeys(set(ALL) - set(left), "data")


def test_what_a_key_and_a_request_demand_of_data_holds_too() -> None:
    there = world(f"route: fallback, of: {names(ALL)}, data: {{region: [eu, us]}}")
    asker = Asker(key="hr", data=DataPolicy(training=False))
    assert there.order("it", asker=asker) == ["eu/a", "us/b"]
    assert there.order("it", {**HELLO, "provider": {"zdr": True}}, asker=asker) == ["eu/a"]
    assert there.order("it", {**HELLO, "provider": {"data_collection": "deny"}}) == ["eu/a", "us/b"]


def test_the_url_s_region_is_where_it_is_unless_something_else_is_said() -> None:
    there = World(
        "providers:\n"
        "  here: {type: bedrock, region: eu-central-1}\n"
        "  there: {type: bedrock, region: us-east-1, data: {region: global}}\n"
        "models:\n  it: {route: fallback, of: [here/m, there/m], data: {region: eu}}\n"
    )
    assert there.order("it") == ["here/m"]


def test_no_model_is_dearer_than_the_cap_and_what_has_no_price_counts_as_dear() -> None:
    there = world(f"route: fallback, of: {names(ALL)}, max_price: {{input: 3, output: 5}}")
    made = there.plan("it")
    assert [step.first.name for step in made.steps] == ["eu/a", "us/b", "blind/c"]
    assert kept_out(made) == {"bare/d": "price", "router/e": "price"}
    assert there.order("it", asker=Asker(cap=Cap(output=2_000_000_000))) == ["us/b", "blind/c"]
    assert there.order("it", {**HELLO, "provider": {"max_price": {"prompt": 0.5}}}) == ["blind/c"]


def test_a_model_that_cannot_take_the_request_is_left_out_where_another_can() -> None:
    there = world(f"route: fallback, of: {names(ALL)}")
    assert there.order("it") == list(ALL)
    assert kept_out(there.plan("it", PICTURE)) == {"blind/c": "capability"}
    assert kept_out(there.plan("it", TOOLS)) == {"bare/d": "capability"}
    schema = {**HELLO, "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {}}}}
    assert kept_out(there.plan("it", schema)) == {"bare/d": "capability"}


def test_where_unsupported_parts_are_dropped_such_a_model_only_comes_last() -> None:
    there = world(f"route: fallback, of: {names(['blind/c', 'eu/a'])}, on_unsupported: drop")
    assert there.order("it", PICTURE) == ["eu/a", "blind/c"]


def test_a_sole_candidate_is_asked_whatever_is_thought_of_it() -> None:
    """What is known of a model may be out of date: its provider knows better."""
    there = world("route: fallback, of: [blind/c]")
    assert there.order("it", PICTURE) == ["blind/c"]


def test_a_request_that_is_too_long_goes_to_a_larger_model() -> None:
    there = World("models:\n  it: {route: fallback, of: [openai/gpt-4o, google/gemini-2.5-pro]}\n")
    there.policies.learn(there.policies.targets(), lambda _: None)
    assert there.order("it", talk("word " * 50_000)) == ["openai/gpt-4o", "google/gemini-2.5-pro"]
    made = there.plan("it", talk("word " * 250_000))
    assert [step.first.name for step in made.steps] == ["google/gemini-2.5-pro"]
    assert kept_out(made) == {"openai/gpt-4o": "context"}
    assert there.order("it", talk("word " * 125_000)) == ["google/gemini-2.5-pro", "openai/gpt-4o"], "it is tight"


def test_what_a_request_excludes_is_excluded() -> None:
    there = world(f"route: fallback, of: {names(ALL)}")
    assert there.order("it", {**HELLO, "provider": {"only": ["eu", "us/b"]}}) == ["eu/a", "us/b"]
    assert there.order("it", {**HELLO, "provider": {"ignore": ["eu", "bare", "blind/c"]}}) == ["us/b", "router/e"]
    strict = {**PICTURE, "temperature": 0, "provider": {"require_parameters": True}}
    assert kept_out(there.plan("it", strict)) == {"blind/c": "wish"}


def test_a_wish_that_is_not_understood_goes_only_to_who_may_understand_it() -> None:
    there = world(f"route: fallback, of: {names(ALL)}")
    made = there.plan("it", {**HELLO, "provider": {"quantizations": ["fp8"]}})
    assert [step.first.name for step in made.steps] == ["router/e"]
    assert "`provider.quantizations` cannot be honoured there" in made.removed[0].why


def test_a_weaker_model_is_the_last_resort_and_none_for_what_is_critical() -> None:
    there = world("route: fallback, of: [eu/a], weaker: [bare/d]")
    assert there.order("it") == ["eu/a", "bare/d"]
    there.fail("eu/a")
    assert there.order("it") == ["bare/d"]
    critical = there.plan("it", headers={"x-trunkline-priority": "high"})
    assert critical.steps == ()
    assert critical.refusal is not None
    assert critical.refusal.status == 503
    there = world("route: fallback, of: [eu/a], weaker: [bare/d], critical: true")
    assert there.order("it") == ["eu/a"]
    assert there.order("it", headers={"x-trunkline-priority": "low"}) == ["eu/a", "bare/d"]


# health


def test_what_is_failing_is_not_asked_but_for_one_probe() -> None:
    there = world("route: fallback, of: [eu/a, us/b]")
    there.fail("eu/a")
    assert kept_out(there.plan("it")) == {"eu/a": "health"}
    there.now += 2
    assert there.order("it") == ["eu/a", "us/b"], "the probe has its usual place"
    probe = there.health.begin("eu/a", there.now)
    assert probe is not None
    assert there.order("it") == ["us/b"]
    probe.first_output(there.now)
    assert there.order("it") == ["eu/a", "us/b"]


def test_all_down_is_a_503_with_the_time_of_the_first_probe() -> None:
    there = world("route: fallback, of: [eu/a, us/b]")
    there.fail("eu/a")
    there.now += 1
    there.fail("us/b")
    refusal = there.plan("it").refusal
    assert refusal is not None
    assert (refusal.status, refusal.retry_after) == (503, 1.0)
    assert "eu/a (health: it has failed too often lately); us/b (health:" in refusal.message


def test_a_short_pause_is_waited_for_and_a_long_one_told() -> None:
    there = world("route: fallback, of: [eu/a, us/b]")
    for name, pause in (("eu/a", 6.0), ("us/b", 3.0)):
        ticket = there.health.begin(name, there.now)
        assert ticket is not None
        ticket.end("rate_limit", there.now, retry_after=pause)
    waits = set()
    for _ in range(100):
        made = there.plan("it")
        assert [step.first.name for step in made.steps] == ["us/b"]
        assert 3.0 <= made.wait <= 3.75
        waits.add(made.wait)
    assert len(waits) > 50, "not all at once"
    for name in ("eu/a", "us/b"):
        there.health.begin(name, there.now + 10).end("rate_limit", there.now, retry_after=100.0)  # type: ignore[union-attr]  # it may
    refusal = there.plan("it").refusal
    assert refusal is not None
    assert (refusal.status, refusal.retry_after) == (503, 100.0)


def test_what_is_nearly_spent_comes_last_and_still_comes() -> None:
    there = world("route: fallback, of: [eu/a, us/b]")
    ticket = there.health.begin("eu/a", there.now)
    assert ticket is not None
    ticket.end("ok", there.now, left=Left(1, 60.0, None, None))
    assert there.order("it") == ["us/b", "eu/a"]
    there.fail("us/b")
    assert there.order("it") == ["eu/a"]


# nothing leaks, and nothing is empty without a reason

ROUTES = [
    f"route: fallback, of: {names(ALL)}",
    f"route: weighted, of: {{{', '.join(f'{name}: 1' for name in ALL)}}}",
    f"route: cheapest, of: {names(ALL)}",
    f"route: fastest, of: {names(ALL)}",
    f"route: least_busy, of: {names(ALL)}",
    f"route: sticky, of: {names(ALL)}",
    f"route: race, of: {names(ALL)}",
    f"route: hedge, of: {names(ALL)}, after: 1s",
    f"route: fallback, of: {names(ALL[:2])}, weaker: {names(ALL[2:])}",
    "route: complexity, easy: bare/d, hard: eu/a",
    "route: conditional, rules: [{when: request.images > 0, to: us/b}], else: blind/c",
    "route: conditional, rules: [{when: request.images > 0, to: us/b}]",
    "route: fallback, of: [eu/a, router/e], shadow: {to: us/b, share: 100%}",
    f"route: fallback, of: {names(ALL)}, data: {{region: eu}}, shadow: {{to: us/b, share: 100%}}",
]
WORLDS = {route: World(f"{PROVIDERS}models:\n  it: {{{route}}}\n", prices=PRICES) for route in ROUTES}


@settings(deadline=None, max_examples=400)
@given(
    route=st.sampled_from(ROUTES),
    document=st.sampled_from([HELLO, PICTURE, TOOLS, talk("word " * 3000)]),
    down=st.sets(st.sampled_from(ALL)),
    asker=st.builds(
        Asker,
        data=st.none()
        | st.builds(DataPolicy, regions=st.sampled_from([(), ("eu",), ("us",)]), training=st.just(False)),
        cap=st.none() | st.builds(Cap, input=st.sampled_from([10**8, 10**9, 10**10])),
    ),
    provider=st.fixed_dictionaries(
        {},
        optional={
            "only": st.lists(st.sampled_from(["eu", "us", "blind", "bare"]), min_size=1),
            "ignore": st.lists(st.sampled_from(["eu", "us", "blind", "bare"])),
            "order": st.lists(st.sampled_from(["router", "bare", "eu"])),
            "sort": st.sampled_from(["price", "latency", "throughput"]),
            "allow_fallbacks": st.booleans(),
            "data_collection": st.sampled_from(["allow", "deny"]),
            "zdr": st.booleans(),
            "max_price": st.just({"prompt": 2}),
            "quantizations": st.just(["fp8"]),
        },
    ),
    priority=st.sampled_from(["low", "high", ""]),
)
def test_filters_never_leak_and_no_plan_is_empty_without_a_reason(
    route: str,
    document: dict[str, Any],
    down: set[str],
    asker: Asker,
    provider: dict[str, Any],
    priority: str,
) -> None:
    there = WORLDS[route]
    there.now += 1000.0  # whatever was down is well again
    for name in sorted(down):
        there.fail(name)
    wish = {"provider": provider} if provider else {}
    headers = {"x-trunkline-priority": priority} if priority else {}
    made = there.plan("it", {**document, **wish}, headers, asker)
    policy = there.policy("it")
    assert bool(made.steps) == (made.refusal is None)
    assert made.refusal is None or made.refusal.message
    everybody = (*policy.candidates, *policy.shadows)
    asked = [candidate for step in made.steps for candidate in step.candidates]
    for candidate in (*asked, *made.shadows):
        assert candidate.name not in down
        assert not candidate.breaks
        assert asker.data is None or not broken_by(asker.data, candidate.served.data)
        assert asker.cap is None or not dearer(asker.cap, there.prices.get(candidate.target))
        assert_wished(candidate.target.provider, provider, {each.target.provider for each in everybody})
    for candidate in asked:
        assert candidate in policy.candidates
        assert not (priority == "high" and candidate.weaker)
        assert document is not PICTURE or len(policy.candidates) == 1 or candidate.target.provider != "blind"
    assert len(asked) == len({candidate.name for candidate in asked}) <= len(policy.candidates)


def assert_wished(provider: str, wish: dict[str, Any], everybody: set[str]) -> None:
    """A router is told what is wished, and knows its own providers."""
    if "only" in wish and not (provider == "router" and everybody.isdisjoint(wish["only"])):
        assert provider in wish["only"]
    assert provider not in wish.get("ignore", [])
    assert "quantizations" not in wish or provider == "router"
    if wish.get("zdr"):
        assert provider in ("eu", "router")
    elif wish.get("data_collection") == "deny":
        assert provider in ("eu", "us", "router")
