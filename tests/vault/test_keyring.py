"""Master keys and data keys: made once, found again, wrapped anew, destroyed."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import apsw
import pytest

from trunkline.store import open_store
from trunkline.store.base import DataKey, Store
from trunkline.vault.errors import KeyDestroyed, Tampered, WrongMasterKey
from trunkline.vault.keyring import REMEMBERED, Keyring, MasterKey
from trunkline.vault.vault import Vault

DAY = 86400.0
OCTOBER_9 = 1_760_000_000.0
"""2025-10-09 08:53:20 UTC."""
FIRST, SECOND = MasterKey(b"1" * 32), MasterKey(b"2" * 32)
ABOUT = ("note", "1")


class Clock:
    """Shows the time it is set to."""

    def __init__(self) -> None:
        self.time = OCTOBER_9

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trunkline.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite://{path}")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def keys(path: Path) -> list[tuple[str, str, bool]]:
    """Tenant and day of every data key, and whether it is destroyed."""
    db = apsw.Connection(str(path))
    found = db.execute("SELECT tenant, day, wrapped IS NULL FROM data_keys ORDER BY tenant, day").fetchall()
    db.close()
    return [(str(tenant), str(day), bool(destroyed)) for tenant, day, destroyed in found]


def test_every_tenant_has_a_key_of_its_own_for_every_day(store: Store, path: Path, clock: Clock) -> None:
    vault = Vault(store, FIRST, clock)
    for days in (0, 0, 0.6, 1, 1):
        clock.time = OCTOBER_9 + days * DAY
        for tenant in ("acme", "globex"):
            vault.seal(tenant, ABOUT, b"x")
    assert keys(path) == [(tenant, day, False) for tenant in ("acme", "globex") for day in ("2025-10-09", "2025-10-10")]


def test_what_was_sealed_before_a_restart_and_on_another_day_opens(store: Store, clock: Clock) -> None:
    sealed = Vault(store, FIRST, clock).seal("acme", ABOUT, b"hello")
    clock.time += 40 * DAY
    assert Vault(store, FIRST, clock).open("acme", ABOUT, sealed) == b"hello"


def test_a_store_is_not_opened_with_another_master_key(store: Store, clock: Clock) -> None:
    Vault(store, FIRST, clock)
    with pytest.raises(WrongMasterKey, match=r"not the master key .* `master_key` in the configuration") as told:
        Vault(store, SECOND, clock)
    assert "2222" not in str(told.value)
    Vault(store, FIRST, clock)


def test_the_check_value_tells_master_keys_apart_and_gives_none_away() -> None:
    assert FIRST.check == MasterKey(b"1" * 32).check
    assert len({FIRST.check, SECOND.check, MasterKey(b"1" * 33).check}) == 3
    assert b"1111" not in FIRST.check
    assert "1111" not in repr(FIRST)


def test_of_threads_that_make_a_days_key_at_once_all_have_the_same(store: Store, path: Path, clock: Clock) -> None:
    vaults = [Vault(store, FIRST, clock) for _ in range(4)]
    together = threading.Barrier(4)

    def seal(vault: Vault) -> bytes:
        together.wait(timeout=30)
        return vault.seal("acme", ABOUT, b"hello")

    with ThreadPoolExecutor(4) as pool:
        sealed = list(pool.map(seal, vaults))
    assert keys(path) == [("acme", "2025-10-09", False)]
    assert {vault.open("acme", ABOUT, blob) for vault in vaults for blob in sealed} == {b"hello"}


def test_a_destroyed_key_erases_its_days_and_no_others(store: Store, path: Path, clock: Clock) -> None:
    vault = Vault(store, FIRST, clock)
    sealed = {}
    for tenant in ("acme", "globex"):
        for day in range(9, 13):
            clock.time = OCTOBER_9 + (day - 9) * DAY
            sealed[tenant, day] = vault.seal(tenant, ABOUT, b"hello")
    assert vault.keyring.destroy("acme", date(2025, 10, 10), date(2025, 10, 11)) == 2
    for (tenant, day), blob in sealed.items():
        if tenant == "acme" and day in (10, 11):
            with pytest.raises(KeyDestroyed, match=rf"of 'acme' of 2025-10-{day} was destroyed.*erased on purpose"):
                vault.open(tenant, ABOUT, blob)
        else:
            assert vault.open(tenant, ABOUT, blob) == b"hello"
    assert [key for key in keys(path) if key[2]] == [("acme", "2025-10-10", True), ("acme", "2025-10-11", True)]
    assert vault.keyring.destroy("acme", date(2025, 10, 10), date(2025, 10, 11)) == 0


def test_after_todays_key_was_destroyed_another_one_is_made(store: Store, clock: Clock) -> None:
    vault = Vault(store, FIRST, clock)
    before = vault.seal("acme", ABOUT, b"before")
    vault.keyring.destroy("acme", date(2025, 1, 1), date(2025, 12, 31))
    after = vault.seal("acme", ABOUT, b"after")
    assert vault.open("acme", ABOUT, after) == b"after"
    with pytest.raises(KeyDestroyed):
        vault.open("acme", ABOUT, before)


def test_another_process_forgets_a_destroyed_key_when_it_follows(store: Store, clock: Clock) -> None:
    here, there = Vault(store, FIRST, clock), Vault(store, FIRST, clock)
    sealed = here.seal("acme", ABOUT, b"hello")
    assert there.open("acme", ABOUT, sealed) == b"hello"
    here.keyring.destroy("acme", date(2025, 10, 9), date(2025, 10, 9))
    there.keyring.follow()
    with pytest.raises(KeyDestroyed):
        there.open("acme", ABOUT, sealed)


def test_a_destroyed_key_is_no_longer_in_the_files(store: Store, path: Path, clock: Clock) -> None:
    keyring = Keyring(store, FIRST, clock)
    key_id, _ = keyring.current("acme")
    key = store.data_key(key_id)
    assert key is not None
    assert key.wrapped is not None
    assert any(key.wrapped in file.read_bytes() for file in path.parent.iterdir())
    keyring.destroy("acme", date(2025, 10, 9), date(2025, 10, 9))
    assert not any(key.wrapped in file.read_bytes() for file in path.parent.iterdir())


def test_a_master_key_is_changed_without_touching_what_was_sealed(store: Store, clock: Clock) -> None:
    vault = Vault(store, FIRST, clock)
    sealed = {tenant: vault.seal(tenant, ABOUT, b"hello") for tenant in ("acme", "globex", "initech")}
    vault.keyring.destroy("initech", date(2025, 10, 9), date(2025, 10, 9))
    assert vault.keyring.rotate(SECOND) == 2
    again = Vault(store, SECOND, clock)
    for opener in (vault, again):
        assert opener.open("acme", ABOUT, sealed["acme"]) == b"hello"
        assert opener.open("globex", ABOUT, sealed["globex"]) == b"hello"
        with pytest.raises(KeyDestroyed):
            opener.open("initech", ABOUT, sealed["initech"])
    clock.time += DAY
    assert again.open("acme", ABOUT, vault.seal("acme", ABOUT, b"tomorrow")) == b"tomorrow"
    with pytest.raises(WrongMasterKey):
        Vault(store, FIRST, clock)


def test_a_process_with_the_master_key_of_before_makes_no_key_that_nobody_could_unwrap(
    store: Store, path: Path, clock: Clock
) -> None:
    left_behind = Vault(store, FIRST, clock)
    sealed = left_behind.seal("acme", ABOUT, b"hello")
    Vault(store, FIRST, clock).keyring.rotate(SECOND)
    assert left_behind.open("acme", ABOUT, sealed) == b"hello"
    with pytest.raises(WrongMasterKey, match="while this process ran"):
        left_behind.seal("globex", ABOUT, b"hello")
    with pytest.raises(WrongMasterKey, match="changed meanwhile"):
        left_behind.keyring.rotate(FIRST)
    of_globex = Vault(store, SECOND, clock).seal("globex", ABOUT, b"hello")
    with pytest.raises(WrongMasterKey, match="while this process ran"):
        left_behind.open("globex", ABOUT, of_globex)
    assert [tenant for tenant, _, _ in keys(path)] == ["acme", "globex"]


def test_a_change_of_the_master_key_that_fails_changes_nothing(store: Store, path: Path, clock: Clock) -> None:
    vault = Vault(store, FIRST, clock)
    sealed = vault.seal("acme", ABOUT, b"hello")
    vault.seal("globex", ABOUT, b"hello")
    db = apsw.Connection(str(path))
    db.execute("UPDATE data_keys SET wrapped = zeroblob(60) WHERE tenant = 'globex'")
    db.close()
    with pytest.raises(Tampered, match="data key of 'globex'"):
        vault.keyring.rotate(SECOND)
    assert Vault(store, FIRST, clock).open("acme", ABOUT, sealed) == b"hello"


@pytest.mark.parametrize(
    "change",
    [
        "wrapped = zeroblob(60)",
        "wrapped = x'00'",
        "tenant = 'globex'",
        "day = '2025-10-08'",
        "id = zeroblob(16)",
    ],
)
def test_a_data_key_that_was_changed_in_the_store_opens_nothing(
    store: Store, path: Path, clock: Clock, change: str
) -> None:
    sealed = Vault(store, FIRST, clock).seal("acme", ABOUT, b"hello")
    db = apsw.Connection(str(path))
    db.execute(f"UPDATE data_keys SET {change}")
    db.close()
    with pytest.raises(Tampered):
        Vault(store, FIRST, clock).open("acme", ABOUT, sealed)


def test_what_is_remembered_of_keys_is_bounded(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    assert REMEMBERED <= 10_000
    monkeypatch.setattr("trunkline.vault.keyring.REMEMBERED", 3)
    vault = Vault(store, FIRST, clock)
    sealed = {f"tenant-{n}": vault.seal(f"tenant-{n}", ABOUT, b"hello") for n in range(10)}
    assert {vault.open(tenant, ABOUT, blob) for tenant, blob in sealed.items()} == {b"hello"}
    assert len(vault.keyring._ciphers) <= 3
    assert len(vault.keyring._of_today) <= 3


def test_a_data_key_shows_nothing_of_itself() -> None:
    assert repr(DataKey(b"i" * 16, "acme", "2025-10-09", b"wrapped", 0)) == "DataKey(tenant='acme', day='2025-10-09')"
