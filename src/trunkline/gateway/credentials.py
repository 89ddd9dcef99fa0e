"""The operator's credentials with a provider: a key in a header, or Amazon's signatures. Google's: `account.py`.

Each is one member of its provider's pool; which are good is known to `routing.health`.
"""

import hashlib
import time
from collections.abc import Callable

from trunkline.providers.base import Provider
from trunkline.providers.signing import Credentials, SignedRequest, Signer


class LoginRefused(Exception):
    """Whoever gives the tokens gives none. The message is for the operator."""


class ProviderKey:
    """One of the operator's keys with a provider."""

    __slots__ = ("_secret", "id")

    fixed = True
    """Its header lines are the same for every request to a path."""

    def __init__(self, secret: str = "", identity: str = "") -> None:
        """`secret` is empty where the provider wants none; `identity` says whose it is, where that is another text."""
        self._secret = secret
        self.id = _fingerprint(identity or secret)
        """What it is known by: enough to tell keys apart, and nothing that helps to guess one. Empty: nobody's."""

    @property
    def stale(self) -> bool:
        """`renew` must be awaited before it is used."""
        return False

    async def renew(self) -> None:
        """Log in. Raises `LoginRefused`, or `Fault`."""

    def lines(self, facts: Provider, host: str, path: str, body: bytes, *, method: str = "POST") -> bytes:
        """Header lines that show who asks. Raises `ValueError` for a secret that cannot stand in a header."""
        del host, path, body, method
        if not self._secret:
            return b""
        value = facts.key_prefix + self._secret
        if not value.isascii() or not value.isprintable():
            raise ValueError(f"the value of the header {facts.key_header} has characters that no header may have")
        return f"{facts.key_header}: {value}\r\n".encode()


class SigningKey(ProviderKey):
    """AWS credentials: every request is signed."""

    __slots__ = ("_credentials", "_now", "_region", "_signers")

    fixed = False

    def __init__(self, credentials: Credentials, region: str, now: Callable[[], float] = time.time) -> None:
        super().__init__(identity=credentials.access_key)
        self._credentials = credentials
        self._region = region
        self._now = now
        self._signers: dict[str, Signer] = {}

    def lines(self, facts: Provider, host: str, path: str, body: bytes, *, method: str = "POST") -> bytes:
        signer = self._signers.get(facts.scope)
        if signer is None:
            signer = self._signers[facts.scope] = Signer(self._credentials, self._region, facts.scope)
        path, _, query = path.partition("?")
        body_hash = hashlib.sha256(body).hexdigest()
        request = SignedRequest(method=method, host=host, path=path, query=query, body_hash=body_hash)
        return "".join(f"{name}: {value}\r\n" for name, value in signer.headers(request, self._now())).encode()


def _fingerprint(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest() if text else ""
