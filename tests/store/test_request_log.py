"""The request log as far as the store knows it, and the erasure of what is kept of somebody."""

import pytest
from msgspec.structs import replace
from tests.store.test_responses import MUCH
from tests.store.test_responses import record as response

from trunkline.store.base import DataKey, ProviderKeyRecord, Store
from trunkline.store.content import Erased, Kept, LogFilter, LogRecord
from trunkline.store.errors import RowRejected

NOW = 1_760_000_000
EVERYTHING = LogFilter()
CHECK = b"c" * 32


def entry(number: int, **fields: object) -> LogRecord:
    usual = LogRecord(
        id=f"0199-{number:04d}",
        at=NOW + number,
        expires=NOW + 100 + number,
        org="acme",
        team="acme/support",
        user="al",
        key="app",
        person="",
        model="bot",
        provider="up",
        served="m-1",
        status=200,
        stream=1,
        error="",
        size=10,
        sealed=bytes([number]) * 20,
    )
    return replace(usual, **fields)


def data_key(tenant: str, day: str = "2026-01-31", name: bytes = b"k") -> DataKey:
    return DataKey(name * 16, tenant, day, b"wrapped", 5)


def ids(found: list[LogRecord]) -> list[str]:
    return [it.id[-1] for it in found]


def test_an_entry_comes_back_as_it_was_written(store: Store) -> None:
    store.write_log([entry(1), entry(2)])
    store.write_log([entry(1, status=500)])  # it is there already
    assert store.log_entry("0199-0001", NOW) == entry(1)
    assert store.log("~", NOW, 9, EVERYTHING) == [replace(entry(n), sealed=b"") for n in (2, 1)]
    assert store.log_entry("0199-0003", NOW) is None


def test_entries_are_listed_page_by_page_the_latest_first(store: Store) -> None:
    store.write_log([entry(number) for number in range(5)])
    assert ids(store.log("~", NOW, 2, EVERYTHING)) == ["4", "3"]
    assert ids(store.log("0199-0003", NOW, 2, EVERYTHING)) == ["2", "1"]


@pytest.mark.parametrize("field", ["org", "team", "user", "key", "person", "model"])
def test_entries_are_found_by_whose_they_are(store: Store, field: str) -> None:
    store.write_log([entry(1), entry(2, **{field: "another"})])
    assert ids(store.log("~", NOW, 9, LogFilter(**{field: "another"}))) == ["2"]


def test_what_has_expired_is_not_there_and_is_deleted_in_batches(store: Store) -> None:
    store.write_log([entry(number) for number in range(5)])
    assert ids(store.log("~", NOW + 102, 9, EVERYTHING)) == ["4", "3"]
    assert store.log_entry("0199-0002", NOW + 102) is None
    assert [store.delete_expired_log(NOW + 102, 2) for _ in range(3)] == [2, 1, 0]
    assert ids(store.log("~", 0, 9, EVERYTHING)) == ["4", "3"]


def test_what_fits_no_column_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(RowRejected):
        store.write_log([entry(1), entry(2, at=2**70)])
    assert store.log("~", NOW, 9, EVERYTHING) == []


def test_an_owners_entries_and_responses_are_read_with_all_that_is_in_them(store: Store) -> None:
    store.write_log([entry(1), entry(2, person="p"), entry(3, key="other")])
    store.write_responses([response(1, tenant="app"), replace(response(2, tenant="app"), person="p")])
    assert store.log_contents("app", "", "", 9) == [entry(1)]
    assert store.log_contents("app", "p", "0199-0002", 9) == []
    assert [it.id for it in store.responses_of("app", "p", "", 9)] == ["resp_2"]


def test_what_is_erased_has_no_rows_and_no_keys_and_is_on_the_record(store: Store) -> None:
    store.begin_vault(CHECK)
    for number, tenant in enumerate(["app", "person\np\napp", "tenant\nacme", "other"]):
        store.add_data_key(data_key(tenant, name=bytes([number])), CHECK)
    store.write_log([entry(1), entry(2, person="p"), entry(3, key="other")])
    store.write_responses([response(1, tenant="app"), replace(response(2, tenant="app"), person="p")])
    store.add_provider_key(ProviderKeyRecord("pk_1", "acme", "openai", "x9f2", 2, b"sealed"), "cli")
    version = store.version()
    assert store.last_erasure() == 0
    kept = [Kept("app", "app"), Kept("person\np\napp", "app", "p"), Kept("tenant\nacme")]
    assert store.erase(kept, ["pk_1"], NOW, "cli", ("org", "acme")) == Erased(3, 2, 2, 1, 0)
    assert store.version() == version + 1
    assert store.data_key_tenants() == ["other"]
    assert ids(store.log("~", NOW, 9, EVERYTHING)) == ["3"]
    assert store.responses("app", "resp_1", NOW, 9, MUCH) == []
    assert store.provider_keys() == []
    [change, *_] = store.changes(2**62, 9)
    assert (change.id, change.action, change.kind, change.name) == (store.last_erasure(), "erased", "org", "acme")
    assert store.erase(kept, [], NOW, "cli", ("org", "acme")) == Erased(0, 0, 0, 0, 0)


def test_reading_is_on_the_record_and_changes_nothing_in_memory(store: Store) -> None:
    version = store.version()
    store.note_reading(NOW, "cli", "read", ("request_log", "0199-0001"))
    [change] = store.changes(2**62, 9)
    assert (change.by, change.action, change.name) == ("cli", "read", "0199-0001")
    assert store.version() == version


def test_persons_keys_are_dropped_once_they_seal_nothing_any_more(store: Store) -> None:
    store.begin_vault(CHECK)
    names = {"idle": b"i", "logged": b"l", "answered": b"a", "today": b"t"}
    for who, name in names.items():
        day = "2026-02-02" if who == "today" else "2026-01-31"
        store.add_data_key(data_key(f"person\n{who}\napp", day, name), CHECK)
    store.add_data_key(data_key("app", name=b"n"), CHECK)
    head = b"\x01\x00"
    store.write_log([entry(1, person="logged", sealed=head + b"l" * 16 + b"rest")])
    store.write_responses([replace(response(1, tenant="app"), sealed=head + b"a" * 16 + b"rest", person="answered")])
    assert store.drop_data_keys("2026-02-01", 9) == 1
    left = {"app", "person\nlogged\napp", "person\nanswered\napp", "person\ntoday\napp"}
    assert {*store.data_key_tenants()} == left
    assert store.data_key(b"i" * 16) is None
    store.delete_expired_log(NOW + 1000, 9)
    assert [store.drop_data_keys("2026-03-01", 1) for _ in range(3)] == [1, 1, 0]
