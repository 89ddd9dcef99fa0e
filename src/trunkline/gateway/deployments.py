"""A configured provider, ready to be called: its lines, its keys, its requests as bytes."""

from collections.abc import Mapping

from trunkline.formats.openai_chat import Surface
from trunkline.providers.base import Provider, Verdict
from trunkline.transport.exchange import Call, Times, Upstream

BENCHED_FOR: dict[Verdict, float] = {"auth": 60.0, "quota": 60.0}
"""Seconds for which a provider key that was refused is not used, by the reason."""


class ProviderKey:
    """One of the operator's keys with a provider, and whether it is of use now."""

    __slots__ = ("benched_for", "benched_until", "header")

    def __init__(self, header: bytes) -> None:
        self.header = header
        self.benched_until = 0.0
        self.benched_for: Verdict | None = None
        """Why it is benched: `auth` or `quota`."""


class Deployment:
    """One provider of the configuration. Outlives reloads that do not change it, with its open lines."""

    def __init__(
        self,
        name: str,
        facts: Provider,
        upstream: Upstream,
        *,
        host: str,
        path: str,
        keys: list[str],
        headers: Mapping[str, str],
        times: Times,
    ) -> None:
        self.name = name
        self.facts = facts
        self.upstream = upstream
        self.times = times
        self._path = path
        fixed = {"host": host, "content-type": "application/json", "accept-encoding": "identity", **headers}
        self._fixed = b"".join(_line(*item) for item in fixed.items())
        header = facts.key_header
        self.keys = tuple(ProviderKey(_line(header, facts.key_prefix + key)) for key in keys) or (ProviderKey(b""),)
        """At least one; its header is empty where the provider wants none."""
        self._turn = 0
        self._heads: dict[tuple[str, bytes], bytes] = {}

    def key(self, now: float) -> ProviderKey | None:
        """The next key in turn that is not benched; None if all are."""
        for _ in self.keys:
            key = self.keys[self._turn % len(self.keys)]
            self._turn += 1
            if key.benched_until <= now:
                return key
        return None

    def usable(self, now: float) -> bool:
        """Whether any key is left."""
        return any(key.benched_until <= now for key in self.keys)

    def why_benched(self) -> Verdict:
        """Why no key is left."""
        return next((key.benched_for for key in self.keys if key.benched_for), "auth")

    def bench(self, key: ProviderKey, verdict: Verdict, now: float) -> None:
        """The provider refused `key`: leave it aside for a while. A longer bench is never shortened.

        Where there is no key, there is none to leave aside.
        """
        if not key.header:
            return
        key.benched_for = verdict
        key.benched_until = max(key.benched_until, now + BENCHED_FOR[verdict])

    def call(self, surface: Surface, key: ProviderKey, passed: bytes, body: bytes) -> Call:
        """The request as bytes. `passed` are header lines handed on from the client."""
        head = self._heads.get((surface.path, key.header))
        if head is None:
            head = b"POST %b HTTP/1.1\r\n%b%b" % ((self._path + surface.path).encode(), self._fixed, key.header)
            self._heads[surface.path, key.header] = head
        return Call(b"%b%bcontent-length: %d\r\n\r\n" % (head, passed, len(body)), body)

    def probe(self, key: ProviderKey) -> Call:
        """A request that costs nothing and shows whether `key` is good: for the list of models."""
        return Call(b"GET %b/models HTTP/1.1\r\n%b%b\r\n" % (self._path.encode(), self._fixed, key.header), b"")


def _line(name: str, value: str) -> bytes:
    if not value.isprintable() or not value.isascii():
        raise ValueError(f"the value of the header {name} has characters that no header may have")
    return f"{name}: {value}\r\n".encode()
