"""Which meters apply to a request."""

from trunkline.limits.budgets import Budget
from trunkline.limits.meter import MINUTE, Meter
from trunkline.limits.rules import Cardinality, Rule, budgets, meters

SCOPES = {"org": ["acme"], "team": ["acme/support"], "key": ["a"], "tag": ["plan=free", "customer=7"], "model": ["m"]}


def test_all_rules_of_the_scopes_a_request_has_apply_and_no_others() -> None:
    rules = [
        Rule("team", "acme/support", (("requests", 600, MINUTE), ("concurrent", 5, 0))),
        Rule("team", "acme/sales", (("requests", 1, MINUTE),)),
        Rule("key", "*", (("tokens", 100, MINUTE),)),
        Rule("tag", "plan=free", (("requests", 10, MINUTE),)),
        Rule("tag", "customer=*", (("requests", 20, MINUTE),)),
        Rule("user", "*", (("requests", 1, MINUTE),)),
    ]
    assert meters(rules, SCOPES, Cardinality()) == [
        Meter("team", "acme/support", "requests", 600, MINUTE),
        Meter("team", "acme/support", "concurrent", 5),
        Meter("key", "a", "tokens", 100, MINUTE),
        Meter("tag", "plan=free", "requests", 10, MINUTE),
        Meter("tag", "customer=7", "requests", 20, MINUTE),
    ]


def test_a_budget_of_each_is_that_of_whoever_asks() -> None:
    each = Budget(scope="key", name="*", amount=5)
    assert [budget.name for budget in budgets([each], SCOPES, Cardinality())] == ["a"]


def test_a_tag_with_10_000_values_has_a_bounded_number_of_meters_and_nobody_gains_by_it() -> None:
    tags = Cardinality(100)
    rules = [Rule("tag", "customer=*", (("requests", 20, MINUTE),))]
    found = {each.id for n in range(10_000) for each in meters(rules, {"tag": [f"customer={n}"]}, tags)}
    assert len(found) == 101
    (known,) = meters(rules, {"tag": ["customer=7"]}, tags)
    (unknown,) = meters(rules, {"tag": ["customer=9999"]}, tags)
    assert (known.name, unknown.name, unknown.limit) == ("customer=7", "customer=(others)", 20)
    many = {tags.bounded(f"name{n}=x") for n in range(1000)}
    assert len(many) <= 101
