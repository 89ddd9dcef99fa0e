"""What is written in the file is what holds."""

from tests.config.reading import read

from trunkline.gateway.limit_rules import budget_of, rule_of
from trunkline.limits.budgets import Budget
from trunkline.limits.meter import DAY, MINUTE
from trunkline.limits.rules import Rule

FILE = """\
limits:
  - {team: acme/support, requests: [600/min, 5k/day], output: 2k/min, concurrent: 50}
budgets:
  - {tag: "plan=*", amount: 0.5, per: week, alert: [80%, 50%], when_spent: simulated/chat}
  - {org: acme, prepaid: true}
"""


def test_limits_and_budgets_of_the_file_become_rules() -> None:
    config = read(FILE)
    assert [rule_of(rates) for rates in config.limits] == [
        Rule(
            "team",
            "acme/support",
            (
                ("requests", 600, MINUTE),
                ("requests", 5000, DAY),
                ("output", 2000, MINUTE),
                ("concurrent", 50, 0),
            ),
        )
    ]
    assert [budget_of(budget) for budget in config.budgets] == [
        Budget(
            scope="tag",
            name="plan=*",
            amount=500_000_000,
            period="week",
            alerts=(50, 80),
            when_spent="simulated/chat",
        ),
        Budget(scope="org", name="acme", prepaid=True),
    ]
