import json
from pathlib import Path

import pytest
from tests.store.conftest import MakeStore
from tests.store.rows import HOUR, START, row
from tests.store.test_keys import key
from tests.store.test_responses import conversation

from trunkline.store import open_store
from trunkline.store.base import DataKey, ProviderKeyRecord, Store, Tag, TenantRecord
from trunkline.store.copying import copy
from trunkline.store.errors import NotEmpty


def fill(store: Store) -> None:
    tags = json.dumps({"feature": "chat"})
    rows = [
        row(started=START + n * HOUR // 7, tags=tags, cost=n, markup=n % 3, stream=n % 2 == 1) for n in range(6_000)
    ]
    store.write_attempts(rows)
    store.write_attempts([row(outcome="unsettled", cost=2**62) for _ in range(3)])
    store.prepare(START // 1_000_000)
    store.delete_attempts(START // 1_000_000 + 7200, 10)
    store.add_key(key("support"))
    store.revoke_key("support", 17)
    store.put_tenant(TenantRecord("org", "acme", "{}", 1, 1), "cli")
    store.add_provider_key(ProviderKeyRecord("pk_1", "acme", "openai", "x9f2", 2, b"sealed"), "cli")
    store.begin_vault(b"c" * 32)
    store.add_data_key(DataKey(b"k" * 16, "acme", "2026-01-31", b"wrapped", 5), b"c" * 32)
    store.write_responses(conversation(3))


def seen(store: Store) -> list[object]:
    reports = [store.usage(by) for by in ("day", "hour", "outcome", Tag("feature"))]
    conversation = store.responses("acme", "resp_2", 0, 9, 10**6)
    tenants = [store.tenants(), store.provider_keys(), store.changes(2**62, 99)]
    return [
        *reports,
        *tenants,
        store.latencies("model"),
        store.keys(),
        store.vault_check(),
        store.version(),
        conversation,
    ]


def test_a_store_is_copied_without_loss_into_either_database(
    make_store: MakeStore, path: Path, postgresql_url: str
) -> None:
    source = make_store()
    fill(source)
    for url in (f"sqlite://{path}", postgresql_url):
        target = open_store(url)
        totals = copy(source, target)
        assert totals["attempts"].rows == 6_003 - 10
        assert seen(target) == seen(source)
        target.write_attempts([row(cost=1)])  # and goes on from there
        target.prepare(0)
        assert sum(line.attempts for line in target.usage(None)) == 6_004
        target.close()


def test_nothing_is_copied_into_a_store_that_is_not_empty(make_store: MakeStore) -> None:
    source, target = make_store(), make_store()
    fill(source)
    target.add_key(key("sales"))
    with pytest.raises(NotEmpty, match="rows in changes"):
        copy(source, target)
    (kept,) = target.keys()
    assert kept.name == "sales"


@pytest.mark.parametrize("back", [False, True])
def test_a_copy_without_data_keys_has_only_their_places(
    make_store: MakeStore, path: Path, postgresql_url: str, back: bool
) -> None:
    source = make_store()
    fill(source)
    keys = source.dump_data_keys()
    assert keys == [DataKey(b"k" * 16, "acme", "2026-01-31", b"wrapped", 5)]
    for url in (f"sqlite://{path}", postgresql_url):
        target = open_store(url)
        copy(source, target, data_keys=False)
        assert target.dump_data_keys() == []
        assert target.data_key(b"k" * 16) == DataKey(b"k" * 16, "acme", "2026-01-31", None, 5)
        if back:
            assert target.put_data_keys_back(keys) == 1
            assert target.dump_data_keys() == keys
            target.destroy_data_keys("acme", "2026-01-01", "2026-12-31", 9)
        assert target.put_data_keys_back(keys) == (0 if back else 1)  # what was destroyed does not come back
        target.close()
