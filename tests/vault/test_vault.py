"""What is sealed: opens as it was, for whom and for what it was sealed, and not otherwise."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline.store import open_store
from trunkline.store.base import Store
from trunkline.vault.errors import Tampered, VaultError
from trunkline.vault.keyring import MasterKey
from trunkline.vault.vault import COMPRESSED, HEAD, PLAIN, Vault

NOON = 1_760_000_000.0
ABOUT = ("response", "resp_1")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(f"sqlite://{tmp_path_factory.mktemp('vault')}/trunkline.db")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def vault(store: Store) -> Vault:
    return Vault(store, MasterKey(b"m" * 32), lambda: NOON)


texts = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(texts, st.lists(texts, max_size=4), st.binary(max_size=2000), st.booleans())
def test_what_was_sealed_comes_back(
    vault: Vault, tenant: str, about: list[str], plaintext: bytes, compress: bool
) -> None:
    sealed = vault.seal(tenant, tuple(about), plaintext, compress=compress)
    assert vault.open(tenant, tuple(about), sealed) == plaintext
    assert len(plaintext) < 8 or plaintext not in sealed


def test_the_same_text_never_looks_the_same_twice(vault: Vault) -> None:
    sealed = {vault.seal("acme", ABOUT, b"the same") for _ in range(50)}
    assert len({blob[HEAD:] for blob in sealed}) == 50


def test_every_single_bit_that_is_flipped_is_noticed(vault: Vault) -> None:
    sealed = vault.seal("acme", ABOUT, b"hello")
    for position in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(Tampered):
            vault.open("acme", ABOUT, bytes(changed))


def test_every_cut_and_every_addition_is_noticed(vault: Vault) -> None:
    sealed = vault.seal("acme", ABOUT, b"hello")
    for changed in [*(sealed[:length] for length in range(len(sealed))), sealed + b"\0", b"\0" + sealed]:
        with pytest.raises(Tampered):
            vault.open("acme", ABOUT, changed)


@pytest.mark.parametrize(
    ("tenant", "about"),
    [
        ("globex", ABOUT),
        ("", ABOUT),
        ("acme", ("response", "resp_2")),
        ("acme", ("request", "resp_1")),
        ("acme", ("response",)),
        ("acme", ("response", "resp_1", "")),
        ("acme", ("responseresp_1",)),
        ("acme", ("respons", "eresp_1")),
    ],
)
def test_it_opens_only_for_whom_and_for_what_it_was_sealed(vault: Vault, tenant: str, about: tuple[str, ...]) -> None:
    vault.seal("globex", ABOUT, b"so that globex has a key of its own")
    sealed = vault.seal("acme", ABOUT, b"hello")
    with pytest.raises(Tampered, match=r"not what was stored|never had"):
        vault.open(tenant, about, sealed)


def test_an_error_tells_what_and_whose_and_nothing_of_what_was_sealed(vault: Vault) -> None:
    sealed = vault.seal("acme", ABOUT, b"the patient is Jane Doe")
    with pytest.raises(VaultError) as told:
        vault.open("acme", ABOUT, sealed[:-1] + b"\0\0")
    assert "response resp_1 of 'acme'" in str(told.value)
    assert "restore the last good backup" in str(told.value)
    assert "Jane" not in repr(told.value)


def test_what_repeats_itself_is_stored_shorter_and_what_does_not_is_not_stored_longer(vault: Vault) -> None:
    repeats, noise = b"hello world " * 1000, os.urandom(1000)
    short = vault.seal("acme", ABOUT, repeats, compress=True)
    assert (short[1], len(short) < 500) == (COMPRESSED, True)
    assert vault.open("acme", ABOUT, short) == repeats
    assert vault.seal("acme", ABOUT, repeats)[1] == PLAIN
    assert vault.seal("acme", ABOUT, noise, compress=True)[1] == PLAIN
    assert vault.seal("acme", ABOUT, b"a" * 100, compress=True)[1] == PLAIN


def test_nothing_of_what_was_sealed_and_of_the_keys_is_in_the_file(tmp_path: Path) -> None:
    store = open_store(f"sqlite://{tmp_path}/trunkline.db")
    master = b"a master key of at least 32 bytes"
    vault = Vault(store, MasterKey(master), lambda: NOON)
    store.write_responses([])
    key_id, _ = vault.keyring.current("acme")
    key = store.data_key(key_id)
    assert key is not None
    assert key.wrapped is not None
    data_key = MasterKey(master).unwrap(key.wrapped, "acme", key.day, key_id)
    store.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key_id in content
    assert data_key not in content
    assert master not in content
