"""Responses that applications may refer to, as far as the store knows them."""

from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace

from trunkline.store.base import ResponseRecord, Store
from trunkline.store.errors import RowRejected
from trunkline.store.sqlite import SQLiteStore
from trunkline.store.sqlite_database import SQL

NOW = 1_760_000_000
MUCH = 1 << 30


def record(number: int, previous: int | None = None, tenant: str = "acme", size: int = 10) -> ResponseRecord:
    return ResponseRecord(
        tenant=tenant,
        id=f"resp_{number}",
        provider="openai",
        upstream="",
        previous="" if previous is None else f"resp_{previous}",
        created=NOW + number,
        expires=NOW + 100 + number,
        sealed=bytes([number]) * size,
    )


def conversation(length: int) -> list[ResponseRecord]:
    return [record(n, n - 1 if n else None) for n in range(length)]


def test_a_response_comes_back_as_it_was_stored(store: Store) -> None:
    full = replace(record(1, 0), upstream="resp_theirs")
    store.write_responses([full, record(2)])
    assert store.responses("acme", "resp_1", NOW, 1, MUCH) == [full]
    assert store.responses("acme", "resp_3", NOW, 1, MUCH) == []


def test_another_tenants_response_is_not_there(store: Store) -> None:
    theirs = record(1, tenant="globex", size=20)
    store.write_responses([theirs])
    assert store.responses("acme", "resp_1", NOW, 1, MUCH) == []
    assert not store.delete_response("acme", "resp_1", NOW)
    store.write_responses([record(1)])
    assert store.responses("globex", "resp_1", NOW, 1, MUCH) == [theirs]
    assert store.responses("acme", "resp_1", NOW, 1, MUCH) == [record(1)]


def test_what_is_saved_again_takes_the_place_of_what_was_there(store: Store) -> None:
    store.write_responses([record(1)])
    store.write_responses([record(1, 0, size=5), record(1, 0, size=6)])
    assert store.responses("acme", "resp_1", NOW, 1, MUCH) == [record(1, 0, size=6)]


def test_a_conversation_is_walked_from_its_end(store: Store) -> None:
    store.write_responses(conversation(5))
    assert store.responses("acme", "resp_3", NOW, 100, MUCH) == conversation(5)[3::-1]


def test_the_walk_ends_where_a_response_is_missing_or_another_tenants(store: Store) -> None:
    store.write_responses([r for r in conversation(5) if r.id != "resp_2"])
    store.write_responses([record(2, 1, tenant="globex")])
    assert [r.id for r in store.responses("acme", "resp_4", NOW, 100, MUCH)] == ["resp_4", "resp_3"]


def test_the_walk_is_bounded_in_number_and_bytes_and_gives_at_least_one(store: Store) -> None:
    store.write_responses(conversation(9))
    assert len(store.responses("acme", "resp_8", NOW, 4, MUCH)) == 4
    assert len(store.responses("acme", "resp_8", NOW, 100, 39)) == 3
    assert len(store.responses("acme", "resp_8", NOW, 100, 0)) == 1


def test_a_conversation_that_leads_back_to_itself_ends(store: Store) -> None:
    store.write_responses([record(1, 2), record(2, 1)])
    assert len(store.responses("acme", "resp_1", NOW, 7, MUCH)) == 7


def test_what_has_expired_is_not_there_before_it_is_deleted_nor_after(store: Store) -> None:
    store.write_responses(conversation(3))
    assert [r.id for r in store.responses("acme", "resp_2", NOW + 100, 9, MUCH)] == ["resp_2", "resp_1"]
    assert store.responses("acme", "resp_0", NOW + 100, 1, MUCH) == []
    assert not store.delete_response("acme", "resp_0", NOW + 100)
    assert store.responses("acme", "resp_0", NOW + 99, 1, MUCH) == [record(0)]
    assert store.delete_expired_responses(NOW + 100, 10) == 1
    assert store.responses("acme", "resp_0", NOW + 99, 1, MUCH) == []


def test_expired_responses_are_deleted_some_at_a_time_the_oldest_first(store: Store) -> None:
    store.write_responses(conversation(7))
    assert store.delete_expired_responses(NOW + 99, 3) == 0
    assert store.delete_expired_responses(NOW + 104, 3) == 3
    assert len(store.responses("acme", "resp_6", NOW, 9, MUCH)) == 4
    assert store.delete_expired_responses(NOW + 104, 3) == 2
    assert store.delete_expired_responses(NOW + 104, 3) == 0


def test_a_deleted_response_is_gone_and_those_that_continue_it_stay(store: Store) -> None:
    store.write_responses(conversation(3))
    assert store.delete_response("acme", "resp_1", NOW)
    assert not store.delete_response("acme", "resp_1", NOW)
    assert [r.id for r in store.responses("acme", "resp_2", NOW, 9, MUCH)] == ["resp_2"]


def test_when_one_of_several_cannot_be_stored_none_is(store: Store) -> None:
    with pytest.raises(RowRejected, match="a row cannot be stored"):
        store.write_responses([record(1), replace(record(2), id="")])
    with pytest.raises(RowRejected):
        store.write_responses([record(1), replace(record(2), provider="\ud800")])
    assert store.responses("acme", "resp_1", NOW, 1, MUCH) == []


def test_neither_the_walk_nor_the_sweep_searches_the_whole_table(path: Path) -> None:
    SQLiteStore(path).close()
    db = apsw.Connection(str(path))
    steps = [*db.execute(f"EXPLAIN QUERY PLAN {SQL['responses']}", ("acme", "resp_1", NOW, 9, MUCH))]
    steps += db.execute(f"EXPLAIN QUERY PLAN {SQL['delete_expired_responses']}", (NOW, 9))
    db.close()
    plan = [detail for *_, detail in steps]
    assert any("SEARCH" in detail for detail in plan)
    assert not [detail for detail in plan if detail.startswith("SCAN") and detail != "SCAN chain"]
