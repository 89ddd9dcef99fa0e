"""From the names of a configuration to policies."""

import pytest
from tests.routing.world import HELLO, World

from trunkline.routing.bounds import Asker, Cap
from trunkline.routing.breaker import BreakerSettings
from trunkline.routing.health import Settings
from trunkline.routing.inherited import health_settings
from trunkline.routing.plan import Candidate, Retries
from trunkline.routing.policies import NameRefused
from trunkline.routing.targets import Target
from trunkline.routing.wishes import NONE, Wishes
from trunkline.transport.exchange import Times


def candidates(there: World, name: str) -> dict[str, Candidate]:
    return {candidate.name: candidate for candidate in there.policy(name).candidates}


def test_names_are_found_by_the_rules_of_the_configuration() -> None:
    there = World(
        "models:\n"
        "  bot: openai/gpt-4o\n"
        '  "gpt-*": {route: fallback, of: ["openai/gpt-*", "groq/gpt-*"]}\n'
        '  "*": mistral/*\n'
        "  openai/gpt-4o: {route: fallback, of: [openai/gpt-4o, bot-2]}\n"
        "  bot-2: bot-3\n"
        "  bot-3: anthropic/claude\n"
    )
    assert there.order("bot") == ["openai/gpt-4o"]
    assert there.order("gpt-5") == ["openai/gpt-5", "groq/gpt-5"]
    assert there.order("whatever") == ["mistral/whatever"]
    assert there.order("groq/llama") == ["groq/llama"]
    assert there.order("openai/gpt-4o") == ["openai/gpt-4o", "anthropic/claude"]
    assert there.plan("gpt-5").route == "gpt-*"
    assert there.policies.names == ["bot", "bot-2", "bot-3", "openai/gpt-4o"]


def test_a_wildcard_fills_every_kind_of_route() -> None:
    there = World(
        "models:\n"
        '  "x-*":\n'
        "    route: conditional\n"
        '    rules: [{when: request.stream, to: "groq/*"}]\n'
        '    else: "y-*"\n'
        '  "y-*": {route: weighted, of: {"openai/*": 1}, weaker: ["mistral/*"]}\n'
    )
    assert there.order("x-a") == ["openai/a", "mistral/a"]
    assert there.order("x-b", {**HELLO, "stream": True}) == ["groq/b"]


def test_a_long_chain_of_names_is_followed() -> None:
    chain = "".join(f"  a{i}: a{i + 1}\n" for i in range(2000))
    assert World(f"models:\n{chain}  a2000: openai/m\n").order("a0") == ["openai/m"]


def test_unknown_names_are_told_with_the_nearest_and_where_they_stand() -> None:
    there = World("models: {support-bot: openai/gpt-4o}")
    with pytest.raises(NameRefused, match=r"'suport-bot' is not configured here\. Did you mean 'support-bot'") as error:
        there.plan("suport-bot")
    assert (error.value.param, error.value.unknown) == ("model", True)
    with pytest.raises(NameRefused) as error:
        there.plan("support-bot", {**HELLO, "models": ["support-bot", "nobody/x"]})
    assert error.value.param == "models[1]"
    with pytest.raises(NameRefused) as error:
        there.plan("support-bot", headers={"x-trunkline-route": "other"})
    assert error.value.param == "x-trunkline-route"
    with pytest.raises(NameRefused, match="names no model"):
        there.plan("")


def test_a_key_may_ask_only_for_its_models_wherever_it_names_them() -> None:
    there = World("models: {bot: openai/gpt-4o, other: groq/x}")
    asker = Asker(key="app", models=("bot", "gpt-*"))
    assert there.order("bot", asker=asker) == ["openai/gpt-4o"]
    assert there.order("bot:floor", asker=asker) == ["openai/gpt-4o"]
    for document, headers in (
        ({**HELLO, "models": ["other"]}, {}),
        (HELLO, {"x-trunkline-route": "openai/gpt-4o"}),
        ({**HELLO, "models": ["nobody"]}, {}),
    ):
        with pytest.raises(NameRefused, match="The key 'app' may not use") as error:
            there.plan("bot", document, headers, asker)
        assert not error.value.unknown


def test_a_suffix_belongs_to_the_name_where_it_is_one() -> None:
    there = World(
        "providers:\n  up: {type: openrouter, base_url: http://127.0.0.1:1/v1, router: true}\n"
        "models:\n  bot: openai/a\n  odd:floor: groq/x\n"
    )
    assert there.order("bot:floor") == ["openai/a"]
    assert there.order("odd:floor") == ["groq/x"]
    assert there.order("openai/gpt-4o:nitro") == ["openai/gpt-4o"]
    assert there.order("up/openai/gpt-4o:floor") == ["up/openai/gpt-4o:floor"]
    assert there.order("groq/qwen:7b") == ["groq/qwen:7b"]
    assert there.policies.resolve("openai/gpt-4o:nitro") is not None
    assert there.order("openai/gpt-4o:nitro") == ["openai/gpt-4o"], "also when the name was looked up as it is"


def test_wishes_of_the_name_and_of_the_body_come_together() -> None:
    policies = World("models: {bot: openai/a}").policies
    assert policies.choose("bot", NONE, Asker())[1] is NONE
    assert policies.choose("bot:nitro", NONE, Asker())[1] == Wishes(sort="throughput")
    assert policies.choose("bot:nitro", Wishes(sort="price"), Asker())[1] == Wishes(sort="price")


# what routes say about what is below them


NESTED = """
deadline: {connect: 1s, first_token: 10s, gap: 20s, total: 100s}
retries: {attempts: 3}
providers:
  groq: {api_key: x, deadline: {connect: 2s, total: 90s}}
models:
  inner:
    route: fallback
    of: [groq/b]
    deadline: {first_token: 3s, total: 60s}
    retries: {attempts: 7}
    on_failure: {refused: next, budget: stop}
    on_unsupported: drop
    max_price: {output: 5}
    critical: true
  outer:
    route: fallback
    of: [openai/a, inner]
    weaker: [mistral/c]
    deadline: {first_token: 4s, gap: 8s, total: 80s}
    on_failure: {refused: stop, error: stop}
    on_truncated: resume
    max_price: {input: 1}
  plain: {route: weighted, of: {inner: 1}}
"""


def test_the_nearer_word_wins_for_an_attempt_and_the_outer_one_for_the_request() -> None:
    found = candidates(World(NESTED), "outer")
    assert found["openai/a"].times == Times(connect=1.0, first_token=4.0, gap=8.0, total=80.0)
    assert found["groq/b"].times == Times(connect=2.0, first_token=3.0, gap=8.0, total=80.0)
    assert found["openai/a"].terms.retries == Retries(3, 0.25, 8.0, 10.0)
    assert found["groq/b"].terms.retries.attempts == 7
    assert found["groq/b"].terms.on_failure == {"refused": "next", "error": "stop", "budget": "stop"}
    assert (found["openai/a"].terms.drops, found["groq/b"].terms.drops) == (False, True)
    assert (found["openai/a"].terms.critical, found["groq/b"].terms.critical) == (False, True)
    assert all(candidate.terms.resumes for candidate in found.values())
    assert found["groq/b"].caps == (Cap(input=10**9), Cap(output=5 * 10**9))
    assert {name for name, candidate in found.items() if candidate.weaker} == {"mistral/c"}


def test_what_the_outer_route_does_not_say_the_inner_one_says() -> None:
    (candidate,) = World(NESTED).policy("plain").candidates
    assert candidate.times == Times(connect=2.0, first_token=3.0, gap=20.0, total=60.0)
    assert candidate.terms.retries.attempts == 7


def test_without_a_route_a_provider_s_deadlines_hold() -> None:
    (candidate,) = World(NESTED).policy("groq/x").candidates
    assert candidate.times == Times(connect=2.0, first_token=10.0, gap=20.0, total=90.0)


def test_what_holds_for_everything_holds_for_every_name() -> None:
    there = World(
        "data: {training: no}\nmax_price: {input: 5}\non_truncated: resume\non_unsupported: drop\n"
        "providers: {groq: {api_key: x, data: {training: no}}}\nmodels: {bot: openai/a}\n"
    )
    assert [there.policy(name).candidates[0].breaks for name in ("bot", "groq/x")] == [
        "nothing says that it does not train on it",
        "",
    ]
    (candidate,) = there.policy("groq/x").candidates
    assert (candidate.terms.drops, candidate.terms.resumes) == (True, True)
    assert candidate.caps == (Cap(input=5 * 10**9),)


def test_breakers_and_retries_are_as_the_configuration_says() -> None:
    assert health_settings(World("").config) == Settings()
    config = World("breaker: {failures: 2, share: 25%, least: 8, window: 5s, pause: 1s, longest_pause: 9s}\n").config
    assert health_settings(config).breaker == BreakerSettings(2, 0.25, 8, 5.0, 1.0, 9.0)
    assert health_settings(World("retries: {budget: 3%}").config).retries == 0.03


def test_what_is_remembered_of_names_that_callers_make_up_is_bounded() -> None:
    policies = World("models: {bot: openai/a}").policies
    for number in range(10_050):
        assert policies.resolve(f"openai/{number}") is not None
        assert policies.resolve(f"nobody-{number}") is None
    assert len(policies._known) <= 10_000


def test_every_target_can_be_learned_about_beforehand() -> None:
    there = World(
        "models:\n  bot: openai/gpt-4o\n"
        "  it: {route: fallback, of: [bot, groq/b], shadow: {to: mistral/s, share: 1%}, weaker: [openai/w]}\n"
    )
    targets = [str(target) for target in there.policies.targets()]
    assert targets == ["openai/gpt-4o", "groq/b", "openai/w", "mistral/s"]
    asked: list[Target] = []
    assert candidates(there, "bot")["openai/gpt-4o"].abilities.context is None
    there.policies.learn(there.policies.targets(), asked.append)
    assert asked == there.policies.targets()
    assert candidates(there, "bot")["openai/gpt-4o"].abilities.context == 128_000
