"""Who calls: virtual keys, as digests under the server's secret.

A key is looked up in memory; one that is not there is asked of the store once, and then remembered as unknown until
the store's version changes. So a new key works at once, a revoked one stops within a poll, and a flood of wrong keys
costs the store little.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterable

import msgspec

from trunkline.config import names
from trunkline.gateway.errors import AuthenticationFailed, ForbiddenOrigin
from trunkline.store.base import KeyRecord, Store

POLL = 0.4
"""Seconds between two looks at the store's version: what bounds how long a revoked key works."""
UNKNOWN = 10_000
"""Digests remembered as unknown."""
LOCAL_HOSTS = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})


class Caller(msgspec.Struct, frozen=True):
    """Whoever a request is counted for. `models` empty means all."""

    key: str
    models: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    expires: int | None = None
    org: str = ""
    team: str = ""
    user: str = ""
    """Whom the key belongs to; each empty where it is nobody's."""
    guards: tuple[str, ...] = ()
    """Names of the policies about what may be said that hold for its requests, in their order."""


ANYBODY = Caller(key="")


class Digest:
    """HMAC-SHA-256 (RFC 2104) under one secret. Both its halves are begun: a third of the time of `hmac.digest`."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, secret: bytes) -> None:
        if len(secret) > 64:
            secret = hashlib.sha256(secret).digest()
        block = secret.ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def __call__(self, key: bytes) -> bytes:
        """What is stored of `key`."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(key)
        outer.update(inner.digest())
        return outer.digest()


def key_in(headers: dict[bytes, bytes]) -> bytes | None:
    """The key a request carries, in any of the places where SDKs put it."""
    value = headers.get(b"authorization")
    if value is not None and value[:7].lower() == b"bearer ":
        return value[7:].strip()
    return headers.get(b"x-api-key") or headers.get(b"api-key") or headers.get(b"x-goog-api-key")


class Keys:
    """All virtual keys that are good now: those of the configuration and those of the store."""

    def __init__(self, store: Store, digest: Digest) -> None:
        self._store = store
        self._digest = digest
        self._configured: dict[bytes, Caller] = {}
        self._stored: dict[bytes, Caller] = {}
        self.made = False
        """Whether the store has a key, be it a revoked one: whoever makes keys wants callers to have one."""
        self.local_only = True
        """Whether, while there are no keys, only programs on this machine are answered."""
        self._unknown: set[bytes] = set()
        self._version = -1

    def configure(self, callers: Iterable[tuple[bytes, Caller]]) -> None:
        """The keys of the configuration, by digest. Called at every reload."""
        self._configured = dict(callers)

    @property
    def open(self) -> bool:
        """No key was ever made: whoever can reach us may call."""
        return not self._configured and not self.made

    async def identify(self, method: bytes, headers: dict[bytes, bytes]) -> Caller:
        """Who sends this. Raises `AuthenticationFailed`, or `ForbiddenOrigin` where there are no keys."""
        key = key_in(headers)
        if self.open:
            if self.local_only:
                _only_local_programs(method, headers)
            return ANYBODY
        if not key:
            raise AuthenticationFailed(
                "No API key was given. Send the key Trunkline gave you as `Authorization: Bearer <key>`."
            )
        known = self._digest(key)
        caller = self._configured.get(known) or self._stored.get(known) or await self._ask_store(known)
        if caller is None:
            raise AuthenticationFailed(f"The API key {_shown(key)} is not known here. Ask your operator for one.")
        if caller.expires is not None and caller.expires <= time.time():
            raise AuthenticationFailed(f"The API key {_shown(key)} has expired.")
        return caller

    async def _ask_store(self, known: bytes) -> Caller | None:
        if known in self._unknown:
            return None
        stored = self._stored  # what `load` has replaced by then, what is found out here does not change
        record = await asyncio.to_thread(self._store.key_by_digest, known)
        if record is not None and record.revoked is None:
            caller = stored[known] = _caller(record)
            return caller
        if len(self._unknown) >= UNKNOWN:
            self._unknown.clear()
        self._unknown.add(known)
        return None

    def load(self) -> None:
        """Take in the store's keys if they have changed. For a worker thread; swaps what the event loop reads in one
        step.
        """
        version = self._store.version()
        if version == self._version:
            return
        records = self._store.keys()
        self._stored = {record.digest: _caller(record) for record in records if record.revoked is None}
        self.made = bool(records)
        self._unknown = set()
        self._version = version


def may_use(caller: Caller, name: str) -> bool:
    """Whether the caller's key may ask for the model `name`."""
    return not caller.models or any(names.match(pattern, name) is not None for pattern in caller.models)


def _caller(record: KeyRecord) -> Caller:
    return Caller(key=record.name, models=record.models, tags=record.tags, expires=record.expires)


def _shown(key: bytes) -> str:
    """Enough of a key to recognise it, and too little to use it."""
    text = key.decode("latin-1")
    return f"ending in …{text[-4:]}" if len(text) >= 16 and text[-4:].isalnum() else "that was sent"


def _only_local_programs(method: bytes, headers: dict[bytes, bytes]) -> None:
    """Without keys, a web page the operator visits must not be able to call.

    Not by a name it resolves to us (the `Host`), not by a script (the `Origin`), and not by a form or a blob, which
    need no leave of ours but cannot be sent as JSON.
    """
    host = headers.get(b"host", b"").lower()
    name = host.rpartition(b":")[0] if not host.endswith(b"]") and b":" in host else host
    origin = headers.get(b"origin")
    json = method != b"POST" or headers.get(b"content-type", b"").lower().startswith(b"application/json")
    if name not in LOCAL_HOSTS or not json or (origin is not None and _host_of(origin) not in LOCAL_HOSTS):
        raise ForbiddenOrigin(
            "Trunkline has no keys, so it answers only programs on this machine that call it as localhost, in JSON. "
            "Create a key with `trunkline keys create`."
        )


def _host_of(origin: bytes) -> bytes:
    authority = origin.partition(b"://")[2]
    return authority if authority.endswith(b"]") else authority.rpartition(b":")[0] or authority
