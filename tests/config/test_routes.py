"""Routes in the file: every kind, and what is wrong with one."""

import json
from typing import Any

import jsonschema
import pytest
import yaml
from tests.config.reading import read, wrong

from trunkline.config import routes
from trunkline.config.jsonschema import schema
from trunkline.config.schema import Config

EVERY_KIND = """
models:
  bot: openai/gpt-4o
  fallback: {route: fallback, of: [bot, openai/b], weaker: [openai/c], critical: yes}
  weighted: {route: weighted, of: {bot: 99, openai/b: 0.5}, shadow: {to: openai/c, share: 2%}}
  cheapest: {route: cheapest, of: [bot, openai/b], max_price: {input: 0.5, output: 2, per_request: 0}}
  fastest: {route: fastest, of: [bot, openai/b], by: tokens_per_second, explore: 1%}
  least_busy: {route: least_busy, of: [bot, openai/b], data: {region: [eu, ch], retention: 0s, training: no}}
  sticky: {route: sticky, of: [bot, openai/b], on_truncated: resume, on_unsupported: drop}
  conditional:
    route: conditional
    rules:
      - {when: "tags.plan == 'free'", to: bot}
      - {when: request.tokens > 100000 && !request.stream, to: race}
    else: openai/b
  complexity: {route: complexity, easy: bot, hard: openai/b, hard_share: 0.3}
  race: {route: race, of: [bot, openai/b], win: first_complete, deadline: {total: 20s}, retries: {attempts: 1}}
  hedge: {route: hedge, of: [bot, openai/b], after: p95, extra: 5%}
  timed: {route: hedge, of: [bot, openai/b], after: 800ms, on_failure: {budget: bot, context: next, refused: stop}}
"""


AT_WHEN = "1:49  models.a.rules[0].when: this condition cannot be used"


def test_every_kind_of_route_is_read() -> None:
    models = read(EVERY_KIND).models
    assert {type(models[name]) for name in routes.KINDS} == set(routes.KINDS.values())
    conditional, timed, busy = models["conditional"], models["timed"], models["least_busy"]
    assert isinstance(conditional, routes.Conditional)
    assert (conditional.rules[0].when, conditional.rules[0].to) == ("tags.plan == 'free'", "bot")
    assert (conditional.otherwise, conditional.of) == ("openai/b", ("bot", "race", "openai/b"))
    assert isinstance(timed, routes.Hedge)
    assert (timed.after, timed.extra) == (0.8, 0.05)
    assert timed.on_failure is not None
    assert (timed.on_failure.budget, timed.on_failure.error) == ("bot", None)
    assert isinstance(busy, routes.LeastBusy)
    assert busy.data is not None
    assert (busy.data.region, busy.data.retention, busy.data.training) == (("eu", "ch"), 0.0, False)


def test_every_kind_is_right_by_the_schema_for_editors_too() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    written: dict[str, Any] = yaml.safe_load(EVERY_KIND)
    validator.validate(written)
    for name in routes.KINDS:
        broken = {"models": {name: {**written["models"][name], "unknown": 1}}}
        assert not validator.is_valid(broken), name
    assert not validator.is_valid({"models": {"a": {"route": "weigthed", "of": {"openai/a": 1}}}})


def test_what_was_read_can_be_written_and_read_again() -> None:
    config = read(EVERY_KIND)
    written = config.model_dump(mode="json", by_alias=True, exclude_none=True, include={"models"})
    assert read(json.dumps(written)).models == config.models


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        (
            "{route: weigthed, of: {openai/a: 1}}",
            '1:21  models.a.route: "weigthed" is unknown here; did you mean "weighted"?',
        ),
        ("{of: [openai/a]}", "1:10  models.a.route: this setting is missing"),
        ("{route: weighted, of: {openai/a: 0}}", '1:46  models.a.of["openai/a"]: this number is not a number above 0'),
        ("{route: weighted, of: {}}", "1:31  models.a.of: this mapping is empty"),
        ("{route: fallback, of: []}", "1:31  models.a.of: this list is empty"),
        ("{route: race, of: [openai/a]}", "1:27  models.a.of: at least 2 are due here"),
        (
            "{route: hedge, of: [openai/a, openai/b], aftr: 1s}",
            '1:54  models.a.aftr: unknown setting; did you mean "after"?',
        ),
        (
            "{route: conditional, rules: [{when: tags.plan = 'free', to: openai/a}]}",
            f"{AT_WHEN}, at its character 11: token recognition error at: '= '",
        ),
        (
            "{route: conditional, rules: [{when: request.tokens, to: openai/a}]}",
            f"{AT_WHEN}, at its character 1: this is no condition: its value is of the type int, not bool",
        ),
        (
            "{route: conditional, rules: [{when: 'true', to: openai/a}], else: opena1/b}",
            '1:79  models.a.else: unknown provider "opena1"; did you mean "openai"?',
        ),
        (
            "{route: complexity, easy: openai/a, hard: openai/}",
            '1:55  models.a.hard: unknown model "openai/"; known: a',
        ),
        (
            "{route: fallback, of: [openai/a, openai/b, openai/a]}",
            '1:56  models.a.of[2]: "openai/a" stands here twice',
        ),
        (
            "{route: fallback, of: [openai/a], shadow: {to: openia/b, share: 1%}}",
            '1:60  models.a.shadow.to: unknown provider "openia"; did you mean "openai"?',
        ),
        (
            "{route: fallback, of: [openai/a], on_failure: {budget: cheap}}",
            '1:68  models.a.on_failure.budget: unknown model "cheap"; known: a',
        ),
        (
            "{route: fallback, of: [openai/a], weaker: [small]}",
            '1:56  models.a.weaker[0]: unknown model "small"; known: a',
        ),
        (
            "{route: fallback, of: [openai/a], data: {regoin: eu}}",
            '1:54  models.a.data.regoin: unknown setting; did you mean "region"?',
        ),
        (
            "{route: fallback, of: [openai/a], data: {region: [eu, 'e u']}}",
            '1:54  models.a.data.region: "e u" is not the name of a region, such as eu or eu-central-1',
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(model: str, problem: str) -> None:
    assert wrong(f"models: {{a: {model}}}") == [problem]


def test_a_condition_that_holds_a_secret_is_not_shown() -> None:
    (problem,) = wrong(
        'models: {a: {route: conditional, rules: [{when: "key == ${S}", to: openai/a}]}}', {"S": "hunter2"}
    )
    assert "hunter2" not in problem
    assert "this condition cannot be used" in problem


@pytest.mark.parametrize(
    "text",
    [
        "models:\n  a: {route: weighted, of: {b: 1}}\n  b: {route: race, of: [openai/x, a]}\n",
        "models:\n  a: {route: conditional, rules: [{when: 'true', to: b}]}\n  b: a\n",
        "models:\n  a: {route: conditional, rules: [{when: 'true', to: openai/x}], else: b}\n  b: a\n",
        "models:\n  a: {route: complexity, easy: openai/x, hard: b}\n  b: a\n",
        "models:\n  a: {route: fallback, of: [openai/x], weaker: [b]}\n  b: a\n",
        "models:\n  a: {route: fallback, of: [openai/x], on_failure: {context: b}}\n  b: a\n",
    ],
)
def test_circles_are_found_whichever_way_they_go(text: str) -> None:
    (problem,) = wrong(text)
    assert "2:3  models.a: these models refer to each other in a circle: a → b → a" in problem


def test_a_shadow_may_be_of_the_route_around_it() -> None:
    assert wrong("models: {a: {route: fallback, of: [openai/x], shadow: {to: a, share: 1%}}}") == []


def test_routes_that_come_to_too_many_candidates_are_told() -> None:
    doubled = "".join(f"  m{n}: {{route: fallback, of: [m{n + 1}, x{n}]}}\n  x{n}: m{n + 1}\n" for n in range(12))
    (problem,) = wrong(f"models:\n{doubled}  m12: openai/a\n")
    assert problem == "6:3  models.m2: this comes to 1,024 models; at most 1000 are possible"


def test_routes_that_are_nested_too_deep_are_told() -> None:
    nested = "".join(f"  m{n}: {{route: fallback, of: [m{n + 1}]}}\n" for n in range(40))
    (problem,) = wrong(f"models:\n{nested}  m40: openai/a\n")
    assert problem == "9:3  models.m7: these are more than 32 routes within each other"


def test_where_something_stands_is_known_afterwards() -> None:
    config = read("models:\n  a: openai/x\n  b: {route: fallback, of: [a]}\n")
    assert config.place_of(("models", "b")) == (3, 3)
    assert config.place_of(("models", "b", "of", 0)) == (3, 29)
    assert config.place_of(("models", "b", "data", "region")) == (3, 3)
    assert Config().place_of(("models",)) == (1, 1)


def test_a_share_of_hard_requests_and_a_quality_are_one_too_many() -> None:
    (problem,) = wrong("models: {a: {route: complexity, easy: openai/x, hard: openai/y, hard_share: 1%, quality: 80%}}")
    assert problem.endswith("models.a.quality: `hard_share` says already how many are hard; keep one of both")
