import pytest
from msgspec.structs import replace
from tests.store.rows import row

from trunkline.store.base import KeyRecord, Store
from trunkline.store.errors import KeyExists, StoreError


def key(name: str, serial: int = 1) -> KeyRecord:
    return KeyRecord(
        name=name,
        digest=bytes([serial]) * 32,
        hint="x9f2",
        created=1_760_000_000 + serial,
        models=("support-bot", "openai/*"),
        tags={"team": "support", "feature": "refunds é"},
    )


def test_a_key_comes_back_as_it_was_stored(store: Store) -> None:
    full = replace(key("support"), expires=1_800_000_000)
    plain = KeyRecord(name="plain", digest=b"\x02" * 32, hint="", created=0)
    store.add_key(full)
    store.add_key(plain)
    assert store.key_by_digest(full.digest) == full
    assert store.keys() == [plain, full]


def test_an_unknown_digest_finds_nothing(store: Store) -> None:
    store.add_key(key("support"))
    assert store.key_by_digest(b"\x09" * 32) is None
    assert store.key_by_digest(b"") is None


def test_a_name_in_force_cannot_be_used_twice(store: Store) -> None:
    store.add_key(key("support", 1))
    before = store.version()
    with pytest.raises(KeyExists, match="a key named support already"):
        store.add_key(key("support", 2))
    assert store.keys() == [key("support", 1)]
    assert store.version() == before


def test_a_digest_that_is_not_one_is_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        store.add_key(replace(key("support"), digest=b"short"))
    assert store.keys() == []


def test_a_revoked_key_stays_on_record_and_frees_its_name(store: Store) -> None:
    old, new = key("support", 1), key("support", 2)
    store.add_key(old)
    assert store.revoke_key("support", 1_770_000_000)
    revoked = replace(old, revoked=1_770_000_000)
    assert store.key_by_digest(old.digest) == revoked
    store.add_key(new)
    assert store.keys() == [revoked, new]


def test_a_key_is_revoked_once(store: Store) -> None:
    store.add_key(key("support"))
    assert store.revoke_key("support", 1_770_000_000)
    assert not store.revoke_key("support", 1_780_000_000)
    assert not store.revoke_key("unheard-of", 1_780_000_000)
    (found,) = store.keys()
    assert found.revoked == 1_770_000_000


def test_the_version_grows_with_every_change_of_keys_and_with_nothing_else(store: Store) -> None:
    seen = [store.version()]
    store.add_key(key("support"))
    seen.append(store.version())
    store.revoke_key("support", 1_770_000_000)
    seen.append(store.version())
    assert seen == sorted(set(seen))
    store.write_attempts([row()])
    store.revoke_key("support", 1_770_000_000)
    store.keys()
    store.usage("key")
    assert store.version() == seen[-1]
