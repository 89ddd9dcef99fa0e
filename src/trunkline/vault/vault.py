"""Seals records and opens them again.

    byte  0      1          the version of this layout
          1      flags      1: compressed with zlib before it was encrypted
          2-17   key        the id of the data key
         18-29   nonce
         30-     ciphertext and tag

All of it is authenticated, and with it whose record it is and what it is about. So a record that was changed, or put in
another's place, does not open.
"""

import zlib
from collections.abc import Callable

from trunkline.store.base import VaultStore
from trunkline.vault.cipher import DoesNotOpen
from trunkline.vault.errors import Tampered
from trunkline.vault.keyring import KEY_ID, Keyring, MasterKey

VERSION = 1
PLAIN, COMPRESSED = 0, 1
HEAD = 2 + KEY_ID
"""Bytes before the nonce."""
LEVEL = 3
"""Of zlib: as quick as 1 on text in JSON, and a little smaller."""
WORTH_COMPRESSING = 256
"""Bytes."""

About = tuple[str, ...]
"""What a record is: its kind, its id, and whatever is stored beside it that must not be changed."""


class Vault:
    """One store's records at rest. Usable from several threads; every call may wait for the store.

    Raises `StoreError`, and when it is made `WrongMasterKey`.
    """

    def __init__(self, store: VaultStore, master: MasterKey, now: Callable[[], float]) -> None:
        self.keyring = Keyring(store, master, now)

    def seal(self, tenant: str, about: About, plaintext: bytes, *, compress: bool = False) -> bytes:
        """`plaintext` as it may be stored; opens only for the same tenant and `about`. Raises `VaultError`."""
        key_id, cipher = self.keyring.current(tenant)
        flags = PLAIN
        if compress and len(plaintext) >= WORTH_COMPRESSING:
            shorter = zlib.compress(plaintext, LEVEL)
            if len(shorter) < len(plaintext):
                plaintext, flags = shorter, COMPRESSED
        head = bytes((VERSION, flags)) + key_id
        return head + cipher.seal(plaintext, _bound(head, tenant, about))

    def open(self, tenant: str, about: About, sealed: bytes) -> bytes:
        """What `seal` was given. Raises `VaultError`: which of its kinds says why."""
        head = sealed[:HEAD]
        if len(head) < HEAD or head[0] != VERSION or head[1] not in (PLAIN, COMPRESSED):
            raise _tampered(tenant, about)
        cipher = self.keyring.find(tenant, head[2:])
        try:
            plaintext = cipher.open(sealed[HEAD:], _bound(head, tenant, about))
        except DoesNotOpen:
            raise _tampered(tenant, about) from None
        return zlib.decompress(plaintext) if head[1] == COMPRESSED else plaintext


def _bound(head: bytes, tenant: str, about: About) -> list[bytes]:
    return [b"record", head, tenant.encode(), *(part.encode() for part in about)]


def _tampered(tenant: str, about: About) -> Tampered:
    return Tampered(f"The {' '.join(about[:2])} of {tenant!r} is not what was stored, or not where it was put")
