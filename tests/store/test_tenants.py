import threading
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.store.test_keys import key

from trunkline.store.base import ProviderKeyRecord, Store, TenantRecord
from trunkline.store.errors import KeyExists

ACME = TenantRecord("org", "acme", '{"tags":{"plan":"free"}}', 100, 100)
SUPPORT = TenantRecord("team", "acme/support", "{}", 101, 101)
OWN = ProviderKeyRecord("pk_1", "acme", "openai", "x9f2", 102, b"sealed")


def test_organisations_teams_and_users_come_back_as_they_were_stored(store: Store) -> None:
    assert store.put_tenant(ACME, "cli")
    assert store.put_tenant(SUPPORT, "cli")
    assert store.tenants() == [ACME, SUPPORT]
    assert not store.put_tenant(replace(ACME, settings='{"disabled":true}', changed=200, created=200), "cli")
    assert store.tenants()[0] == replace(ACME, settings='{"disabled":true}', changed=200)
    assert store.delete_tenant("team", "acme/support", 300, "cli")
    assert not store.delete_tenant("team", "acme/support", 300, "cli")
    assert [record.name for record in store.tenants()] == ["acme"]


def test_a_key_comes_back_with_whose_it_is_and_can_be_changed(store: Store) -> None:
    bound = replace(key("bot"), org="acme", team="acme/support", user="alice", settings='{"disabled":true}')
    store.add_key(bound)
    assert store.keys() == [bound]
    changed = replace(bound, user="", models=(), expires=1_900_000_000, settings="{}")
    assert store.change_key(changed, 200)
    assert store.keys() == [changed]
    assert not store.change_key(replace(changed, name="other"), 200)


def test_a_key_that_is_replaced_stays_in_force_until_its_time(store: Store) -> None:
    old, new = key("bot", 1), key("bot", 2)
    assert not store.rotate_key(new, 1_000)
    store.add_key(old)
    assert store.rotate_key(new, 1_000)
    assert store.keys() == [replace(old, revoked=1_000), new]
    first, _ = store.keys()
    assert first.in_force(999.9)
    assert not first.in_force(1_000)
    with pytest.raises(KeyExists):
        store.add_key(key("bot", 3))


def test_revoking_also_ends_what_a_replaced_key_had_left(store: Store) -> None:
    store.add_key(key("bot", 1))
    store.rotate_key(key("bot", 2), 1_000)
    assert store.revoke_key("bot", 500)
    first, second = store.keys()
    assert (first.revoked, second.revoked) == (500, 500)


def test_keys_with_providers_come_and_go(store: Store) -> None:
    store.add_provider_key(OWN, "api")
    assert store.provider_keys() == [OWN]
    assert "sealed" not in repr(OWN)
    assert store.delete_provider_key("pk_1", 300, "api")
    assert not store.delete_provider_key("pk_1", 300, "api")
    assert store.provider_keys() == []


def test_every_change_is_recorded_and_moves_the_version(store: Store) -> None:
    changes: list[Callable[[], object]] = [
        lambda: store.put_tenant(ACME, "cli"),
        lambda: store.put_tenant(ACME, "api"),
        lambda: store.add_key(key("bot", 1), "api"),
        lambda: store.change_key(key("bot", 1), 200, "api"),
        lambda: store.rotate_key(key("bot", 2), 1_000, "api"),
        lambda: store.revoke_key("bot", 500, "cli"),
        lambda: store.add_provider_key(OWN, "api"),
        lambda: store.delete_provider_key("pk_1", 300, "api"),
        lambda: store.delete_tenant("org", "acme", 300, "cli"),
    ]
    versions = [store.version()]
    for change in changes:
        change()
        versions.append(store.version())
    assert versions == sorted(set(versions))
    told = [(it.by, it.action, it.kind, it.name) for it in store.changes(2**62, 100)]
    assert told[::-1] == [
        ("cli", "created", "org", "acme"),
        ("api", "changed", "org", "acme"),
        ("api", "created", "key", "bot"),
        ("api", "changed", "key", "bot"),
        ("api", "rotated", "key", "bot"),
        ("cli", "revoked", "key", "bot"),
        ("api", "created", "provider_key", "pk_1"),
        ("api", "deleted", "provider_key", "pk_1"),
        ("cli", "deleted", "org", "acme"),
    ]
    latest = store.changes(2**62, 2)
    assert [it.id for it in store.changes(latest[-1].id, 2)] == [it.id - 2 for it in latest]
    assert all(it.at > 0 for it in latest)


def test_what_is_recorded_holds_nothing_by_which_a_key_could_be_used(store: Store) -> None:
    store.add_key(key("bot"), "api")
    store.add_provider_key(OWN, "api")
    told = "".join(it.detail for it in store.changes(2**62, 10))
    assert "AQEB" not in told  # the digest
    assert "sealed" not in told
    assert "support-bot" in told


def test_changes_made_at_once_are_numbered_one_after_the_other(store: Store) -> None:
    def change(serial: int) -> None:
        for turn in range(5):
            store.put_tenant(TenantRecord("org", f"org-{serial}-{turn}", "{}", 1, 1), "api")

    threads = [threading.Thread(target=change, args=(serial,)) for serial in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [it.id for it in store.changes(2**62, 100)] == list(range(20, 0, -1))
