"""What the store keeps of the semantic cache: in order, for each cache alone, bounded, and erased with its tenant."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from trunkline.store.base import DataKey, Store
from trunkline.store.errors import RowRejected
from trunkline.store.semantic_entries import SemanticKind, SemanticRecord

NOW = 1_760_000_000
MANY = 1000
KIND = SemanticKind("the embedder", 384, 10_000)
OURS, THEIRS = b"our process", b"their process"


def record(number: int, **said: object) -> SemanticRecord:
    digest = hashlib.sha256(str(number).encode()).digest()[:16]
    return replace(SemanticRecord(digest, "acme", KIND, NOW + 100, bytes(100)), **said)


def since(store: Store, number: int = 0, *, writer: bytes = OURS, now: int = NOW) -> list[SemanticRecord]:
    return [it for _, it in store.semantic_since(KIND, number, writer, now, MANY)]


def test_entries_come_back_as_they_were_stored_in_their_order(store: Store) -> None:
    records = [record(number, sealed=bytes([number]) * 30) for number in range(4)]
    store.write_semantic(records[:3], THEIRS)
    store.write_semantic(records[3:], OURS)
    assert since(store) == records[:3]
    assert since(store, writer=THEIRS) == records[3:]
    assert since(store, 2, writer=b"") == records[2:]
    assert store.semantic_until(KIND, 3, NOW, 2) == [(3, records[2]), (2, records[1])]
    assert store.semantic_number() == 4


@pytest.mark.parametrize(
    "kind", [replace(KIND, embedder="other"), replace(KIND, dimensions=383), replace(KIND, allowed=5)]
)
def test_another_embedder_or_another_share_of_errors_is_another_cache(store: Store, kind: SemanticKind) -> None:
    store.write_semantic([record(1, kind=kind)], THEIRS)
    assert since(store) == []
    assert store.semantic_until(KIND, 9, NOW, MANY) == []
    assert len(store.semantic_since(kind, 0, OURS, NOW, MANY)) == 1


def test_the_same_question_again_takes_the_place_and_is_news_to_others(store: Store) -> None:
    store.write_semantic([record(1), record(2)], THEIRS)
    seen = store.semantic_number()
    again = record(1, sealed=b"another answer", expires=NOW + 500)
    store.write_semantic([again, again], THEIRS)
    assert since(store, seen) == [again]
    assert len(since(store)) == 2


def test_numbers_grow_in_the_order_of_commits_whoever_writes(store: Store) -> None:
    def write(writer: int) -> list[int]:
        for number in range(10):
            store.write_semantic([record(100 * writer + number), record(100 * writer + 50 + number)], bytes([writer]))
        return []

    seen: list[int] = []
    with ThreadPoolExecutor(4) as threads:
        writing = [threads.submit(write, writer) for writer in range(4)]
        while not all(each.done() for each in writing):
            seen += [number for number, _ in store.semantic_since(KIND, max(seen, default=0), b"", NOW, MANY)]
        for each in writing:
            each.result()
    seen += [number for number, _ in store.semantic_since(KIND, max(seen, default=0), b"", NOW, MANY)]
    assert seen == list(range(1, 81))  # who follows the numbers misses none


def test_what_has_expired_is_not_there_and_is_swept(store: Store) -> None:
    store.write_semantic([record(1), record(2, expires=NOW + 10)], THEIRS)
    assert since(store, now=NOW + 10) == [record(1)]
    assert [it for _, it in store.semantic_until(KIND, 9, NOW + 10, MANY)] == [record(1)]
    assert store.sweep_semantic(NOW + 9, MANY, 1 << 30, MANY) == 0
    assert store.sweep_semantic(NOW + 10, MANY, 1 << 30, MANY) == 1
    assert since(store, now=0) == [record(1)]


@pytest.mark.parametrize(("entries", "size", "left"), [(3, 1 << 30, 3), (MANY, 499, 4), (0, 1 << 30, 0)])
def test_the_oldest_make_room_in_number_and_in_bytes(store: Store, entries: int, size: int, left: int) -> None:
    records = [record(number) for number in range(10)]
    store.write_semantic(records, THEIRS)
    while store.sweep_semantic(NOW, entries, size, 2):
        pass
    assert since(store) == records[10 - left :]


def test_numbers_are_not_given_again_when_the_latest_is_gone(store: Store) -> None:
    store.write_semantic([record(1)], THEIRS)
    store.sweep_semantic(NOW, 0, 0, MANY)
    store.write_semantic([record(2)], THEIRS)
    assert since(store, 1) == [record(2)]


def test_a_tenants_entries_are_erased(store: Store) -> None:
    store.write_semantic([record(1), record(2, tenant="globex"), record(3, tenant="initech")], THEIRS)
    assert store.erase_semantic(["acme", "initech", "nobody"]) == 2
    assert since(store) == [record(2, tenant="globex")]


def test_entries_whose_data_key_was_destroyed_are_swept(store: Store) -> None:
    check = store.begin_vault(bytes(32))
    for tenant in ("acme", "globex"):
        key = DataKey(tenant.encode().ljust(16), tenant, "2026-01-31", b"wrapped", NOW)
        assert store.add_data_key(key, check) == key
        store.write_semantic([record(len(tenant), tenant=tenant, sealed=b"\1\1" + key.id + b"and so on")], THEIRS)
    store.destroy_data_keys("acme", "2026-01-31", "2026-01-31", NOW)
    assert store.sweep_semantic(NOW, MANY, 1 << 30, MANY) == 1
    assert [it.tenant for it in since(store)] == ["globex"]


def test_of_a_batch_with_one_that_fits_no_column_nothing_is_written(store: Store) -> None:
    with pytest.raises(RowRejected):
        store.write_semantic([record(1), record(2, expires=1 << 70)], THEIRS)
    assert since(store) == []
