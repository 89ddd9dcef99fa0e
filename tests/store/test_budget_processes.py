"""One budget of ten dollars, and four processes that spend it as fast as they can."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.store.spender import BUDGET, DOLLAR

from trunkline.store import open_store

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/trunkline.db"
    found: str = request.getfixturevalue("postgresql_url")
    return found


def start(url: str, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.spender", url, name]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def spent(process: subprocess.Popen[str]) -> int:
    """What it had spent when it ended."""
    said, _ = process.communicate(timeout=60)
    return int((said.splitlines() or ["0"])[-1])


def test_all_of_it_is_spent_and_not_a_nano_dollar_more(url: str) -> None:
    open_store(url).close()
    processes = [start(url, f"p{n}") for n in range(4)]
    total = sum(spent(process) for process in processes)
    assert 9.5 * DOLLAR <= total <= 10 * DOLLAR
    store = open_store(url)
    assert store.spent([BUDGET.id]) == {BUDGET.id: total}
    assert store.held_budgets() == []
    store.close()


def test_with_one_killed_nothing_is_overshot_and_what_it_held_is_free_once_it_is_settled(url: str) -> None:
    open_store(url).close()
    killed, *others = [start(url, f"p{n}") for n in range(4)]
    assert killed.stdout is not None
    seen = [killed.stdout.readline() for _ in range(20)]  # empty ones where the others have left it nothing
    killed.kill()
    of_the_dead = max(int(seen[-1] or 0), spent(killed))
    total = of_the_dead + sum(spent(process) for process in others)
    assert total <= 10 * DOLLAR
    store = open_store(url)
    reported = store.spent([BUDGET.id])[BUDGET.id]
    held = store.held_budgets()
    assert reported + sum(each.amount for each in held) <= 10 * DOLLAR
    assert {each.holder for each in held} <= {"p0.1"}
    for each in held:
        assert store.settle_holder(each.holder, {BUDGET.id: total - reported})
        assert store.spent([BUDGET.id]) == {BUDGET.id: total}
    store.close()
