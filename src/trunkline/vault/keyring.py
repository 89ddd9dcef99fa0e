"""The master key, and the data keys that it wraps: made on demand, kept in the store, remembered in memory.

A keyring is used by several threads at once. What it remembers it lets go of when the store's version has changed, so
that a destroyed key is forgotten by every process within the time between two calls of `follow`.
"""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from hmac import compare_digest

from trunkline.store.base import DataKey, VaultStore
from trunkline.vault.cipher import KEY, Cipher, DoesNotOpen, derive
from trunkline.vault.errors import KeyDestroyed, Tampered, WrongMasterKey

KEY_ID = 16
"""Bytes of a data key's id, which is random."""
REMEMBERED = 10_000
"""Data keys kept in memory."""


class MasterKey:
    """Wraps data keys. The operator's text is never used itself: two keys are derived from it.

    It must be random, 32 characters or more: it is not stretched, as a password would have to be.
    """

    __slots__ = ("_cipher", "check")

    def __init__(self, text: bytes) -> None:
        self.check = derive(text, b"trunkline master key: check value")
        """Tells one master key from another, and nothing else about it."""
        self._cipher = Cipher(derive(text, b"trunkline master key: wrapping"))

    def wrap(self, key: bytes, tenant: str, day: str, key_id: bytes) -> bytes:
        """A data key as it is stored."""
        return self._cipher.seal(key, _bound(tenant, day, key_id))

    def unwrap(self, wrapped: bytes, tenant: str, day: str, key_id: bytes) -> bytes:
        """The data key. Raises `DoesNotOpen`."""
        return self._cipher.open(wrapped, _bound(tenant, day, key_id))


class Keyring:
    """The data keys of one store. Raises `WrongMasterKey` when it is made with another master key than the store's."""

    def __init__(self, store: VaultStore, master: MasterKey, now: Callable[[], float]) -> None:
        self._store = store
        self._master = master
        self._now = now
        self._ciphers: dict[bytes, tuple[str, Cipher]] = {}
        """By the data key's id: whose it is, and what it seals with."""
        self._of_today: dict[str, tuple[str, bytes]] = {}
        """By tenant: a day, and the id of its key."""
        self._version = store.version()
        held = store.vault_check() or store.begin_vault(master.check)
        if not compare_digest(held, master.check):
            raise WrongMasterKey("This is not the master key that the store was begun with")

    def current(self, tenant: str) -> tuple[bytes, Cipher]:
        """The id of the tenant's key of today, which is made if need be, and what it seals with."""
        day = datetime.fromtimestamp(self._now(), UTC).date().isoformat()
        of_today, ciphers = self._of_today, self._ciphers
        known_day, key_id = of_today.get(tenant, ("", b""))
        known = ciphers.get(key_id)
        if known_day == day and known is not None:
            return key_id, known[1]
        key = self._make(tenant, day)
        cipher = self._unwrapped(key, ciphers)
        if len(of_today) >= REMEMBERED:
            of_today.clear()
        of_today[tenant] = (day, key.id)
        return key.id, cipher

    def find(self, tenant: str, key_id: bytes) -> Cipher:
        """What the tenant's key with that id opens with. Raises `VaultError`."""
        ciphers = self._ciphers
        known = ciphers.get(key_id)
        if known is not None and known[0] == tenant:
            return known[1]
        key = self._store.data_key(key_id)
        if key is None or key.tenant != tenant:
            raise Tampered(f"A record of {tenant!r} names a data key that {tenant!r} never had")
        return self._unwrapped(key, ciphers)

    def follow(self) -> bool:
        """Let go of what is remembered if the store has changed; whether it has. To be called as often as keys are
        polled.
        """
        version = self._store.version()
        if version == self._version:
            return False
        self._forget()
        self._version = version
        return True

    def rotate(self, new: MasterKey) -> int:
        """Wrap every data key with `new` in place of the master key so far; how many there are.

        All or none. Other processes go on with the data keys they remember, and must be started again with the new
        master key before they need another. Raises `WrongMasterKey`, `Tampered`.
        """
        rewrapped = self._store.rewrap_data_keys(
            self._master.check,
            new.check,
            lambda key: new.wrap(self._unwrap(key), key.tenant, key.day, key.id),
        )
        if rewrapped is None:
            raise WrongMasterKey("The store's master key was changed meanwhile")
        self._master = new
        return rewrapped

    def adopt(self, master: MasterKey) -> None:
        """Go on with the master key that another process has changed to. Raises `WrongMasterKey` if it is not that."""
        if not compare_digest(self._store.vault_check() or b"", master.check):
            raise WrongMasterKey("This is not the master key that the store has now")
        self._master = master

    def destroy(self, tenant: str, first: date, last: date) -> int:
        """Destroy the tenant's data keys of the UTC days from `first` to `last`, both included; how many there were.

        What they sealed can never be opened again, here or in a copy of the store made later. A process that seals for
        this tenant before it next calls `follow` may still do so with a destroyed key of today.
        """
        destroyed = self._store.destroy_data_keys(tenant, first.isoformat(), last.isoformat(), int(self._now()))
        self._forget()
        return destroyed

    def _forget(self) -> None:
        # New dictionaries: what another thread is just finding out goes into the old ones.
        self._ciphers, self._of_today = {}, {}

    def _make(self, tenant: str, day: str) -> DataKey:
        """The key of a day. When several processes make it at once, all of them get the first one's."""
        key_id = os.urandom(KEY_ID)
        wrapped = self._master.wrap(os.urandom(KEY), tenant, day, key_id)
        made = DataKey(key_id, tenant, day, wrapped, int(self._now()))
        key = self._store.add_data_key(made, self._master.check)
        if key is None:
            raise WrongMasterKey("The store's master key was changed while this process ran")
        return key

    def _unwrapped(self, key: DataKey, ciphers: dict[bytes, tuple[str, Cipher]]) -> Cipher:
        cipher = Cipher(self._unwrap(key))
        if len(ciphers) >= REMEMBERED:
            ciphers.clear()
        ciphers[key.id] = (key.tenant, cipher)
        return cipher

    def _unwrap(self, key: DataKey) -> bytes:
        if key.wrapped is None:
            raise KeyDestroyed(f"The data key of {key.tenant!r} of {key.day} was destroyed")
        try:
            return self._master.unwrap(key.wrapped, key.tenant, key.day, key.id)
        except DoesNotOpen:
            if self._store.vault_check() != self._master.check:
                raise WrongMasterKey("The store's master key was changed while this process ran") from None
            raise Tampered(f"The data key of {key.tenant!r} of {key.day} is not what was stored") from None


def _bound(tenant: str, day: str, key_id: bytes) -> tuple[bytes, ...]:
    return b"data key", tenant.encode(), day.encode(), key_id
