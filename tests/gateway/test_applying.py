"""Which limits and budgets apply to a request, and in which period."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from trunkline.gateway.applying import Applying, Asker, Charges, Rules, scopes_of
from trunkline.gateway.leasing import Leasing
from trunkline.ledger.record import Intent
from trunkline.limits.budgets import Budget, Spending
from trunkline.limits.meter import MINUTE
from trunkline.limits.pool import Batch, Reply
from trunkline.limits.rules import OTHERS, Rule
from trunkline.routing.targets import Target

WHO: Asker = ("acme", "support", "ada", "k", '{"plan":"free"}', "bot")
TARGET = Target("up", "m")
BERLIN = Budget(scope="team", name="acme/support", amount=10**9, zone="Europe/Berlin")


async def nobody(batch: Batch) -> Reply:
    raise AssertionError(batch)


def applying(rules: Rules) -> tuple[Applying, dict[str, Spending]]:
    spendings: dict[str, Spending] = {}
    rates, money = (Leasing(name, 10.0, nobody, "refuse", print) for name in ("rates", "money"))
    made = Applying(rates, money, spendings)
    made.configure(rules)
    return made, spendings


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


def test_a_request_belongs_to_its_caller_its_tags_its_model_and_its_target() -> None:
    assert scopes_of(WHO, TARGET) == {
        "org": ["acme"],
        "team": ["acme/support"],
        "user": ["ada"],
        "key": ["k"],
        "tag": ["plan=free"],
        "model": ["bot"],
        "deployment": ["up/m"],
    }
    assert scopes_of(("", "", "", "", "", "bot")) == {"model": ["bot"]}


async def test_a_month_ends_at_midnight_of_the_budgets_zone_and_the_next_is_another_meter() -> None:
    made, _ = applying(Rules(budgets=(BERLIN,)))
    applied = made.of(WHO)
    before = made.costs(applied, TARGET, moment("2026-10-31 23:59:59"))
    assert made.costs(applied, TARGET, moment("2026-10-31 23:59:59.9")) is before
    after = made.costs(applied, TARGET, moment("2026-11-01 00:00:00"))
    assert [each.spendings[0].meter.period for each in (before, after)] == ["month 2026-10-01", "month 2026-11-01"]


async def test_a_clock_that_is_put_back_charges_the_month_that_it_says() -> None:
    made, _ = applying(Rules(budgets=(BERLIN,)))
    applied = made.of(WHO)
    made.costs(applied, TARGET, moment("2026-11-01 00:00:00"))
    back = made.costs(applied, TARGET, moment("2026-10-31 12:00:00"))
    assert back.spendings[0].meter.period == "month 2026-10-01"


async def test_the_summer_times_last_day_has_25_hours() -> None:
    made, _ = applying(Rules(budgets=(Budget(scope="key", name="*", amount=1, period="day", zone="Europe/Berlin"),)))
    costs = made.costs(made.of(WHO), TARGET, moment("2026-10-25 00:00:00"))
    assert costs.holds(moment("2026-10-25 00:00:00") + 25 * 3600 - 1)
    assert not costs.holds(moment("2026-10-25 00:00:00") + 25 * 3600)


async def test_names_that_callers_make_up_share_one_limit_beyond_a_thousand() -> None:
    made, _ = applying(Rules(rates=(Rule("model", "*", (("requests", 5, MINUTE),)),)))
    found = {meter for number in range(1500) for meter in made.of((*WHO[:5], f"up/m{number}")).meters}
    assert len(found) == 1001
    assert f"model:{OTHERS}:requests:60000" in found


@pytest.mark.parametrize(
    ("budget", "known"),
    [
        ("team:acme/support:cost:month 2026-11-01", True),
        ("team:acme/other:cost:month 2026-11-01", False),
        ("tag:plan=free:cost:total", True),
        (f"tag:plan={OTHERS}:cost:total", False),
    ],
)
def test_whose_attempts_a_budget_can_be_reckoned_from(budget: str, known: bool) -> None:
    charges = Charges(Rules(budgets=(BERLIN, Budget(scope="tag", name="plan=*", amount=1))))
    assert charges.knows(budget) is known


def test_an_attempt_that_began_just_before_midnight_may_be_charged_to_either_month() -> None:
    charges = Charges(Rules(budgets=(Budget(scope="key", name="k", amount=1),)))
    end = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1e6)
    intent = Intent("r", 1, end - 1_000_000, "", "k", "bot", "up", "m", False, 5)
    assert charges.of(intent) == {"key:k:cost:month 2026-10-01", "key:k:cost:month 2026-11-01"}
