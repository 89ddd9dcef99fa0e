"""What makes sense only together."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.config.reading import read, wrong


def test_a_mistyped_provider_in_a_route_is_told_with_the_nearest_right_one() -> None:
    problems = wrong("models:\n  summary:\n    route: fallback\n    of: [simulated/chat, opena1/gpt-4o]\n")
    assert problems == ['4:26  models.summary.of[1]: unknown provider "opena1"; did you mean "openai"?']


def test_a_provider_of_a_known_type_without_a_key_is_told_as_not_set_up() -> None:
    assert wrong("models: {a: anthropic/claude}") == [
        '1:13  models.a: the provider "anthropic" is not set up; put its key into the environment or under `providers`'
    ]
    assert wrong("models: {a: anthropic/claude}\nproviders: {anthropic: }") == []


def test_targets_that_are_no_model_are_told() -> None:
    assert wrong("models:\n  support-bot: openai/gpt-4o\n  a: suport-bot\n  b: openai\n  c: openai/\n  d: o*\n") == [
        '3:6  models.a: unknown model "suport-bot"; did you mean "support-bot"?',
        '4:6  models.b: "openai" is a provider, not a model; write the provider, a slash and a model',
        '5:6  models.c: unknown model "openai/"; known: a, b, c, d, support-bot',
        "6:6  models.d: there is a `*` here, and none in the name that it could stand for",
    ]


def test_names_may_refer_to_names_and_wildcards() -> None:
    config = read(
        "models:\n"
        '  "gpt-*": openai/gpt-*\n'
        '  "*": simulated/*\n'
        '  "openai/*": {route: fallback, of: ["openai/*", simulated/chat]}\n'
        "  openai/gpt-4o: {route: fallback, of: [openai/gpt-4o, small]}\n"
        "  small: gpt-5-mini\n"
        "  team/fast: small\n"
    )
    assert config.models["small"] == "gpt-5-mini"


def test_a_star_alone_does_not_hide_a_mistyped_target() -> None:
    (problem,) = wrong('models: {"*": simulated/*, a: b}')
    assert problem.startswith('1:31  models.a: unknown model "b"')


def test_circles_are_told_with_their_way() -> None:
    assert wrong(
        "models:\n"
        "  a: b\n"
        "  b: {route: fallback, of: [c, simulated/x, a]}\n"
        "  c: b\n"
        '  "x-*": x-y-*\n'
        "  self: self\n"
        "  out: a\n"
        "  twice: {route: fallback, of: [simulated/x], weaker: [twice], on_failure: {error: twice}}\n"
    ) == [
        "2:6  models.a: these models refer to each other in a circle: a → b → a",
        "3:3  models.b: these models refer to each other in a circle: b → c → b",
        '5:10  models["x-*"]: these models refer to each other in a circle: x-* → x-*',
        "6:9  models.self: these models refer to each other in a circle: self → self",
        "8:3  models.twice: these models refer to each other in a circle: twice → twice",
    ]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3)))
def test_a_circle_is_told_exactly_where_walking_on_would_not_end(links: dict[str, list[str]]) -> None:
    text = "".join(
        f"  {name}: {{route: fallback, of: [{', '.join(t if t in links else 'simulated/x' for t in targets)}]}}\n"
        for name, targets in links.items()
    )
    told = any("in a circle" in problem for problem in wrong(f"models:\n{text}"))
    reach = {name: {target for target in targets if target in links} for name, targets in links.items()}
    for _ in links:
        reach = {name: ahead.union(*(reach[target] for target in ahead)) for name, ahead in reach.items()}
    assert told == any(name in ahead for name, ahead in reach.items())


def test_a_long_chain_of_names_is_walked_without_recursion() -> None:
    chain = "".join(f"  a{i}: a{i + 1}\n" for i in range(3000))
    assert wrong(f"models:\n{chain}  a3000: simulated/x\n") == []
    (problem,) = wrong(f"models:\n{chain}  a3000: a0\n")
    assert problem.endswith("in a circle: a0 → a1 → a2 → a3 → a4 → a5 → a6 → a7 → … → a0")


def test_types_of_providers_are_known_or_told() -> None:
    assert wrong("providers:\n  opneai: {}\n  house: {type: openai_compatable}\n  openai:\n  simulated:\n") == [
        '2:3  providers.opneai.type: no `type` is given, and none is called "opneai"; did you mean "openai"?',
        '3:17  providers.house.type: unknown type of provider "openai_compatable"; did you mean "openai_compatible"?',
    ]


def test_settings_that_exclude_each_other_are_told() -> None:
    assert wrong(
        "providers:\n"
        "  openai: {api_key: a, api_keys: [b]}\n"
        "  house: {type: openai, simulated: {latency: 1s}}\n"
        "keys:\n"
        "  - {name: a}\n"
        f"  - {{name: b, key: c, hash: 'hmac-sha256:{'0' * 64}'}}\n"
    ) == [
        "2:24  providers.openai.api_keys: `api_key` is given, too; leave one of them out",
        "3:25  providers.house.simulated: this is for providers of the type `simulated` only",
        "5:5  keys[0]: a key needs `key` or `hash`",
        "6:29  keys[1].hash: `key` is given, too; leave one of them out",
    ]


def test_names_and_values_of_keys_are_unique() -> None:
    assert wrong(
        "keys:\n  - {name: a, key: same}\n  - {name: b, key: '${K}'}\n  - {name: a, key: c}\n", {"K": "same"}
    ) == [
        "3:20  keys[1].key: keys[0] has the same key",
        "4:12  keys[2].name: keys[0] has the same name",
    ]


@pytest.mark.parametrize(
    "name", ["bot", "bot-eu", "openai/gpt-4o", "openai/*", "*", "b*", "open*", "bot-*", "bot-e*", "simulated/x", "*-4o"]
)
def test_a_key_may_have_every_name_that_can_be_asked_for(name: str) -> None:
    assert (
        wrong(f"models: {{bot: openai/gpt-4o, 'bot-*': openai/*}}\nkeys: [{{name: a, key: abc, models: ['{name}']}}]")
        == []
    )


@pytest.mark.parametrize(
    ("name", "hint"), [("bott", 'did you mean "bot"?'), ("x-*", "known: bot"), ("bot-eu", 'did you mean "bot"?')]
)
def test_a_key_for_a_model_that_nobody_can_ask_for_is_told(name: str, hint: str) -> None:
    problems = wrong(f"models: {{bot: openai/gpt-4o}}\nkeys: [{{name: a, key: abc, models: ['{name}']}}]")
    assert problems == [f'2:37  keys[0].models[0]: unknown model "{name}"; {hint}']


def test_prices_are_of_models_of_known_providers() -> None:
    assert wrong(
        "prices:\n  gpt-4o: {input: 1}\n  openai/*: {input: 1}\n  opena1/gpt-4o: {input: 1}\n  openai/a/b: {}\n"
    ) == [
        "2:3  prices.gpt-4o: a price is of one provider/model; for all of a provider's, it has its `price`",
        '3:3  prices["openai/*"]: a price is of one provider/model; for all of a provider\'s, it has its `price`',
        '4:3  prices["opena1/gpt-4o"]: unknown provider "opena1"; did you mean "openai"?',
    ]
