"""`trunkline simulate`"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from tests.cli.command import Place
from tests.cli.test_usage import record
from tests.store.rows import START, row

from trunkline.gateway.shadowing import NUMBERS
from trunkline.ledger.record import Row

HOURLY = 3_600_000_000
SINCE = "2025-10-01"
"""Before `START`."""

PRICED = """
providers:
  openai: {api_key: sk-one}
prices:
  openai/small: {input: 1, output: 2}
  openai/large: {input: 10, output: 20}
models:
"""


def tried(place: Place, models: str) -> str:
    """Writes another configuration with these models; its name."""
    (place.folder / "new.yaml").write_text(PRICED + models)
    return "new.yaml"


def large(**fields: object) -> Row:
    """An answer of the large model: 1,000 tokens in, 100 out, in two seconds."""
    tokens: dict[str, object] = {"input_tokens": 1000, "cached_tokens": 0, "output_tokens": 100}
    return row(**{**tokens, "asked": "bot", "model": "large", "cost": 12_000_000, "total_us": 2_000_000, **fields})


@pytest.fixture
def ledger(place: Place) -> Place:
    """A place with ten answers of the large model, and one of the small one in half a second."""
    record(
        place,
        *[large() for _ in range(10)],
        row(
            asked="openai/small",
            model="small",
            input_tokens=1000,
            cached_tokens=0,
            output_tokens=100,
            cost=1_200_000,
            total_us=500_000,
        ),
    )
    return place


def simulated(place: Place, models: str) -> Any:
    return place.json("simulate", "--policy", tried(place, models), "--since", SINCE)


def test_a_cheaper_model_is_told_with_what_it_saves_and_how_fast_it_is(ledger: Place) -> None:
    told = simulated(ledger, "  bot: openai/small\n")
    assert told["requests"] == told["timed"] == 11
    assert (told["before"]["cost"], told["after"]["cost"]) == ("0.1212", "0.0132")
    assert told["before"]["mean_seconds"] == pytest.approx((10 * 2 + 0.5) / 11)
    assert told["after"]["mean_seconds"] == pytest.approx(0.5)
    assert told["models"] == {"openai/large": {"before": 10, "after": 0}, "openai/small": {"before": 1, "after": 11}}


def test_people_are_shown_the_change_and_what_is_assumed(ledger: Place) -> None:
    said = ledger.run("simulate", "--policy", tried(ledger, "  bot: openai/small\n"), "--since", SINCE).stdout
    assert said.startswith("11 recorded requests, with new.yaml:")
    lines = [line.split() for line in said.splitlines()]
    assert ["cost", "$0.1212", "$0.0132", "-89.1%"] in lines
    assert ["mean", "latency", "1.86", "s", "0.50", "s", "-73.2%"] in lines
    assert ["openai/large", "90.9%", "0.0%"] in lines
    assert "Assumed:" in said


def test_shares_are_drawn_and_the_same_every_time(ledger: Place) -> None:
    record(ledger, *[large() for _ in range(490)])
    models = "  bot: {route: weighted, of: {openai/large: 80, openai/small: 20}}\n"
    first = simulated(ledger, models)
    assert 60 <= first["models"]["openai/small"]["after"] - 1 <= 140
    assert simulated(ledger, models) == first
    hard = simulated(ledger, "  bot: {route: complexity, easy: openai/small, hard: openai/large, hard_share: 30%}\n")
    assert 110 <= hard["models"]["openai/large"]["after"] <= 190


def test_conditions_on_what_was_said_are_listed_and_do_not_hold(ledger: Place) -> None:
    models = """  bot:
    route: conditional
    rules:
      - {when: "request.language == 'de' || !(request.images > 0)", to: openai/small}
      - {when: "request.tokens > 500 && tags.plan == 'free'", to: openai/small}
    else: openai/large
"""
    record(ledger, large(tags='{"plan":"free"}'))
    told = simulated(ledger, models)
    assert told["models"]["openai/large"]["after"] == 10
    assert told["undecided"] == 11
    (condition,) = told["undecidable"]
    assert condition.startswith("bot: request.language == 'de'")
    assert condition.endswith("(nothing is recorded of request.images, request.language)")


def test_failed_attempts_belong_to_their_request_and_shadows_to_none(ledger: Place) -> None:
    first = large(outcome="failed", cost=1_000_000, total_us=1_000_000)
    second = replace(first, attempt=2, started=first.started + 1_000_000, outcome="ok", cost=12_000_000)
    record(ledger, first, second, replace(first, attempt=NUMBERS + 1, outcome="ok", cost=5_000_000))
    record(ledger, large(outcome="failed"))
    told = simulated(ledger, "  bot: openai/large\n")
    assert (told["requests"], told["unanswered"]) == (12, 1)
    assert told["before"]["cost"] == "0.1342"  # 10 and 1, and 13 thousandths of a dollar
    assert told["after"]["cost"] == "0.1332"


def test_usage_that_cannot_be_true_is_not_priced_anew(ledger: Place) -> None:
    record(ledger, large(usage="impossible", output_tokens=10**9))
    told = simulated(ledger, "  bot: openai/large\n")
    assert (told["requests"], told["disbelieved"]) == (11, 1)
    assert told["before"]["cost"] == told["after"]["cost"] == "0.1212"


def test_what_the_new_configuration_does_not_know_would_be_refused(ledger: Place) -> None:
    told = simulated(ledger, "  another: openai/small\n")
    assert told["refused"] == {"bot": 10}
    assert told["requests"] == 1


def test_only_what_began_in_the_span_is_replayed(ledger: Place) -> None:
    until = datetime.fromtimestamp(START / 1e6, UTC) - timedelta(days=1)
    told = ledger.json("simulate", "--policy", tried(ledger, "  bot: openai/small\n"), "--until", until.isoformat())
    assert told["requests"] == 0
    record(ledger, large(started=int(datetime.now(UTC).timestamp() * 1e6) - HOURLY))
    assert ledger.json("simulate", "--policy", "new.yaml")["requests"] == 1


def test_racers_are_all_paid_and_the_quicker_counts_and_a_hedge_costs_its_share(ledger: Place) -> None:
    raced = simulated(ledger, "  bot: {route: race, of: [openai/large, openai/small]}\n")
    assert raced["after"]["cost"] == "0.1332"  # ten times 13.2 thousandths, and 1.2
    assert raced["after"]["mean_seconds"] == pytest.approx(0.5)
    hedged = simulated(ledger, "  bot: {route: hedge, of: [openai/large, openai/small], after: 1s, extra: 10%}\n")
    assert hedged["after"]["cost"] == "0.1224"


def test_a_model_without_a_price_or_an_answer_is_told(ledger: Place) -> None:
    policy = tried(ledger, "  bot: openai/unheard-of\n")
    said = ledger.run("simulate", "--policy", policy, "--since", SINCE).stdout
    assert "Without a price, and left out of the cost: 0 recorded and 10 simulated." in said
    assert "Latency is of 1 requests: of the others, the new models have never answered." in said


def test_a_configuration_that_is_wrong_is_refused(ledger: Place) -> None:
    (ledger.folder / "new.yaml").write_text(json.dumps({"models": {"bot": "nowhere/x"}}))
    assert "unknown provider" in ledger.run("simulate", "--policy", "new.yaml", code=2).stderr
