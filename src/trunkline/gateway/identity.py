"""Who calls: virtual keys, as digests under the server's secret.

A key is looked up in memory; one that is not there is asked of the store once, and then remembered as unknown until
the store's version changes. So a new key works at once, a revoked one stops within a poll, and a flood of wrong keys
costs the store little.
"""

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Sequence

from trunkline.config import schema
from trunkline.gateway.brought import Opened, Pools, pools_of
from trunkline.gateway.errors import AuthenticationFailed, ForbiddenOrigin, PermissionDenied
from trunkline.store.base import KeyRecord, Store, TenantRecord
from trunkline.tenancy.caller import ANYBODY as ANYBODY
from trunkline.tenancy.caller import Caller as Caller
from trunkline.tenancy.directory import Directory
from trunkline.transport.request import Request

POLL = 0.4
"""Seconds between two looks at the store's version: what bounds how long a revoked key works."""
CHANGES = 1000
"""Changes of keys from which on all keys are read again."""
UNKNOWN = 10_000
"""Digests remembered as unknown."""
LOCAL_HOSTS = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})


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

    def __init__(self, store: Store, digest: Digest, config: schema.Config, opened: Opened) -> None:
        """`opened` decrypts what tenants have brought."""
        self._store = store
        self._opened = opened
        self.pools: Pools = {}
        """What tenants have brought, to be taken up by `changed`."""
        self.changed: Callable[[], None] = lambda: None
        """Called on the event loop when something may have changed that was not asked for by `load`."""
        self._brought: list[tuple[str, str, str]] = []
        self._around: object = None
        self._before: dict[bytes, tuple[KeyRecord, Caller]] = {}
        self._digest = digest
        self._changing = threading.Lock()
        self._callers: dict[bytes, Caller] = {}
        self._anybody = ANYBODY
        self._names: set[str] = set()
        self._records: dict[bytes, KeyRecord] = {}
        self._directory = Directory(config)
        self._configured: dict[bytes, Caller] = {}
        self._tenants: Sequence[TenantRecord] = ()
        self._config = config
        self.made = False
        """Whether the store has a key, be it a revoked one: whoever makes keys wants callers to have one."""
        self.local_only = True
        """Whether, while there are no keys, only programs on this machine are answered."""
        self._unknown: set[bytes] = set()
        self._version = -1
        self._change = 0  # the last that was taken in

    @property
    def version(self) -> int:
        """That of the store when it was last looked at."""
        return self._version

    @property
    def open(self) -> bool:
        """No key was ever made: whoever can reach us may call."""
        return not self._config.keys and not self.made

    def known(self, request: Request, address_of: Callable[[Request], str]) -> Caller | None:
        """Who sends this, where nobody need be asked; None where `identify` must be awaited. Raises the same."""
        key = key_in(request.headers)
        if key is None or self.open:
            return None
        caller = self._callers.get(self._digest(key))
        return self._allowed(caller, key, request, address_of) if caller is not None else None

    async def identify(self, request: Request, address_of: Callable[[Request], str]) -> Caller:
        """Who sends this. Raises `AuthenticationFailed`, `PermissionDenied`, or `ForbiddenOrigin` where there are no
        keys.
        """
        key = key_in(request.headers)
        if self.open:
            if self.local_only:
                _only_local_programs(request.method, request.headers)
            return self._anybody
        if not key:
            raise AuthenticationFailed(
                "No API key was given. Send the key Trunkline gave you as `Authorization: Bearer <key>`."
            )
        known = self._digest(key)
        caller = self._callers.get(known) or await self._ask_store(known)
        if caller is None:
            raise AuthenticationFailed(f"The API key {_shown(key)} is not known here. Ask your operator for one.")
        return self._allowed(caller, key, request, address_of)

    def _allowed(self, caller: Caller, key: bytes, request: Request, address_of: Callable[[Request], str]) -> Caller:
        if caller.expires is not None and caller.expires <= time.time():
            raise AuthenticationFailed(f"The API key {_shown(key)} has expired.")
        if caller.refused:
            raise AuthenticationFailed(f"The API key {_shown(key)} is refused: {caller.refused}. Ask your operator.")
        if caller.addresses and not caller.comes_from(address := address_of(request)):
            raise PermissionDenied(f"The API key {_shown(key)} is not taken from the address {address}.")
        return caller

    async def _ask_store(self, known: bytes) -> Caller | None:
        if known in self._unknown:
            return None
        unknown = self._unknown  # what `load` has replaced by then, what is found out here does not change
        record = await asyncio.to_thread(self._store.key_by_digest, known)
        if record is not None and record.in_force(time.time()):
            await asyncio.to_thread(self.load)
            self.changed()
            caller = self._callers.get(known)
            if caller is not None:
                return caller
        if len(unknown) >= UNKNOWN:
            unknown.clear()
        unknown.add(known)
        return None

    # For worker threads: both swap what the event loop reads in one step.

    def configure(self, config: schema.Config) -> None:
        """Take in another configuration."""
        with self._changing:
            self._config = config
            self._work_out()

    def load(self) -> None:
        """Take in what the store has, if it has changed: where only few keys have, these."""
        with self._changing:
            version, change = self._store.latest()
            if version == self._version or self._take_changes(version - self._version):
                return
            records = self._store.keys()
            self._records = {record.digest: record for record in records}
            self._tenants = self._store.tenants()
            self._brought = self._opened.take(self._store.provider_keys())
            self.made = bool(self._records)
            self._work_out()
            self._version, self._change = version, change

    def _take_changes(self, missing: int) -> bool:
        """Take in the keys that have changed; False where other things have, or too many, or not all were noted: a
        release that knows no tenants notes nothing.
        """
        if self._version < 0 or missing < 0:
            return False
        changes = self._store.changes_after(self._change, CHANGES)
        if not missing <= len(changes) < CHANGES or any(each.kind != "key" for each in changes):
            return False
        now, callers = time.time(), self._callers.copy()
        for record in self._store.keys_named(sorted({each.name for each in changes})):
            self._records[record.digest] = record
            self._before.pop(record.digest, None)
            callers.pop(record.digest, None)
            if self._counts(record, now):
                callers[record.digest] = caller = self._directory.stored(record)
                self._before[record.digest] = (record, caller)
        callers.update(self._configured)
        self.made = bool(self._records)
        self._callers, self._unknown = callers, set()
        self._version += len(changes)
        self._change = changes[-1].id
        return True

    def _counts(self, record: KeyRecord, now: float) -> bool:
        return record.in_force(now) and record.name not in self._names

    def _work_out(self) -> None:
        owned: dict[str, set[str]] = {}
        for tenant, provider, _ in self._brought:
            owned.setdefault(tenant, set()).add(provider)
        self.pools = pools_of(self._config, self._brought)
        self._directory = directory = Directory(self._config, self._tenants, owned)
        self._names, now = {key.name for key in self._config.keys}, time.time()
        around = (self._config, self._tenants, owned)
        before = self._before if self._around == around else {}  # a change of one key makes no work for the others
        self._around, self._before = around, {}
        for record in self._records.values():
            if self._counts(record, now):
                old = before.get(record.digest)
                caller = old[1] if old is not None and old[0] == record else directory.stored(record)
                self._before[record.digest] = (record, caller)
        callers = {digest: caller for digest, (_, caller) in self._before.items()}
        self._configured = {_digest_of(key, self._digest): directory.configured(key) for key in self._config.keys}
        callers.update(self._configured)
        self._anybody, self._callers, self._unknown = directory.anybody(), callers, set()


def may_use(caller: Caller, name: str) -> bool:
    """Whether the caller's key may ask for the model `name`."""
    return caller.asker.may_name(name)


def _digest_of(key: schema.Key, digest: Digest) -> bytes:
    if key.key is not None:
        return digest(key.key.get_secret_value().encode())
    return bytes.fromhex((key.hash or "").rpartition(":")[2])


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
