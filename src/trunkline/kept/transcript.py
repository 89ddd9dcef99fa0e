"""One request as the request log keeps it: who asked, what was said and answered, how it is encrypted."""

import msgspec

from trunkline.kept.owners import sealed_for
from trunkline.store.content import LogRecord
from trunkline.vault.vault import About, Vault


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored in the clear."""

    id: str
    """The request's, as in the ledger."""
    at: int
    """Unix time, seconds."""
    org: str
    team: str
    user: str
    key: str
    model: str
    provider: str
    served: str
    status: int
    stream: bool
    error: str


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What is encrypted."""

    path: str
    """Where the request was sent, without its query."""
    format: str
    """What the client speaks."""
    tags: str
    """A JSON object, or empty."""
    label: str
    """The client's own id of the request."""
    attempts: int
    message: str
    """What the client was told of the error."""
    input: bytes
    """The body as it came."""
    output: bytes
    """What the client was sent; empty where it was told an error alone."""
    streamed: bool
    """The output is a stream's events."""
    whole: bool
    """The output has come to its end."""
    redacted: bool = False
    """It is not as it was: something may have been taken out, and a stream is told as a whole answer."""
    withheld: bool = False
    """Input and output are missing, because what must not be kept could not be taken out of them."""

    @property
    def size(self) -> int:
        """Bytes, about."""
        return len(self.input) + len(self.output)


def sealed(facts: Facts, said: Said, person: str, keep: int, vault: Vault) -> LogRecord:
    """As it is stored. `keep`: seconds. Raises `VaultError`, `StoreError`."""
    record = LogRecord(
        id=facts.id,
        at=facts.at,
        expires=facts.at + keep,
        org=facts.org,
        team=facts.team,
        user=facts.user,
        key=facts.key,
        person=person,
        model=_storable(facts.model),
        provider=facts.provider,
        served=_storable(facts.served),
        status=facts.status,
        stream=int(facts.stream),
        error=facts.error,
        size=said.size,
        sealed=b"",
    )
    owner = sealed_for(record.key, record.person)
    contents = vault.seal(owner, _about(record), msgspec.msgpack.encode(said), compress=True)
    return msgspec.structs.replace(record, sealed=contents)


def opened(record: LogRecord, vault: Vault) -> Said:
    """What was said. Raises `VaultError`, `StoreError`."""
    contents = vault.open(sealed_for(record.key, record.person), _about(record), record.sealed)
    return msgspec.msgpack.decode(contents, type=Said)


def _about(record: LogRecord) -> About:
    """Everything that is stored beside the contents: a row that was changed does not open."""
    texts = (record.org, record.team, record.user, record.key, record.person, record.model, record.provider)
    numbers = (record.at, record.expires, record.status, record.stream, record.size)
    return ("request", record.id, *texts, record.served, record.error, *map(str, numbers))


def _storable(name: str) -> str:
    """PostgreSQL has no texts with a zero byte, but callers can put one into a name of a model."""
    return name.replace("\0", "\ufffd")
