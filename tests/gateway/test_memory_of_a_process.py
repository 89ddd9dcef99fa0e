"""What a process remembers of responses: over a restart, with another configuration, and for how long."""

import asyncio
from pathlib import Path

import apsw
import pytest
from tests.faults.gateway import LOOK_EVERY, SETTLED_WITHIN, RunningGateway, usual

from trunkline import upkeep
from trunkline.gateway.errors import ResponsesNotKept
from trunkline.gateway.remembered import Remembered


def remember(memory: Remembered, response: str = "resp_1") -> None:
    memory.save("acme", response, b"{}", [], previous=None, provider="up", minted_upstream=False, keep=3600)


async def test_a_response_is_remembered_over_a_restart(tmp_path: Path) -> None:
    for life in ("first", "second"):
        running = RunningGateway(tmp_path, usual(tmp_path, "", {}))
        await running.start()
        memory = running.process.remembered
        if life == "first":
            remember(memory)
        else:
            assert await memory.find("acme", "resp_1") is not None
        await running.close()
        assert running.problems() == []


async def test_a_reload_decides_whether_responses_are_kept(tmp_path: Path) -> None:
    running = RunningGateway(tmp_path, usual(tmp_path, "", {"responses": {"store": False}}))
    await running.start()
    memory = running.process.remembered
    with pytest.raises(ResponsesNotKept):
        await memory.find("acme", "resp_1")
    running.write(usual(tmp_path, "", {}))
    assert await running.process.reload()
    assert await memory.find("acme", "resp_1") is None
    await running.close()


async def test_what_has_expired_is_deleted_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "SWEEP", LOOK_EVERY)
    running = RunningGateway(tmp_path, usual(tmp_path, "", {}))
    await running.start()
    memory = running.process.remembered
    remember(memory, "resp_stays")
    monkeypatch.setattr(memory, "_now", lambda: 0.0)
    remember(memory, "resp_goes")
    await memory.close()
    db = apsw.Connection(str(running.data / "trunkline.db"))
    for _ in range(round(SETTLED_WITHIN / LOOK_EVERY)):
        left = [response for (response,) in db.execute("SELECT id FROM responses")]
        if left == ["resp_stays"]:
            break
        await asyncio.sleep(LOOK_EVERY)
    assert left == ["resp_stays"]
    db.close()
    await running.close()
