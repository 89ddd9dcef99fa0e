"""The keys under which records are encrypted. What they are worth is tested in tests/vault."""

import pytest
from msgspec.structs import replace

from trunkline.store.base import DataKey, Store

CHECK, OTHER = b"c" * 32, b"o" * 32


def key(serial: int, tenant: str = "acme", day: str = "2025-10-09") -> DataKey:
    return DataKey(bytes([serial]) * 16, tenant, day, b"wrapped", 1_760_000_000)


def begun(store: Store) -> Store:
    assert store.begin_vault(CHECK) == CHECK
    return store


def test_a_store_is_begun_with_a_master_key_once(store: Store) -> None:
    assert store.vault_check() is None
    assert store.begin_vault(CHECK) == CHECK
    assert store.begin_vault(OTHER) == CHECK
    assert store.vault_check() == CHECK


def test_a_key_comes_back_as_it_was_stored(store: Store) -> None:
    begun(store)
    assert store.add_data_key(key(1), CHECK) == key(1)
    assert store.data_key(key(1).id) == key(1)
    assert store.data_key(key(2).id) is None
    assert store.data_key(b"") is None


def test_a_tenant_has_one_key_a_day_and_whoever_comes_second_gets_the_first_ones(store: Store) -> None:
    begun(store)
    store.add_data_key(key(1), CHECK)
    assert store.add_data_key(key(2), CHECK) == key(1)
    assert store.add_data_key(key(3, tenant="globex"), CHECK) == key(3, tenant="globex")
    assert store.add_data_key(key(4, day="2025-10-10"), CHECK) == key(4, day="2025-10-10")
    assert store.data_key(key(2).id) is None


def test_a_key_under_another_master_key_than_the_stores_is_not_stored(store: Store) -> None:
    begun(store)
    assert store.add_data_key(key(1), OTHER) is None
    assert store.data_key(key(1).id) is None


def test_destroyed_keys_leave_their_name_and_make_room_for_another(store: Store) -> None:
    begun(store)
    for serial, day in enumerate(["2025-10-08", "2025-10-09", "2025-10-10", "2025-10-11"], 1):
        store.add_data_key(key(serial, day=day), CHECK)
    store.add_data_key(key(9, tenant="globex"), CHECK)
    assert store.destroy_data_keys("acme", "2025-10-09", "2025-10-10", 1_760_000_001) == 2
    assert store.destroy_data_keys("acme", "2025-10-09", "2025-10-10", 1_760_000_002) == 0
    assert store.data_key(key(2).id) == replace(key(2), wrapped=None)
    assert [store.data_key(key(n).id).wrapped for n in (1, 4, 9)] == [b"wrapped"] * 3  # type: ignore[union-attr]
    assert store.add_data_key(key(5), CHECK) == key(5)


def test_only_destroying_keys_is_something_that_replicas_must_hear_of(store: Store) -> None:
    before = store.version()
    begun(store).add_data_key(key(1), CHECK)
    store.rewrap_data_keys(CHECK, OTHER, lambda _: b"anew")
    store.destroy_data_keys("globex", "2025-10-09", "2025-10-09", 0)
    assert store.version() == before
    store.destroy_data_keys("acme", "2025-10-09", "2025-10-09", 0)
    assert store.version() > before


def test_all_keys_are_wrapped_anew_or_none(store: Store) -> None:
    begun(store)
    for serial, tenant in enumerate(["acme", "globex", "initech"], 1):
        store.add_data_key(key(serial, tenant), CHECK)
    store.destroy_data_keys("globex", "2025-10-09", "2025-10-09", 0)

    def fail_at_the_second(found: DataKey) -> bytes:
        if found.tenant == "initech":
            raise RuntimeError("no")
        return b"anew"

    with pytest.raises(RuntimeError):
        store.rewrap_data_keys(CHECK, OTHER, fail_at_the_second)
    assert store.vault_check() == CHECK
    assert store.data_key(key(1).id) == key(1)
    assert store.rewrap_data_keys(OTHER, CHECK, lambda _: b"anew") is None
    assert store.rewrap_data_keys(CHECK, OTHER, lambda found: b"anew for " + found.tenant.encode()) == 2
    assert store.vault_check() == OTHER
    assert store.data_key(key(1).id) == replace(key(1), wrapped=b"anew for acme")
    assert store.data_key(key(2, "globex").id) == replace(key(2, "globex"), wrapped=None)
