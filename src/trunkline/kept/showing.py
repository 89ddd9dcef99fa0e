"""What is kept of what was said, as it is told to operators; moments in ISO 8601, UTC."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from trunkline.kept.response import Stored
from trunkline.kept.transcript import Said
from trunkline.store.content import LogRecord

_decode = msgspec.json.Decoder().decode


class ShownEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the request log, without what was said."""

    id: str
    at: str
    expires: str
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
    size: int
    """Bytes of input and output."""


class ShownTranscript(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the request log, with all that was said."""

    entry: ShownEntry
    path: str
    format: str
    tags: dict[str, str]
    label: str
    """The client's own id of the request."""
    attempts: int
    message: str
    """What the client was told of the error."""
    input: Any
    """The request: the value of its JSON, or its text where it is none."""
    output: Any
    """The answer, likewise; of a stream its events, as a text. `null`: the client was told an error alone."""
    whole: bool
    """The output has come to its end."""
    redacted: bool
    """Something may have been taken out, and a stream is told as a whole answer."""
    withheld: bool
    """Input and output are missing, because what must not be kept could not be taken out of them."""


class ShownResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One response that applications may refer to."""

    id: str
    key: str
    provider: str
    previous: str
    created: str
    expires: str
    input: Any
    response: Any


def shown_entry(record: LogRecord) -> ShownEntry:
    """What is told of an entry in lists."""
    return ShownEntry(
        id=record.id,
        at=moment(record.at),
        expires=moment(record.expires),
        org=record.org,
        team=record.team,
        user=record.user,
        key=record.key,
        model=record.model,
        provider=record.provider,
        served=record.served,
        status=record.status,
        stream=bool(record.stream),
        error=record.error,
        size=record.size,
    )


def shown_transcript(record: LogRecord, said: Said) -> ShownTranscript:
    """All of an entry."""
    return ShownTranscript(
        entry=shown_entry(record),
        path=said.path,
        format=said.format,
        tags=_decode(said.tags) if said.tags else {},
        label=said.label,
        attempts=said.attempts,
        message=said.message,
        input=_told(said.input) if said.input else None,
        output=_told(said.output) if said.output else None,
        whole=said.whole,
        redacted=said.redacted,
        withheld=said.withheld,
    )


def shown_response(stored: Stored) -> ShownResponse:
    """All of a response."""
    return ShownResponse(
        id=stored.id,
        key=stored.tenant,
        provider=stored.provider,
        previous=stored.previous,
        created=moment(stored.created),
        expires=moment(stored.expires),
        input=_told(stored.input),
        response=_told(stored.response),
    )


def moment(at: int) -> str:
    """A Unix time."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _told(data: bytes) -> Any:
    try:
        return _decode(data)
    except msgspec.DecodeError:
        return data.decode(errors="replace")
