"""One response that is remembered: what is known of it, how it is encrypted, what was said in it."""

import secrets
from typing import Any

import msgspec

from trunkline.kept.owners import sealed_for
from trunkline.store.base import ResponseRecord
from trunkline.vault.vault import About, Vault

LENGTH = 4
"""Bytes before the contents that say how long the response is; the input follows it."""


class Stored(msgspec.Struct, frozen=True, eq=False):
    """One tenant's response, and what it answered."""

    tenant: str
    id: str
    provider: str
    """The name of the provider that answered."""
    upstream: str
    """The provider's own id of it, where the provider keeps it as well; else empty."""
    previous: str
    """The id of the response that it continues; empty for a first one."""
    created: int
    """Unix time, seconds; so is `expires`."""
    expires: int
    response: bytes
    """The document as the application got it, JSON."""
    person: str
    """The digest of whose end user it is; empty for nobody's."""
    input: bytes
    """The items it answered, without those of responses before it: an array in JSON."""

    @property
    def key(self) -> tuple[str, str]:
        """What it is found by: the tenant and the id."""
        return self.tenant, self.id

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.response) + len(self.input)

    def items(self) -> list[Any]:
        """What was said and what was answered, as items of a conversation."""
        said: list[Any] = msgspec.json.decode(self.input)
        return said + msgspec.json.decode(self.response, type=_Response).output

    def input_items(self) -> list[Any]:
        """What was said. An item that came without an id has one that only this response uses."""
        said: list[Any] = msgspec.json.decode(self.input)
        own = self.id.removeprefix("resp_")
        return [
            item if item.get("id") else {"id": f"{_prefix(item)}_{own}_{number}", **_without_id(item)}
            for number, item in enumerate(said)
        ]


class _Response(msgspec.Struct):
    output: list[Any] = []


def mint_id() -> str:
    """The id of a new response: nobody guesses it."""
    return f"resp_{secrets.token_hex(24)}"


def sealed(stored: Stored, vault: Vault) -> ResponseRecord:
    """As it is stored. Raises `VaultError`, `StoreError`."""
    contents = len(stored.response).to_bytes(LENGTH, "big") + stored.response + stored.input
    record = ResponseRecord(
        tenant=stored.tenant,
        id=stored.id,
        provider=stored.provider,
        upstream=stored.upstream,
        previous=stored.previous,
        created=stored.created,
        expires=stored.expires,
        sealed=b"",
        person=stored.person,
    )
    owner = sealed_for(stored.tenant, stored.person)
    return msgspec.structs.replace(record, sealed=vault.seal(owner, _about(record), contents, compress=True))


def opened(record: ResponseRecord, vault: Vault) -> Stored:
    """What was stored. Raises `VaultError`, `StoreError`."""
    contents = vault.open(sealed_for(record.tenant, record.person), _about(record), record.sealed)
    end = LENGTH + int.from_bytes(contents[:LENGTH], "big")
    return Stored(
        tenant=record.tenant,
        id=record.id,
        provider=record.provider,
        upstream=record.upstream,
        previous=record.previous,
        created=record.created,
        expires=record.expires,
        person=record.person,
        response=contents[LENGTH:end],
        input=contents[end:],
    )


def _about(record: ResponseRecord) -> About:
    """Everything that is stored beside the contents: a row that was changed does not open."""
    times = (str(record.created), str(record.expires))
    return ("response", record.id, record.provider, record.upstream, record.previous, *times)


def _prefix(item: dict[str, Any]) -> str:
    return "msg" if item.get("type", "message") == "message" else "item"


def _without_id(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "id"}
