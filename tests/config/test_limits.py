"""Limits and budgets: how they are written, and what is wrong with them."""

import pytest
from tests.config.reading import read, wrong

from trunkline.config.quotas import Quota

DOLLAR = 10**9


def test_limits_are_rules_of_one_scope_each() -> None:
    config = read(
        "limits:\n"
        "  - {team: acme/support, requests: 600/min, tokens: [200k/min, 5M/day], concurrent: 50}\n"
        '  - {key: "*", requests: 10/s}\n'
        "  - {tag: plan=free, output: 1.5k/hour}\n"
        "  - {deployment: openai/gpt-4o, concurrent: 5}\n"
        "keys: \n"
    )
    team, keys, tag, deployment = config.limits
    assert team.scope == ("team", "acme/support")
    assert team.requests == (Quota(600, 60_000),)
    assert team.tokens == (Quota(200_000, 60_000), Quota(5_000_000, 86_400_000))
    assert team.concurrent == 50
    assert keys.scope == ("key", "*")
    assert tag.output == (Quota(1500, 3_600_000),)
    assert deployment.scope == ("deployment", "openai/gpt-4o")


def test_budgets_have_an_amount_and_a_period_of_a_time_zone() -> None:
    config = read(
        "models: {small: openai/gpt-4o-mini}\n"
        "budgets:\n"
        "  - {org: acme, amount: 500 USD, zone: Europe/Berlin, alert: [50%, 0.8], when_spent: small}\n"
        "  - {key: a, amount: 0.50, per: day, hard: false}\n"
        "  - {org: other, prepaid: true}\n"
    )
    month, day, credit = config.budgets
    assert (month.amount, month.per, month.zone, month.alert) == (500 * DOLLAR, "month", "Europe/Berlin", (50, 80))
    assert (month.overshoot, month.hard, month.when_spent) == ("none", True, "small")
    assert (day.amount, day.per, day.hard, day.alert) == (DOLLAR // 2, "day", False, (50, 80, 100))
    assert credit.prepaid


def test_what_replicas_share_is_a_server_whose_password_is_never_shown() -> None:
    config = read("shared: redis://user:secret@10.0.0.1:6379/0\n")
    assert config.shared is not None
    assert config.shared.get_secret_value() == "redis://user:secret@10.0.0.1:6379/0"
    assert "secret" not in repr(config.shared)
    for other in ("http://user:hunter2@10.0.0.1", "redis://:hunter2@10.0.0.1:99999/0"):
        (problem,) = wrong(f"shared: {other}\n")
        assert "is not an address such as redis://" in problem
        assert "hunter2" not in problem


@pytest.mark.parametrize("secret", ["whsec_???", "whsec_abc", "whsec_"])
def test_what_signs_webhooks_is_base64_where_it_says_so(secret: str) -> None:
    (problem,) = wrong(f"alerts: {{webhook: 'https://h/', secret: '{secret}'}}\n")
    assert "after `whsec_`, base64 is due" in problem


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (
            "{requests: 5/min}",
            "limits[0]: a rule names its scope; one of: org, team, user, key, tag, model, deployment",
        ),
        ("{key: a}", "limits[0]: nothing is limited here; such as requests: 600/min"),
        ("{key: a, team: b, requests: 5/min}", "limits[0].key: `team` is given, too; a rule has one scope; write two"),
        ("{kee: a, requests: 5/min}", 'limits[0].kee: unknown setting; did you mean "key"?'),
        ("{key: a, requests: -5/min}", "limits[0].requests[0]: a limit must be at least 1; to allow nothing, take the"),
        ("{key: a, requests: 0/min}", "limits[0].requests[0]: a limit must be at least 1"),
        ("{key: a, requests: 9000G/day}", "limits[0].requests[0]: this limit is larger than a million millions"),
        ("{key: a, requests: 5}", "limits[0].requests[0]: this number is not a limit such as 600/min, 200k/min or 5M"),
        ("{key: a, requests: 5/year}", 'limits[0].requests[0]: "5/year" is not a limit such as 600/min'),
        ("{key: a, requests: 0.5/min}", 'limits[0].requests[0]: "0.5/min" is not a limit such as'),
        ("{key: a, requests: [5/min, 50/min]}", "limits[0]: the same rule has `requests` per minute for the key"),
        ("{key: a, concurrent: -1}", "limits[0].concurrent: this must be at least 1"),
        ("{tag: free, requests: 5/min}", 'limits[0].tag: "free" is not a tag such as plan=free'),
        ("{model: gtp, requests: 5/min}", 'limits[0].model: unknown model "gtp"'),
        ("{deployment: nobody/x, requests: 5/min}", 'limits[0].deployment: unknown provider "nobody"'),
    ],
)
def test_what_is_wrong_with_a_limit_is_told_where_it_stands(rule: str, problem: str) -> None:
    assert any(problem in each for each in wrong(f"limits:\n  - {rule}\n")), wrong(f"limits:\n  - {rule}\n")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{org: a}", "budgets[0]: a budget needs an `amount`; or `prepaid: true`"),
        ("{org: a, amount: -1}", "budgets[0].amount: this amount must be above 0"),
        ("{org: a, amount: 5 EUR}", 'budgets[0].amount: "5 EUR" is not an amount such as 500 USD'),
        ("{org: a, amount: 1e12}", "budgets[0].amount: this amount is above a thousand million dollars"),
        ("{org: a, amount: 0.0000000001}", "budgets[0].amount: this amount is finer than a nano-dollar"),
        ("{org: a, amount: 5, per: year}", 'budgets[0].per: "year" is unknown here'),
        ("{org: a, amount: 5, zone: Europe/Atlantis}", 'budgets[0].zone: "Europe/Atlantis" is not a time zone'),
        ("{org: a, amount: 5, alert: 120%}", "budgets[0].alert[0]: "),
        ("{org: a, amount: 5, alert: 0%}", "budgets[0].alert[0]: an alert is at a whole percentage from 1% to 100%"),
        ("{org: a, amount: 5, prepaid: true}", "budgets[0].amount: prepaid credit has no such setting"),
        ("{org: a, amount: 5, when_spent: nix}", 'budgets[0].when_spent: unknown model "nix"'),
    ],
)
def test_what_is_wrong_with_a_budget_is_told_where_it_stands(rule: str, problem: str) -> None:
    assert any(problem in each for each in wrong(f"budgets:\n  - {rule}\n")), wrong(f"budgets:\n  - {rule}\n")


@pytest.mark.parametrize(
    ("where", "section"),
    [
        ("cache.cost", "cache: {cost: even}"),
        ("models.faq.cache.cost", "models: {faq: {route: fallback, of: [openai/a], cache: {cost: even}}}"),
    ],
)
def test_budgets_exclude_that_a_shared_call_is_paid_for_in_parts(where: str, section: str) -> None:
    [problem] = wrong(f"{section}\nbudgets: [{{org: a, amount: 5}}]\n")
    assert f"{where}: `even` parts cannot be charged to budgets" in problem
    assert read(f"{section}\n")


def test_two_rules_for_the_same_time_of_the_same_scope_overlap() -> None:
    assert wrong(
        "limits:\n"
        "  - {key: a, requests: [5/min, 50/day]}\n"
        "  - {key: b, requests: 5/min}\n"
        "  - {key: a, requests: 50/h, tokens: 5/min}\n"
        "  - {key: a, requests: 7/minute}\n"
        "budgets:\n"
        "  - {org: a, amount: 5}\n"
        "  - {org: a, amount: 5, per: day}\n"
        "  - {org: a, amount: 5, per: month}\n"
    ) == [
        '5:5  limits[3]: limits[0] has `requests` per minute for the key "a" already',
        '9:5  budgets[2]: budgets[0] has a budget per month for the org "a" already',
    ]


def test_a_webhook_is_signed() -> None:
    assert read("alerts: {webhook: 'https://ops.example.com/hook', secret: s}\n").alerts.webhook is not None
    (problem,) = wrong("alerts: {webhook: 'https://ops.example.com/hook'}\n")
    assert "needs a `secret`" in problem
