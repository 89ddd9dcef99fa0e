"""AES-256-GCM (NIST SP 800-38D) and the derivation of keys; all there is of cryptography here."""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY = 32
"""Bytes of a key."""
NONCE = 12
"""Bytes. Random: at most 2**32 messages may be sealed under one key (SP 800-38D, 8.3)."""
TAG = 16


class DoesNotOpen(Exception):
    """Another key, other bytes, or bound to something else: which, cannot be told."""


class Cipher:
    """Seals and opens under one key. What is sealed is bound to texts that must be the same when it is opened."""

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, plaintext: bytes, bound: Sequence[bytes]) -> bytes:
        """A nonce, then the ciphertext with its tag."""
        nonce = os.urandom(NONCE)
        return nonce + self._aead.encrypt(nonce, plaintext, _joined(bound))

    def open(self, sealed: bytes, bound: Sequence[bytes]) -> bytes:
        """What was sealed. Raises `DoesNotOpen`."""
        if len(sealed) < NONCE + TAG:
            raise DoesNotOpen
        try:
            return self._aead.decrypt(sealed[:NONCE], sealed[NONCE:], _joined(bound))
        except InvalidTag:
            raise DoesNotOpen from None


def derive(secret: bytes, use: bytes) -> bytes:
    """A key for one use, from a secret that has enough randomness itself (HKDF, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=KEY, salt=None, info=use).derive(secret)


def _joined(parts: Sequence[bytes]) -> bytes:
    """One text that no other parts make."""
    return b"".join([len(part).to_bytes(8, "big") + part for part in parts])
