"""The responses that are remembered: found by whom they are for, continued, listed, forgotten. With a real store."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests import aio
from tests.telemetry.samples import Samples

from trunkline.gateway import backlog, remembered
from trunkline.gateway.errors import (
    ConversationTooLong,
    InvalidRequest,
    PreviousResponseNotFound,
    ResponsesNotKept,
    ResponsesUnavailable,
)
from trunkline.gateway.identity import Digest
from trunkline.gateway.remembered import Remembered
from trunkline.kept.response import mint_id
from trunkline.store.sqlite import SQLiteStore
from trunkline.telemetry.metrics import Metrics
from trunkline.vault.keyring import MasterKey
from trunkline.vault.vault import Vault

START = 1_760_000_000.0
DAY = 86400.0


class Memory:
    """What a process has to remember with, and what it has told."""

    def __init__(self, path: Path, patience: float = 0.0) -> None:
        self.time = START
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.bell = aio.Bell()
        self.metrics = Metrics()
        self.store = SQLiteStore(path)
        self.vault = Vault(self.store, MasterKey(b"m" * 32), lambda: self.time)
        parts = (self.store, self.vault, self.metrics, self.report, Digest(b"secret"))
        self.of = Remembered(*parts, patience=patience, now=lambda: self.time)

    def report(self, event: str, **facts: Any) -> None:
        self.told.append((event, facts))
        self.bell.ring()

    def save(self, response: str, said: str = "", previous: str | None = None, **options: Any) -> None:
        """A turn in which `said` was answered by `answer to …`."""
        document = {
            "id": response,
            "object": "response",
            "output": [message(f"answer to {said}", role="assistant")],
        }
        tenant, items = options.pop("tenant", "acme"), options.pop("input_items", [message(said)])
        usual = {"previous": previous, "provider": "openai", "minted_upstream": False, "keep": 30 * DAY}
        self.of.save(tenant, response, json.dumps(document).encode(), items, **(usual | options))

    @property
    def unsaved(self) -> float | None:
        return Samples(self.metrics).value("trunkline_unsaved_responses_total")

    def events(self) -> list[str]:
        return [event for event, _ in self.told]


def message(text: str, role: str = "user", **more: str) -> dict[str, str]:
    return {"type": "message", "role": role, "content": text, **more}


def texts(items: list[Any]) -> list[str]:
    return [item["content"] for item in items]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trunkline.db"


@pytest.fixture
def memory(path: Path) -> Iterator[Memory]:
    opened = Memory(path)
    yield opened
    opened.store.close()


@pytest.fixture
def other(path: Path) -> Iterator[Memory]:
    """Another process on the same store."""
    opened = Memory(path)
    yield opened
    opened.store.close()


async def test_what_was_saved_is_found_at_once_and_by_other_processes_when_it_is_in_the_store(
    memory: Memory, other: Memory
) -> None:
    document = b'{ "id":"resp_1", "output": [], "unknown": 1.50, "text": "caf\\u00e9" }'
    memory.of.save(
        "acme", "resp_1", document, [message("hi")], previous=None, provider="house", minted_upstream=False, keep=DAY
    )
    at_once = await memory.of.find("acme", "resp_1")
    await memory.of.close()
    for finder in (memory, other):
        found = await finder.of.find("acme", "resp_1")
        assert found is not None
        assert at_once is not None
        assert (found.response, found.input) == (document, b'[{"type":"message","role":"user","content":"hi"}]')
        assert (found.provider, found.upstream, found.previous) == ("house", "", "")
        assert (found.created, found.expires) == (START, START + DAY)
        assert (found.response, found.expires) == (at_once.response, at_once.expires)
    assert memory.unsaved == 0


async def test_it_is_known_who_else_keeps_a_response(memory: Memory, other: Memory) -> None:
    memory.save("resp_theirs", provider="azure", minted_upstream=True)
    await memory.of.close()
    found = await other.of.find("acme", "resp_theirs")
    assert found is not None
    assert (found.provider, found.upstream) == ("azure", "resp_theirs")


@pytest.mark.parametrize("stored", [False, True])
async def test_another_tenants_id_is_like_one_that_never_was(memory: Memory, stored: bool) -> None:
    memory.save("resp_1", "a secret")
    if stored:
        await memory.of.close()
    for tenant in ("globex", "", "acm", "acme "):
        for response in ("resp_1", "resp_never"):
            assert await memory.of.find(tenant, response) is None
            assert await memory.of.input_items(tenant, response) is None
            assert await memory.of.delete(tenant, response) is False
            told = rf"^Previous response with id '{response}' not found\.$"
            with pytest.raises(PreviousResponseNotFound, match=told) as error:
                await memory.of.chain(tenant, response)
            assert error.value.param == "previous_response_id"
    assert texts(await memory.of.chain("acme", "resp_1")) == ["a secret", "answer to a secret"]


async def test_two_tenants_may_have_a_response_with_the_same_id(memory: Memory, other: Memory) -> None:
    memory.save("resp_1", "of acme")
    memory.save("resp_1", "of globex", tenant="globex")
    await memory.of.close()
    assert texts(await other.of.chain("acme", "resp_1")) == ["of acme", "answer to of acme"]
    assert texts(await other.of.chain("globex", "resp_1")) == ["of globex", "answer to of globex"]


async def test_nothing_that_was_said_is_in_the_file(memory: Memory, path: Path) -> None:
    memory.save("resp_1", "the patient is Jane Doe")
    memory.save("resp_2", "Jane Doe " * 1000, "resp_1")
    await memory.of.close()
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"resp_2" in content
    assert b"Jane" not in content
    assert b"answer to" not in content


async def test_a_conversation_is_all_that_was_said_and_answered_in_its_order(memory: Memory, other: Memory) -> None:
    memory.save("resp_1", "one")
    memory.save("resp_2", "two", "resp_1")
    memory.save("resp_2b", "another way", "resp_1")
    await memory.of.close()
    memory.save("resp_3", "three", "resp_2")
    assert texts(await memory.of.chain("acme", "resp_3")) == [
        *("one", "answer to one"),
        *("two", "answer to two"),
        *("three", "answer to three"),
    ]
    assert texts(await other.of.chain("acme", "resp_2b")) == [
        *("one", "answer to one"),
        *("another way", "answer to another way"),
    ]


async def test_a_conversation_of_which_a_part_is_gone_is_not_continued_without_it(memory: Memory) -> None:
    memory.save("resp_1", "one")
    memory.save("resp_2", "two", "resp_1")
    memory.save("resp_3", "three", "resp_2")
    await memory.of.close()
    assert await memory.of.delete("acme", "resp_2")
    with pytest.raises(PreviousResponseNotFound, match="'resp_3' continues 'resp_2', which is not kept any more"):
        await memory.of.chain("acme", "resp_3")
    assert texts(await memory.of.chain("acme", "resp_1")) == ["one", "answer to one"]


async def test_a_conversation_does_not_continue_another_tenants(memory: Memory) -> None:
    memory.save("resp_1", "theirs", tenant="globex")
    memory.save("resp_2", "ours", "resp_1")
    await memory.of.close()
    with pytest.raises(PreviousResponseNotFound, match="'resp_2' continues 'resp_1'"):
        await memory.of.chain("acme", "resp_2")


async def test_a_conversation_has_at_most_so_many_responses(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "LONGEST", 3)
    for turn in range(4):
        memory.save(f"resp_{turn}", f"{turn}", f"resp_{turn - 1}" if turn else None)
    await memory.of.close()
    assert len(await memory.of.chain("acme", "resp_2")) == 6
    with pytest.raises(ConversationTooLong, match="more than 3 responses") as told:
        await memory.of.chain("acme", "resp_3")
    assert told.value.param == "previous_response_id"


@pytest.mark.parametrize("stored", [False, True])
async def test_a_conversation_has_at_most_so_many_bytes(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    """However well it can be compressed."""
    monkeypatch.setattr(remembered, "LARGEST", 250_000)
    for turn in range(6):
        memory.save(f"resp_{turn}", "hello " * 10_000, f"resp_{turn - 1}" if turn else None)
    if stored:
        await memory.of.close()
    assert len(await memory.of.chain("acme", "resp_1")) == 4
    with pytest.raises(ConversationTooLong):
        await memory.of.chain("acme", "resp_5")


async def test_a_response_that_continues_itself_ends_somewhere(memory: Memory) -> None:
    memory.save("resp_1", "one", "resp_1")
    with pytest.raises(ConversationTooLong):
        await memory.of.chain("acme", "resp_1")
    await memory.of.close()
    with pytest.raises(ConversationTooLong):
        await memory.of.chain("acme", "resp_1")


async def test_after_its_time_a_response_is_gone_and_the_sweep_takes_it_away(
    memory: Memory, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "SWEPT", 2)
    for turn in range(5):
        memory.save(f"resp_{turn}", keep=DAY if turn else 2 * DAY)
    await memory.of.close()
    memory.time += DAY - 1
    assert await memory.of.find("acme", "resp_1") is not None
    assert await memory.of.sweep(memory.time) == 0
    memory.time += 1
    assert await memory.of.find("acme", "resp_1") is None
    assert await memory.of.delete("acme", "resp_1") is False
    assert await memory.of.find("acme", "resp_0") is not None
    assert await memory.of.sweep(memory.time) == 4
    assert await memory.of.sweep(memory.time) == 0
    db = apsw.Connection(str(path))
    assert db.execute("SELECT group_concat(id) FROM responses").get == "resp_0"
    db.close()


async def test_what_is_deleted_while_it_waits_is_not_written_afterwards(memory: Memory, other: Memory) -> None:
    memory.save("resp_1")
    memory.save("resp_2")
    assert await memory.of.delete("acme", "resp_1")
    await memory.of.close()
    for finder in (memory, other):
        assert await finder.of.find("acme", "resp_1") is None
        assert await finder.of.find("acme", "resp_2") is not None


async def test_what_is_saved_again_takes_the_place_of_what_was_there(memory: Memory, other: Memory) -> None:
    memory.save("resp_1", "first")
    memory.save("resp_1", "second")
    await memory.of.close()
    assert texts(await other.of.chain("acme", "resp_1")) == ["second", "answer to second"]
    memory.save("resp_1", "third")
    assert texts(await memory.of.chain("acme", "resp_1")) == ["third", "answer to third"]
    await memory.of.close()
    assert texts(await other.of.chain("acme", "resp_1")) == ["third", "answer to third"]


async def test_while_responses_are_not_kept_none_is_saved_and_naming_one_is_refused(memory: Memory) -> None:
    memory.save("resp_1")
    memory.of.on = False
    memory.save("resp_2")
    for ask in (memory.of.find, memory.of.delete, memory.of.input_items, memory.of.chain):
        with pytest.raises(ResponsesNotKept, match="Send the whole conversation as `input`"):
            await ask("acme", "resp_1")
    memory.of.on = True
    assert await memory.of.find("acme", "resp_2") is None
    assert await memory.of.find("acme", "resp_1") is not None
    assert memory.unsaved == 0
    await memory.of.close()


async def test_a_store_that_refuses_for_a_while_loses_nothing(
    memory: Memory, other: Memory, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "RETRY", 0.001)
    memory.store.database.writer.set_busy_timeout(1)
    lock = apsw.Connection(str(path))
    lock.execute("BEGIN IMMEDIATE")
    for turn in range(3):
        memory.save(f"resp_{turn}")
    await memory.bell.until(lambda: "responses.store_refuses" in memory.events())
    assert await memory.of.find("acme", "resp_1") is not None
    with pytest.raises(ResponsesUnavailable, match="cannot be read now"):
        await memory.of.delete("acme", "resp_1")
    lock.execute("ROLLBACK")
    lock.close()
    await memory.of.close()
    assert [await other.of.find("acme", f"resp_{turn}") is not None for turn in range(3)] == [True] * 3
    assert memory.unsaved == 0


async def test_what_a_store_refuses_until_the_end_is_counted_and_told(
    memory: Memory, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "ENDS_WITHIN", 0.05)
    memory.store.database.writer.set_busy_timeout(1)
    lock = apsw.Connection(str(path))
    lock.execute("BEGIN IMMEDIATE")
    memory.save("resp_1", "a secret")
    await memory.of.close()
    lock.close()
    assert memory.unsaved == 1
    assert memory.told[-1] == (
        "responses.not_saved",
        {"response": "resp_1", "problem": "the store took nothing until the end"},
    )
    assert "a secret" not in str(memory.told)


async def test_more_than_may_wait_is_counted_and_told(
    memory: Memory, other: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "MOST_WAITING", 10_000)
    memory.save("resp_1", "x" * 4000)
    memory.save("resp_2", "x" * 4000)
    memory.save("resp_1", "y" * 4000)
    assert (memory.unsaved, memory.events()) == (1, ["responses.not_saved"])
    await memory.of.close()
    memory.save("resp_3", "x" * 20_000)
    await memory.of.close()
    found = [await other.of.find("acme", f"resp_{n}") for n in (1, 2, 3)]
    assert [stored is not None for stored in found] == [True, False, True]


async def test_one_that_cannot_be_stored_is_told_and_keeps_no_other_from_it(memory: Memory, other: Memory) -> None:
    memory.save("resp_1")
    memory.save("")
    memory.save("resp_2")
    await memory.of.close()
    assert [await other.of.find("acme", f"resp_{n}") is not None for n in (1, 2)] == [True, True]
    assert memory.unsaved == 1
    assert "cannot be stored" in memory.told[0][1]["problem"]


async def test_many_are_written_in_few_transactions(memory: Memory, other: Memory) -> None:
    for turn in range(250):
        memory.save(f"resp_{turn}", "x" * 100, f"resp_{turn - 1}" if turn else None)
    await memory.of.close()
    assert len(await other.of.chain("acme", "resp_249")) == 500
    assert memory.told == []


async def test_an_erased_day_is_gone(memory: Memory) -> None:
    memory.save("resp_1", "one")
    await memory.of.close()
    memory.time += DAY
    memory.save("resp_2", "two", "resp_1")
    await memory.of.close()
    day = "2025-10-09"
    memory.store.destroy_data_keys("acme", day, day, int(START))
    memory.vault.keyring.follow()
    assert await memory.of.find("acme", "resp_1") is None
    assert await memory.of.find("acme", "resp_2") is not None
    with pytest.raises(PreviousResponseNotFound, match="'resp_2' continues 'resp_1'"):
        await memory.of.chain("acme", "resp_2")
    assert memory.told == []


@pytest.mark.parametrize(
    "change",
    [
        "sealed = zeroblob(100)",
        "sealed = x''",
        "tenant = 'globex'",
        "provider = 'another'",
        "upstream = 'resp_9'",
        "previous = 'resp_9'",
        "expires = expires + 1",
    ],
)
async def test_a_row_that_was_changed_is_not_believed(memory: Memory, path: Path, change: str) -> None:
    memory.save("resp_1", "one")
    memory.save("resp_9", "nine")
    await memory.of.close()
    db = apsw.Connection(str(path))
    db.execute(f"UPDATE responses SET {change} WHERE id = 'resp_1'")
    db.close()
    tenant = "globex" if "tenant" in change else "acme"
    with pytest.raises(ResponsesUnavailable):
        await memory.of.find(tenant, "resp_1")
    assert memory.events() == ["responses.not_read"]
    assert await memory.of.find("acme", "resp_9") is not None


async def test_an_id_that_is_not_known_yet_is_waited_for_where_others_answer_too(path: Path, other: Memory) -> None:
    waits = Memory(path, patience=5.0)
    finding = asyncio.create_task(waits.of.find("acme", "resp_1"))
    chaining = asyncio.create_task(waits.of.chain("acme", "resp_1"))
    await asyncio.sleep(0)
    other.save("resp_1", "one")
    await other.of.close()
    assert await finding is not None
    assert texts(await chaining) == ["one", "answer to one"]
    waits.store.close()


async def test_input_items_are_listed_in_pages_the_last_one_first(memory: Memory) -> None:
    said = [message(f"{n}") for n in range(5)] + [message("named", id="msg_own"), {"type": "function_call_output"}]
    memory.save("resp_1", input_items=said)
    whole = await memory.of.input_items("acme", "resp_1", order="asc")
    assert whole is not None
    assert [item.get("content") for item in whole.data] == ["0", "1", "2", "3", "4", "named", None]
    ids = [item["id"] for item in whole.data]
    assert len(set(ids)) == 7
    assert (ids[0][:4], ids[5], ids[6][:5]) == ("msg_", "msg_own", "item_")
    assert (whole.first_id, whole.last_id, whole.has_more, whole.object) == (ids[0], ids[-1], False, "list")
    after: str | None = None
    seen: list[str] = []
    while page := await memory.of.input_items("acme", "resp_1", limit=3, after=after):
        seen += [item["id"] for item in page.data]
        after = page.last_id
        if not page.has_more:
            break
    assert seen == ids[::-1]
    assert (await memory.of.chain("acme", "resp_1"))[:-1] == said


async def test_a_page_that_cannot_be_is_refused(memory: Memory) -> None:
    memory.save("resp_1", input_items=[])
    empty = await memory.of.input_items("acme", "resp_1")
    assert empty is not None
    assert (empty.data, empty.first_id, empty.last_id, empty.has_more) == ([], None, None, False)
    for limit in (0, 101):
        with pytest.raises(InvalidRequest) as told:
            await memory.of.input_items("acme", "resp_1", limit=limit)
        assert told.value.param == "limit"
    with pytest.raises(InvalidRequest) as told:
        await memory.of.input_items("acme", "resp_1", after="msg_9")
    assert told.value.param == "after"


def test_ids_are_not_guessed() -> None:
    ids = {mint_id() for _ in range(100)}
    assert len(ids) == 100
    assert {(each[:5], len(each)) for each in ids} == {("resp_", 53)}
