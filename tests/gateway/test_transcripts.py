"""Transcripts on their way to a store that refuses, and under a master key that is changed meanwhile."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from tests.e2e.house import Alone, alone
from tests.e2e.request_log.reading import log_of

from trunkline import setup
from trunkline.cli.opened import Hidden
from trunkline.data import DataDirectory
from trunkline.gateway import transcripts
from trunkline.kept.disclosing import Disclosure, Subject
from trunkline.store.content import LogRecord
from trunkline.store.errors import StoreUnavailable
from trunkline.vault.keyring import MasterKey

SETTINGS: dict[str, Any] = {
    "request_log": {"all": {"everywhere": True}},
    "providers": {"simulated": {"simulated": {"latency": "0s", "tokens_per_second": 1_000_000}}},
}
CHANGED = {"master_key": "another-master-key-0123456789-abcdefg", "models": {"x": "simulated/echo"}}


async def say(there: Alone, text: str, **fields: Any) -> None:
    messages: Any = [{"role": "user", "content": text}]
    await there.client.chat.completions.create(model="simulated/echo", messages=messages, **fields)


async def test_what_the_store_refuses_for_a_while_is_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcripts, "RETRY", 0.001)
    async with alone(**SETTINGS) as there:
        store, failures = there.running.process._store, 3
        write = store.write_log

        def refuse(records: Sequence[LogRecord]) -> None:
            nonlocal failures
            failures -= 1
            if failures >= 0:
                raise StoreUnavailable("away")
            write(records)

        monkeypatch.setattr(store, "write_log", refuse)
        await say(there, "first")
        await say(there, "second")
        said = [it.input["messages"][0]["content"] for it in await log_of(there.running)]
        assert said == ["first", "second"]
        assert there.running.process.gateway.transcripts.held == 0
    assert there.running.logged("request_log.store_refuses")


async def test_what_the_store_never_takes_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcripts, "ENDS_WITHIN", 0.01)
    async with alone(**SETTINGS) as there:

        def refuse(records: Sequence[LogRecord]) -> None:
            raise StoreUnavailable("away")

        monkeypatch.setattr(there.running.process._store, "write_log", refuse)
        await say(there, "first")
    assert [line["store"] for line in there.running.logged("request_log.dropped")] == [1]


async def test_a_reload_takes_up_a_master_key_that_was_changed() -> None:
    async with alone(**SETTINGS) as there:
        running = there.running
        await say(there, "before")
        await log_of(running)
        data = DataDirectory(running.data)
        text, _ = data.secret(data.next_master_key)
        vault, _ = setup.open_vault(running.process.config, data, running.process._store)
        vault.keyring.rotate(MasterKey(text))
        data.next_master_key.replace(data.master_key)
        await say(there, "lost", user="needs a data key of its own")
        await running.process.gateway.transcripts.written()
        assert running.process.metrics._events["request_log_dropped"]["sealing"] == 1
        assert await running.process.reload()
        await say(there, "after", user="needs one, too")
        said = [it.input["messages"][0]["content"] for it in await log_of(running)]
        assert said == ["before", "after"]
    [told] = running.logged("request_log.dropped")
    assert "master key was changed" in told["problem"]


async def test_a_reload_with_another_master_key_than_the_stores_changes_nothing() -> None:
    async with alone(**SETTINGS) as there:
        running = there.running
        written = json.loads(running.config.read_text())
        running.write(
            {**written, "master_key": "another-master-key-0123456789-abcdefg", "models": {"x": "simulated/echo"}}
        )
        assert not await running.process.reload()
        assert "x" not in running.process.config.models
    assert "not the master key" in str(running.logged("config.rejected"))


async def test_a_process_forgets_the_answers_it_keeps_when_somebody_is_erased() -> None:
    async with alone(**SETTINGS, cache={"ttl": "1h"}) as there:
        running = there.running
        await say(there, "again", user="jane")
        assert len(running.process.gateway.caching.answers.memory) == 1
        await log_of(running)
        data = DataDirectory(running.data)
        store = setup.open_configured_store(running.process.config, data)
        disclosing = Disclosure(store, running.process.config, Hidden(running.process.config, data, store), "test")
        assert disclosing.erase(Subject(end_user="jane")).log == 1
        store.close()
        for _ in range(400):
            if not len(running.process.gateway.caching.answers.memory):
                break
            await asyncio.sleep(0.01)  # it is polled within a second
        assert len(running.process.gateway.caching.answers.memory) == 0
        assert await log_of(running) == []
