"""A process that takes up changes of keys one by one knows what one knows that reads them all."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from trunkline.config.load import load
from trunkline.gateway.brought import Opened
from trunkline.gateway.identity import CHANGES, Caller, Digest, Keys
from trunkline.store import open_store
from trunkline.store.base import KeyRecord, Store, TenantRecord

NOW = 1_900_000_000
LATER = 4_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite://{tmp_path / 'x.db'}")
    yield store
    store.close()


def process(store: Store, folder: Path) -> Keys:
    """The keys of a process that has just begun; the configuration has one that is called `k0`, too."""
    config = folder / "trunkline.yaml"
    config.write_text("{orgs: {o: {tags: {a: b}}}, keys: [{name: k0, key: sk-configured-0123456789}]}")
    loaded = load(config, env={}, provider_types=(), environment_providers=())
    keys = Keys(store, Digest(b"s" * 32), loaded, Opened(lambda *_: b"", lambda *_, **__: None))
    keys.load()
    return keys


def known(keys: Keys) -> dict[bytes, Caller]:
    return keys._callers


def record(name: str, number: int, **fields: Any) -> KeyRecord:
    return KeyRecord(name=name, digest=number.to_bytes(32, "big"), hint="abcd", created=NOW, **fields)


def change(store: Store, chance: random.Random, number: int) -> None:
    name = f"k{chance.randrange(6)}"
    held = next((it for it in store.keys_named([name]) if it.revoked is None), None)
    match chance.randrange(4):
        case 0 if held is None:
            store.add_key(record(name, number, org=chance.choice(["", "o"])))
        case 1 if held is not None:
            store.change_key(record(name, number, models=(f"m{number}",)), NOW)
        case 2 if held is not None:
            store.rotate_key(record(name, number), chance.choice([1, LATER]))
        case 3:
            store.revoke_key(name, NOW)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_changed_is_known_as_if_all_were_read(tmp_path: Path, store: Store, seed: int) -> None:
    chance, follower = random.Random(seed), process(store, tmp_path)
    for number in range(1, 80):
        change(store, chance, number)
        if chance.random() < 0.1:
            store.put_tenant(TenantRecord("org", f"o{number}", "{}", NOW, NOW), "test")
        if chance.random() < 0.5:
            follower.load()
            fresh = process(store, tmp_path)
            assert known(follower) == known(fresh)
            assert follower.made == fresh.made


def test_only_what_has_changed_is_read(tmp_path: Path, store: Store) -> None:
    store.add_key(record("one", 1))
    store.add_key(record("other", 2))
    follower = process(store, tmp_path)
    with apsw.Connection(str(tmp_path / "x.db")) as unnoted:
        unnoted.execute("UPDATE keys SET models = '[\"changed\"]' WHERE name = 'other'")
    before = known(follower)
    store.revoke_key("one", 1)
    follower.load()
    assert len(known(follower)) == len(before) - 1
    assert all(before[digest] is caller for digest, caller in known(follower).items())


def test_after_very_many_changes_all_are_read(tmp_path: Path, store: Store) -> None:
    store.add_key(record("one", 1))
    follower = process(store, tmp_path)
    for number in range(CHANGES + 1):
        store.change_key(record("one", 1, models=(f"m{number}",)), NOW)
    follower.load()
    assert known(follower) == known(process(store, tmp_path))


def test_changes_that_nobody_noted_are_not_missed(tmp_path: Path, store: Store) -> None:
    store.add_key(record("one", 1))
    store.add_key(record("other", 2))
    follower = process(store, tmp_path)
    with apsw.Connection(str(tmp_path / "x.db")) as unnoted:  # as a release does that knows no tenants
        unnoted.execute("UPDATE keys SET revoked = 1 WHERE name = 'other'; UPDATE version SET value = value + 1")
    store.revoke_key("one", 1)
    follower.load()
    assert known(follower) == known(process(store, tmp_path))
