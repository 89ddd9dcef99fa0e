"""The operator's credentials with a provider: a key in a header, or Amazon's signatures. Google's: `account.py`.

Each is one member of its provider's pool: taken in turn, and left aside for a while when it is refused.
"""

import hashlib
import time
from collections.abc import Callable

from trunkline.providers.base import Provider, Verdict
from trunkline.providers.signing import Credentials, SignedRequest, Signer


class LoginRefused(Exception):
    """Whoever gives the tokens gives none. The message is for the operator."""


class ProviderKey:
    """One of the operator's keys with a provider, and whether it is of use now."""

    __slots__ = ("_secret", "benched_for", "benched_until")

    fixed = True
    """Its header lines are the same for every request to a path."""

    def __init__(self, secret: str = "") -> None:
        """`secret` is empty where the provider wants none."""
        self._secret = secret
        self.benched_until = 0.0
        self.benched_for: Verdict | None = None
        """Why it is benched: `auth` or `quota`."""

    @property
    def nobody(self) -> bool:
        """There is no key."""
        return self.fixed and not self._secret

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
        super().__init__()
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
