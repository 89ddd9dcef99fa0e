"""A gateway with limits and budgets that is killed at random moments under 500 requests a second, again and again.

`TRUNKLINE_KILLS` is how often; `make soak` makes it 50.
"""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from tests import aio
from tests.faults.client import chat_body, connect, request
from tests.faults.connection import Request
from tests.faults.replies import USAGE
from tests.faults.server import FaultServer
from tests.faults.test_kill import started

KILLS = int(os.environ.get("TRUNKLINE_KILLS", "6"))
BOUND = 60 + 15 * KILLS
"""Seconds, on a machine that is busy with other things too."""
RATE, CLIENTS, HOLDING = 500, 20, 4
"""Requests a second, of so many clients; and clients whose one request the upstream never answers."""
LATEST = 1.0
"""Seconds after which it is killed at the latest."""
RESTART = 2.0
"""Seconds of computing in which a killed gateway must be ready again; the median, for others use this machine, too."""
PRICE = {"input": 100, "output": 1000}
"""Dollars for a million tokens."""
COST = 1000 * (USAGE["prompt_tokens"] * PRICE["input"] + USAGE["completion_tokens"] * PRICE["output"])
"""Nano-dollars."""
SCOPES: list[dict[str, Any]] = [{"org": "acme"}, {"team": "acme/web"}, {"user": "ann"}, {"key": "*"}, {"model": "*"}]
KEYS = ("short", "long")
"""The budget of the first runs out on the way."""
AMOUNTS = {"key:short": KILLS * 10**9 // 2, "key:long": 1000 * 10**9, "org:acme": 2000 * 10**9}
"""Nano-dollars, by scope."""


def config(up: FaultServer) -> dict[str, Any]:
    budgets = [
        {scope: name, "amount": amount / 10**9, "per": "total"}
        for place, amount in AMOUNTS.items()
        for scope, _, name in (place.partition(":"),)
    ]
    limits = [scope | {"requests": "10M/min", "tokens": "1G/min", "concurrent": 10_000} for scope in SCOPES]
    return {
        "providers": {"up": {"type": "openai_compatible", "base_url": up.url, "price": PRICE, "max_idle": 64}},
        "orgs": {"acme": {"markup": "10%"}},
        "teams": {"acme/web": {}},
        "users": {"ann": {"team": "acme/web"}},
        "keys": [{"name": name, "key": f"sk-trunkline-{name}", "user": "ann"} for name in KEYS],
        "limits": limits,
        "budgets": budgets,
    }


async def keep_asking(port: int, number: int, numbers: Iterator[int], answers: Counter[int]) -> None:
    """Sends a request every `CLIENTS / RATE` seconds, each with a number of its own, until the gateway is gone."""
    model = "up/held" if number >= CLIENTS else ("up/normal", "up/one_write")[number % 4 // 2]
    key = f"sk-trunkline-{KEYS[number % 2]}"
    due = monotonic() + random.random() * CLIENTS / RATE
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        async with connect(port, within=30) as raw:
            while True:
                await asyncio.sleep(max(0.0, due - monotonic()))
                due = max(due + CLIENTS / RATE, monotonic() - 1.0)
                label = f"n={next(numbers)}"
                names = [("x-request-id", label), ("baggage", label), ("authorization", f"Bearer {key}")]
                body = chat_body(model, stream=model == "up/one_write", max_tokens=16)
                await raw.send(request(body=body, headers=names))
                answers[(await raw.response()).status] += 1


def computing(pid: int) -> float:
    """Seconds that a process has computed so far."""
    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def budgets(data: Path) -> dict[str, int]:
    """What is spent of each, by its scope; nothing may be lent any more."""
    with contextlib.closing(sqlite3.connect(data / "trunkline.db")) as store:
        assert store.execute("SELECT count(*) FROM budget_leases").fetchall() == [(0,)]
        return {name.rpartition(":cost:")[0]: spent for name, spent in store.execute("SELECT id, spent FROM budgets")}


@pytest.mark.slow
@pytest.mark.timeout(2 * BOUND)
@aio.within(BOUND)
async def test_whenever_it_is_killed_ledger_and_budgets_have_what_the_upstream_saw_and_nothing_is_overshot(
    tmp_path: Path,
) -> None:
    seen, answers = Counter[str](), Counter[int]()
    restarts, computed = list[float](), list[float]()
    numbers = iter(range(10_000_000))
    under_load = 0.0

    def witness(asked: Request) -> None:
        seen[asked.header("baggage") or ""] += 1

    async with FaultServer(record=False, witness=witness) as up:
        for _ in range(KILLS):
            began = monotonic()
            async with started(tmp_path, config(up)) as served:
                restarts.append(monotonic() - began)
                computed.append(computing(served.process.pid))
                clients = (keep_asking(served.port, n, numbers, answers) for n in range(CLIENTS + HOLDING))
                asking = asyncio.gather(*clients)
                moment = random.uniform(0.02, LATEST)
                await asyncio.sleep(moment)
                served.signal(signal.SIGKILL)
                await served.ended()
                under_load += moment
                await asking
        async with started(tmp_path, config(up)) as last:
            assert (await last.ask("up/normal", key="sk-trunkline-long")).status == 200

    rows = last.rows()
    settled = [row for row in rows if row.outcome == "ok"]
    unsettled = [row for row in rows if row.outcome == "unsettled"]
    print(
        f"killed {KILLS} times at {answers.total() / under_load:.0f} requests a second: {seen.total()} attempts seen, "
        f"{len(unsettled)} unsettled, {dict(answers)}; ready within {max(restarts):.2f} s, "
        f"median {sorted(restarts)[KILLS // 2]:.2f} s, of computing {max(computed):.2f} s"
    )
    assert len(settled) + len(unsettled) == len(rows) == len({(row.request, row.attempt) for row in rows})
    found = Counter(row.label for row in rows if row.label)
    assert set(found.values()) == {1} == {seen[label] for label in seen if label}
    assert set(seen) - {""} <= set(found)
    assert {label for label in found if not seen[label]} <= {
        row.label for row in unsettled
    }  # killed before it was sent
    assert {row.cost for row in settled} == {COST}
    assert sum(row.output_tokens for row in settled) == len(settled) * USAGE["completion_tokens"]

    spent = budgets(last.data)
    charged = {f"key:{name}": sum(row.charged for row in rows if row.key == name) for name in KEYS}
    assert spent == charged | {"org:acme": sum(charged.values())}
    assert {place: amount for place, amount in AMOUNTS.items() if spent[place] > amount} == {}
    assert answers[429], "no budget ran out: the test shows nothing"
    assert unsettled, "nothing was under way when it was killed: the test shows nothing"
    assert sorted(computed)[KILLS // 2] <= RESTART
    assert not list((last.data / "journal").iterdir())
